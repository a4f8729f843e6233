package platform

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Runtime is what a function gets from its surroundings. Only Start and the drivers of the local
// cloud make one.
type Runtime struct {
	Getenv func(string) string
	AWS    aws.Config   // region, credentials, endpoint, HTTP client and retries of this function
	HTTP   *http.Client // towards providers; has no time-out of its own, contexts do
	Clock  Clock
	Rand   io.Reader
	Log    *slog.Logger // JSON lines
	// Tables makes a client of this region's tables; nil makes the SDK's. The simulated driver has a cheaper one.
	Tables func() Tables
	// Workers is how many calls a handler may have under way at once in [Runtime.Each].
	Workers int
	// AtOnce is Each of a driver whose scheduler alone decides what goes on at once; nil where goroutines do.
	AtOnce func(ctx context.Context, n int, f func(ctx context.Context, i int))
}

// defaultWorkers is what a function of 256 MiB, which has a seventh of a CPU, can have under way without being kept busy by it.
const defaultWorkers = 8

// Each calls f for 0..n-1, at most Workers at once, and returns when all are done. What f does it does with the context that it is given.
func (rt Runtime) Each(ctx context.Context, n int, f func(ctx context.Context, i int)) {
	switch {
	case rt.AtOnce != nil && n > 1:
		rt.AtOnce(ctx, n, f)
		return
	case rt.Workers <= 1 || n == 1:
		for i := range n {
			f(ctx, i)
		}
		return
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, rt.Workers)
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			f(ctx, i)
		})
	}
	wg.Wait()
}

// Clock is time as functions see it. No code outside main packages asks another.
type Clock interface {
	Now() time.Time
	// Sleep returns early with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is context.WithTimeout on this clock.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// Constructor makes a function's handler out of its surroundings; it is what a function's main and
// the simulated driver have in common.
type Constructor func(ctx context.Context, rt Runtime) (lambda.Handler, error)

// Start runs a function under Lambda. It is the whole of every function's main.
func Start(getenv func(string) string, construct Constructor) {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil)).With("function", getenv("AWS_LAMBDA_FUNCTION_NAME"), "region", getenv("AWS_REGION"))
	rt := Runtime{Getenv: getenv, AWS: awsConfig(getenv), HTTP: &http.Client{Transport: transport()}, Clock: wallClock{}, Rand: rand.Reader, Log: log, Workers: defaultWorkers}
	handler, err := construct(context.Background(), rt)
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}

// How functions' AWS calls are tried again.
const (
	SDKAttempts = 3
	SDKBackoff  = 500 * time.Millisecond // the longest wait between two
)

// awsConfig takes what Lambda puts into the environment. The SDK's own loader would also look for profiles,
// SSO and instance metadata, which no function has, and costs a cold start several milliseconds.
func awsConfig(getenv func(string) string) aws.Config {
	cfg := aws.Config{
		Region: getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN")),
		HTTPClient: &http.Client{Transport: transport()},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = SDKAttempts, SDKBackoff })
		},
	}
	if url := getenv("AWS_ENDPOINT_URL"); url != "" {
		cfg.BaseEndpoint = aws.String(url)
	}
	return cfg
}

// transport keeps connections open between invocations: a frozen function may find them closed, and
// then the SDK's retry opens another.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   2 * time.Second,
		ResponseHeaderTimeout: 8 * time.Second,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       5 * time.Minute,
		ForceAttemptHTTP2:     false,
	}
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now().UTC() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (wallClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

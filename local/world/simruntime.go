package world

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"

	"twofold/internal/platform"
	"twofold/local/lambda/simulated"
)

// runtime is what a simulated function gets from its surroundings. What the SDK takes from the system (time, randomness, sleep) is
// replaced: by the virtual clock and by the invocation's own stream.
func (d *simDriver) runtime(env simulated.Env, endpoint string) platform.Runtime {
	v := env.Version
	clock := simClock{d.Sim, d.weather, v.Region}
	call := simCaller{host: strings.TrimPrefix(endpoint, "http://"), accessKey: v.AccessKeyID, clock: clock}
	return platform.Runtime{
		Getenv: env.Getenv, Clock: clock, Rand: env.Rand,
		HTTP:   &http.Client{Transport: d}, // without a Timeout it starts no goroutine
		Log:    simLog(env.Stdout, clock).With("function", v.Name, "region", v.Region),
		Tables: func() platform.Tables { return d.tables(env, clock) },
		AtOnce: d.atOnce,
		AWS: aws.Config{
			Region: v.Region, BaseEndpoint: aws.String(endpoint), HTTPClient: sdkTransport{d},
			Credentials: credentials.NewStaticCredentialsProvider(v.AccessKeyID, v.Secret, ""),
			Retryer:     func() aws.Retryer { return newSimRetryer(clock) },
			APIOptions:  []func(*middleware.Stack) error{call.apply},
		},
	}
}

// atOnce has a task for each call, and waits for all of them, also when ctx ends: they end with it.
func (d *simDriver) atOnce(ctx context.Context, n int, f func(ctx context.Context, i int)) {
	left, done := n, d.Sim.NewSignal()
	for i := range n {
		d.Sim.Go(ctx, "at once", func(ctx context.Context) {
			f(ctx, i)
			if left--; left == 0 {
				done.Set()
			}
		})
	}
	for left > 0 {
		if done.Wait(context.WithoutCancel(ctx)) != nil {
			return // the region is lost, or the world ends
		}
	}
}

// simLog writes JSON lines with the virtual time.
func simLog(out io.Writer, clock platform.Clock) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			a.Value = slog.TimeValue(clock.Now())
		}
		return a
	}}))
}

// sdkTransport is the network as the SDK wants it.
type sdkTransport struct{ http.RoundTripper }

// Do implements aws.HTTPClient.
func (t sdkTransport) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }

// simRetryer is the SDK's standard retryer with the platform's settings, which waits on the virtual clock: the SDK's own wait, a real
// timer, is given nothing to do. The last moment before that wait that has a context is when the token is taken.
type simRetryer struct {
	*retry.Standard
	clock platform.Clock
}

func newSimRetryer(clock platform.Clock) simRetryer {
	return simRetryer{clock: clock, Standard: retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = platform.SDKAttempts
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})}
}

// GetRetryToken implements aws.Retryer. The wait is the longest that the platform allows, which the SDK's legacy backoff always takes
// when it is under a second.
func (r simRetryer) GetRetryToken(ctx context.Context, failed error) (func(error) error, error) {
	release, err := r.Standard.GetRetryToken(ctx, failed)
	if err != nil {
		return nil, err
	}
	return release, r.clock.Sleep(ctx, platform.SDKBackoff)
}

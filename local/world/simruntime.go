package world

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/rand"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"twofold/internal/platform"
	"twofold/local/lambda/simulated"
)

// runtime is what a simulated function gets from its surroundings. What the SDK takes from the system (time, randomness, sleep) is
// replaced: by the virtual clock and by the invocation's own stream.
func (d *simDriver) runtime(env simulated.Env, endpoint string) platform.Runtime {
	v := env.Version
	clock := simClock{d.Sim, d.weather, v.Region}
	return platform.Runtime{
		Getenv: env.Getenv, Clock: clock, Rand: env.Rand,
		HTTP: &http.Client{Transport: d}, // without a Timeout it starts no goroutine
		Log:  simLog(env.Stdout, clock).With("function", v.Name, "region", v.Region),
		AWS: aws.Config{
			Region: v.Region, BaseEndpoint: aws.String(endpoint), HTTPClient: sdkTransport{d},
			Credentials:    credentials.NewStaticCredentialsProvider(v.AccessKeyID, v.Secret, ""),
			Retryer:        func() aws.Retryer { return newSimRetryer(clock) },
			APIOptions:     []func(*middleware.Stack) error{invocationID(env.Rand), lighter},
			ServiceOptions: []func(string, any){signWith(simSigner{clock})},
		},
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

// invocationID draws the header Amz-Sdk-Invocation-Id, which the SDK draws from the system.
func invocationID(from io.Reader) func(*middleware.Stack) error {
	ids := rand.NewUUID(from)
	return func(stack *middleware.Stack) error {
		_, err := stack.Build.Swap("ClientRequestID", middleware.BuildMiddlewareFunc("ClientRequestID",
			func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				id, err := ids.GetUUID()
				if err != nil {
					return middleware.BuildOutput{}, middleware.Metadata{}, err
				}
				if r, ok := in.Request.(*smithyhttp.Request); ok {
					r.Header.Set("Amz-Sdk-Invocation-Id", id)
				}
				return next.HandleBuild(ctx, in)
			}))
		return err
	}
}

// signWith makes every service's client sign with s. Each service has an options type and a signer interface of its own, all with the
// same field and the same method.
func signWith(s simSigner) func(service string, options any) {
	return func(service string, options any) {
		field := reflect.ValueOf(options).Elem().FieldByName("HTTPSignerV4")
		if !field.IsValid() {
			panic(fmt.Sprintf("the SDK's client of %s has no HTTPSignerV4 to set: its requests would carry the wall clock's time", service))
		}
		field.Set(reflect.ValueOf(s))
	}
}

// simSigner says who calls whom, at the virtual time. It computes no signature, since the wire verifies none.
type simSigner struct{ clock platform.Clock }

// SignHTTP implements HTTPSignerV4 of every service.
func (s simSigner) SignHTTP(_ context.Context, c aws.Credentials, r *http.Request, _, service, region string, _ time.Time, _ ...func(*v4.SignerOptions)) error {
	at := s.clock.Now().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", at)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.AccessKeyID+"/"+at[:8]+"/"+region+"/"+service+
		"/aws4_request, SignedHeaders=host, Signature=none")
	return nil
}

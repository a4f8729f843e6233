// Package integration tests what the services keep in DynamoDB: the constructors' handlers get real payloads, and their conditions,
// transactions and indexes are carried out by an engine. Every test runs on the local cloud's, in this process, and, where
// TWOFOLD_DYNAMODB_IMAGE names its image, on DynamoDB Local in a container (make integration).
//
// The tables are those of the templates. They are not replicated between the regions: a test copies items where it matters, so that it
// decides what each region has seen.
package integration_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/platform"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// stages number the tests: each has tables of its own in an engine that all share.
var stages atomic.Int64

// regions is what a test works with: both regions' tables, and stand-ins for the other services that functions call.
type regions struct {
	t     *testing.T
	stage string
	clock *handClock
	calls router
}

func newRegions(t *testing.T, engine http.RoundTripper) *regions {
	t.Helper()
	r := &regions{t: t, stage: fmt.Sprintf("t%dx%d", os.Getpid(), stages.Add(1)), clock: &handClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	r.calls = router{dynamodb: engine, functions: map[string]lambda.Handler{}, lost: map[string]bool{}}
	r.createTables()
	return r
}

// router gives a function's AWS calls to the engine and to the stand-ins, by the service and region that the signature names.
type router struct {
	dynamodb  http.RoundTripper
	functions map[string]lambda.Handler // by "<region>/<function>"

	mu      sync.Mutex
	lost    map[string]bool // regions whose tables do not answer
	started []string        // inputs of executions
}

func (c *router) RoundTrip(r *http.Request) (*http.Response, error) {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := strings.Split(scope, "/")
	if len(parts) < 4 {
		return nil, fmt.Errorf("%s %s is not signed", r.Method, r.URL)
	}
	switch region, service := parts[2], parts[3]; service {
	case "dynamodb":
		if c.isLost(region) {
			return nil, fmt.Errorf("%s does not answer", region)
		}
		return c.dynamodb.RoundTrip(r)
	case "lambda":
		return c.invoke(region, r)
	case "states":
		return c.start(r)
	default:
		return nil, fmt.Errorf("nobody stands in for %s", service)
	}
}

func (c *router) isLost(region string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[region]
}

func (c *router) lose(region string, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost[region] = lost
}

// invoke runs the handler that stands for a function, and answers as Lambda does.
func (c *router) invoke(region string, r *http.Request) (*http.Response, error) {
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/")[0]
	handler := c.functions[region+"/"+name]
	if handler == nil {
		return nil, fmt.Errorf("nobody stands in for the function %s of %s", name, region)
	}
	in, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	out, err := handler.Invoke(r.Context(), in)
	res := answer(r, out)
	if err != nil {
		if out, err = json.Marshal(err); err != nil {
			return nil, err
		}
		res = answer(r, out)
		res.Header.Set("X-Amz-Function-Error", "Unhandled")
	}
	return res, nil
}

func answer(r *http.Request, body []byte) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
}

// start notes an execution instead of starting it.
func (c *router) start(r *http.Request) (*http.Response, error) {
	var in struct{ Input string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = append(c.started, in.Input)
	return answer(r, []byte(`{"executionArn":"x","startDate":0}`)), nil
}

// takeStarted are the inputs of the executions that were started since the last time.
func (c *router) takeStarted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.started
	c.started = nil
	return out
}

func (r *regions) config(region string) aws.Config {
	return aws.Config{Region: region, HTTPClient: &http.Client{Transport: &r.calls}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

func (r *regions) db(region string) *dynamodb.Client { return dynamodb.NewFromConfig(r.config(region)) }

func (r *regions) table(name string) string { return "twofold-" + r.stage + "-" + name }

// build makes a function of a region. What the templates would say in its environment is said here; work is the service's own table.
func (r *regions) build(region, work string, construct platform.Constructor) lambda.Handler {
	r.t.Helper()
	env := map[string]string{
		"TABLE": r.table(work), "ORDERS_TABLE": r.table("orders"), "CATALOGUE_TABLE": r.table("catalogue"),
		"PEER_REGION": map[string]string{east: west, west: east}[region], "TWO_REGION_ACK": "true",
		"CATALOGUE_FUNCTION": "inventory-query", "ORDER_QUERY_FUNCTION": "order-query",
		"STATE_MACHINE_ARN": "arn:aws:states:" + region + ":000000000000:stateMachine:saga", "SWEEP_OWN_AFTER": "2m", "SWEEP_PEER_AFTER": "5m",
		"DEAD_LETTERS_URL": "https://sqs." + region + ".amazonaws.com/000000000000/dead",
	}
	h, err := construct(r.t.Context(), platform.Runtime{
		Getenv: func(name string) string { return env[name] }, AWS: r.config(region), HTTP: &http.Client{Transport: &r.calls},
		Clock: r.clock, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// handClock stands still unless a test, or a pause, moves it.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *handClock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

func (c *handClock) Sleep(ctx context.Context, d time.Duration) error {
	c.add(d)
	return ctx.Err()
}

func (c *handClock) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

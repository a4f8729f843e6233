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
	"twofold/internal/platform/clocktest"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// stages number the tests: each has tables of its own in an engine that all share.
var stages atomic.Int64

// regions is what a test works with: both regions' tables, and stand-ins for the other services that functions call.
type regions struct {
	t      *testing.T
	engine string
	stage  string
	clock  *clocktest.Clock
	calls  router
}

func newRegions(t *testing.T, name string, engine http.RoundTripper) *regions {
	t.Helper()
	r := &regions{t: t, engine: name, stage: fmt.Sprintf("t%dx%d", os.Getpid(), stages.Add(1)), clock: clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
	r.calls = router{dynamodb: engine, functions: map[string]lambda.Handler{}, hosts: map[string]http.RoundTripper{}, now: r.clock.Now, lost: map[string]bool{}}
	r.createTables()
	return r
}

// router gives a function's AWS calls to the engine and to the stand-ins, by the service and region that the signature names.
type router struct {
	dynamodb  http.RoundTripper
	functions map[string]lambda.Handler    // by "<region>/<function>"
	hosts     map[string]http.RoundTripper // providers
	post      post
	now       func() time.Time

	serving sync.Mutex // a stand-in has one instance, which may make calls of its own

	mu      sync.Mutex
	lost    map[string]bool // regions whose tables do not answer
	started []string        // inputs of executions
}

func (c *router) RoundTrip(r *http.Request) (*http.Response, error) {
	if provider := c.hosts[r.URL.Host]; provider != nil {
		return provider.RoundTrip(r)
	}
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
	case "secretsmanager":
		return answer(r, []byte(`{"SecretString":"`+providerKey+`"}`)), nil
	case "ses":
		return c.post.send(r, c.now())
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
	c.serving.Lock()
	out, err := handler.Invoke(r.Context(), in)
	res := answer(r, bytes.Clone(out))
	c.serving.Unlock()
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
		"ORDER_FACTS_FUNCTION": "order-facts", "SHIPPING_SAGA_FUNCTION": "shipping-saga", "MAIL_FROM": "shop@shop.example",
		"STRIPE_API_BASE": "https://stripe.test", "STRIPE_SECRET_ARN": "stripe", "RETURN_URL": "https://shop.example/orders/",
		"CARRIER_API_BASE": "https://carrier.test", "CARRIER_SECRET_ARN": "carrier",
		"WORK_TABLE": r.table("order-work"), "STOCK_TABLE": r.table("stock"), "PAYMENTS_TABLE": r.table("payments"),
		"SHIPMENTS_TABLE": r.table("shipments"), "MAILS_TABLE": r.table("mails"),
		"ORDER_ADOPT_FUNCTION": "order-adopt", "DEAD_LETTERS_URL": "https://sqs." + region + ".amazonaws.com/000000000000/dead",
	}
	rt := r.runtime(region)
	rt.Getenv = func(name string) string { return env[name] }
	f := &function{make: func() (lambda.Handler, error) { return construct(r.t.Context(), rt) }}
	if err := f.start(); err != nil {
		r.t.Fatal(err)
	}
	return f
}

// function runs its invocations as Lambda does: at once, each in an instance that has no other.
type function struct {
	make func() (lambda.Handler, error)
	mu   sync.Mutex
	idle []lambda.Handler
}

func (f *function) start() error {
	h, err := f.make()
	f.idle = append(f.idle, h)
	return err
}

func (f *function) take() (lambda.Handler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.idle) == 0 {
		if err := f.start(); err != nil {
			return nil, err
		}
	}
	h := f.idle[len(f.idle)-1]
	f.idle = f.idle[:len(f.idle)-1]
	return h, nil
}

// Invoke copies the answer, which the handler's next one would overwrite.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	h, err := f.take()
	if err != nil {
		return nil, err
	}
	out, err := h.Invoke(ctx, payload)
	out = bytes.Clone(out)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, h)
	return out, err
}

// runtime is a function's surroundings in a region, with an empty environment.
func (r *regions) runtime(region string) platform.Runtime {
	return platform.Runtime{Getenv: func(string) string { return "" }, AWS: r.config(region), HTTP: &http.Client{Transport: &r.calls},
		Clock: r.clock, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
}

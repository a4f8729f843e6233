package lambda

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/local/core"
)

const region = "us-east-1"

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// scripted is a Runner whose behaviour a test writes down.
type scripted func(ctx context.Context, v *Version, in Invocation) (Outcome, error)

func (f scripted) Run(ctx context.Context, v *Version, in Invocation) (Outcome, error) {
	return f(ctx, v, in)
}

func echo(_ context.Context, _ *Version, in Invocation) (Outcome, error) {
	return Outcome{Payload: in.Payload, Duration: 1500 * time.Microsecond}, nil
}

func failing(context.Context, *Version, Invocation) (Outcome, error) {
	return Outcome{Payload: ErrorPayload("Boom", "no"), Error: Unhandled}, nil
}

type bench struct {
	*Service
	sim   *core.Sim
	cloud *core.Cloud
}

// newSim makes a service under the virtual clock with one function "f".
func newSim(t *testing.T, r scripted, change func(*Config)) *bench {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	c := Config{Cloud: core.New(sim, faults, 1), Context: context.Background(), Runner: r}
	if change != nil {
		change(&c)
	}
	b := &bench{Service: New(c), sim: sim, cloud: c.Cloud}
	b.deploy(t, "AWS::Lambda::Function", "F", nil)
	return b
}

var functionDefaults = map[string]any{"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/f", "Runtime": "provided.al2023",
	"Handler": "bootstrap", "MemorySize": "256", "Timeout": 5, "Architectures": []any{"arm64"}, "Code": map[string]any{"S3Bucket": "b", "S3Key": "k"},
	"Environment": map[string]any{"Variables": map[string]any{"A": "1"}}}

func (b *bench) deploy(t *testing.T, kind, id string, props map[string]any) core.Physical {
	t.Helper()
	ph, err := b.try(kind, id, props)
	if err != nil {
		t.Fatal(err)
	}
	return ph
}

func (b *bench) try(kind, id string, props map[string]any) (core.Physical, error) {
	all := map[string]any{}
	if kind == "AWS::Lambda::Function" {
		for k, v := range functionDefaults {
			all[k] = v
		}
	}
	for k, v := range props {
		all[k] = v
	}
	return b.Provision(context.Background(), core.Resource{Region: region, Stack: "st", LogicalID: id, Type: kind, Properties: all, Position: "f.yaml:7"})
}

func (b *bench) task(fn func(ctx context.Context)) {
	b.sim.Go(core.WithRegion(context.Background(), region), "test", fn)
}

func (b *bench) run(d time.Duration) { b.sim.Run(start.Add(d)) }

type wire struct {
	cloud *core.Cloud
	as    core.Principal
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	reply, err := w.cloud.Do(req.Context(), &core.Call{Region: region, Service: "lambda", Method: req.Method, Path: req.URL.EscapedPath(),
		Query: req.URL.Query(), Header: req.Header, Body: body, Principal: w.as})
	status, header, out := core.Encode(reply, err)
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(out)), Request: req}, nil
}

// newClient makes a live service with one function "f" and an SDK client for it.
func newClient(t *testing.T, r scripted) (*bench, *sdk.Client) {
	t.Helper()
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	cloud := core.New(live, faults, 1)
	b := &bench{Service: New(Config{Cloud: cloud, Context: t.Context(), Runner: r}), cloud: cloud}
	cloud.Register("lambda", b.Service)
	b.deploy(t, "AWS::Lambda::Function", "F", nil)
	return b, sdk.New(sdk.Options{Region: region, HTTPClient: &http.Client{Transport: wire{cloud: cloud}}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
}

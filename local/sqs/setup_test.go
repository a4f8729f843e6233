package sqs

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"

	"twofold/local/core"
)

const region = "us-east-1"

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type bench struct {
	*Service
	sim   *core.Sim
	cloud *core.Cloud
}

// newSim makes a service under the virtual clock.
func newSim(seed uint64) *bench {
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, seed)
	cloud := core.New(sim, faults, seed)
	s := New(Config{Cloud: cloud, Context: context.Background(), Endpoint: "http://sqs.local"})
	cloud.Register("sqs", s)
	return &bench{Service: s, sim: sim, cloud: cloud}
}

// queueNamed provisions a queue and gives its ARN.
func (b *bench) queueNamed(t *testing.T, name string, props map[string]any) string {
	t.Helper()
	all := map[string]any{"QueueName": name}
	for k, v := range props {
		all[k] = v
	}
	ph, err := b.Provision(t.Context(), core.Resource{Region: region, Stack: "st", LogicalID: name, Type: "AWS::SQS::Queue", Properties: all, Position: "q.yaml:1"})
	if err != nil {
		t.Fatal(err)
	}
	return ph.Attrs["Arn"].(string)
}

// task runs one task of the region until the virtual time d after the start.
func (b *bench) task(name string, fn func(ctx context.Context)) {
	b.sim.Go(core.WithRegion(context.Background(), region), name, fn)
}

func (b *bench) run(d time.Duration) { b.sim.Run(start.Add(d)) }

type wire struct{ cloud *core.Cloud }

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	reply, err := w.cloud.Do(req.Context(), &core.Call{Region: region, Service: "sqs", Operation: operation, Body: body})
	status, header, out := core.Encode(reply, err)
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(out))), Request: req}, nil
}

func newClient(t *testing.T) (*Service, *sdk.Client) {
	t.Helper()
	faults := core.NewFaults(0)
	cloud := core.New(core.NewLive(faults), faults, 1)
	s := New(Config{Cloud: cloud, Context: t.Context(), Endpoint: "http://sqs.local"})
	cloud.Register("sqs", s)
	return s, sdk.New(sdk.Options{Region: region, HTTPClient: &http.Client{Transport: wire{cloud}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
}

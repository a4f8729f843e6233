package pipes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/pipes"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	east   = "us-east-1"
	stream = "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-05-01T00:00:00.000"
	bus    = "arn:aws:events:us-east-1:000000000000:event-bus/shop"
	dead   = "arn:aws:sqs:us-east-1:000000000000:dead"
	role   = "arn:aws:iam::000000000000:role/pipe"
)

// rig is a simulated cloud with a stream, a bus that refuses what refuse says, and other targets.
type rig struct {
	t       *testing.T
	sim     *core.Sim
	cloud   *core.Cloud
	service *pipes.Service
	records []pipes.Record
	more    core.Signal
	entries []pipes.Entry
	calls   [][]string // details of each PutEvents call
	sent    []pipes.Delivery
	refuse  func(e pipes.Entry) bool
	answer  func(d pipes.Delivery) ([]byte, error)
	down    error
}

func newRig(t *testing.T) *rig {
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	r := &rig{t: t, sim: sim, cloud: core.New(sim, faults, 1), more: sim.NewSignal()}
	r.service = r.newService()
	r.cloud.Register("pipes", r.service)
	return r
}

func (r *rig) newService() *pipes.Service {
	return pipes.New(r.t.Context(), r.cloud, pipes.Ports{ReadStream: r.read, PutEvents: r.putEvents, Send: r.send})
}

func (r *rig) read(ctx context.Context, _, arn string, after uint64, limit int) ([]pipes.Record, error) {
	if arn != stream {
		return nil, errors.New("no such stream")
	}
	for {
		var out []pipes.Record
		for _, rec := range r.records {
			if rec.Seq > after && len(out) < limit {
				out = append(out, rec)
			}
		}
		if len(out) > 0 {
			return out, nil
		}
		if err := r.more.Wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (r *rig) putEvents(_ context.Context, _, arn string, p core.Principal, entries []pipes.Entry) ([]pipes.FailedEntry, error) {
	if err := r.cloud.Authorize(east, p, "events:PutEvents", arn); err != nil {
		return nil, err
	}
	if r.down != nil {
		return nil, r.down
	}
	var failed []pipes.FailedEntry
	var call []string
	for i, e := range entries {
		call = append(call, string(e.Detail))
		if r.refuse != nil && r.refuse(e) {
			failed = append(failed, pipes.FailedEntry{Index: i, Code: "InternalFailure"})
			continue
		}
		r.entries = append(r.entries, e)
	}
	r.calls = append(r.calls, call)
	return failed, nil
}

func (r *rig) send(_ context.Context, d pipes.Delivery) ([]byte, error) {
	r.sent = append(r.sent, d)
	if r.answer != nil && d.TargetARN != dead {
		return r.answer(d)
	}
	return nil, nil
}

// write adds a record of a new item with a type and a number.
func (r *rig) write(kind string, n int) {
	seq := len(r.records) + 1
	r.records = append(r.records, pipes.Record{Seq: uint64(seq), JSON: json.RawMessage(fmt.Sprintf(
		`{"eventID":"%d","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"pk":{"S":"order#%d"}},"NewImage":{"type":{"S":"%s"},"n":{"N":"%d"},"at":{"S":"2026-05-01T11:59:00.000Z"}},"SequenceNumber":"%021d"}}`,
		seq, r.sim.Now().Unix(), n, kind, n, seq))})
	r.more.Set()
}

func (r *rig) run(d time.Duration) { r.sim.Run(r.sim.Now().Add(d)) }

const toBus = `"Target":"` + bus + `","TargetParameters":{"InputTemplate":"{\"n\": \"<$.dynamodb.NewImage.n.N>\"}","EventBridgeEventBusParameters":{"Source":"twofold.order","DetailType":"$.dynamodb.NewImage.type.S","Time":"$.dynamodb.NewImage.at.S","Resources":["$.dynamodb.Keys.pk.S"]}}`

func properties(stream_, rest string) string {
	return `{"Name":"facts","RoleArn":"` + role + `","Source":"` + stream + `","SourceParameters":{"FilterCriteria":{"Filters":[{"Pattern":"{\"eventName\":[\"INSERT\"],\"dynamodb\":{\"NewImage\":{\"type\":{\"S\":[\"OrderPlaced\",\"OrderConfirmed\"]}}}}"}]},"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON"` + stream_ + `}},` + rest + `}`
}

func (r *rig) provision(props string) error {
	var m map[string]any
	if err := json.Unmarshal([]byte(props), &m); err != nil {
		r.t.Fatalf("%v in %s", err, props)
	}
	_, err := r.service.Provision(r.t.Context(), core.Resource{Region: east, Stack: "s", LogicalID: "Pipe", Type: "AWS::Pipes::Pipe", Properties: m, Position: "stacks/events.yaml:9"})
	return err
}

func (r *rig) pipe(stream_, rest string) {
	r.t.Helper()
	if err := r.provision(properties(stream_, rest)); err != nil {
		r.t.Fatal(err)
	}
}

func details(entries []pipes.Entry) string {
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(string(e.Detail), `{"n": "`), `"}`))
	}
	return strings.Join(out, " ")
}

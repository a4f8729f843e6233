package eventbridge_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/eventbridge"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// rig is a simulated cloud with EventBridge; deliveries are recorded, and fail as fail says.
type rig struct {
	t          *testing.T
	sim        *core.Sim
	cloud      *core.Cloud
	service    *eventbridge.Service
	deliveries []eventbridge.Delivery
	times      []time.Time
	fail       func(d eventbridge.Delivery) error
	ports      eventbridge.Ports
}

func newRig(t *testing.T, change ...func(*eventbridge.Ports)) *rig {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	r := &rig{t: t, sim: sim, cloud: core.New(sim, faults, 1)}
	r.cloud.Journal.Keep(core.KindEvent, core.KindUnmatched)
	r.ports.Deliver = func(_ context.Context, d eventbridge.Delivery) error {
		if r.fail != nil {
			if err := r.fail(d); err != nil {
				r.times = append(r.times, sim.Now())
				return err
			}
		}
		r.deliveries = append(r.deliveries, d)
		return nil
	}
	for _, c := range change {
		c(&r.ports)
	}
	r.service = eventbridge.New(t.Context(), r.cloud, r.ports)
	r.cloud.Register("events", r.service)
	return r
}

// call makes a request and decodes the answer.
func (r *rig) call(region, operation, body string) (map[string]any, error) {
	r.t.Helper()
	reply, err := r.cloud.Do(r.t.Context(), &core.Call{Region: region, Service: "events", Operation: operation, Body: []byte(body)})
	status, _, raw := core.Encode(reply, err)
	if err == nil && status != 200 {
		r.t.Fatalf("%s answers %d", operation, status)
	}
	out := map[string]any{}
	if jerr := json.Unmarshal(raw, &out); jerr != nil {
		r.t.Fatalf("%s answers %s", operation, raw)
	}
	return out, err
}

func (r *rig) must(region, operation, body string) map[string]any {
	r.t.Helper()
	out, err := r.call(region, operation, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", operation, body, err)
	}
	return out
}

// refused checks the code and message of an error.
func (r *rig) refused(region, operation, body, code, message string) {
	r.t.Helper()
	_, err := r.call(region, operation, body)
	if err == nil || err.Error() != code+": "+message {
		r.t.Errorf("%s %.120s\ngives %v\nwant %s: %s", operation, body, err, code, message)
	}
}

// put puts one order event on a bus.
func (r *rig) put(region, bus, detail string) {
	r.t.Helper()
	entry, err := json.Marshal(map[string]any{"Source": "twofold.order", "DetailType": "OrderPlaced", "Detail": detail, "EventBusName": bus})
	if err != nil {
		r.t.Fatal(err)
	}
	if out := r.must(region, "PutEvents", `{"Entries":[`+string(entry)+`]}`); out["FailedEntryCount"] != 0.0 {
		r.t.Fatalf("PutEvents: %v", out)
	}
}

func (r *rig) run(d time.Duration) { r.sim.Run(r.sim.Now().Add(d)) }

func resource(region, kind, id, properties string) core.Resource {
	var props map[string]any
	if err := json.Unmarshal([]byte(properties), &props); err != nil {
		panic(err)
	}
	return core.Resource{Region: region, Stack: "s", LogicalID: id, Type: kind, Properties: props, Position: "stacks/events.yaml:7"}
}

func (r *rig) provision(region, kind, id, properties string) core.Physical {
	r.t.Helper()
	p, err := r.service.Provision(r.t.Context(), resource(region, kind, id, properties))
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// shop makes the bus "shop" with one rule for placed orders and one queue as target.
func (r *rig) shop(region, targetExtra string) {
	r.t.Helper()
	r.provision(region, "AWS::Events::EventBus", "Bus", `{"Name":"shop"}`)
	r.provision(region, "AWS::Events::Rule", "Rule", `{"Name":"placed","EventBusName":"shop",
		"EventPattern":{"source":["twofold.order"],"detail":{"kind":["placed"]}},
		"Targets":[{"Id":"q","Arn":"`+queue(region)+`"`+targetExtra+`}]}`)
}

func queue(region string) string { return core.ARN("sqs", region, "orders") }

func dlq(region string) string { return core.ARN("sqs", region, "dead") }

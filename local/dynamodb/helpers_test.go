package dynamodb

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// world is a service on a driver, for tests.
type world struct {
	t     testing.TB
	cloud *core.Cloud
	svc   *Service
	sim   *core.Sim
}

func start() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func simWorld(t testing.TB, seed uint64, lag time.Duration, options Options) *world {
	faults := core.NewFaults(lag)
	sim := core.NewSim(start(), faults, seed)
	cloud := core.New(sim, faults, seed)
	w := &world{t: t, cloud: cloud, svc: New(context.Background(), cloud, options), sim: sim}
	cloud.Register("dynamodb", w.svc)
	return w
}

func (w *world) run(d time.Duration) { w.sim.Run(w.sim.Now().Add(d)) }

// try makes a call and gives the answer or the error.
func (w *world) try(region, op, body string) (string, *core.Error) {
	w.t.Helper()
	reply, err := w.cloud.Do(context.Background(), &core.Call{Region: region, Service: "dynamodb", Operation: op, Body: []byte(body)})
	if err != nil {
		e, ok := err.(*core.Error)
		if !ok {
			w.t.Fatalf("%s: %v", op, err)
		}
		return "", e
	}
	raw, ok := reply.Body.([]byte)
	if !ok || !json.Valid(raw) {
		w.t.Fatalf("%s: answer is no JSON: %s", op, raw)
	}
	return string(raw), nil
}

func (w *world) do(region, op, body string) string {
	w.t.Helper()
	out, err := w.try(region, op, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", op, body, err)
	}
	return out
}

func (w *world) wantError(op, body, code, message string) {
	w.t.Helper()
	out, err := w.try(east, op, body)
	if err == nil {
		w.t.Errorf("%s %s = %s, want %s", op, body, out, code)
		return
	}
	if err.Code != code || err.Message != message {
		w.t.Errorf("%s %s\n got  %s: %s\n want %s: %s", op, body, err.Code, err.Message, code, message)
	}
}

func (w *world) want(region, op, body, want string) {
	w.t.Helper()
	if got := w.do(region, op, body); !sameJSON(w.t, got, want) {
		w.t.Errorf("%s %s\n got  %s\n want %s", op, body, got, want)
	}
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	p, err1 := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err1 == nil && err2 == nil && string(p) == string(q)
}

const testTable = `{"TableName":"tbl","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[
 {"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},
 {"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
 "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
 "GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
 "LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x"]}}],
 "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

func tableWorld(t testing.TB) *world {
	w := simWorld(t, 1, 0, Options{})
	w.do(east, "CreateTable", testTable)
	return w
}

// globalTable provisions a global table with a hash key pk and sort key sk in both regions.
func (w *world) globalTable(name string) core.Physical {
	w.t.Helper()
	p, err := w.svc.Provision(context.Background(), core.Resource{Region: east, Stack: "data", LogicalID: "T", Type: TypeGlobalTable, Position: "data.yaml:1",
		Properties: decoded(w.t, `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		"StreamSpecification":{"StreamViewType":"NEW_AND_OLD_IMAGES"},"TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true},
		"Replicas":[{"Region":"us-west-2","Tags":[]},{"Region":"us-east-1","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}]}`)})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func decoded(t testing.TB, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// contents are the items of a table in a region, as text.
func (w *world) contents(region, table string) string {
	var b strings.Builder
	for _, i := range w.svc.Items(region, table) {
		b.Write(i.JSON)
		b.WriteByte('\n')
	}
	return b.String()
}

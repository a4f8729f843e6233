package states

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const region = "us-east-1"

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// bench is the service on a simulated cloud.
type bench struct {
	t      *testing.T
	sim    *core.Sim
	cloud  *core.Cloud
	svc    *Service
	lambda Invoke
	calls  []InvokeRequest
	at     []time.Duration // when each call came, after epoch
}

func newBench(t *testing.T) *bench { return seededBench(t, 1) }

func seededBench(t *testing.T, seed uint64) *bench {
	faults := core.NewFaults(0)
	b := &bench{t: t, sim: core.NewSim(epoch, faults, seed)}
	b.cloud = core.New(b.sim, faults, seed)
	b.cloud.Journal.Keep(core.KindExecution)
	b.svc = New(context.Background(), b.cloud, Options{Invoke: func(ctx context.Context, r InvokeRequest) (InvokeResult, error) {
		b.calls = append(b.calls, r)
		b.at = append(b.at, b.sim.Now().Sub(epoch))
		return b.lambda(ctx, r)
	}})
	b.cloud.Register("states", b.svc)
	return b
}

// call makes one API call and reads its answer into a map.
func (b *bench) call(op string, in any) (map[string]any, error) {
	b.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	reply, err := b.cloud.Do(context.Background(), &core.Call{Region: region, Service: "states", Operation: op, Body: body})
	if err != nil {
		return nil, err
	}
	var out map[string]any
	_, _, text := core.Encode(reply, nil)
	if err := json.Unmarshal(text, &out); err != nil {
		b.t.Fatalf("%s: %v in %s", op, err, text)
	}
	return out, nil
}

func (b *bench) must(op string, in any) map[string]any {
	b.t.Helper()
	out, err := b.call(op, in)
	if err != nil {
		b.t.Fatalf("%s: %v", op, err)
	}
	return out
}

func (b *bench) create(name, typ, definition string) string {
	b.t.Helper()
	return b.must("CreateStateMachine", map[string]any{"name": name, "type": typ, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/saga"})["stateMachineArn"].(string)
}

// outcome is how an execution ended.
type outcome struct {
	Status, Output, Error, Cause string
	Took                         time.Duration
	History                      []string
}

// run runs a STANDARD execution for at most two virtual years.
func (b *bench) run(definition, input string) outcome {
	b.t.Helper()
	arn := b.create("m", Standard, definition)
	x := b.must("StartExecution", map[string]any{"stateMachineArn": arn, "name": "x", "input": input})["executionArn"].(string)
	b.sim.Run(epoch.Add(2 * 365 * 24 * time.Hour))
	return b.outcome(x)
}

func (b *bench) outcome(x string) outcome {
	b.t.Helper()
	d := b.must("DescribeExecution", map[string]any{"executionArn": x})
	s := func(k string) string { v, _ := d[k].(string); return v }
	o := outcome{Status: s("status"), Output: s("output"), Error: s("error"), Cause: s("cause")}
	if stop, ok := d["stopDate"].(float64); ok {
		o.Took = time.Duration((stop - d["startDate"].(float64)) * float64(time.Second)).Round(time.Millisecond)
	}
	o.History = b.history(x)
	return o
}

// history writes each event as "id<previous type details".
func (b *bench) history(x string) []string {
	var out []string
	token := ""
	for {
		in := map[string]any{"executionArn": x, "maxResults": 1000}
		if token != "" {
			in["nextToken"] = token
		}
		page := b.must("GetExecutionHistory", in)
		for _, e := range page["events"].([]any) {
			out = append(out, line(e.(map[string]any)))
		}
		if token, _ = page["nextToken"].(string); token == "" {
			return out
		}
	}
}

func line(e map[string]any) string {
	s := fmt.Sprintf("%v<%v %v", e["id"], e["previousEventId"], e["type"])
	for k, v := range e {
		d, ok := v.(map[string]any)
		if !ok || !strings.HasSuffix(k, "Details") {
			continue
		}
		for _, name := range []string{"name", "index", "length", "resource", "input", "parameters", "output", "assignedVariables", "error", "cause", "timeoutInSeconds"} {
			if x, ok := d[name]; ok {
				s += fmt.Sprintf(" %s=%v", name, x)
			}
		}
	}
	return s
}

func (b *bench) expect(o outcome, want ...string) {
	b.t.Helper()
	got := strings.Join(o.History, "\n")
	if want := strings.Join(want, "\n"); got != want {
		b.t.Errorf("history:\n%s\nwant:\n%s", got, want)
	}
}

// single is a definition of one state that ends the machine.
func single(state string) string {
	return `{"StartAt":"S","States":{"S":` + state + `}}`
}

// answers makes a function that gives the payloads and errors in turn, the last one for ever.
func answers(list ...any) Invoke {
	i := 0
	return func(context.Context, InvokeRequest) (InvokeResult, error) {
		a := list[min(i, len(list)-1)]
		i++
		switch x := a.(type) {
		case error:
			return InvokeResult{}, x
		case InvokeResult:
			return x, nil
		}
		return InvokeResult{Payload: []byte(a.(string))}, nil
	}
}

func lambdaError(typ, message string) InvokeResult {
	return InvokeResult{FunctionError: "Unhandled", Payload: []byte(fmt.Sprintf(`{"errorMessage":%q,"errorType":%q}`, message, typ))}
}

const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:pay"

package cost

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"twofold/local/core"
	"twofold/local/world"
)

// What Lambda and API Gateway write of their own. Each event that is ingested counts 26 bytes more than its text
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_PricingExamples.html).
const (
	eventOverhead = 26
	// What Lambda writes about an invocation that goes well: nothing, with SystemLogLevel WARN, which all stacks of functions have.
	invocationLines = 0
	// A request in the access log, by its format in stacks/api.yaml.
	accessLine = 330 + eventOverhead
	// Headers of a call to the other region and of its answer, with the signature.
	callHeaders = 1200
	// What is sampled, by the rule in stacks/observability.yaml.
	sampled = 0.05
)

// watch counts what the meter of a world does not: who calls what, and the bytes of logs and of calls between regions.
type watch struct {
	world *world.World

	mu       sync.Mutex
	calls    map[string]float64 // by "caller: service:Operation"
	logs     float64
	between  float64
	internal float64 // invocations that belong to somebody else's trace
	starts   float64 // of executions
}

func newWatch(w *world.World) *watch {
	out := &watch{world: w, calls: map[string]float64{}}
	w.Cloud().Faults.InterceptBefore(out.call)
	w.Cloud().Journal.Tap(out.line)
	return out
}

// call counts a call; it never refuses one.
func (w *watch) call(_ context.Context, c *core.Call) error {
	op := operation(c)
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Principal.Operator() {
		return nil
	}
	w.calls[caller(c.Principal)+": "+op]++
	if op == "lambda:Invoke" && !strings.HasPrefix(c.Principal.Via, "schedule ") {
		w.internal++
	}
	if op == "states:StartExecution" {
		w.starts++
	}
	if from := c.Principal.Region; from != "" && from != c.Region {
		w.between += float64(len(c.Body) + callHeaders)
	}
	return nil
}

func (w *watch) line(e core.Entry) {
	if e.Kind != core.KindFunctionLog {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs += float64(len(e.Detail) + eventOverhead)
}

// operation names a call as [Calls] does.
func operation(c *core.Call) string {
	if c.Operation != "" {
		return c.Service + ":" + c.Operation
	}
	if strings.HasSuffix(c.Path, "/invocations") {
		return "lambda:Invoke"
	}
	if c.Service == "ses" && strings.HasSuffix(c.Path, "/outbound-emails") {
		return "ses:SendEmail"
	}
	return c.Service + ":" + c.Method + " " + c.Path
}

// generated ends a name that CloudFormation made.
var generated = regexp.MustCompile(`-[A-Z0-9]{12,13}$`)

// caller names who calls: a function, a pipe, a rule, a schedule; of a service that calls on behalf of an API the service alone.
func caller(p core.Principal) string {
	name := p.Via
	if strings.Contains(name, ":execute-api:") || name == "" {
		name = strings.TrimSuffix(p.Service, ".amazonaws.com")
	}
	if strings.HasPrefix(name, "arn:") {
		name = core.NameOf(name)
	}
	return strings.ReplaceAll(generated.ReplaceAllString(name, ""), "twofold-local-", "")
}

// reading is everything that was counted until now.
type reading struct {
	units map[core.Unit]float64
	parts map[core.Part]float64
	calls map[string]float64
}

func newReading() reading {
	return reading{map[core.Unit]float64{}, map[core.Part]float64{}, map[string]float64{}}
}

// read adds up both regions and adds what follows from what was counted.
func (w *watch) read() reading {
	out := newReading()
	for _, r := range w.world.Cloud().Meter.Read() {
		out.units[r.Unit] += r.N
	}
	out.parts = w.world.Cloud().Meter.Parts()
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, n := range w.calls {
		out.calls[name] = n
	}
	invocations, requests := out.units["lambda:Request"], out.units["apigateway:Request"]
	out.units[unitLogByte] = w.logs + invocations*invocationLines + requests*accessLine
	out.units["transfer:Byte"] += w.between
	// A trace begins with a request, an execution, a batch of a queue or a tick of a schedule; what they invoke belongs to them.
	roots := requests + w.starts + max(0, invocations-w.internal)
	out.units[unitTrace] = sampled * roots
	return out
}

// less is what came between an earlier reading and this one.
func (r reading) less(earlier reading) reading {
	return reading{subtract(r.units, earlier.units), subtract(r.parts, earlier.parts), subtract(r.calls, earlier.calls)}
}

// of divides by a number of orders.
func (r reading) of(orders int) reading {
	return reading{divide(r.units, orders), divide(r.parts, orders), divide(r.calls, orders)}
}

func subtract[K comparable](a, b map[K]float64) map[K]float64 {
	out := map[K]float64{}
	for k, n := range a {
		out[k] = n
	}
	for k, n := range b {
		out[k] -= n
	}
	return out
}

func divide[K comparable](a map[K]float64, by int) map[K]float64 {
	out := map[K]float64{}
	for k, n := range a {
		out[k] = n / float64(by)
	}
	return out
}

// unpriced names everything that was counted and has no price; "" when there is nothing.
func (r reading) unpriced() error {
	var missing []string
	for unit, n := range r.units {
		if n != 0 && !slices.ContainsFunc(Prices(), func(p Price) bool { return p.Unit == unit }) {
			missing = append(missing, "the unit "+string(unit))
		}
	}
	known := Calls()
	for name := range r.calls {
		who, op, _ := strings.Cut(name, ": ")
		if known[op] == "" {
			missing = append(missing, op+", which "+who+" calls")
		}
	}
	if missing == nil {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("no price is known of %s", strings.Join(missing, "; "))
}

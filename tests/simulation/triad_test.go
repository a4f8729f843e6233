package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/world"
)

// What is done to a state while orders of every story pass.
const (
	failForGood = "fails" // until all is healed
	failOnce    = "fails once"
	doubled     = "runs twice" // with the same input; the second answer counts
)

// TestEveryStateOfTheSagaCanFail has each state fail with every error that the machine names for it and one that it does not, until all is
// healed. Whatever was under way then comes to its end: nothing is held, open or shipped that should not be.
func TestEveryStateOfTheSagaCanFail(t *testing.T) {
	for name, s := range tasks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTriad(failForGood, map[string]task{name: s})
			tr.run(t, storyPlan(saga[name].story, len(s.errors())))
			for _, e := range s.errors() {
				tr.happened(t, name, e)
			}
		})
	}
}

// TestEveryStateOfTheSagaCanBeRepeated runs every state of every order twice.
func TestEveryStateOfTheSagaCanBeRepeated(t *testing.T) { atOnce(t, doubled, tasks(t)) }

// TestEveryCompensationOfTheSagaCanFailOnce has each compensation fail once for each order. That it can be repeated the test before this one
// shows, since compensations are states.
func TestEveryCompensationOfTheSagaCanFailOnce(t *testing.T) {
	all := tasks(t)
	maps.DeleteFunc(all, func(name string, _ task) bool { return !isCompensation(name) })
	atOnce(t, failOnce, all)
}

// atOnce treats several states in one history, in which each of them has to be met.
func atOnce(t *testing.T, what string, states map[string]task) {
	t.Parallel()
	tr := newTriad(what, states)
	tr.run(t, storyPlan("called off too late", 4))
	for name := range states {
		t.Run(name, func(t *testing.T) { tr.happened(t, name, what) })
	}
}

// prepared is shared by all tests of this file.
var prepared = sync.OnceValues(func() (*world.Prepared, error) { return world.Prepare("../..") })

// triad is a treatment of some states.
type triad struct {
	what    string
	states  map[string]task
	met     map[[2]string]string // by state and order: which error is its
	times   map[[2]string]int    // by state and error or treatment: how often it was met
	history *run
}

func newTriad(what string, states map[string]task) *triad {
	return &triad{what: what, states: states, met: map[[2]string]string{}, times: map[[2]string]int{}}
}

func (tr *triad) run(t *testing.T, plan Plan) {
	p, err := prepared()
	if err != nil {
		t.Fatal(err)
	}
	w, err := p.Simulate(world.Options{Seed: 1, Lag: 800 * time.Millisecond, Latency: world.UsualLatency()})
	if err != nil {
		t.Fatal(err)
	}
	tr.history = &run{world: w, plan: plan, history: newHistory(), facts: map[string]map[string]bool{}, tokens: map[string]string{}, counts: map[string]int{}}
	w.Cloud().Faults.InterceptBefore(tr.intercept)
	var left []string
	err = w.Do(context.Background(), "history", func(ctx context.Context) (err error) {
		left, err = tr.history.play(ctx)
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, b := range append(tr.history.history.broken, left...) {
		t.Error(b)
	}
}

// happened fails a test in which a state was not met: what is not reached is not shown.
func (tr *triad) happened(t *testing.T, state, what string) {
	if tr.times[[2]string{state, what}] == 0 {
		t.Errorf("no order met %s with %q: add a story that does", state, what)
	}
}

var orderInPayload = regexp.MustCompile(`ord_[a-z2-7]{26}`)

// intercept treats the invocations of the states.
func (tr *triad) intercept(ctx context.Context, call *core.Call) error {
	if call.Service != "lambda" || ctx.Value(again{}) != nil {
		return nil
	}
	if bytes.Contains(call.Body, []byte(`"step":"StopShipment"`)) && bytes.Contains(call.Body, []byte(`"customer":"late-`)) {
		_ = tr.history.world.Carrier().Dispatch(orderInPayload.FindString(string(call.Body))) // just in time; a second time it is refused
	}
	for name, s := range tr.states {
		if bytes.Contains(call.Body, []byte(s.marker())) {
			return tr.treat(ctx, call, name)
		}
	}
	return nil
}

// treat is what happens instead of an invocation, or before it. Each order meets one error.
func (tr *triad) treat(ctx context.Context, call *core.Call, name string) error {
	at := [2]string{name, orderInPayload.FindString(string(call.Body))}
	before := tr.met[at]
	switch all := tr.states[name].errors(); {
	case tr.what == doubled:
		tr.times[[2]string{name, doubled}]++
		first := *call
		first.Query = url.Values{"Qualifier": {"live"}}
		_, err := tr.history.world.Cloud().Do(context.WithValue(ctx, again{}, true), &first)
		return err
	case tr.what == failOnce && before != "" || !tr.history.healed.IsZero():
		return nil
	case tr.what == failOnce:
		tr.met[at] = "Undecided"
		tr.times[[2]string{name, failOnce}]++
	case before == "":
		tr.met[at] = all[len(tr.met)%len(all)]
		tr.times[[2]string{name, tr.met[at]}]++
	}
	return failure(tr.met[at])
}

// again marks the first of two invocations.
type again struct{}

// failure is an error of a name as the machine sees it: one of the Lambda service, or one of the function.
func failure(name string) error {
	if code, service := strings.CutPrefix(name, "Lambda."); service && code != "Unknown" {
		return &core.Error{Code: code, Message: "injected", Status: http.StatusInternalServerError}
	}
	return &lambda.Failed{Type: name}
}

// task is a Task state of the machine's file.
type task struct {
	Type       string
	Parameters map[string]json.RawMessage
	Retry      []struct{ ErrorEquals []string }
	Catch      []struct{ ErrorEquals []string }
}

// tasks are the Task states by name.
func tasks(t *testing.T) map[string]task {
	t.Helper()
	raw, err := os.ReadFile("../../statemachine/order-saga.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var machine struct{ States map[string]task }
	if err := json.Unmarshal(raw, &machine); err != nil {
		t.Fatal(err)
	}
	for name, s := range machine.States {
		if s.Type != "Task" {
			delete(machine.States, name)
		}
	}
	return machine.States
}

// marker is what tells the state's invocations from those of others.
func (s task) marker() string {
	for _, key := range []string{"step", "want"} {
		if v, ok := s.Parameters[key]; ok {
			return `"` + key + `":` + string(v)
		}
	}
	return "none" // such a state is not met, which fails its tests
}

// errors are all names that the state's retriers and catchers know, and one that nobody knows.
func (s task) errors() []string {
	out := []string{"NobodyKnowsThis"}
	for _, r := range append(s.Retry, s.Catch...) {
		for _, name := range r.ErrorEquals {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

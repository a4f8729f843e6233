package states

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"twofold/local/core"
)

// stopped is returned by a thread that must not go on: its execution or branch has ended, or its
// region is lost.
var stopped = &failure{name: "stopped"}

// thread walks through the states of a workflow, branch or iteration.
type thread struct {
	x        *execution
	ctx      context.Context // ends with the execution or the group
	vars     *scope
	previous int64 // id of its last history event
	item     *object
	group    *group // nil outside Parallel and Map
	current  atomic.Pointer[state]
}

// visit is one stay in a state, over all its attempts.
type visit struct {
	thread  *thread
	s       *state
	entered int64 // id of the event of entering
	at      time.Time
	tried   []int64 // retries by retrier
	retries int64
	started bool      // Parallel or Map: its branches were started
	next    *state    // where to go
	assign  *template // what to assign then
}

// run walks from the workflow's first state to an end.
func (t *thread) run(w *workflow, in doc) (doc, *failure) {
	for s := w.start.state; s != nil; {
		v := &visit{thread: t, s: s}
		out, f := v.run(in)
		if f != nil {
			return doc{}, f
		}
		in, s = out, v.next
	}
	return in, nil
}

// gone reports that nothing may happen in this thread any more.
func (t *thread) gone() bool { return t.x.over() || t.group.isBroken() }

// point lets other tasks run first.
func (t *thread) point(label string) *failure {
	if err := t.x.svc.cloud.Point(t.ctx, label); err != nil || t.gone() {
		return stopped
	}
	return nil
}

func (t *thread) sleep(d time.Duration) *failure {
	if d <= 0 {
		return nil
	}
	if err := t.x.svc.cloud.Sleep(t.ctx, d); err != nil || t.gone() {
		return stopped
	}
	return nil
}

// env evaluates against input in this state.
func (v *visit) env(input any) *env {
	return &env{input: input, context: v.context, vars: v.thread.vars, rand: v.thread.x.svc.cloud.Rand}
}

// run enters the state, tries it as often as its retriers say, and leaves it by Next or a catcher.
func (v *visit) run(in doc) (doc, *failure) {
	t := v.thread
	if f := t.point(v.s.label); f != nil {
		return doc{}, f
	}
	if t.x.full() {
		t.x.end(failedEnd, doc{}, fail(errRuntime, historyLimitText), t.previous)
		return doc{}, stopped
	}
	t.current.Store(v.s)
	v.at = t.x.now()
	v.entered = t.add(v.s.typ+"StateEntered", inputDetails(v.s.name, &in))
	for {
		v.next, v.assign = v.s.next.state, v.s.assign
		t.x.transition()
		out, vars, f := v.attempt(in)
		if f == nil {
			return v.exit(out, vars)
		}
		if f == stopped || t.gone() {
			return doc{}, stopped
		}
		f = v.located(f)
		wait, again := v.again(f)
		if !again {
			return v.caught(in, f)
		}
		if f := t.sleep(wait); f != nil {
			return doc{}, f
		}
	}
}

// located tells in the cause where a failure of the state's own processing happened.
func (v *visit) located(f *failure) *failure {
	if !f.inState {
		return f
	}
	return fail(f.name, fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", v.s.name, v.entered, f.cause))
}

// attempt makes the state's output and the variables it assigns.
func (v *visit) attempt(in doc) (doc, *object, *failure) {
	e := v.env(in.v)
	effective, f := v.s.input.apply(e)
	if f != nil {
		return doc{}, nil, f
	}
	if v.s.parameters != nil {
		e.input = effective
		var err error
		if effective, err = v.s.parameters.eval(e); err != nil {
			return doc{}, nil, failed(err)
		}
	}
	result, f := v.s.does.run(v, effective)
	if f != nil {
		return doc{}, nil, f
	}
	return v.finish(in, e, result)
}

// finish makes the output of a result: ResultSelector, ResultPath, OutputPath and Assign.
func (v *visit) finish(in doc, e *env, result any) (doc, *object, *failure) {
	vars, f := assigned(v.assign, v.env(result))
	if f != nil {
		return doc{}, nil, f
	}
	if v.s.selector != nil {
		e.input = result
		var err error
		if result, err = v.s.selector.eval(e); err != nil {
			return doc{}, nil, failed(err)
		}
	}
	out, f := v.s.result.apply(in.v, result)
	if f != nil {
		return doc{}, nil, f
	}
	e.input = out
	if out, f = v.s.output.apply(e); f != nil {
		return doc{}, nil, f
	}
	return v.limited(in, out, vars)
}

// limited checks the output's size. An unchanged document keeps its text.
func (v *visit) limited(in doc, out any, vars *object) (doc, *object, *failure) {
	d := doc{v: out}
	if sameObject(in.v, out) {
		d = in
	}
	if d.size() > maxPayload || vars != nil && size(vars) > maxPayload {
		return doc{}, nil, fail(errDataLimit, fmt.Sprintf(dataLimitText, v.s.name))
	}
	return d, vars, nil
}

func sameObject(a, b any) bool {
	x, ok := a.(*object)
	y, same := b.(*object)
	return ok && same && x == y
}

// assigned evaluates an Assign.
func assigned(t *template, e *env) (*object, *failure) {
	if t == nil {
		return nil, nil
	}
	v, err := t.eval(e)
	if err != nil {
		return nil, failed(err)
	}
	o, ok := v.(*object)
	if !ok {
		return nil, runtime(errRuntime, saysf("Assign must be an object but was: %s", encode(v)))
	}
	return o, nil
}

// again finds the retrier for a failure and the wait before the next attempt.
func (v *visit) again(f *failure) (time.Duration, bool) {
	for i := range v.s.retry {
		r := &v.s.retry[i]
		if !catches(r.errors, f) {
			continue
		}
		if v.tried == nil {
			v.tried = make([]int64, len(v.s.retry))
		}
		if v.tried[i] >= r.attempts {
			return 0, false
		}
		v.tried[i]++
		v.retries++
		return r.delay(v.tried[i]-1, v.thread.x.svc.cloud.Rand), true
	}
	return 0, false
}

// caught leaves the state by the catcher for a failure, or fails with it.
func (v *visit) caught(in doc, f *failure) (doc, *failure) {
	if v.started {
		v.thread.add(v.s.typ+"StateFailed", nil)
	}
	for i := range v.s.catch {
		k := &v.s.catch[i]
		if !catches(k.errors, f) {
			continue
		}
		vars, bad := assigned(k.assign, v.env(f.output()))
		if bad != nil {
			return doc{}, v.located(bad)
		}
		out, bad := k.result.apply(in.v, f.output())
		if bad != nil {
			return doc{}, v.located(bad)
		}
		d, vars, bad := v.limited(in, out, vars)
		if bad != nil {
			return doc{}, bad
		}
		v.next = k.next.state
		return v.exit(d, vars)
	}
	return doc{}, f
}

func (v *visit) exit(out doc, vars *object) (doc, *failure) {
	if vars != nil && len(vars.keys) > 0 {
		v.thread.vars.assign(vars)
	}
	v.thread.add(v.s.typ+"StateExited", func() *object {
		o := obj("name", v.s.name, "output", out.String(), "outputDetails", whole())
		if vars != nil && len(vars.keys) > 0 {
			o.set("assignedVariables", texts(vars))
			o.set("assignedVariablesDetails", whole())
		}
		return o
	})
	return out, nil
}

func texts(vars *object) *object {
	o := &object{}
	for i, k := range vars.keys {
		o.set(k, encode(vars.vals[i]))
	}
	return o
}

// context is the context object ($$) of this visit.
func (v *visit) context() *object { return v.contextWith(v.thread.item) }

func (v *visit) contextWith(item *object) *object {
	x := v.thread.x
	execution := obj("Id", x.arn, "Input", x.input.v, "StartTime", isoTime(x.started), "Name", x.name, "RoleArn", x.rev.role, "RedriveCount", number(0))
	state := obj("Name", v.s.name, "EnteredTime", isoTime(v.at))
	if v.s.typ == "Task" || v.s.typ == "Parallel" || v.s.typ == "Map" {
		state.set("RetryCount", number(v.retries))
	}
	c := obj("Execution", execution, "StateMachine", obj("Id", x.machine.arn, "Name", x.machine.name), "State", state)
	if item != nil {
		c.set("Map", obj("Item", item))
	}
	return c
}

// callContext ends with the cloud and not with the state that makes a call: a call in flight
// is not taken back. Its values are those of the task that makes it.
type callContext struct {
	context.Context
	values context.Context
}

func (c callContext) Value(key any) any { return c.values.Value(key) }

func (t *thread) callContext(ctx context.Context) context.Context {
	return callContext{Context: t.x.svc.life, values: ctx}
}

// principal is the machine's role, as which its tasks act.
func (t *thread) principal() core.Principal {
	return core.Principal{RoleARN: t.x.rev.role, Via: t.x.machine.name, Region: t.x.machine.region}
}

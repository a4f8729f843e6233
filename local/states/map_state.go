package states

import (
	"encoding/json"
	"fmt"
	"sync"
)

// maxInline is how many iterations of an inline Map run at once at most.
const maxInline = 40

// mapAction runs a workflow for each element of an array.
type mapAction struct {
	items       *path // ItemsPath
	selector    *template
	processor   *workflow
	concurrency quantity
	tolerated   tolerance
}

// quantity is a number, given or read by a path.
type quantity struct {
	value float64
	path  *path
	field string
	given bool
}

// tolerance is how many iterations may fail.
type tolerance struct{ count, percentage quantity }

func compileMap(c *compiler, s *state, f *fields) {
	s.inAndOut(f)
	s.transition(f)
	s.selector, s.result = f.template("ResultSelector"), f.placement("ResultPath")
	s.retries(f)
	f.atMostOne("ItemProcessor", "Iterator")
	f.atMostOne("ItemSelector", "Parameters")
	a := &mapAction{items: f.path("ItemsPath", compilePath), concurrency: f.quantity("MaxConcurrency"),
		tolerated: tolerance{f.quantity("ToleratedFailureCount"), f.quantity("ToleratedFailurePercentage")}}
	if a.selector = f.template("ItemSelector"); a.selector == nil {
		a.selector = f.template("Parameters")
	}
	for _, name := range []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label"} {
		f.refuse(name, "distributed Map, to which "+name+" belongs")
	}
	for _, name := range []string{"ItemProcessor", "Iterator"} {
		if v, ok := f.get(name); ok {
			a.processor = c.workflow(v, s.at+"/"+name, false)
		}
	}
	if !f.has("Iterator") {
		f.require("ItemProcessor")
	}
	s.does = a
}

// quantity reads a number that is not negative, or the path to one.
func (f *fields) quantity(name string) quantity {
	f.atMostOne(name, name+"Path")
	q := quantity{field: name + "Path", given: f.has(name) || f.has(name+"Path"), path: f.path(name+"Path", compilePath)}
	if v, ok := f.get(name); ok {
		n, isNumber := v.(json.Number)
		value, err := n.Float64()
		if !isNumber || err != nil || value < 0 || name == "ToleratedFailurePercentage" && value > 100 {
			f.problem(name, "Value is out of range")
		}
		q.value = value
	}
	return q
}

func (q quantity) eval(e *env, kind string) (float64, *failure) {
	if q.path == nil {
		return q.value, nil
	}
	v, err := q.path.eval(e)
	if err != nil {
		return 0, runtime(errRuntime, saysf("Invalid path '%s' : %v", q.path.text, err))
	}
	n, isNumber := v.(json.Number)
	value, err := n.Float64()
	if _, whole := integer(v); !isNumber || err != nil || kind == "integer" && !whole {
		text := encode(v)
		if s, ok := v.(string); ok {
			text = s
		}
		return 0, runtime(errRuntime, saysf("The %s field refers to value \"%s\" which is not a valid %s: %s", q.field, text, kind, q.path.text))
	}
	name := q.field[:len(q.field)-len("Path")]
	switch {
	case name == "ToleratedFailurePercentage" && (value < 0 || value > 100):
		return 0, runtime(errRuntime, says("ToleratedFailurePercentage must be between 0 and 100."))
	case value < 0:
		return 0, runtime(errRuntime, saysf("%s cannot be negative.", name))
	}
	return value, nil
}

func iterationDetails(name string, i int) func() *object {
	return func() *object { return obj("name", name, "index", number(int64(i))) }
}

// mapRun is one attempt of a Map state.
type mapRun struct {
	v       *visit
	a       *mapAction
	g       *group
	input   any
	items   []any
	results []any
	count   float64 // tolerated failures
	percent float64

	mu     sync.Mutex
	failed []bool
	last   int64 // the last event of an iteration that succeeded
}

func (a *mapAction) run(v *visit, input any) (any, *failure) {
	r := &mapRun{v: v, a: a, input: input}
	window, f := r.prepare()
	if f != nil {
		return nil, f
	}
	t := v.thread
	t.add("MapStateStarted", func() *object { return obj("length", number(int64(len(r.items)))) })
	v.started, r.last = true, t.previous
	r.g = t.newGroup()
	defer r.g.cancel()
	if f := r.iterate(window); f != nil {
		if f != stopped {
			r.g.abort(v.s.name)
		}
		return nil, f
	}
	t.previous = r.last
	t.note("MapStateSucceeded", nil)
	return r.kept(), nil
}

// prepare reads what the state's fields say about this input.
func (r *mapRun) prepare() (window int, f *failure) {
	e := r.v.env(r.input)
	if r.items, f = r.a.array(e); f != nil {
		return 0, f
	}
	limit, f := r.a.concurrency.eval(e, "integer")
	if f != nil {
		return 0, f
	}
	if r.count, f = r.a.tolerated.count.eval(e, "integer"); f != nil {
		return 0, f
	}
	if r.percent, f = r.a.tolerated.percentage.eval(e, "float"); f != nil {
		return 0, f
	}
	r.results, r.failed = make([]any, len(r.items)), make([]bool, len(r.items))
	window = maxInline
	if limit > 0 && limit < maxInline {
		window = int(limit)
	}
	return window, nil
}

func (a *mapAction) array(e *env) ([]any, *failure) {
	v := e.input
	if a.items != nil {
		var err error
		if v, err = a.items.eval(e); err != nil {
			return nil, runtime(errRuntime, saysf("Invalid path '%s' : %v", a.items.text, err))
		}
	}
	items, ok := v.([]any)
	switch {
	case !ok && a.items != nil:
		return nil, runtime(errRuntime, saysf("Reference path \"%s\" must point to array.", a.items.text))
	case !ok:
		return nil, runtime(errRuntime, saysf("Map state input must be an array but was: %s", encode(v)))
	}
	return items, nil
}

// iterate runs the iterations, at most window at once.
func (r *mapRun) iterate(window int) *failure {
	begun := r.v.thread.previous
	for i := 0; i < len(r.items); {
		n := min(len(r.items)-i, window-r.g.busy())
		threads, inputs := make([]*thread, n), make([]doc, n)
		for k := range n {
			var f *failure
			if threads[k], inputs[k], f = r.begin(i+k, begun); f != nil {
				return f
			}
		}
		for k := range n {
			r.g.start(threads[k], r.a.processor, inputs[k], r.ended(threads[k], i+k))
		}
		i += n
		if f := r.g.wait(window - 1); f != nil {
			return f
		}
	}
	return r.g.wait(0)
}

// begin makes iteration i and its input.
func (r *mapRun) begin(i int, begun int64) (*thread, doc, *failure) {
	item := obj("Index", number(int64(i)), "Value", r.items[i])
	input := r.items[i]
	if r.a.selector != nil {
		e := r.v.env(r.input)
		e.context = func() *object { return r.v.contextWith(item) }
		var err error
		if input, err = r.a.selector.eval(e); err != nil {
			return nil, doc{}, failed(err)
		}
	}
	t := r.g.thread(i, r.g.free(begun), item)
	t.add("MapIterationStarted", iterationDetails(r.v.s.name, i))
	return t, doc{v: input}, nil
}

// ended takes the result of iteration i, or decides whether its failure is tolerated.
func (r *mapRun) ended(t *thread, i int) func(doc, *failure) *failure {
	return func(out doc, f *failure) *failure {
		r.mu.Lock()
		defer r.mu.Unlock()
		if f == nil {
			r.results[i] = out.v
			r.last = t.note("MapIterationSucceeded", iterationDetails(r.v.s.name, i))
			return nil
		}
		t.note("MapIterationFailed", iterationDetails(r.v.s.name, i))
		r.failed[i] = true
		return r.judge(f)
	}
}

// judge answers the failure that ends the state, nil while failures are tolerated. The caller holds r.mu.
func (r *mapRun) judge(f *failure) *failure {
	count, percentage := r.a.tolerated.count.given, r.a.tolerated.percentage.given
	if !count && !percentage {
		return f
	}
	n := 0.0
	for _, failed := range r.failed {
		if failed {
			n++
		}
	}
	if count && n > r.count || percentage && n*100 > r.percent*float64(len(r.items)) {
		return fail(errTolerated, fmt.Sprintf("%s: %s", defaultToleratedMsg, f.cause))
	}
	return nil
}

// kept are the results of the iterations that did not fail.
func (r *mapRun) kept() []any {
	out := make([]any, 0, len(r.results))
	for i, v := range r.results {
		if !r.failed[i] {
			out = append(out, v)
		}
	}
	return out
}

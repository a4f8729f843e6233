package states

import (
	"context"
	"slices"
	"sync"

	"twofold/local/core"
)

// group is the threads of a Parallel state's branches or a Map state's iterations.
type group struct {
	parent *thread
	outer  *group
	ctx    context.Context
	cancel context.CancelFunc
	change core.Signal // a thread has ended

	mu       sync.Mutex
	broken   bool // a thread has failed: the others must not go on
	failure  *failure
	previous int64 // the event that the parent's next one follows
	children map[*thread]int
	freed    []int64 // last events of threads that ended well, not yet followed by another iteration
}

func (t *thread) newGroup() *group {
	g := &group{parent: t, outer: t.group, change: t.x.svc.cloud.NewSignal(), previous: t.previous, children: map[*thread]int{}}
	g.ctx, g.cancel = context.WithCancel(t.ctx)
	return g
}

// isBroken reports whether this group or one around it has failed; a nil group has not.
func (g *group) isBroken() bool {
	for ; g != nil; g = g.outer {
		g.mu.Lock()
		broken := g.broken
		g.mu.Unlock()
		if broken {
			return true
		}
	}
	return false
}

// thread makes the thread of branch or iteration i; previous is the event it follows.
func (g *group) thread(i int, previous int64, item *object) *thread {
	t := &thread{x: g.parent.x, ctx: g.ctx, vars: &scope{outer: g.parent.vars}, previous: previous, item: item, group: g}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.children[t] = i
	return t
}

// start runs the thread in a task of its own; ended is told what became of it and answers the
// failure that breaks the group, if it does.
func (g *group) start(t *thread, w *workflow, in doc, ended func(out doc, f *failure) *failure) {
	g.parent.x.svc.cloud.Go(g.ctx, "states/"+g.parent.x.machine.name, func(ctx context.Context) {
		t.ctx = ctx
		out, f := t.run(w, in)
		if f != stopped {
			f = ended(out, f)
		}
		g.finish(t, f)
	})
}

func (g *group) finish(t *thread, f *failure) {
	g.mu.Lock()
	delete(g.children, t)
	switch {
	case g.broken || f == stopped:
	case f != nil:
		g.broken, g.failure, g.previous = true, f, t.previous
	default:
		g.previous = t.previous
		g.freed = append(g.freed, t.previous)
	}
	g.mu.Unlock()
	g.change.Set()
}

// wait waits until at most n threads run, or one has failed. The parent's next event then
// follows the last one of the thread that ended last.
func (g *group) wait(n int) *failure {
	for {
		g.mu.Lock()
		busy, broken, f, previous := len(g.children), g.broken, g.failure, g.previous
		g.mu.Unlock()
		switch {
		case broken:
			g.parent.previous = previous
			return f
		case busy <= n:
			g.parent.previous = previous
			return nil
		}
		if err := g.change.Wait(g.parent.ctx); err != nil || g.parent.gone() {
			return stopped
		}
	}
}

// free takes the last event of a thread that ended well, for the iteration that takes its place.
func (g *group) free(otherwise int64) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.freed) == 0 {
		return otherwise
	}
	id := g.freed[0]
	g.freed = g.freed[1:]
	return id
}

// unfinished are the threads still running by number, and the numbers in order.
func (g *group) unfinished() (map[int]*thread, []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	threads, numbers := make(map[int]*thread, len(g.children)), make([]int, 0, len(g.children))
	for t, i := range g.children {
		threads[i] = t
		numbers = append(numbers, i)
	}
	slices.Sort(numbers)
	return threads, numbers
}

// abort records that the threads still running were cut off, for a Map named name or, with "", a Parallel.
func (g *group) abort(name string) {
	threads, numbers := g.unfinished()
	for _, i := range numbers {
		if s := threads[i].current.Load(); s != nil {
			g.parent.note(s.typ+"StateAborted", nil)
		}
		if name != "" {
			g.parent.note("MapIterationAborted", iterationDetails(name, i))
		}
	}
}

// parallelAction runs all branches at once on the same input.
type parallelAction struct{ branches []*workflow }

func compileParallel(c *compiler, s *state, f *fields) {
	s.inAndOut(f)
	s.transition(f)
	s.parameters, s.selector, s.result = f.template("Parameters"), f.template("ResultSelector"), f.placement("ResultPath")
	s.retries(f)
	f.require("Branches")
	branches := f.list("Branches")
	if len(branches) == 0 && f.has("Branches") {
		f.problem("Branches", "Value cannot be empty")
	}
	a := &parallelAction{}
	for i, b := range branches {
		a.branches = append(a.branches, c.workflow(b, s.at+"/Branches"+index(i), false))
	}
	s.does = a
}

func (a *parallelAction) run(v *visit, input any) (any, *failure) {
	t := v.thread
	t.add("ParallelStateStarted", nil)
	v.started = true
	g := t.newGroup()
	defer g.cancel()
	results := make([]any, len(a.branches))
	threads := make([]*thread, len(a.branches))
	for i := range a.branches {
		threads[i] = g.thread(i, t.previous, t.item)
	}
	for i, w := range a.branches {
		g.start(threads[i], w, doc{v: input}, func(out doc, f *failure) *failure {
			results[i] = out.v
			return f
		})
	}
	if f := g.wait(0); f != nil {
		if f != stopped {
			g.abort("")
		}
		return nil, f
	}
	t.note("ParallelStateSucceeded", nil)
	return results, nil
}

// busy is how many threads run.
func (g *group) busy() int { g.mu.Lock(); defer g.mu.Unlock(); return len(g.children) }

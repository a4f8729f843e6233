package core

import (
	"container/heap"
	"context"
	"time"
)

// WithTimeout is context.WithTimeout on the virtual clock.
func (s *Sim) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	at := s.now.Add(d)
	if outer, ok := ctx.Deadline(); ok && outer.Before(at) {
		at = outer
	}
	inner, cancel := context.WithCancelCause(ctx)
	out := &simTimeout{Context: inner, at: at}
	timer := s.after(d, func() {
		out.expired = inner.Err() == nil
		cancel(context.DeadlineExceeded)
	})
	return out, func() { timer.cancelled = true; cancel(nil) }
}

// simTimeout tells its deadline, and that it has passed. A context derived from it says only that it was cancelled, and by
// context.Cause that it was by the deadline.
type simTimeout struct {
	context.Context
	at      time.Time
	expired bool
}

// Deadline implements context.Context.
func (c *simTimeout) Deadline() (time.Time, bool) { return c.at, true }

// Err implements context.Context.
func (c *simTimeout) Err() error {
	if c.expired {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}

// NewSignal implements Scheduler.
func (s *Sim) NewSignal() Signal { return &simSignal{sim: s} }

type simSignal struct {
	sim     *Sim
	set     bool
	waiting []*simTask
}

func (g *simSignal) Set() {
	g.set = true
	g.wakeOne()
}

// SetAfter is Set some time from now, on behalf of a task that has nothing else left to do.
func (s *Sim) SetAfter(g Signal, d time.Duration) {
	if d <= 0 {
		g.Set()
		return
	}
	s.after(d, g.Set)
}

func (g *simSignal) wakeOne() {
	if len(g.waiting) > 0 {
		t := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.sim.wake(t)
	}
}

func (g *simSignal) Wait(ctx context.Context) error {
	t := g.sim.task(ctx)
	for !g.set {
		if err := g.await(ctx, t); err != nil {
			return err
		}
	}
	g.set = false
	return nil
}

func (g *simSignal) WaitFor(ctx context.Context, d time.Duration) (bool, error) {
	t := g.sim.task(ctx)
	if g.set {
		g.set = false
		return true, nil
	}
	end := g.sim.now.Add(d)
	timer := g.sim.after(d, func() { g.sim.wake(t) })
	defer func() { timer.cancelled = true }()
	for {
		if err := g.await(ctx, t); err != nil {
			return false, err
		}
		if g.set {
			g.set = false
			return true, nil
		}
		if !g.sim.now.Before(end) { // otherwise another task was quicker to take the flag
			return false, nil
		}
	}
}

// await parks the task until it is woken, by Set or otherwise. A task that goes away with an error leaves a set flag to the
// next.
func (g *simSignal) await(ctx context.Context, t *simTask) error {
	g.waiting = append(g.waiting, t)
	err := g.sim.park(ctx, t)
	g.forget(t)
	if err != nil && g.set && !g.sim.stopped {
		g.wakeOne()
	}
	return err
}

func (g *simSignal) forget(t *simTask) {
	for i, w := range g.waiting {
		if w == t {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
}

type simTimer struct {
	at        time.Time
	nanos     int64 // at, to be compared
	seq       int
	fire      func()
	cancelled bool
}

func (s *Sim) after(d time.Duration, fire func()) *simTimer {
	s.seq++
	at := s.now.Add(d)
	timer := &simTimer{at: at, nanos: at.UnixNano(), seq: s.seq, fire: fire}
	heap.Push(&s.timers, timer)
	return timer
}

// advance moves the clock to the next timer that is due by end, and fires it.
func (s *Sim) advance(end time.Time) bool {
	for s.timers.Len() > 0 {
		next := s.timers[0]
		if !next.cancelled && next.at.After(end) {
			return false
		}
		heap.Pop(&s.timers)
		if next.cancelled {
			continue
		}
		s.now = maxTime(s.now, next.at)
		next.fire()
		return true
	}
	return false
}

type timerHeap []*simTimer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	return a.nanos < b.nanos || a.nanos == b.nanos && a.seq < b.seq
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(*simTimer)) }
func (h *timerHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// minute is the part of a time that a trace repeats from line to line.
type minute struct {
	of   int64 // since 1970
	text []byte
}

// append writes a time as "02T15:04:05.000000" does.
func (m *minute) append(b []byte, t time.Time) []byte {
	if now := t.Unix() / 60; now != m.of || m.text == nil {
		m.of, m.text = now, t.AppendFormat(m.text[:0], "02T15:04:")
	}
	micros := t.UnixMicro() - m.of*60_000_000
	b = append(b, m.text...)
	for unit := int64(10_000_000); unit > 0; unit /= 10 {
		if unit == 100_000 {
			b = append(b, '.')
		}
		b = append(b, '0'+byte(micros/unit%10))
	}
	return b
}

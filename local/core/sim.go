package core

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"time"
)

// Sim is the driver for tests: a virtual clock, and exactly one task running at a time.
// At every Point, Sleep and Wait the running task hands control back and the seed
// chooses who goes next, so one seed is one interleaving. Not safe for use by
// goroutines that are not its tasks while Run is under way.
type Sim struct {
	now     time.Time
	rand    *Rand
	faults  *Faults
	ready   []*simTask
	timers  timerHeap
	yielded chan struct{}
	seq     int
	trace   hash.Hash
	onStep  func(step string)
}

type simTask struct {
	id     int
	label  string
	region string
	resume chan struct{}
	queued bool
	done   bool
}

type taskKey struct{}

// NewSim makes a driver whose clock starts at start and whose choices come from seed.
func NewSim(start time.Time, faults *Faults, seed uint64) *Sim {
	return &Sim{now: start.UTC(), rand: NewRand(seed), faults: faults, yielded: make(chan struct{}), trace: sha256.New()}
}

// OnStep calls fn with each line of the trace.
func (s *Sim) OnStep(fn func(step string)) { s.onStep = fn }

// TraceHash is the SHA-256 over all steps so far: equal for equal runs.
func (s *Sim) TraceHash() string { return hex.EncodeToString(s.trace.Sum(nil)) }

// Now is the virtual time.
func (s *Sim) Now() time.Time { return s.now }

// Go queues a task; it first runs when the scheduler chooses it.
func (s *Sim) Go(ctx context.Context, label string, task func(context.Context)) {
	s.seq++
	t := &simTask{id: s.seq, label: label, region: RegionOf(ctx), resume: make(chan struct{})}
	ctx = context.WithValue(ctx, taskKey{}, t)
	go func() {
		<-t.resume
		task(ctx)
		t.done = true
		s.yielded <- struct{}{}
	}()
	s.wake(t)
}

// Run steps tasks until none is ready and no timer is due before end; the clock then
// stands at end. It reports how many steps were taken.
func (s *Sim) Run(end time.Time) int {
	steps := 0
	for {
		if t := s.choose(); t != nil {
			s.step(t)
			steps++
			continue
		}
		if !s.advance(end) {
			s.now = end
			return steps
		}
	}
}

// choose takes a ready task whose region is not lost, by the seed.
func (s *Sim) choose() *simTask {
	var open []int
	for i, t := range s.ready {
		if s.faults.Region(t.region) != Lost {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return nil
	}
	i := open[s.rand.IntN(len(open))]
	t := s.ready[i]
	s.ready = append(s.ready[:i], s.ready[i+1:]...)
	t.queued = false
	return t
}

func (s *Sim) step(t *simTask) {
	s.note(fmt.Sprintf("%s #%d %s %s", s.now.Format("15:04:05.000000"), t.id, t.region, t.label))
	t.resume <- struct{}{}
	<-s.yielded
}

func (s *Sim) note(step string) {
	_, _ = s.trace.Write([]byte(step + "\n")) // a hash never fails
	if s.onStep != nil {
		s.onStep(step)
	}
}

// advance moves the clock to the next timer that is due by end, and fires it.
func (s *Sim) advance(end time.Time) bool {
	for s.timers.Len() > 0 {
		next := s.timers[0]
		if next.at.After(end) {
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

func (s *Sim) wake(t *simTask) {
	if !t.queued && !t.done {
		t.queued = true
		s.ready = append(s.ready, t)
	}
}

// park hands control back until somebody wakes the task.
func (s *Sim) park(ctx context.Context, t *simTask) error {
	s.yielded <- struct{}{}
	<-t.resume
	if s.faults.Region(t.region) == Gone {
		return ErrRegionLost
	}
	return ctx.Err()
}

func (s *Sim) task(ctx context.Context) *simTask {
	t, ok := ctx.Value(taskKey{}).(*simTask)
	if !ok {
		panic("core: a scheduling call from outside a task: its context does not come from Scheduler.Go")
	}
	return t
}

func (s *Sim) after(d time.Duration, fire func()) *simTimer {
	s.seq++
	timer := &simTimer{at: s.now.Add(d), seq: s.seq, fire: fire}
	heap.Push(&s.timers, timer)
	return timer
}

// Sleep implements Scheduler.
func (s *Sim) Sleep(ctx context.Context, d time.Duration) error {
	t := s.task(ctx)
	s.after(d, func() { s.wake(t) })
	return s.park(ctx, t)
}

// Point implements Scheduler. The label becomes the task's label in the trace.
func (s *Sim) Point(ctx context.Context, label string) error {
	t := s.task(ctx)
	if label != "" {
		t.label = label
	}
	s.wake(t)
	return s.park(ctx, t)
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
	if len(g.waiting) > 0 {
		t := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.sim.wake(t)
	}
}

func (g *simSignal) Wait(ctx context.Context) error {
	t := g.sim.task(ctx)
	for !g.set {
		g.waiting = append(g.waiting, t)
		if err := g.sim.park(ctx, t); err != nil {
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
	g.waiting = append(g.waiting, t)
	timer := g.sim.after(d, func() { g.forget(t); g.sim.wake(t) })
	err := g.sim.park(ctx, t)
	timer.cancelled = true
	g.forget(t)
	got := g.set
	g.set = false
	return got, err
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
	seq       int
	fire      func()
	cancelled bool
}

type timerHeap []*simTimer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
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

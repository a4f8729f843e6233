package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"time"
)

// Sim is the driver for tests: a virtual clock, and exactly one task running at a time.
// At every Point, Sleep and Wait the running task hands control back and the seed
// chooses who goes next, so one seed is one interleaving. A task whose context ends while it is parked
// is woken before time passes. Not safe for use by goroutines that are not its tasks while Run is under way.
type Sim struct {
	now     time.Time
	rand    *Rand
	faults  *Faults
	ready   []*simTask
	open    []int // in ready: those that may run; only in use during a choice
	parked  []*simTask
	timers  timerHeap
	idle    []*coroutine
	seq     int
	steps   int
	stopped bool
	trace   hash.Hash
	line    []byte
	minute  minute
	onStep  func(step string)
}

// simTask is running, or in ready, or in parked, or done.
type simTask struct {
	id     int
	parent int // who started it; 0 for somebody outside
	label  string
	region string
	run    func() // its work; nil once begun
	on     *coroutine
	ended  <-chan struct{} // closes with the context that it is parked with; nil if that never ends
	place  int             // in parked, from 1; 0 while it is not
	queued bool            // in ready
	done   bool
}

type taskKey struct{}

// NewSim makes a driver whose clock starts at start and whose choices come from seed.
func NewSim(start time.Time, faults *Faults, seed uint64) *Sim {
	return &Sim{now: start.UTC(), rand: NewRand(seed), faults: faults, trace: sha256.New()}
}

// OnStep calls fn with each line of the trace; nil ends it. A step is written as "day and time, task<its parent, region, label", e.g.
// "01T00:00:05.000000 412<407 us-east-1 dynamodb:PutItem".
func (s *Sim) OnStep(fn func(step string)) { s.onStep = fn }

// TraceHash is the SHA-256 over the trace so far: equal for equal runs.
func (s *Sim) TraceHash() string { return hex.EncodeToString(s.trace.Sum(nil)) }

// Steps is how many steps were taken so far.
func (s *Sim) Steps() int { return s.steps }

// Note adds a line of the caller's to the trace.
func (s *Sim) Note(line string) {
	s.line = append(append(s.line[:0], line...), '\n')
	s.write()
}

// InTask reports whether ctx is of one of this driver's tasks.
func (s *Sim) InTask(ctx context.Context) bool { return ctx.Value(taskKey{}) != nil }

// Now is the virtual time.
func (s *Sim) Now() time.Time { return s.now }

// Go queues a task; it first runs when the scheduler chooses it. After Stop it does nothing.
func (s *Sim) Go(ctx context.Context, label string, task func(context.Context)) {
	if t := s.newTask(ctx, label, task); t != nil {
		t.queued = true
		s.ready = append(s.ready, t)
	}
}

// GoAfter is Go for a task that begins after d with a sleep, without the step that would lead to it. A context that ends before does
// not end the wait.
func (s *Sim) GoAfter(ctx context.Context, d time.Duration, label string, task func(context.Context)) {
	if d <= 0 {
		s.Go(ctx, label, task)
	} else if t := s.newTask(ctx, label, task); t != nil {
		s.after(d, func() { s.wake(t) })
	}
}

// newTask is nil after Stop.
func (s *Sim) newTask(ctx context.Context, label string, task func(context.Context)) *simTask {
	if s.stopped {
		return nil
	}
	s.seq++
	t := &simTask{id: s.seq, label: label, region: RegionOf(ctx)}
	if by, ok := ctx.Value(taskKey{}).(*simTask); ok {
		t.parent = by.id
	}
	ctx = context.WithValue(ctx, taskKey{}, t)
	t.run = func() { task(ctx) }
	return t
}

// Run steps tasks until none is ready and no timer is due before end; the clock then
// stands at end. It reports how many steps were taken.
func (s *Sim) Run(end time.Time) int {
	before := s.steps
	s.RunUntil(end, func() bool { return false })
	return s.steps - before
}

// RunUntil is Run that ends as soon as done, which is asked between steps; it reports whether that came about.
func (s *Sim) RunUntil(end time.Time, done func() bool) bool {
	for !done() {
		if t := s.choose(); t != nil {
			s.step(t)
			continue
		}
		if s.wakeEnded() {
			continue
		}
		if !s.advance(end) {
			s.now = maxTime(s.now, end)
			return done()
		}
	}
	return true
}

// Stop ends all tasks, one after the other: every scheduling call fails from now on, so that they return. The driver
// is of no use afterwards. A task that ignores these errors for ever makes Stop hang.
func (s *Sim) Stop() {
	s.stopped = true
	for {
		switch {
		case len(s.ready) > 0:
			t := s.ready[0]
			s.ready = s.ready[1:]
			s.resume(t)
		case len(s.parked) > 0:
			t := s.parked[0]
			s.unpark(t)
			s.resume(t)
		default:
			s.release()
			return
		}
	}
}

// choose takes a ready task whose region is not lost, by the seed.
func (s *Sim) choose() *simTask {
	if len(s.ready) == 0 {
		return nil
	}
	i := 0
	if lost := s.faults.lost(); len(lost) == 0 {
		i = s.rand.IntN(len(s.ready))
	} else {
		s.open = s.open[:0]
		for i, t := range s.ready {
			if !slices.Contains(lost, t.region) {
				s.open = append(s.open, i)
			}
		}
		if len(s.open) == 0 {
			return nil
		}
		i = s.open[s.rand.IntN(len(s.open))]
	}
	t := s.ready[i]
	s.ready = slices.Delete(s.ready, i, i+1)
	t.queued = false
	return t
}

func (s *Sim) step(t *simTask) {
	s.steps++
	b := s.minute.append(s.line[:0], s.now)
	b = strconv.AppendInt(append(b, ' '), int64(t.id), 10)
	b = strconv.AppendInt(append(b, '<'), int64(t.parent), 10)
	b = append(append(append(b, ' '), t.region...), ' ')
	s.line = append(append(b, t.label...), '\n')
	s.write()
	s.resume(t)
}

// write puts the line into the trace.
func (s *Sim) write() {
	_, _ = s.trace.Write(s.line) // a hash never fails
	if s.onStep != nil {
		s.onStep(string(s.line[:len(s.line)-1]))
	}
}

// resume runs a task until it parks or is done. One that has not begun when the driver is stopped never does.
func (s *Sim) resume(t *simTask) {
	if t.on == nil {
		if s.stopped {
			t.done = true
			return
		}
		t.on = s.borrow()
		t.on.work, t.run = t.run, nil
	}
	on := t.on
	if on.next() {
		t.done = true
		s.idle = append(s.idle, on)
	}
}

// wake makes a task ready.
func (s *Sim) wake(t *simTask) {
	if t.queued || t.done {
		return
	}
	s.unpark(t)
	t.queued = true
	s.ready = append(s.ready, t)
}

func (s *Sim) unpark(t *simTask) {
	if t.place == 0 {
		return
	}
	last := s.parked[len(s.parked)-1]
	s.parked[t.place-1], last.place = last, t.place
	s.parked[len(s.parked)-1] = nil
	s.parked = s.parked[:len(s.parked)-1]
	t.place, t.ended = 0, nil
}

// wakeEnded wakes the parked tasks whose contexts have ended. It is asked only before time passes, since it looks at every one; most wait
// with the same context as the one before.
func (s *Sim) wakeEnded() bool {
	var ended []*simTask
	var open <-chan struct{} // the last that was seen not to be closed
	for _, t := range s.parked {
		if t.ended == open {
			continue
		}
		select {
		case <-t.ended:
			if s.faults.Region(t.region) != Lost {
				ended = append(ended, t)
			}
		default:
			open = t.ended
		}
	}
	for _, t := range ended {
		s.wake(t)
	}
	return len(ended) > 0
}

// park hands control back until somebody wakes the task; a task that is ready already only lets others go first.
func (s *Sim) park(ctx context.Context, t *simTask) error {
	if s.stopped {
		return context.Canceled
	}
	if !t.queued {
		s.parked = append(s.parked, t)
		t.ended, t.place = ctx.Done(), len(s.parked)
	}
	t.on.park()
	switch {
	case s.stopped:
		return context.Canceled
	case s.faults.Region(t.region) == Gone:
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

// Sleep implements Scheduler.
func (s *Sim) Sleep(ctx context.Context, d time.Duration) error {
	t := s.task(ctx)
	timer := s.after(d, func() { s.wake(t) })
	err := s.park(ctx, t)
	timer.cancelled = true
	return err
}

// Point implements Scheduler. The label becomes the task's label in the trace.
func (s *Sim) Point(ctx context.Context, label string) error {
	t := s.task(ctx)
	if label != "" {
		t.label = label
	}
	if !s.stopped {
		s.wake(t)
	}
	return s.park(ctx, t)
}

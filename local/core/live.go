package core

import (
	"context"
	"sync"
	"time"
)

// Live is the driver for people and end-to-end tests: wall clock and goroutines.
type Live struct {
	faults *Faults
	tasks  sync.WaitGroup
}

// NewLive makes a live driver; tasks of a lost region wait on faults.
func NewLive(faults *Faults) *Live { return &Live{faults: faults} }

// Now is the wall clock in UTC.
func (l *Live) Now() time.Time { return time.Now().UTC() }

// Go starts a goroutine. Drain waits for it.
func (l *Live) Go(ctx context.Context, _ string, task func(context.Context)) {
	l.tasks.Add(1)
	go func() {
		defer l.tasks.Done()
		task(ctx)
	}()
}

// Drain waits until every task has returned; cancel their contexts first.
func (l *Live) Drain() { l.tasks.Wait() }

// Sleep implements Scheduler.
func (l *Live) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return l.Point(ctx, "")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Point implements Scheduler.
func (l *Live) Point(ctx context.Context, _ string) error {
	return l.faults.await(ctx, RegionOf(ctx))
}

// NewSignal implements Scheduler.
func (l *Live) NewSignal() Signal { return &liveSignal{live: l, c: make(chan struct{}, 1)} }

type liveSignal struct {
	live *Live
	c    chan struct{}
}

func (s *liveSignal) Set() {
	select {
	case s.c <- struct{}{}:
	default: // already set
	}
}

func (s *liveSignal) Wait(ctx context.Context) error {
	select {
	case <-s.c:
		return s.live.Point(ctx, "")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *liveSignal) WaitFor(ctx context.Context, d time.Duration) (bool, error) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.c:
		return true, s.live.Point(ctx, "")
	case <-t.C:
		return false, s.live.Point(ctx, "")
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Package clocktest has the clock that tests run on: it stands still until somebody sets it or sleeps.
//
// It guarantees a [platform.Clock] whose contexts know when their time is up by that clock. It wakes nobody: a context that is over says so when it is asked.
package clocktest

import (
	"context"
	"sync"
	"time"
)

// Clock stands still. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Noon is when [New] begins.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// New is a clock that stands at noon.
func New() *Clock { return At(Noon) }

// At is a clock that stands at a time.
func At(t time.Time) *Clock { return &Clock{now: t} }

// Now is the time.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// Set sets the clock, back too.
func (c *Clock) Set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.now = t }

// Sleep moves the clock on and returns at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.Add(d)
	return ctx.Err()
}

// WithTimeout is over when the clock has moved on for so long, or when it is cancelled.
func (c *Clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	return limited{ctx, c, c.Now().Add(d)}, cancel
}

// limited is a context with an end on a clock.
type limited struct {
	context.Context
	clock *Clock
	end   time.Time
}

func (l limited) Err() error {
	if l.clock.Now().Before(l.end) {
		return l.Context.Err()
	}
	return context.DeadlineExceeded
}

package core

import (
	"context"
	"errors"
	"time"
)

// ErrRegionLost is returned by scheduling calls of a task whose region has been
// lost for good: the task must return without a further effect.
var ErrRegionLost = errors.New("region lost")

// Scheduler is time and tasks. All methods may be called from any task.
//
// A task is a function started with Go. It may block only in Sleep, Point,
// Signal.Wait and in calls that end in one of these; it must not wait on a channel,
// a wall-clock timer or another goroutine, or the simulated driver cannot step it.
// A mutex is fine when nothing above is called while it is held.
//
// Tasks belong to the region in their context (see [WithRegion]); while that region
// is lost its tasks stop where they stand and go on when it is restored.
type Scheduler interface {
	// Now is the current time of the cloud, in UTC.
	Now() time.Time
	// Go starts a task. The label names it in traces, e.g. "pipe/orders".
	Go(ctx context.Context, label string, task func(ctx context.Context))
	// Sleep parks the task for d. It returns ctx.Err() if ctx ends first, and
	// ErrRegionLost if the region was lost for good.
	Sleep(ctx context.Context, d time.Duration) error
	// Point is a place where another task may run first. Live it returns at once
	// unless the region is lost.
	Point(ctx context.Context, label string) error
	// NewSignal makes a wake-up flag.
	NewSignal() Signal
}

// Signal is an auto-reset flag that wakes one waiting task: Set marks it, Wait
// returns once it is marked and clears it. A Set before the Wait is not lost, several
// Sets before a Wait count as one.
type Signal interface {
	Set()
	// Wait parks the task until the flag is set; errors as Scheduler.Sleep.
	Wait(ctx context.Context) error
	// WaitFor is Wait with a bound; it reports whether the flag was set in time.
	WaitFor(ctx context.Context, d time.Duration) (bool, error)
}

type tickKey struct{}

// WithTick says that what is done with ctx is a tick of a schedule that comes again: should it fail, the next tick does what this one
// would have done.
func WithTick(ctx context.Context) context.Context { return context.WithValue(ctx, tickKey{}, true) }

// OfTick reports whether ctx comes from WithTick.
func OfTick(ctx context.Context) bool { return ctx.Value(tickKey{}) != nil }

type regionKey struct{}

// WithRegion names the region that the tasks and calls made with ctx belong to.
func WithRegion(ctx context.Context, region string) context.Context {
	return context.WithValue(ctx, regionKey{}, region)
}

// RegionOf is the region named with WithRegion, or "" outside any region (clients,
// providers).
func RegionOf(ctx context.Context) string {
	region, _ := ctx.Value(regionKey{}).(string)
	return region
}

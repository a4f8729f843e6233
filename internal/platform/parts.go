package platform

import (
	"context"
	"errors"
	"slices"
	"time"
)

// InParts does the parts of a job that runs again and again, one after the other. Each has an equal share of the time that is left, so one that
// finds much to do, or waits for a provider that is down, does not keep the others from their work. A part whose share is up ends without an
// error, since the next run goes on; all other errors are joined, those of calls that only timed out themselves too.
func InParts(ctx context.Context, clock Clock, total time.Duration, parts ...func(context.Context) error) error {
	var failed error
	end := clock.Now().Add(total)
	for i, part := range parts {
		share := end.Sub(clock.Now()) / time.Duration(len(parts)-i)
		inner, cancel := clock.WithTimeout(ctx, share)
		err := part(inner)
		if timeUp := errors.Is(inner.Err(), context.DeadlineExceeded) && ctx.Err() == nil; !timeUp || !onlyLate(err) {
			failed = errors.Join(failed, err)
		}
		cancel()
	}
	return failed
}

// onlyLate reports whether all that stands behind an error is that time was up.
func onlyLate(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(err error) bool { return !onlyLate(err) })
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return onlyLate(inner)
		}
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// lastWrites is how long the writes may take that keep a part's place when its time is up.
const lastWrites = 3 * time.Second

// LastWrites is a context for those.
func LastWrites(ctx context.Context, clock Clock) (context.Context, context.CancelFunc) {
	return clock.WithTimeout(context.WithoutCancel(ctx), lastWrites)
}

// Place keeps the last id that had its turn; "" at first.
type Place interface {
	Last(ctx context.Context) (string, error)
	SetLast(ctx context.Context, id string) error
}

// Turns calls each for ids, beginning after the last that had its turn when a run's time was up: those at the head that take all the time do not keep
// the others from theirs. Who was cut short comes first next time, unless it had all of the time for itself. It ends with the context's error
// when the time is up.
func Turns(ctx context.Context, clock Clock, p Place, ids []string, each func(id string)) error {
	var last string
	if len(ids) > 1 { // who is alone is always the first
		var err error
		if last, err = p.Last(ctx); err != nil {
			return err
		}
	}
	ids = slices.Sorted(slices.Values(ids))
	from, found := slices.BinarySearch(ids, last)
	if found {
		from++
	}
	ids = slices.Concat(ids[from:], ids[:from])
	for i, id := range ids {
		each(id)
		if late := ctx.Err(); late != nil {
			ctx, cancel := LastWrites(ctx, clock)
			defer cancel()
			return errors.Join(late, p.SetLast(ctx, ids[max(0, i-1)]))
		}
	}
	return nil
}

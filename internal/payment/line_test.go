package payment

import (
	"context"
	"time"
)

// fault is what happens to one call.
type fault string

const (
	noFault    fault = "none"
	lostBefore fault = "lost before it was done"
	lostAfter  fault = "lost after it was done"
	slow       fault = "slow: others get in between"
)

// line is one run's line to the provider. Before each call it gives way to other runs and lets the test choose a fault.
type line struct {
	*provider
	next func() fault
}

func through[T any](l line, call func() (T, error)) (T, error) {
	var zero T
	lost := &Failure{Kind: Unanswered, Detail: "no answer"}
	switch l.next() {
	case lostBefore:
		return zero, lost
	case lostAfter:
		if _, err := call(); err != nil {
			return zero, lost
		}
		return zero, lost
	case slow:
		l.slow = func() { l.next() }
		defer func() { l.slow = nil }() // not every call has a key
	}
	return call()
}

func (l line) Create(ctx context.Context, p Params, key string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.Create(ctx, p, key) })
}

func (l line) Retrieve(ctx context.Context, id string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.Retrieve(ctx, id) })
}

func (l line) Find(ctx context.Context, customer, orderID string, from time.Time) ([]Intent, error) {
	return through(l, func() ([]Intent, error) { return l.provider.Find(ctx, customer, orderID, from) })
}

func (l line) NoteAsked(ctx context.Context, id string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.NoteAsked(ctx, id) })
}

func (l line) NoteRejected(ctx context.Context, id, code string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.NoteRejected(ctx, id, code) })
}

func (l line) Refund(ctx context.Context, id string) error {
	_, err := through(l, func() (string, error) { return "", l.provider.Refund(ctx, id) })
	return err
}

func (l line) Refunds(ctx context.Context, id string) ([]Refund, error) {
	return through(l, func() ([]Refund, error) { return l.provider.Refunds(ctx, id) })
}

func (l line) Capture(ctx context.Context, id, committedBy string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.Capture(ctx, id, committedBy) })
}

func (l line) Cancel(ctx context.Context, id, reason string) (Intent, error) {
	return through(l, func() (Intent, error) { return l.provider.Cancel(ctx, id, reason) })
}

package order

import (
	"context"
	"slices"
	"time"

	"twofold/internal/fact"
)

// How long an order on the list is left alone after a try: twice as long each time up to the longest, and for ever so.
const (
	firstPause   = 2 * time.Minute
	longestPause = 15 * time.Minute
)

// changes are what a retry list is told at once.
type changes struct {
	put  []entry  // instead of what stands there
	drop []string // orders of which all is said
}

// settled reports whether all is said about an order: it has an outcome, and who wanted to cancel it has an answer.
func settled(o fact.Order) bool { return o.HasOutcome() && !o.CancelOpen }

// drive works off the orders of the list that are due, those that have waited longest first, until the time is up. The list is told
// after every few of them: a run that dies before has started those once too often, and missed none.
func (s *sweep) drive(ctx context.Context, r *report, home string, until time.Time) error {
	due, err := s.store.due(ctx, home, s.clock.Now())
	if err != nil {
		return err
	}
	for some := range slices.Chunk(due, writeLimit) {
		if s.late(until) {
			return nil
		}
		var c changes
		for _, e := range some {
			if s.late(until) {
				break
			}
			s.note(r, s.driveOne(ctx, r, home, e, &c), "order", e.OrderID, "tries", e.Tries)
		}
		if err := s.store.change(ctx, home, c); err != nil {
			return err
		}
	}
	return nil
}

// driveOne looks what an order needs. Whatever fails, the order stays on the list and makes room for the next. One that the other region
// has confirmed leaves the list by a last start, which hands the goods over if that region did not live to do it.
func (s *sweep) driveOne(ctx context.Context, r *report, home string, e entry, c *changes) error {
	rec, err := s.store.load(ctx, e.OrderID)
	o := fact.Fold(rec.facts)
	wait := authenticateUntil(o).Sub(s.clock.Now())
	switch {
	case err != nil:
	case settled(o) && (o.State != fact.StateConfirmed || o.CommittedBy == s.region):
		r.Ended++
		c.drop = append(c.drop, e.OrderID)
		return nil
	case wait > 0:
		e.Due = s.clock.Now().Add(min(wait, firstPause)) // the provider may tell of something before that time is over
		c.put = append(c.put, e)
		return nil
	default:
		if err = s.start(ctx, r, e.OrderID); err == nil {
			s.log.Info("started again", "order", e.OrderID, "home", home, "tries", e.Tries)
		}
		if err == nil && settled(o) {
			r.Ended++
			c.drop = append(c.drop, e.OrderID)
			return nil
		}
	}
	c.put = append(c.put, e.tried(s.clock.Now()))
	return err
}

// authenticateUntil is when the shopper's time to authenticate the payment is over; zero if nothing is asked of the shopper, or the
// provider has told of something since.
func authenticateUntil(o fact.Order) time.Time {
	f, asked := o.Fact(fact.ActionRequired)
	_, told := o.Fact(fact.PaymentUpdated)
	if !asked || told || o.State != fact.StateActionRequired || o.CancelRequested {
		return time.Time{}
	}
	return f.At.Add(authenticationTime)
}

// tried is the entry after another try.
func (e entry) tried(now time.Time) entry {
	wait := min(firstPause<<min(e.Tries, 8), longestPause)
	return entry{OrderID: e.OrderID, Due: now.Add(wait), Tries: e.Tries + 1}
}

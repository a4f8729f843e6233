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
// after every few of them, which are looked at together: a run that dies before has started those once too often, and missed none. It
// reports whether it came through the list.
func (s *sweep) drive(ctx context.Context, r *report, home string, until time.Time) (bool, error) {
	due, err := s.store.due(ctx, home, s.clock.Now())
	if err != nil {
		return false, err
	}
	for some := range slices.Chunk(due, writeLimit) {
		if s.late(until) {
			return false, nil
		}
		driven := make([]driven, len(some))
		s.each(ctx, len(some), func(ctx context.Context, i int) {
			if !s.late(until) {
				driven[i] = s.driveOne(ctx, home, some[i])
			}
		})
		var c changes
		for i, d := range driven {
			d.count(r, &c)
			s.note(r, d.err, "order", some[i].OrderID, "tries", some[i].Tries)
		}
		if err := s.store.change(ctx, home, c); err != nil {
			return false, err
		}
	}
	return !s.late(until), nil
}

// driven is what became of one order of the list; the zero value if there was no time for it.
type driven struct {
	entry   entry // as it goes back to the list, unless it has ended
	ended   bool
	started bool
	err     error
}

func (d driven) count(r *report, c *changes) {
	if d.entry.OrderID == "" {
		return
	}
	if d.started {
		r.Started++
	}
	if d.ended {
		r.Ended++
		c.drop = append(c.drop, d.entry.OrderID)
		return
	}
	c.put = append(c.put, d.entry)
}

// driveOne looks what an order needs. Whatever fails, the order stays on the list and makes room for the next. One that the other region
// has confirmed leaves the list by a last start, which hands the goods over if that region did not live to do it. Several run at once.
func (s *sweep) driveOne(ctx context.Context, home string, e entry) driven {
	now := s.clock.Now()
	rec, err := s.store.load(ctx, e.OrderID)
	if err != nil {
		return driven{entry: e.tried(now), err: err}
	}
	o := fact.Fold(rec.facts)
	wait := authenticateUntil(o).Sub(now)
	switch {
	case settled(o) && (o.State != fact.StateConfirmed || o.CommittedBy == s.region):
		return driven{entry: e, ended: true}
	case wait > 0:
		e.Due = now.Add(min(wait, firstPause)) // the provider may tell of something before that time is over
		return driven{entry: e}
	}
	if err := s.starts.Start(ctx, e.OrderID); err != nil {
		return driven{entry: e.tried(now), err: err}
	}
	s.log.Info("started again", "order", e.OrderID, "home", home, "tries", e.Tries)
	return driven{entry: e.tried(now), ended: settled(o), started: true}
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

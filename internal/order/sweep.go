package order

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// The passes over each minute: at the age of the sweep and at passGrowth times the age before.
const (
	passes     = 4
	passGrowth = 8
)

// What one run does at most; the rest is the next run's. A run is over before the function's time-out of 50 s.
const (
	stageTime     = 7 * time.Second // for each of a home's two lists, and again for driving
	minutesPerRun = 120             // of each pass
	startsPerRun  = 500             // of each home
)

// How long an order on the list is left alone after a try: twice as long each time up to the longest, and for ever so.
const (
	firstPause   = 2 * time.Minute
	longestPause = 15 * time.Minute
)

// sweep starts the sagas of orders without outcome, and of cancel requests without answer, again. See the package's documentation for
// why none is missed.
type sweep struct {
	region string
	duties []duty
	store  sweepStore
	starts interface {
		start(ctx context.Context, orderID string) error
	}
	clock platform.Clock
	log   *slog.Logger
}

// duty is to sweep the orders and the cancel requests that a region took, from an age on.
type duty struct {
	home  string
	after time.Duration
}

type sweepStore interface {
	indexed(ctx context.Context, list string, minute time.Time, shard int) ([]string, error)
	confirmed(ctx context.Context, home string, orderIDs []string) (map[string]bool, error)
	load(ctx context.Context, orderID string) (record, error)

	cursor(ctx context.Context, list string, pass int) (time.Time, error)
	advance(ctx context.Context, list string, pass int, minute time.Time) error
	enlist(ctx context.Context, home, orderID string, now time.Time) error
	due(ctx context.Context, home string, now time.Time) ([]entry, error)
	postpone(ctx context.Context, home string, e entry) error
	delist(ctx context.Context, home, orderID string) error
}

// report is what a run did; the function's answer.
type report struct {
	Minutes int `json:"minutes"` // gone through
	Found   int `json:"found"`   // orders put on the list
	Started int `json:"started"`
	Ended   int `json:"ended"` // orders taken off the list
	Failed  int `json:"failed"`
}

// list is a list of the index with what is done about some orders of it.
type list struct {
	name string
	look func(ctx context.Context, r *report, home string, ids []string) error
}

func (s *sweep) lists(home string) []list {
	return []list{{name: home, look: s.lookAtPlaced}, {name: cancelList + home, look: s.lookAtCancels}}
}

// run does every duty. What fails does not stop the rest, but the run fails at the end.
func (s *sweep) run(ctx context.Context) (report, error) {
	var r report
	until := s.clock.Now()
	for _, d := range s.duties {
		for _, l := range s.lists(d.home) {
			until = until.Add(stageTime)
			for pass, age := 0, d.after; pass < passes; pass, age = pass+1, age*passGrowth {
				s.note(&r, s.find(ctx, &r, d.home, l, pass, age, until), "list", l.name, "pass", pass)
			}
		}
		until = until.Add(stageTime)
		s.note(&r, s.drive(ctx, &r, d.home, until), "home", d.home)
	}
	s.log.Info("swept", "minutes", r.Minutes, "found", r.Found, "started", r.Started, "ended", r.Ended, "failed", r.Failed)
	if r.Failed > 0 {
		return r, fmt.Errorf("%d parts of the sweep failed: see the log", r.Failed)
	}
	return r, nil
}

func (s *sweep) note(r *report, err error, about ...any) {
	if err != nil {
		r.Failed++
		s.log.Error("sweep failed", append(about, "error", err.Error())...)
	}
}

// find moves a pass on over the minutes of a list that have come of age.
func (s *sweep) find(ctx context.Context, r *report, home string, l list, pass int, age time.Duration, until time.Time) error {
	last := s.clock.Now().Add(-age).Truncate(time.Minute).Add(-time.Minute) // the youngest minute all of which is that old
	done, err := s.store.cursor(ctx, l.name, pass)
	if err != nil {
		return err
	}
	if done.IsZero() { // the first run ever: older minutes are left to the later passes
		return s.store.advance(ctx, l.name, pass, last)
	}
	from, failed := done, error(nil)
	for n := 0; failed == nil && n < minutesPerRun && done.Before(last) && s.clock.Now().Before(until); n++ {
		if failed = s.findMinute(ctx, r, home, l, done.Add(time.Minute)); failed == nil {
			done = done.Add(time.Minute)
			r.Minutes++
		}
	}
	if done.After(from) {
		return errors.Join(failed, s.store.advance(ctx, l.name, pass, done))
	}
	return failed
}

// findMinute looks at the orders of a minute. An error means that some may have been missed.
func (s *sweep) findMinute(ctx context.Context, r *report, home string, l list, minute time.Time) error {
	for shard := range sweepShards {
		ids, err := s.store.indexed(ctx, l.name, minute, shard)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(ids, batchLimit) {
			if err := l.look(ctx, r, home, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookAtPlaced puts orders without outcome on the retry list. It looks first for the fact that nearly all orders have at this age.
func (s *sweep) lookAtPlaced(ctx context.Context, r *report, home string, ids []string) error {
	confirmed, err := s.store.confirmed(ctx, home, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if confirmed[id] {
			continue
		}
		if _, err := s.lookAt(ctx, r, home, id); err != nil {
			return err
		}
	}
	return nil
}

// lookAtCancels puts orders that are to be cancelled and are not on the retry list. One that was called off after this region had
// committed it is started once in each pass: its last step puts the goods back, and no fact tells whether it came to that.
func (s *sweep) lookAtCancels(ctx context.Context, r *report, home string, ids []string) error {
	for _, id := range ids {
		o, err := s.lookAt(ctx, r, home, id)
		if err != nil {
			return err
		}
		if o.State != fact.StateCancelled || o.CommittedBy != s.region {
			continue
		}
		if err := s.starts.start(ctx, id); err != nil {
			return err
		}
		r.Started++
	}
	return nil
}

// lookAt reads an order and puts it on the list unless all is said about it. One that cannot be read goes on the list too: a cursor that
// waited for it would hide all that come after.
func (s *sweep) lookAt(ctx context.Context, r *report, home, id string) (fact.Order, error) {
	var o fact.Order
	rec, err := s.store.load(ctx, id)
	s.note(r, err, "order", id)
	if err == nil {
		if o = fact.Fold(rec.facts); settled(o) {
			return o, nil
		}
	}
	if err := s.store.enlist(ctx, home, id, s.clock.Now()); err != nil {
		return o, err
	}
	r.Found++
	return o, nil
}

// settled reports whether all is said about an order: it has an outcome, and who wanted to cancel it has an answer.
func settled(o fact.Order) bool { return o.HasOutcome() && !o.CancelOpen }

// drive works off the orders of the list that are due, those that have waited longest first.
func (s *sweep) drive(ctx context.Context, r *report, home string, until time.Time) error {
	due, err := s.store.due(ctx, home, s.clock.Now())
	if err != nil {
		return err
	}
	for _, e := range due[:min(len(due), startsPerRun)] {
		if !s.clock.Now().Before(until) {
			return nil
		}
		s.note(r, s.driveOne(ctx, r, home, e), "order", e.OrderID, "tries", e.Tries)
	}
	return nil
}

// driveOne looks what an order needs. Whatever fails, the order stays on the list and makes room for the next.
func (s *sweep) driveOne(ctx context.Context, r *report, home string, e entry) error {
	rec, err := s.store.load(ctx, e.OrderID)
	if err != nil {
		return errors.Join(err, s.store.postpone(ctx, home, e.tried(s.clock.Now())))
	}
	o := fact.Fold(rec.facts)
	if settled(o) {
		r.Ended++
		return s.store.delist(ctx, home, e.OrderID)
	}
	if wait := authenticateUntil(o).Sub(s.clock.Now()); wait > 0 {
		e.Due = s.clock.Now().Add(min(wait, firstPause)) // the provider may tell of something before that time is over
		return s.store.postpone(ctx, home, e)
	}
	if err = s.starts.start(ctx, e.OrderID); err == nil {
		r.Started++
		s.log.Info("started again", "order", e.OrderID, "home", home, "tries", e.Tries)
	}
	return errors.Join(err, s.store.postpone(ctx, home, e.tried(s.clock.Now())))
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

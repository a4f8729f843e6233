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
	stageTime     = 10 * time.Second // for finding, and again for driving, of each home
	minutesPerRun = 120              // of each pass
	startsPerRun  = 500              // of each home
)

// How long an order on the list is left alone after a try: twice as long each time up to the longest, and for ever so.
const (
	firstPause   = 2 * time.Minute
	longestPause = 15 * time.Minute
)

// authenticationTime is how long a shopper has to authenticate a payment; the saga voids it afterwards.
const authenticationTime = 30 * time.Minute

// sweep starts the sagas of orders without outcome again. See the package's documentation for why none is missed.
type sweep struct {
	duties []duty
	store  sweepStore
	starts interface {
		start(ctx context.Context, orderID string) error
	}
	clock platform.Clock
	log   *slog.Logger
}

// duty is to sweep the orders that a region took, from an age on.
type duty struct {
	home  string
	after time.Duration
}

type sweepStore interface {
	placed(ctx context.Context, region string, minute time.Time, shard int) ([]string, error)
	confirmed(ctx context.Context, home string, orderIDs []string) (map[string]bool, error)
	load(ctx context.Context, orderID string) (record, error)

	cursor(ctx context.Context, home string, pass int) (time.Time, error)
	advance(ctx context.Context, home string, pass int, minute time.Time) error
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

// run does every duty. What fails does not stop the rest, but the run fails at the end.
func (s *sweep) run(ctx context.Context) (report, error) {
	var r report
	until := s.clock.Now()
	for _, d := range s.duties {
		until = until.Add(stageTime)
		for pass, age := 0, d.after; pass < passes; pass, age = pass+1, age*passGrowth {
			s.note(&r, s.find(ctx, &r, d.home, pass, age, until), "home", d.home, "pass", pass)
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

// find moves a pass on over the minutes that have come of age, and lists their orders without outcome.
func (s *sweep) find(ctx context.Context, r *report, home string, pass int, age time.Duration, until time.Time) error {
	last := s.clock.Now().Add(-age).Truncate(time.Minute).Add(-time.Minute) // the youngest minute all of which is that old
	done, err := s.store.cursor(ctx, home, pass)
	if err != nil {
		return err
	}
	if done.IsZero() { // the first run ever: older minutes are left to the later passes
		return s.store.advance(ctx, home, pass, last)
	}
	from, failed := done, error(nil)
	for n := 0; failed == nil && n < minutesPerRun && done.Before(last) && s.clock.Now().Before(until); n++ {
		if failed = s.findMinute(ctx, r, home, done.Add(time.Minute)); failed == nil {
			done = done.Add(time.Minute)
			r.Minutes++
		}
	}
	if done.After(from) {
		return errors.Join(failed, s.store.advance(ctx, home, pass, done))
	}
	return failed
}

// findMinute lists the orders of a minute without outcome. An error means that some may have been missed.
func (s *sweep) findMinute(ctx context.Context, r *report, home string, minute time.Time) error {
	for shard := range sweepShards {
		ids, err := s.store.placed(ctx, home, minute, shard)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(ids, batchLimit) {
			if err := s.findAmong(ctx, r, home, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// findAmong looks first for the fact that nearly all orders have at this age. An order that cannot be read goes on the list too:
// a cursor that waited for it would hide all that come after.
func (s *sweep) findAmong(ctx context.Context, r *report, home string, ids []string) error {
	confirmed, err := s.store.confirmed(ctx, home, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if confirmed[id] {
			continue
		}
		rec, err := s.store.load(ctx, id)
		s.note(r, err, "order", id)
		if err == nil && fact.Fold(rec.facts).HasOutcome() {
			continue
		}
		if err := s.store.enlist(ctx, home, id, s.clock.Now()); err != nil {
			return err
		}
		r.Found++
	}
	return nil
}

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
	if o.HasOutcome() {
		r.Ended++
		return s.store.delist(ctx, home, e.OrderID)
	}
	if until := authenticateUntil(o); s.clock.Now().Before(until) {
		e.Due = until
		return s.store.postpone(ctx, home, e)
	}
	if err = s.starts.start(ctx, e.OrderID); err == nil {
		r.Started++
		s.log.Info("started again", "order", e.OrderID, "home", home, "tries", e.Tries)
	}
	return errors.Join(err, s.store.postpone(ctx, home, e.tried(s.clock.Now())))
}

// authenticateUntil is when the shopper's time to authenticate the payment is over; zero if nothing is asked of the shopper.
func authenticateUntil(o fact.Order) time.Time {
	if f, ok := o.Fact(fact.ActionRequired); ok && o.State == fact.StateActionRequired && !o.CancelRequested {
		return f.At.Add(authenticationTime)
	}
	return time.Time{}
}

// tried is the entry after another try.
func (e entry) tried(now time.Time) entry {
	wait := min(firstPause<<min(e.Tries, 8), longestPause)
	return entry{OrderID: e.OrderID, Due: now.Add(wait), Tries: e.Tries + 1}
}

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

// What one run does at most; the rest is the next run's. A run is over before the function's time-out of 50 s. Time that a stage leaves is
// the next one's, and all that is left is for driving what is due.
const (
	driveTime     = 8 * time.Second // for each home, before anything is looked for
	findTime      = 4 * time.Second // for each of a home's two lists
	runTime       = 45 * time.Second
	minutesPerRun = 120 // of each pass
)

// The pass that also looks for the shipments of a region that is lost, and how much longer than an order that region must have been
// seen to live for them to be its own duty: by then its shipping service has swept them.
const (
	shipmentPass = 2
	outlived     = 15 * time.Minute
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
	fences  *platform.Fences
	each    func(n int, f func(i int)) // several at once, where that is allowed
	clock   platform.Clock
	log     *slog.Logger
	metrics platform.Metrics
}

// duty is to sweep the orders and the cancel requests that a region took, from an age on.
type duty struct {
	home  string
	after time.Duration
}

type sweepStore interface {
	indexed(ctx context.Context, list string, minute time.Time, shard int, after string) ([]string, error)
	confirmed(ctx context.Context, home string, orderIDs []string) (map[string]string, error)
	finished(ctx context.Context, regions, orderIDs []string) (map[string]bool, error)
	load(ctx context.Context, orderID string) (record, error)

	cursor(ctx context.Context, list string, pass int) (place, error)
	advance(ctx context.Context, list string, pass int, to place) error
	enlist(ctx context.Context, home string, orderIDs []string, now time.Time) error
	due(ctx context.Context, home string, now time.Time) ([]entry, error)
	change(ctx context.Context, home string, c changes) error
}

// place is how far a pass over a list has come.
type place struct {
	minute time.Time // the last that is done
	shard  int       // of the minute after it
	after  string    // ... and the last order there that is done
	seen   time.Time // the last minute that had an order
}

// report is what a run did; the function's answer.
type report struct {
	Minutes int `json:"minutes"` // gone through
	Found   int `json:"found"`   // orders put on the list
	Started int `json:"started"`
	Ended   int `json:"ended"` // orders taken off the list
	Failed  int `json:"failed"`

	takeovers int           // of those started, the peer's
	lag       time.Duration // of the list that is furthest behind
}

// list is a list of the index with what is done about so many orders of it at once.
type list struct {
	name   string
	atOnce int
	look   func(ctx context.Context, r *report, b batch) error
}

// batch is some orders of a minute of a home's list.
type batch struct {
	home   string
	ids    []string
	lonely bool // this pass looks for shipments, and the home has shown no life since
}

func (s *sweep) lists(home string) []list {
	return []list{{home, batchLimit, s.lookAtPlaced}, {cancelList + home, writeLimit, s.lookAtCancels}}
}

// run does every duty. What fails does not stop the rest, but the run fails at the end. What stands on the lists comes first, so that
// looking for more never keeps it from being driven; what was found is driven in the time that is left.
func (s *sweep) run(ctx context.Context) (report, error) {
	var r report
	if err := s.fences.Check(ctx); err != nil {
		return r, err
	}
	start := s.clock.Now()
	until := start
	for _, d := range s.duties {
		until = until.Add(driveTime)
		s.note(&r, s.taking(&r, d.home, func() error { return s.drive(ctx, &r, d.home, until) }), "home", d.home)
	}
	for _, d := range s.duties {
		for _, l := range s.lists(d.home) {
			until = until.Add(findTime)
			for pass, age := 0, d.after; pass < passes; pass, age = pass+1, age*passGrowth {
				s.note(&r, s.taking(&r, d.home, func() error { return s.find(ctx, &r, d.home, l, pass, age, until) }), "list", l.name, "pass", pass)
			}
		}
	}
	for _, d := range s.duties {
		s.note(&r, s.taking(&r, d.home, func() error { return s.drive(ctx, &r, d.home, start.Add(runTime)) }), "home", d.home)
	}
	s.measure(ctx, r)
	s.log.Info("swept", "minutes", r.Minutes, "found", r.Found, "started", r.Started, "ended", r.Ended, "failed", r.Failed)
	if r.Failed > 0 {
		return r, fmt.Errorf("%d parts of the sweep failed: see the log", r.Failed)
	}
	return r, nil
}

// taking notes how many of the orders that a stage started are the peer's.
func (s *sweep) taking(r *report, home string, stage func() error) error {
	before := r.Started
	err := stage()
	if home != s.region {
		r.takeovers += r.Started - before
	}
	return err
}

func (s *sweep) late(until time.Time) bool { return !s.clock.Now().Before(until) }

func (s *sweep) note(r *report, err error, about ...any) {
	if err != nil {
		r.Failed++
		s.log.Error("sweep failed", append(about, "error", err.Error())...)
	}
}

// find moves a pass on over the minutes of a list that have come of age.
func (s *sweep) find(ctx context.Context, r *report, home string, l list, pass int, age time.Duration, until time.Time) error {
	last := s.clock.Now().Add(-age).Truncate(time.Minute).Add(-time.Minute) // the youngest minute all of which is that old
	from, err := s.store.cursor(ctx, l.name, pass)
	if err != nil {
		return err
	}
	if from.minute.IsZero() { // the first run ever: older minutes are left to the later passes
		return s.store.advance(ctx, l.name, pass, place{minute: last})
	}
	lived, err := s.lived(ctx, home, l, pass)
	if err != nil {
		return err
	}
	to, failed := from, error(nil)
	for n := 0; failed == nil && n < minutesPerRun && to.minute.Before(last) && !s.late(until); n++ {
		b := batch{home: home, lonely: lived.Before(to.minute.Add(time.Minute + outlived))}
		failed = s.findMinute(ctx, r, l, b, &to, until)
	}
	if pass == 0 {
		r.lag = max(r.lag, s.lag(last, to))
	}
	if to != from {
		return errors.Join(failed, s.store.advance(ctx, l.name, pass, to))
	}
	return failed
}

// lived is the last minute in which a home is seen to have taken an order, as the first pass has it; for passes and homes whose
// shipments are not looked for, later than any minute.
func (s *sweep) lived(ctx context.Context, home string, l list, pass int) (time.Time, error) {
	if pass != shipmentPass || home == s.region {
		return s.clock.Now().Add(outlived), nil
	}
	first, err := s.store.cursor(ctx, l.name, 0)
	return first.seen, err
}

// findMinute goes on with the minute after a place until it is through or the time is up, and moves the place along. An error
// means that some orders after it may have been missed.
func (s *sweep) findMinute(ctx context.Context, r *report, l list, b batch, p *place, until time.Time) error {
	minute := p.minute.Add(time.Minute)
	for ; p.shard < sweepShards; p.shard, p.after = p.shard+1, "" {
		for more := true; more; {
			ids, err := s.store.indexed(ctx, l.name, minute, p.shard, p.after)
			if err != nil {
				return err
			}
			more = len(ids) == indexPage
			for b.ids = range slices.Chunk(ids, l.atOnce) {
				if s.late(until) {
					return nil
				}
				if err := l.look(ctx, r, b); err != nil {
					return err
				}
				p.after, p.seen = b.ids[len(b.ids)-1], minute
			}
		}
	}
	*p = place{minute: minute, seen: p.seen}
	r.Minutes++
	return nil
}

// lookAtPlaced puts the orders on the retry list that lack the fact that nearly all have at this age; driving them tells the others
// that have an outcome.
func (s *sweep) lookAtPlaced(ctx context.Context, r *report, b batch) error {
	committedBy, err := s.store.confirmed(ctx, b.home, b.ids)
	if err != nil {
		return err
	}
	var open, foreign []string
	for _, id := range b.ids {
		switch by, confirmed := committedBy[id]; {
		case !confirmed:
			open = append(open, id)
		case b.lonely && by != s.region:
			foreign = append(foreign, id)
		}
	}
	return errors.Join(s.enlist(ctx, r, b.home, open), s.handOver(ctx, r, foreign))
}

// handOver starts the orders once of which nothing tells that the goods have left or are not wanted: a region that was lost after it had confirmed an
// order may not have handed the shipment over. To hand it over again changes nothing.
func (s *sweep) handOver(ctx context.Context, r *report, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var regions []string
	for _, d := range s.duties {
		regions = append(regions, d.home)
	}
	finished, err := s.store.finished(ctx, regions, ids)
	if err != nil {
		return err
	}
	return s.startAll(ctx, r, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return finished[id] }))
}

// startAll starts some orders, several at once.
func (s *sweep) startAll(ctx context.Context, r *report, ids []string) error {
	failed := make([]error, len(ids))
	s.each(len(ids), func(i int) { failed[i] = s.starts.start(ctx, ids[i]) })
	for _, err := range failed {
		if err == nil {
			r.Started++
		}
	}
	return errors.Join(failed...)
}

// lookAtCancels puts orders that are to be cancelled and are not on the retry list. One that was called off after this region had
// committed it is started once in each pass: its last step puts the goods back, and no fact tells whether it came to that. One that
// cannot be read goes on the list too: a cursor that waited for it would hide all that come after.
func (s *sweep) lookAtCancels(ctx context.Context, r *report, b batch) error {
	orders, failed := make([]fact.Order, len(b.ids)), make([]error, len(b.ids))
	s.each(len(b.ids), func(i int) {
		var rec record
		rec, failed[i] = s.store.load(ctx, b.ids[i])
		orders[i] = fact.Fold(rec.facts)
	})
	var open, returns []string
	for i, id := range b.ids {
		s.note(r, failed[i], "order", id)
		switch o := orders[i]; {
		case failed[i] != nil || !settled(o):
			open = append(open, id)
		case o.State == fact.StateCancelled && o.CommittedBy == s.region:
			returns = append(returns, id)
		}
	}
	if err := s.startAll(ctx, r, returns); err != nil {
		return err
	}
	return s.enlist(ctx, r, b.home, open)
}

func (s *sweep) enlist(ctx context.Context, r *report, home string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	r.Found += len(ids)
	return s.store.enlist(ctx, home, ids, s.clock.Now())
}

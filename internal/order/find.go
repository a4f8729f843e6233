package order

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"twofold/internal/fact"
)

// The passes over each list: at the age of the sweep and at passGrowth times the age before. A pass goes on when so much has come of age
// since it was last there as is a passStep-th part of its age.
const (
	passes     = 4
	passGrowth = 8
	passStep   = 8
)

// The pass that also looks for the shipments of a region that is lost, and how much longer than an order that region must have been
// seen to live for them to be its own duty: by then its shipping service has swept them.
const (
	shipmentPass = 2
	outlived     = 15 * time.Minute
)

// place is how far a pass over a shard of a list has come.
type place struct {
	before time.Time // all before it are done; zero if the pass has never run
	after  string    // ... and of this very millisecond those up to this order, in the order of the index
}

// cursors are the places of all passes over the lists of a home.
type cursors struct {
	places  map[string]place // by list, pass and shard
	seen    time.Time        // when the youngest order was placed that the first pass has seen
	version int64            // how often they were written
	kept    bool             // what has changed since need not be: the next run looks at the same nothing again
}

// list is a list of the index with what is done about so many orders of it at once.
type list struct {
	name   string
	kind   fact.Kind // of the facts in it
	shards int
	atOnce int
	look   func(ctx context.Context, r *report, b batch) error
}

// batch is some orders of a home's list.
type batch struct {
	home  string
	spots []spot
	lived time.Time // when the home was last seen to take an order, if this pass looks for shipments; else later than any order
}

func (b batch) ids() []string {
	out := make([]string, len(b.spots))
	for i, o := range b.spots {
		out[i] = o.orderID
	}
	return out
}

func (s *sweep) lists(home string) []list {
	return []list{
		{home, fact.Placed, sweepShards, batchLimit, s.lookAtPlaced},
		{cancelList + home, fact.CancelRequested, 1, writeLimit, s.lookAtCancels},
	}
}

// search is one pass over a list.
type search struct {
	home    string
	list    list
	pass    int
	age     time.Duration
	until   time.Time // it is over then
	cursors *cursors
}

// lookFor moves all passes on over a home's lists, each list with a time of its own after begin, and keeps how far they came.
func (s *sweep) lookFor(ctx context.Context, r *report, d duty, begin time.Time) error {
	c, err := s.store.cursors(ctx, d.home)
	if err != nil {
		return err
	}
	c.kept = true
	for _, l := range s.lists(d.home) {
		begin = begin.Add(findTime)
		for pass, age := 0, d.after; pass < passes; pass, age = pass+1, age*passGrowth {
			s.note(r, s.find(ctx, r, search{d.home, l, pass, age, begin, &c}), "list", l.name, "pass", pass)
		}
	}
	if c.kept {
		return nil
	}
	return s.store.advance(ctx, d.home, c)
}

// find moves a pass on over what has come of age in a list, first in the shard that is furthest behind: where the time is short, each
// has its turn.
func (s *sweep) find(ctx context.Context, r *report, x search) error {
	end := s.clock.Now().Add(-x.age).Truncate(time.Millisecond)
	for _, shard := range x.behind() {
		was := x.place(shard)
		p := was
		if p.before.IsZero() { // the first run ever: what is older is left to the later passes
			p.before, x.cursors.kept = end, false
		}
		var failed error
		if end.Sub(p.before) >= x.age/passStep {
			failed = s.findIn(ctx, r, x, shard, &p, end)
		}
		if x.pass > 0 && p != was { // the later passes are sparse because they are known to have been made
			x.cursors.kept = false
		}
		x.cursors.places[x.key(shard)] = p
		if x.pass == 0 {
			r.lag = max(r.lag, end.Sub(p.before))
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

func (x search) key(shard int) string {
	return string(x.list.kind) + "#" + strconv.Itoa(x.pass) + "#" + strconv.Itoa(shard)
}

func (x search) place(shard int) place { return x.cursors.places[x.key(shard)] }

// behind are the shards of the list, the one first that is furthest behind.
func (x search) behind() []int {
	shards, before := make([]int, x.list.shards), make([]time.Time, x.list.shards)
	for i := range shards {
		shards[i], before[i] = i, x.place(i).before
	}
	slices.SortStableFunc(shards, func(a, b int) int { return before[a].Compare(before[b]) })
	return shards
}

// findIn looks at the orders of a shard from a place up to an end, or until the time is up, and moves the place along. An error means
// that some orders after it may have been missed.
func (s *sweep) findIn(ctx context.Context, r *report, x search, shard int, p *place, end time.Time) error {
	b := batch{home: x.home, lived: s.lived(x)}
	for more := true; more; {
		var spots []spot
		var err error
		if spots, more, err = s.store.indexed(ctx, x.home, x.list, shard, *p, end); err != nil {
			return err
		}
		for b.spots = range slices.Chunk(spots, x.list.atOnce) {
			if s.late(x.until) {
				return nil
			}
			if err := x.list.look(ctx, r, b); err != nil {
				return err
			}
			last := b.spots[len(b.spots)-1]
			*p, x.cursors.kept = place{before: last.at, after: last.orderID}, false
			x.saw(last)
		}
	}
	*p = place{before: end}
	return nil
}

// saw notes that a home was alive when it took an order.
func (x search) saw(o spot) {
	if x.pass == 0 && x.list.kind == fact.Placed && o.at.After(x.cursors.seen) {
		x.cursors.seen = o.at
	}
}

// lived is when a home was last seen to take an order, as the first pass has it; for passes and homes whose shipments are not looked
// for, later than any order.
func (s *sweep) lived(x search) time.Time {
	if x.pass != shipmentPass || x.home == s.region {
		return s.clock.Now().Add(outlived)
	}
	return x.cursors.seen
}

// lookAtPlaced puts the orders on the retry list that lack the fact that nearly all have at this age; driving them tells the others
// that have an outcome.
func (s *sweep) lookAtPlaced(ctx context.Context, r *report, b batch) error {
	committedBy, err := s.store.confirmed(ctx, b.home, b.ids())
	if err != nil {
		return err
	}
	var open, foreign []string
	for _, o := range b.spots {
		switch by, confirmed := committedBy[o.orderID]; {
		case !confirmed:
			open = append(open, o.orderID)
		case by != s.region && b.lived.Before(o.at.Add(outlived)):
			foreign = append(foreign, o.orderID)
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
	s.each(ctx, len(ids), func(ctx context.Context, i int) { failed[i] = s.starts.Start(ctx, ids[i]) })
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
	ids := b.ids()
	orders, failed := make([]fact.Order, len(ids)), make([]error, len(ids))
	s.each(ctx, len(ids), func(ctx context.Context, i int) {
		var rec record
		rec, failed[i] = s.store.load(ctx, ids[i])
		orders[i] = fact.Fold(rec.facts)
	})
	var open, returns []string
	for i, id := range ids {
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

package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"twofold/local/core"
)

// retry is how long a link waits when a change could not be kept.
const retry = 50 * time.Millisecond

// group is a global table: its replicas by region.
type group struct {
	svc      *Service
	name     string
	replicas []*table // by region
	pending  atomic.Int64
	held     bool // counted in pending, until what was restored has been offered; the service's mu guards it

	mu       sync.Mutex
	reported map[conflict]bool
}

// conflict names two versions that were written without knowing of each other.
type conflict struct {
	key           key
	first, second stamp
}

// link carries changes from one replica to another, in the order of each item.
type link struct {
	group    *group
	from, to *table
	wake     core.Signal
	watch    sync.Once

	mu      sync.Mutex
	queue   []transit         // by due
	last    map[key]time.Time // when the last change of an item that has one in the queue is due
	running bool
}

// transit is a version on its way.
type transit struct {
	row *row
	due time.Time
}

// connect links every replica with every other one and starts the tasks that carry changes.
func (g *group) connect() {
	for _, from := range g.replicas {
		from.mu.Lock()
		from.links = nil
		for _, to := range g.replicas {
			if to != from {
				from.links = append(from.links, &link{group: g, from: from, to: to, wake: g.svc.cloud.NewSignal(), last: map[key]time.Time{}})
			}
		}
		from.mu.Unlock()
		for _, l := range from.links {
			l.start()
		}
	}
}

// start starts the task of the link unless it runs.
func (l *link) start() {
	l.mu.Lock()
	running := l.running
	l.running = true
	l.mu.Unlock()
	if running {
		return
	}
	l.watch.Do(func() { l.group.svc.cloud.Faults.OnChange(l.wake.Set) })
	ctx := core.WithRegion(l.group.svc.ctx, l.from.region)
	l.group.svc.cloud.Go(ctx, "replicate/"+l.group.name+"/"+l.from.region+"/"+l.to.region, l.run)
}

// push queues a change; the source table is locked, so changes come in the order they were made.
func (l *link) push(r *row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.group.svc.options.Coalesce {
		if i := slices.IndexFunc(l.queue, func(c transit) bool { return c.row.key == r.key }); i >= 0 {
			l.queue[i].row = r
			return
		}
	}
	due := l.due(r)
	l.last[r.key] = due
	i, _ := slices.BinarySearchFunc(l.queue, due, func(c transit, due time.Time) int {
		if c.due.After(due) {
			return 1
		}
		return -1
	})
	l.queue = slices.Insert(l.queue, i, transit{r, due})
	l.group.pending.Add(1)
	if i == 0 {
		l.wake.Set() // only marks the task as ready; it does not run here
	}
}

// due draws when a change arrives: after its lag, and not before an earlier one of the same item.
func (l *link) due(r *row) time.Time {
	cloud := l.group.svc.cloud
	lag := cloud.Faults.Lag()
	if jitter := int(lag / 8); jitter > 0 {
		lag += time.Duration(cloud.Rand.IntN(jitter))
	}
	due := time.Unix(0, r.at).UTC().Add(lag)
	for _, earliest := range []time.Time{cloud.Now(), l.last[r.key]} {
		if due.Before(earliest) {
			due = earliest
		}
	}
	return due
}

func (l *link) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// next is the change to apply next: the one that is due first, or with Reorder the first of any item among the first few.
func (l *link) next() (transit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return transit{}, false
	}
	if !l.group.svc.options.Reorder {
		return l.queue[0], true
	}
	chosen := l.queue[l.group.svc.cloud.Rand.IntN(min(len(l.queue), 8))]
	i := slices.IndexFunc(l.queue, func(c transit) bool { return c.row.key == chosen.row.key })
	return l.queue[i], true
}

// pop takes out a change that has been applied, unless a later one has taken its place.
func (l *link) pop(r *row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.queue, func(c transit) bool { return c.row == r })
	if i < 0 {
		return
	}
	if l.last[r.key].Equal(l.queue[i].due) {
		delete(l.last, r.key)
	}
	if i == 0 {
		l.queue[0], l.queue = transit{}, l.queue[1:] // the usual case, without moving the rest
	} else {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
	l.group.pending.Add(-1)
}

// drop forgets what has not been replicated.
func (l *link) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.group.pending.Add(-int64(len(l.queue)))
	l.queue = nil
	clear(l.last)
}

// run carries changes until the service ends or the region that made them is gone.
func (l *link) run(ctx context.Context) {
	cloud := l.group.svc.cloud
	var err error
	for err == nil {
		c, waiting := l.next()
		switch {
		case !waiting:
			err = l.wake.Wait(ctx)
		case cloud.Faults.Region(l.from.region) == core.Gone:
			err = core.ErrRegionLost
		case cloud.Faults.Region(l.to.region) == core.Gone:
			l.drop()
		case !cloud.Faults.Linked(l.from.region, l.to.region):
			err = l.wake.Wait(ctx) // set by every change of a link or a region
		default:
			err = l.carry(ctx, c)
		}
	}
	if cloud.Faults.Region(l.from.region) == core.Gone {
		l.drop()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = false
}

// carry applies a change that is due; otherwise it waits until it is, or until one comes that is due before it.
func (l *link) carry(ctx context.Context, c transit) error {
	cloud, r := l.group.svc.cloud, c.row
	if wait := c.due.Sub(cloud.Now()); wait > 0 {
		_, err := l.wake.WaitFor(ctx, wait)
		return err // run looks again
	}
	if err := l.to.receive(l.group, r); err != nil {
		return cloud.Sleep(ctx, retry) // it could not be kept, which has been journalled
	}
	l.pop(r)
	l.to.bury(l.group)
	l.from.bury(l.group)
	return nil
}

// bury forgets deleted items once no change of the global table is on the way: nothing older can
// arrive any more. A delete made here is queued under the same lock, so none is missed.
func (t *table) bury(g *group) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g.pending.Load() == 0 && len(t.graves) > 0 && t.note(logEntry{Buried: t.name}) {
		t.graves = map[key]*row{}
	}
}

// receive merges a version from another region: of two that do not know each other the later
// one stays (last writer wins).
func (t *table) receive(g *group, r *row) *core.Error {
	t.mu.Lock()
	old := t.find(r.key)
	known := old
	if known == nil {
		known = t.graves[r.key]
	}
	t.last = max(t.last, r.at)
	merged := *r
	var clash bool
	if known != nil {
		if covers(known.seen, r.stamp) {
			t.mu.Unlock()
			return nil // it is part of what is here
		}
		clash = !covers(r.seen, known.stamp) && !sameItem(known, r)
		if r.stamp.before(known.stamp) {
			merged = *known
		}
		merged.seen = join(known.seen, r.seen)
	}
	now := t.svc.cloud.Now()
	if err := t.svc.keep(now, newVersion{t, &merged}); err != nil {
		t.mu.Unlock()
		return err
	}
	changed := !sameItem(old, &merged)
	before := old.attributes()
	t.store(old, &merged)
	if changed {
		t.record(now, old, &merged, false)
	}
	def := t.schema
	t.mu.Unlock()
	u := &usage{table: g.name}
	u.addWrite(def, merged.key.hash, before, merged.item, 1)
	g.svc.meterWrites(t.region, u, true)
	g.svc.cloud.Meter.Add(t.region, unitTransfer, float64(merged.item.size()))
	if clash {
		g.report(t, known, r)
	}
	return nil
}

// sameItem compares two versions by content; nil and deleted are the same.
func sameItem(a, b *row) bool {
	x, y := a.attributes(), b.attributes()
	return (x == nil) == (y == nil) && x.equal(y)
}

func join(a, b []stamp) []stamp {
	for _, s := range b {
		a = withStamp(a, s)
	}
	return a
}

// report journals, once for both regions, that of two concurrent writes one was lost.
func (g *group) report(t *table, known, r *row) {
	c := conflict{r.key, known.stamp, r.stamp}
	if c.second.before(c.first) {
		c.first, c.second = c.second, c.first
	}
	g.mu.Lock()
	already := g.reported[c]
	g.reported[c] = true
	g.mu.Unlock()
	if already {
		return
	}
	source := r.item
	if source == nil {
		source = known.item
	}
	keys := appendItem(nil, source.only(t.currentSchema().keyNames()))
	g.svc.cloud.Journal.Add(core.Entry{Region: t.region, Kind: core.KindConflict, Subject: g.name,
		Detail: fmt.Sprintf("%s written by %s and by %s without knowing of each other", keys, c.first.by, c.second.by)})
}

// Pending is how many changes wait to be replicated, by [from, to]; pairs with none are left out.
func (s *Service) Pending() map[[2]string]int {
	out := map[[2]string]int{}
	for _, t := range s.tablesOf("") {
		t.mu.Lock()
		links := t.links
		t.mu.Unlock()
		for _, l := range links {
			if n := l.length(); n > 0 {
				out[[2]string{l.from.region, l.to.region}] += n
			}
		}
	}
	return out
}

// WipeRegion empties all tables of a region and what waits to leave it or to reach it, as
// when a lost region comes back with nothing.
func (s *Service) WipeRegion(region string) {
	for _, t := range s.tablesOf("") {
		t.mu.Lock()
		links := t.links
		if t.region == region {
			t.note(logEntry{Emptied: t.name})
			t.clear()
		}
		t.mu.Unlock()
		for _, l := range links {
			if l.from.region == region || l.to.region == region {
				l.drop()
			}
		}
	}
}

// Rejoin makes a region that was gone, and is up again, a replica again: it gets everything that one
// other region holds, and its tasks run again.
func (s *Service) Rejoin(region string) {
	for _, t := range s.tablesOf(region) {
		t.mu.Lock()
		links := t.links
		t.setTTL(t.schema.ttl)
		t.mu.Unlock()
		for _, l := range links {
			l.start()
		}
		if len(links) > 0 {
			links[0].to.resend(region)
		}
	}
}

// resend queues every item for a region.
func (t *table) resend(region string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.links {
		if l.to.region == region {
			l.pushAll()
		}
	}
}

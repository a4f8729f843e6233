package order

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// testOrder is an order that turns up in the region's replica at some time.
type testOrder struct {
	id      string
	placed  time.Time // by its home's clock
	arrives time.Time
	facts   []fact.Fact // besides placed
	cancel  time.Time   // when it was to be cancelled; zero for never
	started time.Time   // the first time
	starts  int
}

// testRegion is all that a sweep touches, in memory.
type testRegion struct {
	clock  *clocktest.Clock
	home   string
	orders []*testOrder
	kept   map[string]cursors
	list   map[string]entry
	fails  func() error  // before every call
	slow   time.Duration // every call takes that long
	reads  int           // index reads
	loads  int
	writes int // of cursors
}

func newTestRegion(home string) *testRegion {
	return &testRegion{clock: clocktest.At(noon), home: home, kept: make(map[string]cursors), list: make(map[string]entry), fails: func() error { return nil }}
}

func (r *testRegion) sweep(home string, after time.Duration) *sweep {
	return &sweep{region: home, duties: []duty{{home: home, after: after}}, store: r, starts: r, each: platform.Runtime{}.Each, clock: r.clock, log: slog.New(slog.DiscardHandler)}
}

func (r *testRegion) find(id string) *testOrder {
	i := slices.IndexFunc(r.orders, func(o *testOrder) bool { return o.id == id && !o.arrives.After(r.clock.Now()) })
	if i < 0 {
		return &testOrder{id: id}
	}
	return r.orders[i]
}

// call is what every call does.
func (r *testRegion) call() error {
	r.clock.Add(r.slow)
	return r.fails()
}

func (r *testRegion) indexed(_ context.Context, home string, l list, shard int, from place, end time.Time) ([]spot, bool, error) {
	r.reads++
	var spots []spot
	for _, o := range r.orders {
		at, in := o.placed, shardOf(o.id)
		if l.kind == fact.CancelRequested {
			at, in = o.cancel, 0
		}
		done := at.Before(from.before) || at.Equal(from.before) && from.after != "" && o.id <= from.after
		if home == r.home && in == shard && !done && at.Before(end) && !o.arrives.After(r.clock.Now()) {
			spots = append(spots, spot{o.id, at})
		}
	}
	slices.SortFunc(spots, func(a, b spot) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.orderID, b.orderID)) })
	page := spots[:min(len(spots), indexPage)]
	return page, len(page) < len(spots), r.call()
}

func (r *testRegion) confirmed(_ context.Context, home string, ids []string) (map[string]string, error) {
	out := make(map[string]string)
	for _, id := range ids {
		for _, f := range r.find(id).facts {
			if f.Kind == fact.Confirmed && f.Region == home {
				out[id] = f.CommittedBy
			}
		}
	}
	return out, r.call()
}

func (r *testRegion) finished(_ context.Context, _, ids []string) (map[string]bool, error) {
	out := make(map[string]bool)
	for _, id := range ids {
		out[id] = slices.ContainsFunc(r.find(id).facts, func(f fact.Fact) bool { return f.Kind == fact.Dispatched || f.Kind == fact.Cancelled })
	}
	return out, r.call()
}

func (r *testRegion) load(_ context.Context, id string) (record, error) {
	r.loads++
	o := r.find(id)
	return record{facts: append([]fact.Fact{placedFact(id, r.home, o.placed)}, o.facts...)}, r.call()
}

func (r *testRegion) cursors(_ context.Context, home string) (cursors, error) {
	c := r.kept[home]
	if c.places = maps.Clone(c.places); c.places == nil {
		c.places = make(map[string]place)
	}
	return c, r.call()
}

func (r *testRegion) advance(_ context.Context, home string, to cursors) error {
	if err := r.call(); err != nil {
		return err
	}
	r.kept[home] = to
	r.writes++
	return nil
}

func (r *testRegion) enlist(_ context.Context, _ string, ids []string, now time.Time) error {
	if err := r.call(); err != nil {
		return err
	}
	for range len(ids) / writeLimit {
		if err := r.call(); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if _, there := r.list[id]; !there {
			r.list[id] = entry{OrderID: id, Due: now}
		}
	}
	return nil
}

func (r *testRegion) due(_ context.Context, _ string, now time.Time) ([]entry, error) {
	var due []entry
	for _, e := range r.list {
		if !e.Due.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b entry) int { return a.Due.Compare(b.Due) })
	return due, r.call()
}

func (r *testRegion) change(_ context.Context, _ string, c changes) error {
	for _, e := range c.put {
		r.list[e.OrderID] = e
	}
	for _, id := range c.drop {
		delete(r.list, id)
	}
	return r.call()
}

func (r *testRegion) Start(_ context.Context, id string) error {
	if err := r.call(); err != nil {
		return err
	}
	o := r.find(id)
	if o.starts++; o.starts == 1 {
		o.started = r.clock.Now()
	}
	return nil
}

// Every order that turns up late by no more than the oldest pass looks back is started; without faults, by an age of nine times
// its lateness, or the sweep's own age, and the time between two runs.
func TestTheSweepMissesNoOrderHoweverLateItArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newTestRegion(west)
		const after = 10 * time.Second // scales everything: passes at 10 s, 80 s, 11 min, 85 min
		oldest := time.Duration(after * passGrowth * passGrowth * passGrowth)
		faulty := rapid.Bool().Draw(t, "faulty")
		seconds := func(name string, limit time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(limit/time.Second)).Draw(t, name)) * time.Second
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "orders") {
			o := &testOrder{id: fmt.Sprintf("ord_%d", i), placed: noon.Add(seconds("placed", time.Hour))}
			o.arrives = o.placed.Add(seconds("late", oldest))
			if rapid.Bool().Draw(t, "ended") {
				kind := rapid.SampledFrom([]fact.Kind{fact.Confirmed, fact.Rejected, fact.Cancelled}).Draw(t, "outcome")
				o.facts = []fact.Fact{{OrderID: o.id, Kind: kind, Region: rapid.SampledFrom([]string{east, west}).Draw(t, "writer"), CommittedBy: west, PlacedRegion: west}}
			}
			r.orders = append(r.orders, o)
		}
		s := r.sweep(west, after)
		for end := noon.Add(time.Hour + 2*oldest); r.clock.Now().Before(end); {
			r.fails = func() error { return nil }
			if faulty && r.clock.Now().Before(noon.Add(2*time.Hour)) && rapid.IntRange(0, 3).Draw(t, "this run fails") == 0 {
				n := rapid.IntRange(0, 30).Draw(t, "at call")
				r.fails = func() error {
					if n--; n == 0 {
						return errDown
					}
					return nil
				}
			}
			if _, err := s.run(context.Background()); err != nil && !faulty {
				t.Fatal(err)
			}
			r.clock.Add(time.Minute)
		}
		for _, o := range r.orders {
			checkSwept(t, o, after, faulty)
		}
	})
}

func checkSwept(t *rapid.T, o *testOrder, after time.Duration, faulty bool) {
	ended := len(o.facts) > 0
	if ended != (o.starts == 0) {
		t.Fatalf("order placed %v, arrived %v late, ended %v: started %d times", o.placed, o.arrives.Sub(o.placed), ended, o.starts)
	}
	age := max(after, (passGrowth+1)*o.arrives.Sub(o.placed)) + 2*time.Minute
	if !ended && !faulty && o.started.Sub(o.placed) > age {
		t.Fatalf("order arrived %v late, was started at an age of %v, want at most %v", o.arrives.Sub(o.placed), o.started.Sub(o.placed), age)
	}
}

func TestAnOrderIsStartedAgainWithGrowingPausesUntilItHasAnOutcome(t *testing.T) {
	r := newTestRegion(east)
	o := &testOrder{id: "ord_1", placed: noon, arrives: noon}
	r.orders = []*testOrder{o}
	s := r.sweep(east, 2*time.Minute)
	var at []time.Duration
	for range 90 {
		before := o.starts
		run(t, s)
		if o.starts > before {
			at = append(at, r.clock.Now().Sub(noon))
		}
		r.clock.Add(time.Minute)
	}
	want := []time.Duration{3, 5, 9, 17, 32, 47, 62, 77}
	for i := range want {
		want[i] *= time.Minute
	}
	if !slices.Equal(at, want) {
		t.Errorf("started at %v, want %v", at, want)
	}
	o.facts = []fact.Fact{{OrderID: "ord_1", Kind: fact.Confirmed, Region: west, CommittedBy: east, PlacedRegion: east}}
	r.clock.Add(longestPause)
	if got := run(t, s); got.Ended != 1 || len(r.list) != 0 {
		t.Errorf("%+v, list %v", got, r.list)
	}
}

func run(t *testing.T, s *sweep) report {
	t.Helper()
	got, err := s.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAShopperHasHalfAnHourToAuthenticate(t *testing.T) {
	asked := fact.Fact{OrderID: "ord_1", Kind: fact.ActionRequired, Region: east, Home: east, At: noon, URL: "https://example.com"}
	r := newTestRegion(east)
	o := &testOrder{id: "ord_1", placed: noon, arrives: noon, facts: []fact.Fact{asked}}
	r.orders = []*testOrder{o}
	s := r.sweep(east, 2*time.Minute)
	for r.clock.Now().Before(noon.Add(authenticationTime)) {
		run(t, s)
		r.clock.Add(time.Minute)
	}
	if o.starts != 0 {
		t.Errorf("started %d times in that time", o.starts)
	}
	run(t, s)
	if o.starts != 1 {
		t.Errorf("started %d times after it", o.starts)
	}
}

func TestAShopperWhoCancelsIsNotWaitedFor(t *testing.T) {
	o := fact.Fold([]fact.Fact{placedFact("ord_1", east, noon),
		{OrderID: "ord_1", Kind: fact.ActionRequired, Region: east, At: noon}, {OrderID: "ord_1", Kind: fact.CancelRequested, Region: east, At: noon}})
	if !authenticateUntil(o).IsZero() {
		t.Error("the cancellation waits for the authentication")
	}
}

func TestAnAuthenticationThatTheProviderToldOfIsNotWaitedFor(t *testing.T) {
	o := fact.Fold([]fact.Fact{placedFact("ord_1", east, noon),
		{OrderID: "ord_1", Kind: fact.ActionRequired, Region: east, At: noon}, {OrderID: "ord_1", Kind: fact.PaymentUpdated, EventID: "evt_1", Region: west, At: noon}})
	if !authenticateUntil(o).IsZero() {
		t.Error("the run waits though the shopper has acted")
	}
}

func TestAWishToCancelAConfirmedOrderIsDrivenUntilItHasAnAnswer(t *testing.T) {
	confirmed := fact.Fact{OrderID: "ord_1", Kind: fact.Confirmed, Region: east, CommittedBy: east, PlacedRegion: east}
	wish := fact.Fact{OrderID: "ord_1", Kind: fact.CancelRequested, Region: east, At: noon}
	for _, answer := range []fact.Kind{fact.Cancelled, fact.CancelRefused, fact.Dispatched} {
		r := newTestRegion(east)
		o := &testOrder{id: "ord_1", placed: noon.Add(-24 * time.Hour), cancel: noon, arrives: noon, facts: []fact.Fact{confirmed, wish}}
		r.orders = []*testOrder{o}
		s := r.sweep(east, 2*time.Minute)
		for range 6 {
			run(t, s)
			r.clock.Add(time.Minute)
		}
		if o.starts != 2 || len(r.list) != 1 {
			t.Fatalf("%s: started %d times, list %v", answer, o.starts, r.list)
		}
		o.facts = append(o.facts, fact.Fact{OrderID: "ord_1", Kind: answer, Region: east, CommittedBy: west})
		r.clock.Add(longestPause)
		if got := run(t, s); got.Ended != 1 || len(r.list) != 0 {
			t.Errorf("%s: %+v, list %v", answer, got, r.list)
		}
	}
}

func TestTheRegionThatCommittedACancelledOrderStartsItOnceInEachPass(t *testing.T) {
	for region, want := range map[string]int{east: passes, west: 0} {
		r := newTestRegion(east)
		o := &testOrder{id: "ord_1", placed: noon, cancel: noon, arrives: noon, facts: []fact.Fact{
			{OrderID: "ord_1", Kind: fact.Confirmed, Region: east, CommittedBy: east, PlacedRegion: east},
			{OrderID: "ord_1", Kind: fact.CancelRequested, Region: east}, {OrderID: "ord_1", Kind: fact.Cancelled, Region: east, CommittedBy: east}}}
		r.orders = []*testOrder{o}
		const after = 10 * time.Second
		s := r.sweep(east, after)
		s.region = region
		for end := noon.Add(2 * after * passGrowth * passGrowth * passGrowth); r.clock.Now().Before(end); r.clock.Add(time.Minute) {
			run(t, s)
		}
		if o.starts != want || len(r.list) != 0 {
			t.Errorf("%s started it %d times, want %d; list %v", region, o.starts, want, r.list)
		}
	}
}

func TestOneBadOrderStopsNoOtherAndFailsTheRun(t *testing.T) {
	r := newTestRegion(east)
	for i := range 5 {
		r.orders = append(r.orders, &testOrder{id: fmt.Sprintf("ord_%d", i), placed: noon, arrives: noon})
	}
	s := r.sweep(east, 2*time.Minute)
	run(t, s) // sets the cursors
	r.clock.Set(noon.Add(4 * time.Minute))
	s.store = poisoned{r}
	got, err := s.run(context.Background())
	if err == nil || got.Found != 5 || got.Started != 4 || got.Failed != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if e := r.list["ord_3"]; e.Tries != 1 {
		t.Errorf("the bad order is not kept on the list: %+v", e)
	}
	if p := r.kept[east].places["placed#0#1"]; !p.before.Equal(noon.Add(2 * time.Minute)) {
		t.Errorf("the first pass has come to %v", p)
	}
}

func TestARunThatSeesNothingKeepsNoPlaceUnlessALaterPassWentOn(t *testing.T) {
	r := newTestRegion(east)
	s := r.sweep(east, 2*time.Minute)
	for range 16 {
		run(t, s)
		r.clock.Add(time.Minute)
	}
	// The first run sets all places and reads nothing; the second pass, at 16 min, goes on every two minutes, the third not yet.
	if want := (15 + 7) * (sweepShards + 1); r.reads != want || r.writes != 1+7 {
		t.Errorf("%d index reads, want %d; %d writes of cursors, want 8", r.reads, want, r.writes)
	}
	r.orders = append(r.orders, &testOrder{id: "ord_1", placed: r.clock.Now().Add(-210 * time.Second), arrives: r.clock.Now()})
	if got := run(t, s); got.Found != 1 {
		t.Errorf("an order that turned up where the last run saw nothing was not found: %+v", got)
	}
}

// poisoned cannot read one order.
type poisoned struct{ *testRegion }

func (p poisoned) load(ctx context.Context, id string) (record, error) {
	if id == "ord_3" {
		return record{}, errors.New("unreadable")
	}
	return p.testRegion.load(ctx, id)
}

func TestAMinuteOfConfirmedOrdersCostsNoReadOfEach(t *testing.T) {
	r := newTestRegion(east)
	for i := range 300 {
		id := fmt.Sprintf("ord_%d", i)
		r.orders = append(r.orders, &testOrder{id: id, placed: noon, arrives: noon, facts: []fact.Fact{{OrderID: id, Kind: fact.Confirmed, Region: east}}})
	}
	s := r.sweep(east, 2*time.Minute)
	run(t, s)
	r.clock.Set(noon.Add(3 * time.Minute))
	run(t, s)
	if r.loads != 0 || r.reads == 0 {
		t.Errorf("%d orders read whole, %d index reads", r.loads, r.reads)
	}
}

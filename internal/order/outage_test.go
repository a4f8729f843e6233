package order

import (
	"fmt"
	"testing"
	"time"

	"twofold/internal/fact"
)

// An outage leaves more open orders in a minute than a run can even look at: the runs go on where the last one stopped, and each drives
// what was found.
func TestARunIsOverInTimeAndTheNextGoesOnInsideTheMinute(t *testing.T) {
	const orders, call = 6000, 5 * time.Millisecond
	r := newTestRegion(east)
	for i := range orders {
		r.orders = append(r.orders, &testOrder{id: fmt.Sprintf("ord_%d", i), placed: noon, arrives: noon})
	}
	s := r.sweep(east, 2*time.Minute)
	run(t, s)
	r.slow = call
	r.clock.Set(noon.Add(5 * time.Minute))
	for n, began := 0, r.clock.Now(); n < 2; n, began = n+1, began.Add(time.Minute) {
		r.clock.Set(began)
		got := run(t, s)
		if took := r.clock.Now().Sub(began); took > runTime+time.Second {
			t.Errorf("run %d took %v", n, took)
		}
		if n == 0 && got.Started < 3600 {
			t.Errorf("run %d: %+v", n, got)
		}
	}
	for _, o := range r.orders {
		if o.starts == 0 {
			t.Fatalf("%s was never started", o.id)
		}
	}
}

// Where the time is up again and again inside a minute, the place moves on all the same.
func TestALookThatIsCutShortIsNotLost(t *testing.T) {
	r := newTestRegion(east)
	for i := range 3000 {
		r.orders = append(r.orders, &testOrder{id: fmt.Sprintf("ord_%d", i), placed: noon, arrives: noon})
	}
	s := r.sweep(east, 2*time.Minute)
	run(t, s)
	r.slow = 700 * time.Millisecond // no run gets through even one shard
	r.clock.Set(noon.Add(5 * time.Minute))
	for found, runs := 0, 0; found < 3000; runs++ {
		if runs == 100 {
			t.Fatalf("%d orders were found in %d runs", found, runs)
		}
		found += run(t, s).Found
		r.clock.Set(r.clock.Now().Truncate(time.Minute).Add(time.Minute))
	}
}

func TestOrdersWhoseGoodsLeftAreDrivenUntilItIsKnownWhoCommitted(t *testing.T) {
	for _, kind := range []fact.Kind{fact.Dispatched, fact.Delivered} {
		r := newTestRegion(west)
		o := &testOrder{id: "ord_1", placed: noon, arrives: noon, facts: []fact.Fact{{OrderID: "ord_1", Kind: kind, Region: east}}}
		r.orders = []*testOrder{o}
		s := r.sweep(west, 2*time.Minute)
		run(t, s)
		r.clock.Set(noon.Add(4 * time.Minute))
		if run(t, s); o.starts != 1 || len(r.list) != 1 {
			t.Errorf("%s: started %d times, list %v", kind, o.starts, r.list)
		}
		o.facts = append(o.facts, fact.Fact{OrderID: "ord_1", Kind: fact.Confirmed, Region: west, CommittedBy: east, PlacedRegion: west})
		r.clock.Set(noon.Add(20 * time.Minute))
		if run(t, s); o.starts != 1 || len(r.list) != 0 {
			t.Errorf("%s and confirmed: started %d times, list %v", kind, o.starts, r.list)
		}
	}
}

// The last orders of a region that is lost for good may be paid and lie in its warehouse.
func TestConfirmedOrdersOfALostRegionAreHandedOverOnce(t *testing.T) {
	const after = 30 * time.Second // the pass for shipments is at half an hour
	confirmed := fact.Fact{Kind: fact.Confirmed, Region: east, CommittedBy: east, PlacedRegion: east}
	cases := []struct {
		name   string
		facts  []fact.Fact
		later  time.Duration // when the region is seen to take another order; zero for never
		starts int
	}{
		{"lost", []fact.Fact{confirmed}, 0, 1},
		{"lost after a moment", []fact.Fact{confirmed}, 5 * time.Minute, 1},
		{"it lived on", []fact.Fact{confirmed}, 20 * time.Minute, 0},
		{"the goods have left", []fact.Fact{confirmed, {Kind: fact.Dispatched, Region: west}}, 0, 0},
		{"committed here", []fact.Fact{{Kind: fact.Confirmed, Region: east, CommittedBy: west, PlacedRegion: east}}, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newTestRegion(east)
			o := &testOrder{id: "ord_1", placed: noon, arrives: noon, facts: c.facts}
			r.orders = []*testOrder{o}
			if c.later > 0 {
				at := noon.Add(c.later)
				r.orders = append(r.orders, &testOrder{id: "ord_2", placed: at, arrives: at, facts: []fact.Fact{confirmed, {Kind: fact.Dispatched, Region: east}}})
			}
			s := r.sweep(east, after)
			s.region = west // it is the peer's list
			for end := noon.Add(24 * time.Hour); r.clock.Now().Before(end); r.clock.Add(time.Minute) {
				run(t, s)
			}
			if o.starts != c.starts || len(r.list) != 0 {
				t.Errorf("started %d times, want %d; list %v", o.starts, c.starts, r.list)
			}
		})
	}
}

// An order of this region that only the other one has confirmed: it may have been lost before it handed the goods over.
func TestAnOrderThatTheOtherRegionConfirmedLeavesTheListByALastStart(t *testing.T) {
	r := newTestRegion(west)
	o := &testOrder{id: "ord_1", placed: noon, arrives: noon}
	r.orders = []*testOrder{o}
	s := r.sweep(west, 2*time.Minute)
	run(t, s)
	r.clock.Set(noon.Add(4 * time.Minute))
	run(t, s)
	o.facts = []fact.Fact{{OrderID: "ord_1", Kind: fact.Confirmed, Region: east, CommittedBy: east, PlacedRegion: west}}
	r.clock.Set(noon.Add(7 * time.Minute))
	if run(t, s); o.starts != 2 || len(r.list) != 0 {
		t.Errorf("started %d times, list %v", o.starts, r.list)
	}
}

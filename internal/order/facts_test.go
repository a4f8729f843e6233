package order

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

func (s *shop) reports() *reports {
	return &reports{store: s.tables(), recorder: s.recorder(), log: slog.New(slog.DiscardHandler)}
}

func TestANoticeIsAFactInBothRegionsOnce(t *testing.T) {
	for _, kind := range []fact.Kind{fact.Dispatched, fact.Delivered, fact.PaymentUpdated} {
		s := newShop(east, west, newTestTable(), newTestTable())
		id := take(t, s, goodApplication()).order.ID
		s.append(t, id, fact.ActionRequired)
		before := len(s.own.items)
		in := notice{OrderID: id, Kind: kind, EventID: "evt_1", IntentID: "pi_1"}
		for range 2 { // late and doubled
			if got, err := s.reports().take(context.Background(), in); err != nil || got.Durability != platform.InTwoRegions {
				t.Fatalf("%s: %+v, %v", kind, got, err)
			}
			s.clock.Add(1e9)
		}
		key := path(keyOfFact(fact.Fact{OrderID: id, Kind: kind, Region: east, EventID: "evt_1"}))
		if len(s.own.items) != before+1 || s.own.items[key] == nil || !reflect.DeepEqual(s.own.items[key], s.peers.items[key]) {
			t.Errorf("%s: own %v, peer's %v", kind, s.own.items[key], s.peers.items[key])
		}
	}
}

func TestWhatTheOtherRegionHasBeenToldIsNotWrittenAgain(t *testing.T) {
	table := newTestTable() // both regions see the same: replication has done its work
	home, other := newShop(east, west, table, table), newShop(west, east, table, table)
	id := take(t, home, goodApplication()).order.ID
	in := notice{OrderID: id, Kind: fact.Dispatched, EventID: "evt_1"}
	for _, s := range []*shop{home, other} {
		if got, err := s.reports().take(t.Context(), in); err != nil || got.Durability != platform.InTwoRegions {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if again := path(keyOfFact(fact.Fact{OrderID: id, Kind: fact.Dispatched, Region: west})); table.items[again] != nil {
		t.Error("both regions say that the goods left: the shopper gets two mails")
	}
}

func TestTheProvidersEventsStandUnderTheirIds(t *testing.T) {
	got := keyOfFact(fact.Fact{OrderID: "ord_1", Kind: fact.PaymentUpdated, Region: west, EventID: "evt_1"})
	if want := keyOf("order#ord_1", "fact#webhook#evt_1#us-west-2"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestAProvidersEventIsKeptOnlyWhileTheOrderMayWaitForIt(t *testing.T) {
	cases := []struct {
		name   string
		region string
		facts  []fact.Kind
		keeps  bool
	}{
		{"it is seen as placed in its home, and the other region has asked the shopper", east, nil, true},
		{"it is seen as placed away from home", west, nil, true},
		{"the shopper is asked to act", east, []fact.Kind{fact.ActionRequired}, true},
		{"it is confirmed", west, []fact.Kind{fact.Confirmed}, false},
		{"it is rejected", east, []fact.Kind{fact.ActionRequired, fact.Rejected}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table := newTestTable()
			home := newShop(east, west, table, newTestTable())
			id := take(t, home, goodApplication()).order.ID
			for _, kind := range c.facts {
				home.append(t, id, kind)
			}
			got, err := newShop(c.region, "elsewhere", table, newTestTable()).reports().take(context.Background(), notice{OrderID: id, Kind: fact.PaymentUpdated, EventID: "evt_1"})
			if err != nil || (got.Durability != "") != c.keeps {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestANoticeThatIsNoneIsRefusedAndWritesNothing(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	before := len(s.own.items)
	for name, c := range map[string]struct {
		in   notice
		code string
	}{
		"an unknown order":         {notice{OrderID: "ord_" + strings.Repeat("a", 26), Kind: fact.Dispatched}, "NotFound"},
		"no order":                 {notice{Kind: fact.Dispatched}, "InvalidRequest"},
		"an outcome":               {notice{OrderID: id, Kind: fact.Confirmed}, "InvalidRequest"},
		"an event without id":      {notice{OrderID: id, Kind: fact.PaymentUpdated}, "InvalidRequest"},
		"an id that breaks a key":  {notice{OrderID: id, Kind: fact.PaymentUpdated, EventID: "evt#1"}, "InvalidRequest"},
		"an intent that is none":   {notice{OrderID: id, Kind: fact.Dispatched, IntentID: "pi 1"}, "InvalidRequest"},
		"a kind of another future": {notice{OrderID: id, Kind: "gift-wrapped"}, "InvalidRequest"},
	} {
		if _, err := s.reports().take(context.Background(), c.in); errorName(err) != c.code || len(s.own.items) != before {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func TestANoticeThatThePeerCannotTakeStandsInOneRegion(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	s.peers.down = errDown
	if got, err := s.reports().take(context.Background(), notice{OrderID: id, Kind: fact.Dispatched}); err != nil || got.Durability != platform.InOneRegion {
		t.Errorf("%+v, %v", got, err)
	}
	s.own.down = errDown
	if _, err := s.reports().take(context.Background(), notice{OrderID: id, Kind: fact.Delivered}); errorName(err) != "Unavailable" {
		t.Errorf("got %v", err)
	}
}

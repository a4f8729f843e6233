package world_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// receive puts units of a product that is in the catalogue into one region.
func (s *shop) receive(sku, id, region string, n int) {
	s.t.Helper()
	s.do("receive", func(ctx context.Context) error {
		_, err := s.expect(ctx, http.StatusAccepted, request{region: s.west, customer: "staff", scope: "catalogue:admin orders:read", method: "POST",
			path: "/v1/products/" + sku + "/receipts", body: fmt.Sprintf(`{"receiptId":%q,"quantity":%d,"target":%q}`, id, n, region)})
		return err
	})
	s.wait(5 * time.Second)
}

// offer puts a product into the catalogue without any stock.
func (s *shop) offer(sku string) {
	s.t.Helper()
	s.do("offer", func(ctx context.Context) error {
		_, err := s.expect(ctx, http.StatusCreated, request{region: s.west, customer: "staff", scope: "catalogue:admin orders:read", method: "PUT",
			path: "/v1/products/" + sku, body: `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`})
		return err
	})
	s.wait(5 * time.Second)
}

// operate invokes a function as an operator does.
func (s *shop) operate(region, function, payload string) map[string]any {
	s.t.Helper()
	var out map[string]any
	s.do(function, func(ctx context.Context) error {
		answer, err := s.Invoke(ctx, region, "twofold-local-"+function, []byte(payload))
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, &out)
	})
	return out
}

func (s *shop) wantStates(region string, want map[string]int) {
	s.t.Helper()
	got := s.states(region)
	for state, n := range want {
		if got[state] != n {
			s.t.Errorf("in %s: %v, want %v", region, got, want)
			return
		}
	}
}

func TestAnOrderIsFilledFromTheOtherRegionsStock(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		s := simulate(t, seed)
		s.offer("TEA-1")
		s.receive("TEA-1", "asn-1", s.east, 10)
		began := s.Cloud().Now()
		s.buy(order{s.west, "TEA-1", goodCard, 4, 0}, order{s.west, "TEA-1", goodCard, 3, 1})
		s.wait(40 * time.Second)
		s.wantStates(s.west, map[string]int{"CONFIRMED": 2})
		if took := s.Cloud().Now().Sub(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		s.wait(5 * time.Minute)
		v := s.kept()
		var given, got int64
		for _, c := range v.Stock[s.east] {
			given += c.Given
		}
		for _, c := range v.Stock[s.west] {
			got += c.Got
		}
		if given != got || given < 7 {
			t.Errorf("seed %d: east gave %d and west got %d", seed, given, got)
		}
	}
}

func TestAnOrderIsRefusedAtOnceWhenTheWholeShopHasTooLittle(t *testing.T) {
	s := simulate(t, 1)
	s.offer("TEA-1")
	s.receive("TEA-1", "asn-1", s.east, 10)
	s.buy(order{s.west, "TEA-1", goodCard, 11, 0})
	s.wait(6 * time.Second)
	s.wantStates(s.west, map[string]int{"REJECTED": 1})
	s.wait(5 * time.Minute)
	s.kept()
}

func TestAnOrderIsRefusedInTimeWhenTheOtherRegionDoesNotAnswer(t *testing.T) {
	s := simulate(t, 1)
	s.offer("TEA-1")
	s.receive("TEA-1", "asn-1", s.east, 10)
	s.LoseRegion(s.east)
	s.buy(order{s.west, "TEA-1", goodCard, 4, 0})
	s.wait(time.Minute)
	s.wantStates(s.west, map[string]int{"REJECTED": 1})
	s.RestoreRegion(s.east)
	s.wait(10 * time.Minute)
	s.kept(mailsOnce)
}

// East is lost for good with stock, with orders that it committed, and with goods that are on their way to it.
func TestTheStockOfARegionLostForGoodIsSoldByTheOtherOnce(t *testing.T) {
	s := simulate(t, 4)
	s.stock("TEA-1", 10)
	s.buy(order{s.east, "TEA-1", goodCard, 3, 0}, order{s.east, "TEA-1", goodCard, 14, 1}, order{s.west, "TEA-1", goodCard, 1, 2})
	s.wait(time.Minute)
	s.LoseRegion(s.east)
	if got := s.operate(s.west, "inventory-adopt", `{"action":"adopt","apply":true}`); got["applied"] != false || got["reason"] == "" {
		t.Fatalf("adopted without a fence: %v", got)
	}
	for _, service := range []string{"order", "inventory"} {
		if got := s.operate(s.west, service+"-adopt", `{"action":"fence"}`); got["fenced"] != false {
			t.Errorf("a dry run fenced: %v", got)
		}
		if got := s.operate(s.west, service+"-adopt", `{"action":"fence","apply":true}`); got["applied"] != true {
			t.Errorf("not fenced: %v", got)
		}
	}
	s.wait(40 * time.Minute)
	dry := s.operate(s.west, "inventory-adopt", `{"action":"adopt"}`)
	if got := s.operate(s.west, "inventory-adopt", `{"action":"adopt","apply":true}`); got["units"] != dry["units"] || got["open"] != 0.0 || got["wrong"] != 0.0 {
		t.Errorf("adopted %v, planned %v", got, dry)
	}
	if got := s.operate(s.west, "inventory-adopt", `{"action":"adopt","apply":true}`); got["units"] != 0.0 {
		t.Errorf("adopted again: %v", got)
	}
	left := 20
	for _, o := range []struct {
		n, quantity int
	}{{0, 3}, {1, 14}, {2, 1}} {
		if s.stateOf(s.west)[s.accepted[o.n]] == "CONFIRMED" {
			left -= o.quantity
		}
	}
	s.buy(order{s.west, "TEA-1", goodCard, left, 3}, order{s.west, "TEA-1", goodCard, 1, 4})
	s.wait(3 * time.Minute)
	states := s.stateOf(s.west)
	if all, one := states[s.accepted[3]], states[s.accepted[4]]; (all == "CONFIRMED") == (one == "CONFIRMED") {
		t.Errorf("of %d units left an order of all is %s and an order of one is %s", left, all, one)
	}
}

// A region that comes back fenced does nothing until it is wiped.
func TestAFencedRegionRefusesToActAndToRejoinUnwiped(t *testing.T) {
	s := simulate(t, 5)
	s.stock("TEA-1", 10)
	s.LoseRegion(s.east)
	for _, service := range []string{"order", "inventory"} {
		s.operate(s.west, service+"-adopt", `{"action":"fence","apply":true}`)
	}
	s.RestoreRegion(s.east)
	s.wait(30 * time.Second)
	s.do("place", func(ctx context.Context) error {
		if id, err := s.place(ctx, order{s.east, "TEA-1", goodCard, 1, 0}); err == nil {
			t.Errorf("the fenced region took %s", id)
		}
		return nil
	})
	if got := s.operate(s.east, "inventory-adopt", `{"action":"rejoin","apply":true}`); got["applied"] != false || got["fenced"] != true || got["reason"] == "" {
		t.Errorf("it rejoined with its old stock: %v", got)
	}
	if got := s.operate(s.east, "order-adopt", `{"action":"fence","apply":false}`); got["fenced"] != false {
		t.Errorf("the survivor is fenced: %v", got)
	}
}

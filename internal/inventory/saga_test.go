package inventory

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

func TestReserveStockHoldsAllLinesOrNone(t *testing.T) {
	m := newMemory(nil).fill("TEA", 5).fill("CUP", 1)
	s := m.saga(clocktest.New())
	_, err := s.reserve(t.Context(), input("ord_1", Line{"TEA", 2}, Line{"CUP", 2}))
	wantCode(t, err, platform.InsufficientStock)
	if got := m.shards[shardID{"TEA", 0}]; got.Taken != 0 || len(m.reservations) != 0 {
		t.Errorf("a refused order holds %+v", got)
	}
	if want := "InsufficientStock: there is not enough of CUP"; err.Error() != want {
		t.Errorf("got %q, want %q: no numbers, no other SKU", err, want)
	}
	if _, err := s.reserve(t.Context(), input("ord_1", Line{"TEA", 2}, Line{"CUP", 1})); err != nil {
		t.Fatal(err)
	}
	if tea, cup := m.shards[shardID{"TEA", 0}], m.shards[shardID{"CUP", 0}]; tea.Taken != 2 || cup.Taken != 1 {
		t.Errorf("held %+v and %+v", tea, cup)
	}
}

func TestReserveStockAgain(t *testing.T) {
	lines := []Line{{"TEA", 2}}
	cases := []struct {
		name   string
		before State
		lines  []Line
		code   platform.Code
	}{
		{"held", Held, lines, ""},
		{"committed already", Consumed, lines, ""},
		{"committed and called off since", Returned, lines, ""},
		{"released", Released, lines, platform.ReservationClosed},
		{"other lines", Held, []Line{{"TEA", 3}}, platform.Internal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(nil).fill("TEA", 5)
			s := m.saga(clocktest.New())
			if _, err := s.reserve(t.Context(), input("ord_1", lines...)); err != nil {
				t.Fatal(err)
			}
			r := m.reservations["ord_1"]
			r.State = c.before
			m.reservations["ord_1"] = r
			_, err := s.reserve(t.Context(), input("ord_1", c.lines...))
			wantCode(t, err, c.code)
			if got := m.shards[shardID{"TEA", 0}].Taken; got != 2 {
				t.Errorf("held %d after the second time, want 2", got)
			}
		})
	}
}

func TestOnlyTheRegionThatCommittedConsumesWhatItHolds(t *testing.T) {
	sold, back := Ledger{Received: 5, Available: 3, Taken: 2}, Ledger{Received: 5, Available: 5}
	cases := []struct {
		name, committedBy string
		before            State
		consumed          bool
		want              Ledger
		code              platform.Code
	}{
		{"held here", east, Held, true, sold, ""},
		{"consumed before", east, Consumed, true, sold, ""},
		{"consumed and called off since", east, Returned, true, back, ""},
		{"held here, sold there", west, Held, false, back, ""},
		{"released before, sold there", west, Released, false, back, ""},
		{"never held here", west, "", false, back, ""},
		{"sold here and held by nobody", east, "", false, back, platform.Internal},
		{"sold here and released", east, Released, false, back, platform.Internal},
		{"committed by nobody", "", Held, false, sold, platform.InvalidRequest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(nil).fill("TEA", 5)
			s := m.saga(clocktest.New())
			in := input("ord_1", Line{"TEA", 2})
			bring(t, m, s, in, c.before)
			in.Order.CommittedBy = c.committedBy
			for range 2 {
				got, err := s.settle(t.Context(), in)
				wantCode(t, err, c.code)
				if got.Consumed != c.consumed {
					t.Errorf("got %+v", got)
				}
			}
			if got := m.shards[shardID{"TEA", 0}]; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// bring brings an order's reservation into a state; "" is none.
func bring(t *testing.T, m *memory, s saga, in stepInput, to State) {
	t.Helper()
	if to == "" {
		return
	}
	if _, err := s.reserve(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if to == Held {
		return
	}
	if err := settle(t.Context(), m, in.Order.OrderID, to); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyTheRegionThatCommittedTakesGoodsBack(t *testing.T) {
	cases := []struct {
		name, committedBy string
		before            State
		returned          bool
		want              Ledger
	}{
		{"sold here", east, Consumed, true, Ledger{Received: 5, Available: 5}},
		{"sold here and back already", east, Returned, true, Ledger{Received: 5, Available: 5}},
		{"sold here, which is not settled yet", east, Held, true, Ledger{Received: 5, Available: 5}},
		{"sold there", west, Released, false, Ledger{Received: 5, Available: 5}},
		{"sold there, and held here still", west, Held, false, Ledger{Received: 5, Available: 5}},
		{"never held here", west, "", false, Ledger{Received: 5, Available: 5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(nil).fill("TEA", 5)
			s := m.saga(clocktest.New())
			in := input("ord_1", Line{"TEA", 2})
			bring(t, m, s, in, c.before)
			in.Order.CommittedBy = c.committedBy
			for range 2 {
				if got, err := s.giveBack(t.Context(), in); err != nil || got.Returned != c.returned {
					t.Errorf("got %+v, %v", got, err)
				}
			}
			if got := m.shards[shardID{"TEA", 0}]; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestAnOrderIsRefusedOnlyWhenEveryShardOfALineIsShort(t *testing.T) {
	for stocked := range 4 {
		m := newMemory(map[string]int{"TEA": 4})
		m.shards[shardID{"TEA", stocked}], _ = credit().Apply(Ledger{}, 3)
		s := m.saga(clocktest.New())
		if _, err := s.reserve(t.Context(), input("ord_1", Line{"TEA", 3})); err != nil {
			t.Fatalf("stock in shard %d: %v", stocked, err)
		}
		_, err := s.reserve(t.Context(), input("ord_2", Line{"TEA", 1}))
		wantCode(t, err, platform.InsufficientStock)
	}
}

func TestShuffledIsEachShardOnce(t *testing.T) {
	s := newMemory(nil).saga(clocktest.New())
	for n := 1; n < 9; n++ {
		shards, err := shuffled(s.rand, n)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[int]bool{}
		for _, i := range shards {
			seen[i] = i >= 0 && i < n
		}
		if len(shards) != n || len(seen) != n {
			t.Errorf("%d shards: %v", n, shards)
		}
	}
}

func TestTheNumberOfShardsIsReadOnceAMinute(t *testing.T) {
	m, clock := newMemory(map[string]int{"TEA": 3}), clocktest.New()
	memory := newShardMemory(m, clock)
	ask := func(want int) {
		t.Helper()
		counts, err := memory.Shards(t.Context(), []string{"TEA", "CUP"})
		if err != nil || counts["TEA"] != 3 || counts["CUP"] != 1 || m.reads != want {
			t.Errorf("%v, %v after %d reads, want %d", counts, err, m.reads, want)
		}
	}
	ask(1)
	ask(1)
	clock.Add(rememberShards)
	ask(2)
}

func TestSettling(t *testing.T) {
	cases := []struct {
		name   string
		before State // "" for no reservation
		to     State
		code   platform.Code
		want   Ledger
	}{
		{"held is consumed", Held, Consumed, "", Ledger{Received: 5, Available: 3, Taken: 2}},
		{"held is released", Held, Released, "", Ledger{Received: 5, Available: 5}},
		{"held is returned", Held, Returned, "", Ledger{Received: 5, Available: 5}},
		{"consumed is returned", Consumed, Returned, "", Ledger{Received: 5, Available: 5}},
		{"returned again", Returned, Returned, "", Ledger{Received: 5, Available: 5}},
		{"the confirmation of what was returned is old news", Returned, Consumed, "", Ledger{Received: 5, Available: 5}},
		{"consumed again", Consumed, Consumed, "", Ledger{Received: 5, Available: 3, Taken: 2}},
		{"released again", Released, Released, "", Ledger{Received: 5, Available: 5}},
		{"nothing needs no release", "", Released, "", Ledger{Received: 5, Available: 5}},
		{"nothing cannot be returned", "", Returned, platform.Internal, Ledger{Received: 5, Available: 5}},
		{"released goods were never sold", Released, Returned, platform.Internal, Ledger{Received: 5, Available: 5}},
		{"returned goods were sold", Returned, Released, platform.Internal, Ledger{Received: 5, Available: 5}},
		{"nothing cannot be consumed", "", Consumed, platform.Internal, Ledger{Received: 5, Available: 5}},
		{"sold goods are not released", Consumed, Released, platform.Internal, Ledger{Received: 5, Available: 3, Taken: 2}},
		{"released goods are not sold", Released, Consumed, platform.Internal, Ledger{Received: 5, Available: 5}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory(nil).fill("TEA", 5)
			if c.before != "" {
				if _, err := m.saga(clocktest.New()).reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
					t.Fatal(err)
				}
			}
			if c.before != "" && c.before != Held {
				if err := settle(t.Context(), m, "ord_1", c.before); err != nil {
					t.Fatal(err)
				}
			}
			wantCode(t, settle(t.Context(), m, "ord_1", c.to), c.code)
			if got := m.shards[shardID{"TEA", 0}]; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// Whatever arrives in whatever order, however often: nothing is sold beyond what was received, each receipt counts once, and each
// order's lines are accounted for by its reservation.
func TestStockIsNeverSoldBeyondWhatWasReceived(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, clock := newMemory(map[string]int{"TEA": 2}), clocktest.New()
		s, c := m.saga(clock), m.creditor(clock)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			clock.Add(time.Second)
			n := rapid.Int64Range(1, 6).Draw(t, "order")
			order := input(fmt.Sprintf("ord_%d", n), Line{"TEA", n}, Line{"CUP", 1})
			var err error
			switch rapid.SampledFrom([]string{"credit", "reserve", "release", "consume", "return"}).Draw(t, "what") {
			case "credit":
				sku := rapid.SampledFrom([]string{"TEA", "CUP"}).Draw(t, "sku")
				err = c.once(t.Context(), Receipt{SKU: sku, ID: fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "receipt")), Quantity: 4})
			case "reserve":
				_, err = s.reserve(t.Context(), order)
			case "release":
				err = settle(t.Context(), m, order.Order.OrderID, Released)
			case "consume":
				err = settle(t.Context(), m, order.Order.OrderID, Consumed)
			case "return":
				order.Order.CommittedBy = rapid.SampledFrom([]string{"", east, west}).Draw(t, "committed by")
				_, err = s.giveBack(t.Context(), order)
			}
			if code := platform.CodeOf(err); err != nil && code != platform.InsufficientStock && code != platform.ReservationClosed && code != platform.Internal {
				t.Fatal(err)
			}
			checkStock(t, m)
		}
	})
}

func checkStock(t *rapid.T, m *memory) {
	for id, l := range m.shards {
		if min(l.Received, l.Available, l.Taken) < 0 {
			t.Fatalf("%v: %+v", id, l)
		}
	}
	for _, sku := range []string{"TEA", "CUP"} {
		var want Counters
		for id, q := range m.credited {
			if id[0] == sku {
				want.Received += q
			}
		}
		for _, r := range m.reservations {
			for _, l := range r.Lines {
				if l.SKU == sku && r.State == Held {
					want.Held += l.Quantity
				}
				if l.SKU == sku && r.State == Consumed {
					want.Consumed += l.Quantity
				}
			}
		}
		want.Available = want.Received - want.Held - want.Consumed
		if got, _ := m.Counters(t.Context(), sku); got != want || got.ledger().Check() != nil {
			t.Fatalf("%s: counters %+v, receipts and reservations amount to %+v", sku, got, want)
		}
	}
}

package inventory

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform/clocktest"
)

func drawSide(t *rapid.T, name string) side {
	return side{rapid.Int64Range(0, 1_000_000).Draw(t, name+" has"), rapid.Int64Range(0, 10_000).Draw(t, name+" sells")}
}

func TestARegionGivesWhatItHasAndFillsWhatItCanSpare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		own, peer := drawSide(t, "own"), drawSide(t, "peer")
		asked := rapid.Int64Range(-10, 2_000_000).Draw(t, "asked")
		q := spare(asked, own, peer)
		switch {
		case q < 0 || q > own.available:
			t.Fatalf("gives %d of %d", q, own.available)
		case asked <= 0 && q != 0:
			t.Fatalf("gives %d unasked", q)
		case asked > 0 && asked <= (own.available+1)/2 && q < asked:
			t.Fatalf("gives %d of %d though half of it would do for %d", q, own.available, asked)
		case asked > 0 && own.demand == 0 && q < min(asked, own.available):
			t.Fatalf("keeps what it does not sell: gives %d of %d for %d", q, own.available, asked)
		}
	})
}

func TestEveningOutEndsAndTakesNothingBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSide(t, "a"), drawSide(t, "b")
		q := level(a, b)
		if q < 0 || q > a.available {
			t.Fatalf("gives %d of %d", q, a.available)
		}
		a.available, b.available = a.available-q, b.available+q
		if again, back := level(a, b), level(b, a); again != 0 || q > 0 && back != 0 {
			t.Fatalf("after %d moved, %d more go and %d come back: %+v %+v", q, again, back, a, b)
		}
	})
}

func TestEveningOutLeavesEnoughToGoOnSelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSide(t, "a"), drawSide(t, "b")
		b.demand = rapid.Int64Range(0, (a.available+b.available)/4).Draw(t, "b sells no more than a quarter of the goods")
		if q := level(a, b); a.available-q < (a.available+b.available)/3-1 && q > 0 {
			t.Fatalf("leaves %d of %d", a.available-q, a.available+b.available)
		}
	})
}

func TestPortionsAndDrainsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := make([]Ledger, rapid.IntRange(1, maxShards).Draw(t, "shards"))
		q := rapid.Int64Range(0, 300).Draw(t, "quantity")
		var sum int64
		for _, p := range portions("TEA", q, len(shards), 3) {
			shards[p.Shard].Available += p.Quantity
			sum += p.Quantity
		}
		if sum != q {
			t.Fatalf("portions of %d are %d", q, sum)
		}
		want := rapid.Int64Range(1, 400).Draw(t, "wanted")
		parts := drain("TEA", shards, want)
		var taken int64
		for _, p := range parts {
			if taken += p.Quantity; p.Quantity > shards[p.Shard].Available {
				t.Fatalf("takes %+v of %+v", p, shards[p.Shard])
			}
		}
		if want <= q && taken != want || want > q && parts != nil {
			t.Fatalf("wanted %d of %d, took %d", want, q, taken)
		}
	})
}

func TestAnOrderWaitsOnlyWhileThereIsHope(t *testing.T) {
	now := clocktest.Noon
	peer := func(available int64, at time.Time) Snapshot {
		return Snapshot{At: at, Counters: Counters{Available: available}}
	}
	short := shortage{line: Line{"TEA", 5}, available: 2}
	want := Request{Want: 3, At: now}
	for _, c := range []struct {
		name string
		d    dealings
		want prospect
	}{
		{"the other has too little", dealings{peer: peer(2, now)}, none},
		{"the other has enough", dealings{peer: peer(3, now)}, restate},
		{"the goods are on their way", dealings{given: 3, request: Request{Want: 3, At: now}}, waiting},
		{"asked a moment ago", dealings{peer: peer(3, now.Add(-time.Hour)), request: Request{Want: 3, At: now.Add(-patience / 2)}}, waiting},
		{"asked long ago and no answer", dealings{peer: peer(3, now.Add(-time.Hour)), request: Request{Want: 3, At: now.Add(-patience)}}, none},
		{"asked long ago, and it has shown life since", dealings{peer: peer(3, now.Add(-time.Second)), request: Request{Want: 3, At: now.Add(-patience)}}, restate},
		{"asked for less", dealings{peer: peer(3, now), request: Request{Want: 2, At: now.Add(-patience)}}, restate},
	} {
		if got := hope(short, c.d, 0, want); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

package inventory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// crowded is a stock table of which each shard takes so many writes a second and no more.
type crowded struct {
	*memory
	limit, second float64 // writes, and the time that has passed
	each          float64 // between two writes of all instances, in the mean
	source        *rand.ChaCha8
	draw          *rand.Rand
	free          map[shardID]float64 // when a shard takes the next one
	tries         int
}

func newCrowded(limit float64) *crowded {
	return &crowded{memory: newMemory(map[string]int{}).fill("TEA", 100_000), limit: limit, free: map[shardID]float64{}, source: rand.NewChaCha8([32]byte{1}), draw: rand.New(rand.NewPCG(1, 2))}
}

// instance is one of those that reserve at once.
func (c *crowded) instance() saga {
	s := c.saga(clocktest.New())
	s.stock, s.shards, s.rand = c, newShardMemory(c, clocktest.New()), c.source
	return s
}

func (c *crowded) takes(sku string, shard int) bool {
	id := shardID{sku, shard}
	c.tries++
	c.second += c.each * c.draw.ExpFloat64()
	if c.second < c.free[id] {
		return false
	}
	c.free[id] = max(c.second, c.free[id]) + 1/c.limit
	return true
}

func (c *crowded) Hold(ctx context.Context, r Reservation) (HoldResult, error) {
	var res HoldResult
	for i, l := range r.Lines {
		if !c.takes(l.SKU, l.Shard) {
			res.Busy = append(res.Busy, i)
		}
	}
	if res.Busy != nil {
		return res, nil
	}
	return c.memory.Hold(ctx, r)
}

func (c *crowded) Gather(ctx context.Context, from []ReservedLine, into ReservedLine) (bool, error) {
	for _, l := range append(from, into) {
		if !c.takes(l.SKU, l.Shard) {
			return false, platform.Refuse(platform.Unavailable, "throttled")
		}
	}
	return c.memory.Gather(ctx, from, into)
}

// press has orders for one unit come to instances in turn for some seconds, as fast as so many writes are tried a second, and answers how many
// were reserved a second.
func (c *crowded) press(t *testing.T, instances []saga, seconds, writes float64) float64 {
	t.Helper()
	c.each = 1 / writes
	held, begin := 0, c.second
	for i := 0; c.second < begin+seconds; i++ {
		_, err := instances[i%len(instances)].reserve(t.Context(), input(fmt.Sprint("ord_", c.second), Line{"TEA", 1}))
		switch {
		case err == nil:
			held++
		case platform.CodeOf(err) != platform.Unavailable:
			t.Fatal(err)
		}
	}
	return float64(held) / seconds
}

func TestAHotSKUIsSoldFromAsManyShardsAsItNeeds(t *testing.T) {
	const limit = 50
	c := newCrowded(limit)
	var instances []saga
	for range 10 {
		instances = append(instances, c.instance())
	}
	c.press(t, instances, 2, limit/10)
	if n := c.counts["TEA"]; n > 1 {
		t.Errorf("a quiet SKU has %d shards", n)
	}
	c.press(t, instances, 5, 4*maxShards*limit)
	held := c.press(t, instances, 5, 4*maxShards*limit)
	if n := c.counts["TEA"]; n != maxShards || held < maxShards*limit*3/4 || held > maxShards*limit+1 {
		t.Errorf("%d shards, and %.0f reserved in a second, want %d and %d", n, held, maxShards, maxShards*limit)
	}
	if got, _ := c.Ledger(t.Context(), "TEA"); got.Check() != nil || got.Received != 100_000 {
		t.Errorf("%+v: %v", got, got.Check())
	}
}

func TestABusyStepLooksAtEachShardOnce(t *testing.T) {
	c := newCrowded(1)
	c.counts["TEA"] = 8
	for shard := range 8 {
		c.free[shardID{"TEA", shard}] = 10
	}
	s := c.instance()
	_, err := s.reserve(t.Context(), input("ord_1", Line{"TEA", 1}))
	wantCode(t, err, platform.Unavailable)
	if most := 8 + 2*8/2; c.tries < 8 || c.tries > most {
		t.Errorf("it tried %d writes, want one for each shard, and what it takes to share their goods: at most %d", c.tries, most)
	}
}

func TestSharesEvenOutAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := make([]Ledger, rapid.IntRange(1, maxShards).Draw(t, "shards"))
		for i := range shards {
			shards[i].Available = rapid.Int64Range(0, 1000).Draw(t, "available")
		}
		before := sumOf(shards)
		rounds := 0
		for ; len(shares(shards)) > 0; rounds++ {
			if rounds > 3*maxShards {
				t.Fatalf("it never ends: %+v", shards)
			}
			for _, m := range shares(shards) {
				shards[m.from].Available -= m.quantity
				shards[m.into].Available += m.quantity
				if m.quantity <= 0 || shards[m.from].Available < 0 {
					t.Fatalf("it moves %+v", m)
				}
			}
		}
		if sumOf(shards) != before {
			t.Fatalf("%+v became %+v", before, sumOf(shards))
		}
		for i, s := range shards {
			if s.Available < (before.Available/int64(len(shards))+1)/2 {
				t.Fatalf("shard %d was left with %d: %+v", i, s.Available, shards)
			}
		}
	})
}

package inventory

import (
	"context"
	"time"

	"twofold/internal/platform"
)

// rememberShards is how long the number of a SKU's shards is taken from memory. It only grows, so an old number costs nothing but
// spread.
const rememberShards = time.Minute

// shardMemory spares reserving an order a read in almost all cases.
type shardMemory struct {
	store shardCounter
	clock platform.Clock
	known map[string]*remembered
}

type remembered struct {
	count int
	busy  int // how often one of them was found busy since it was read
	until time.Time
}

func newShardMemory(store shardCounter, clock platform.Clock) *shardMemory {
	return &shardMemory{store: store, clock: clock, known: map[string]*remembered{}}
}

// Shards reads what is not remembered. Like a Lambda instance it serves one call at a time.
func (m *shardMemory) Shards(ctx context.Context, skus []string) (map[string]int, error) {
	now := m.clock.Now()
	counts := make(map[string]int, len(skus))
	var missing []string
	for _, sku := range skus {
		if k, ok := m.known[sku]; ok && now.Before(k.until) {
			counts[sku] = k.count
		} else {
			missing = append(missing, sku)
		}
	}
	if len(missing) == 0 {
		return counts, nil
	}
	read, err := m.store.Shards(ctx, missing)
	for sku, n := range read {
		counts[sku] = n
		m.known[sku] = &remembered{count: n, until: now.Add(rememberShards)}
	}
	return counts, err
}

// relieveAfter is how often one instance finds a SKU's shards busy within a minute before it does something about it.
const relieveAfter = 4

// noteBusy remembers that a shard of a SKU was busy. It reports how many shards the SKU was known to have, and whether it is time to relieve them: by
// more shards while there can be more, else by goods if one was met that has too few. Then their number is read anew.
func (m *shardMemory) noteBusy(sku string, short bool) (known int, relieve bool) {
	k := m.known[sku]
	if k == nil {
		return 0, false
	}
	if k.busy++; k.busy < relieveAfter || k.count == maxShards && !short {
		return k.count, false
	}
	delete(m.known, sku)
	return k.count, true
}

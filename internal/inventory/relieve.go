package inventory

import (
	"cmp"
	"context"
	"slices"

	"twofold/internal/platform"
)

// relieve is called when all shards of a SKU that were known, or some of them, were busy again and again. If goods lie unevenly, the shards
// that have most share them with those that have least, which take the writes from then on; else there are twice as many shards,
// which get their share in the same way. Whoever knew of fewer shards than there are only learns of them. What is throttled on the way is left to the
// next one that finds them busy.
func (s saga) relieve(ctx context.Context, sku string, known int) error {
	shards, err := s.stock.EachShard(ctx, sku)
	if err != nil {
		return unlessTransient(err)
	}
	if len(shards) == known && len(shares(shards)) == 0 {
		more := min(2*known, maxShards)
		split, err := s.stock.Split(ctx, sku, known, more)
		if err != nil || !split {
			return unlessTransient(err)
		}
		shards = append(shards, make([]Ledger, more-known)...)
	}
	for _, m := range shares(shards) {
		from, into := ReservedLine{SKU: sku, Shard: m.from, Quantity: m.quantity}, ReservedLine{SKU: sku, Shard: m.into, Quantity: m.quantity}
		if _, err := s.stock.Gather(ctx, []ReservedLine{from}, into); unlessTransient(err) != nil {
			return err
		}
	}
	return nil
}

// unlessTransient is an error that trying again would not help against.
func unlessTransient(err error) error {
	if platform.IsTransient(err) {
		return nil
	}
	return err
}

// share is what one shard gives another.
type share struct {
	from, into int
	quantity   int64
}

// shares pairs the shards that have most with those that have least: half of the difference goes to each one that has less than half of the mean. Each
// pair is a transaction of its own, because a busy shard lets only some through. Goods that are fewer than the shards stay where they are.
func shares(shards []Ledger) []share {
	order := make([]int, len(shards))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shards[b].Available, shards[a].Available) })
	mean := sumOf(shards).Available / int64(len(shards))
	var out []share
	for i := range len(order) / 2 {
		most, least := order[i], order[len(order)-1-i]
		if q := (shards[most].Available - shards[least].Available) / 2; q > 0 && shards[least].Available < (mean+1)/2 {
			out = append(out, share{most, least, q})
		}
	}
	return out
}

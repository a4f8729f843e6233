package inventory

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// maxShards bounds the shards of a SKU: a transaction over all of them, with what goes with it, stays below 100 items.
const maxShards = 16

// EachShard are the ledgers of every shard of a SKU, read consistently one by one.
func (t stockTable) EachShard(ctx context.Context, sku string) ([]Ledger, error) {
	first, err := t.readShards(ctx, sku, []int{0})
	if err != nil {
		return nil, err
	}
	var rest []int
	for shard := 1; shard < first[0].Shards; shard++ {
		rest = append(rest, shard)
	}
	more, err := t.readShards(ctx, sku, rest)
	if err != nil {
		return nil, err
	}
	out := make([]Ledger, 0, 1+len(more))
	for _, s := range append(first, more...) {
		out = append(out, s.Ledger)
	}
	return out, nil
}

// readShards reads some shards of a SKU; one that does not exist is empty.
func (t stockTable) readShards(ctx context.Context, sku string, shards []int) ([]shardItem, error) {
	if len(shards) == 0 {
		return nil, nil
	}
	ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	place := map[string]int{}
	for i, shard := range shards {
		k := shardKey(sku, shard)
		ask.Keys, place[text(k, attrPK)] = append(ask.Keys, k), i
	}
	items, err := batchGetAs(ctx, t.db, t.name, ask)
	if err != nil {
		return nil, err
	}
	out := make([]shardItem, len(shards))
	for _, item := range items {
		if err := attributevalue.UnmarshalMap(item, &out[place[text(item, attrPK)]]); err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
	}
	return out, nil
}

// Gather moves what is available of a SKU from some shards into another one, all or nothing. False means that a shard has less by now.
func (t stockTable) Gather(ctx context.Context, from []ReservedLine, into ReservedLine) (bool, error) {
	return t.moved(t.transact(ctx, append(t.moves(leave(), from), t.moves(arrive(), []ReservedLine{into})...)))
}

// moved reports whether a transaction came to pass; false if a condition was in its way.
func (t stockTable) moved(err error) (bool, error) {
	for _, reason := range platform.CancellationReasons(err) {
		if aws.ToString(reason.Code) == platform.ConditionCode {
			return false, nil
		}
	}
	return err == nil, platform.FromAWS(err)
}

// Split gives a SKU more shards than it was seen to have. The number never goes down, so whoever remembers an older one is not wrong about any
// shard and only spreads less. False means that somebody else has changed it. It tries once: the shard that it writes to is a busy one, an order
// waits, and the next one that finds it busy tries again.
func (t stockTable) Split(ctx context.Context, sku string, seen, shards int) (bool, error) {
	condition := "shards = :seen"
	if seen <= 1 {
		condition = "attribute_not_exists(shards) OR shards = :seen"
	}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: shardKey(sku, 0),
		UpdateExpression: aws.String("SET shards = :n"), ConditionExpression: &condition,
		ExpressionAttributeValues: platform.Item{":n": num(int64(min(shards, maxShards))), ":seen": num(int64(seen))},
	}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	if _, failed := platform.ConditionFailed(err); failed {
		return false, nil
	}
	return err == nil, platform.FromAWS(err)
}

// portions spreads a quantity evenly over a SKU's shards, beginning at one of them. Shards that would get nothing are left out.
func portions(sku string, quantity int64, shards, begin int) []ReservedLine {
	var out []ReservedLine
	for i := range shards {
		q := quantity / int64(shards)
		if int64(i) < quantity%int64(shards) {
			q++
		}
		if q > 0 {
			out = append(out, ReservedLine{SKU: sku, Shard: (begin + i) % shards, Quantity: q})
		}
	}
	return out
}

// drain takes a quantity from a SKU's shards, from those that have most first; nil if all together have less.
func drain(sku string, shards []Ledger, quantity int64) []ReservedLine {
	order := make([]int, len(shards))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(shards[b].Available - shards[a].Available) })
	var out []ReservedLine
	for _, i := range order {
		if q := min(quantity, shards[i].Available); q > 0 {
			out, quantity = append(out, ReservedLine{SKU: sku, Shard: i, Quantity: q}), quantity-q
		}
	}
	if quantity > 0 {
		return nil
	}
	return out
}

func sumOf(shards []Ledger) Ledger {
	var sum Ledger
	for _, s := range shards {
		sum = sum.Plus(s)
	}
	return sum
}

// total reads how much of a SKU this region has given to another, or credited from it, and whether it ever has.
func (t stockTable) total(ctx context.Context, what counter, peer, sku string) (int64, bool, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: totalKey(what, peer, sku), ConsistentRead: aws.Bool(true)})
	if err != nil || res.Item == nil {
		return 0, false, platform.FromAWS(err)
	}
	n, err := number(res.Item, "quantity")
	return n, true, err
}

func number(item platform.Item, name string) (int64, error) {
	v, ok := item[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0, platform.Wrap(platform.Internal, err)
	}
	return n, nil
}

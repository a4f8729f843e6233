package inventory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// pass is one way through all orders, which are counted, and then through all SKUs, which are credited. It stands in the stock table, and each step is one
// transaction with it: so a step counts once, whoever repeats it, and of two runs that do the same step one goes on.
type pass struct {
	Number int64     `dynamodbav:"number"`
	Epoch  int64     `dynamodbav:"epoch"` // of the fence
	Apply  bool      `dynamodbav:"apply"` // else it only tells
	Phase  string    `dynamodbav:"phase"`
	After  string    `dynamodbav:"after"` // how far the phase has come: an item of the order service, or a SKU
	Open   int       `dynamodbav:"open"`  // orders without outcome so far
	At     time.Time `dynamodbav:"at"`    // of the last step
}

// The phases of a pass.
const (
	phaseCount  = "count"
	phaseCredit = "credit"
	phaseDone   = "done"
)

// passLives is how long after its last step a pass is gone on with: what it has counted may have changed since.
const passLives = 15 * time.Minute

func passKey(peer string) platform.Item { return key("adopt#"+peer, "pass") }

// soldKey keeps what a pass has counted of a SKU. Each is a partition of its own.
func soldKey(peer, sku string) platform.Item { return key("adopt#"+peer+"#"+sku, "sold") }

// pass is the one to go on with: the last one, or the next if that is done, was for something else, or was left.
func (a adopter) pass(ctx context.Context, epoch int64, apply bool) (pass, error) {
	res, err := a.stock.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &a.stock.name, Key: passKey(a.peer), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return pass{}, platform.FromAWS(err)
	}
	var last pass
	if err := attributevalue.UnmarshalMap(res.Item, &last); err != nil {
		return pass{}, platform.Wrap(platform.Internal, err)
	}
	if last.Phase != phaseDone && last.Epoch == epoch && last.Apply == apply && a.clock.Now().Sub(last.At) < passLives {
		return last, nil
	}
	return a.keep(ctx, last, pass{Number: last.Number + 1, Epoch: epoch, Apply: apply, Phase: phaseCount})
}

// count adds the next page of what the dead region has sold to what the pass has counted.
func (a adopter) count(ctx context.Context, p pass) (pass, error) {
	page, err := a.orders.Sold(ctx, a.peer, p.After)
	if err != nil {
		return p, err
	}
	next := p
	next.Open, next.After = p.Open+page.Open, page.Next
	switch {
	case page.Next != "":
	case next.Open > 0:
		next.Phase = phaseDone
	default:
		next.Phase = phaseCredit
	}
	counted, err := a.stock.counted(ctx, a.peer, p.Number, page.Sold)
	if err != nil {
		return p, err
	}
	return a.keep(ctx, p, next, counted...)
}

// keep makes one step of a pass with all that goes with it, unless another run has made one since.
func (a adopter) keep(ctx context.Context, from, to pass, with ...types.TransactWriteItem) (pass, error) {
	to.At = a.clock.Now().UTC()
	item, err := attributevalue.MarshalMap(to)
	if err != nil {
		return from, platform.Wrap(platform.Internal, err)
	}
	for k, v := range passKey(a.peer) {
		item[k] = v
	}
	put := types.TransactWriteItem{Put: &types.Put{TableName: &a.stock.name, Item: item,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR (#number = :number AND phase = :phase AND #after = :after)"),
		ExpressionAttributeNames:  map[string]string{"#number": "number", "#after": "after"},
		ExpressionAttributeValues: platform.Item{":number": num(from.Number), ":phase": str(from.Phase), ":after": str(from.After)}}}
	done, err := a.stock.moved(a.stock.transact(ctx, append(with, put)))
	if err == nil && !done {
		err = platform.Refuse(platform.Unavailable, "another run adopts "+a.peer)
	}
	return to, err
}

// counted are the items that have a pass know of so many units more. They say how many altogether: whoever writes them does so
// on condition that the pass is where it was when they were read.
func (t stockTable) counted(ctx context.Context, peer string, number int64, more map[string]int64) ([]types.TransactWriteItem, error) {
	if len(more) == 0 {
		return nil, nil
	}
	skus := slices.Sorted(maps.Keys(more))
	ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for _, sku := range skus {
		ask.Keys = append(ask.Keys, soldKey(peer, sku))
	}
	items, err := batchGetAs(ctx, t.db, t.name, ask)
	if err != nil {
		return nil, err
	}
	before := map[string]int64{} // by partition
	for _, item := range items {
		if before[text(item, attrPK)], err = soldIn(item, number); err != nil {
			return nil, err
		}
	}
	var out []types.TransactWriteItem
	for _, sku := range skus {
		item := soldKey(peer, sku)
		item["number"], item["quantity"] = num(number), num(before[text(item, attrPK)]+more[sku])
		out = append(out, types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: item}})
	}
	return out, nil
}

// Sold is what a pass has counted of a SKU.
func (t stockTable) Sold(ctx context.Context, peer, sku string, pass int64) (int64, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: soldKey(peer, sku), ConsistentRead: aws.Bool(true)})
	if err != nil || res.Item == nil {
		return 0, platform.FromAWS(err)
	}
	return soldIn(res.Item, pass)
}

// soldIn is the quantity of an item, 0 if another pass has counted it.
func soldIn(item platform.Item, pass int64) (int64, error) {
	of, err := number(item, "number")
	if err != nil || of != pass {
		return 0, err
	}
	return number(item, "quantity")
}

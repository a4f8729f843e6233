package inventory

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// Detail types of what regions have to do with each other about stock.
const (
	typeTransfer = "StockTransferred"
	typeRequest  = "StockRequested"
)

// Request is how much of a SKU a region wants to have got from the other altogether, since ever.
type Request struct {
	Want int64
	At   time.Time // when it asked; zero if it never did
}

// dealings is what this region's replica says of a SKU between the two regions.
type dealings struct {
	request Request  // this region's
	given   int64    // by the other to this one, altogether
	peer    Snapshot // the other's; the zero value if it told nothing
	demand  int64    // there
}

// Dealings reads what stands between this region and its peer about a SKU, all that this region's replica has: adopt adds it up.
func (t catalogueTable) Dealings(ctx context.Context, sku, peer string) (dealings, error) {
	keys := []platform.Item{requestKey(sku, t.region), transferKey(sku, peer, t.region), snapshotKey(sku, peer)}
	items, err := batchGetAs(ctx, t.db, t.name, types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return dealings{}, err
	}
	var d dealings
	for _, item := range items {
		if err := d.read(item, keys); err != nil {
			return dealings{}, err
		}
	}
	return d, nil
}

func (d *dealings) read(item platform.Item, keys []platform.Item) (err error) {
	switch text(item, attrSK) {
	case text(keys[0], attrSK):
		if d.request.Want, err = number(item, "quantity"); err != nil {
			return err
		}
		d.request.At, err = time.Parse(time.RFC3339, text(item, "at"))
	case text(keys[1], attrSK):
		d.given, err = number(item, "quantity")
	case text(keys[2], attrSK):
		if d.peer, err = snapshotFrom(item); err != nil {
			return err
		}
		d.demand = d.peer.Demand
	}
	return err
}

// PutRequest asks a region for stock. What was asked for never becomes less; the same may be asked again later.
func (t catalogueTable) PutRequest(ctx context.Context, sku, of string, r Request) error {
	item := t.dealing(typeRequest, requestKey(sku, t.region), sku, of, r.Want)
	item["at"] = str(stamp(r.At))
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item,
		ConditionExpression:      aws.String("attribute_not_exists(pk) OR quantity < :q OR (quantity = :q AND #at < :at)"),
		ExpressionAttributeNames: map[string]string{"#at": "at"}, ExpressionAttributeValues: platform.Item{":q": num(r.Want), ":at": item["at"]}})
	return unlessOvertaken(err)
}

// PutTransfer tells a region how much it was given altogether. An older number never takes the place of a newer one.
func (t catalogueTable) PutTransfer(ctx context.Context, sku, receiver string, total int64) error {
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: t.dealing(typeTransfer, transferKey(sku, t.region, receiver), sku, receiver, total),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR quantity < :q"), ExpressionAttributeValues: platform.Item{":q": num(total)}})
	return unlessOvertaken(err)
}

// unlessOvertaken drops the error of a write that a later one has made needless.
func unlessOvertaken(err error) error {
	if _, later := platform.ConditionFailed(err); later {
		return nil
	}
	return platform.FromAWS(err)
}

// dealing is an item for another region, with all that the pipe's template names.
func (t catalogueTable) dealing(kind string, item platform.Item, sku, target string, quantity int64) platform.Item {
	item["type"], item["sku"], item["receiptId"], item["region"] = str(kind), str(sku), str(""), str(t.region)
	item["target"], item["quantity"] = str(target), num(quantity)
	item[sweepIndex] = str(movesSweep(target))
	return item
}

// Transferred is how much of a SKU this region has told a receiver that it gave.
func (t catalogueTable) Transferred(ctx context.Context, sku, receiver string) (int64, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: transferKey(sku, t.region, receiver), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return 0, platform.FromAWS(err)
	}
	return number(res.Item, "quantity")
}

// Give takes goods from shards for another region, in one transaction with the total that was given. Only who knows that total can give, so
// of two runs that answer one request one gives. False means that it was overtaken.
func (t stockTable) Give(ctx context.Context, receiver string, parts []ReservedLine, before, after int64) (bool, error) {
	return t.moved(t.transact(ctx, append([]types.TransactWriteItem{t.totalFrom(given, receiver, parts[0].SKU, before, after)}, t.moves(give(), parts)...)))
}

// Take credits goods from another region to shards, in one transaction with the total that was credited: each unit once, and an older
// number that arrives late finds a total that is no longer the one it was compared with. False means that it was overtaken.
func (t stockTable) Take(ctx context.Context, giver string, parts []ReservedLine, before, after int64) (bool, error) {
	return t.moved(t.transact(ctx, append([]types.TransactWriteItem{t.totalFrom(got, giver, parts[0].SKU, before, after)}, t.moves(take(), parts)...)))
}

// totalFrom sets a total on condition that it is what was seen; zero may also not stand there yet, as may what the global table knows
// of a region that lost its own.
func (t stockTable) totalFrom(what counter, peer, sku string, before, after int64) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{TableName: &t.name, Key: totalKey(what, peer, sku),
		UpdateExpression: aws.String("SET quantity = :after"), ConditionExpression: aws.String("attribute_not_exists(pk) OR quantity = :before"),
		ExpressionAttributeValues: platform.Item{":before": num(before), ":after": num(after)}}}
}

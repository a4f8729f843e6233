package inventory

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// Held are the orders of reservations that have been held since before a time. The index is sparse: it has only what is held,
// however much there was, so one read of all its shards costs less than one of each. It may lag behind the table by a moment, which does not matter to what
// is minutes old.
func (t stockTable) Held(ctx context.Context, before time.Time) (orderIDs []string, err error) {
	return t.heldBefore(ctx, stamp(before))
}

// always is after every stamp.
const always = "A"

// HeldUnits are how many units of each SKU are held in this region. It reads every reservation that is: as many as orders are under way.
func (t stockTable) HeldUnits(ctx context.Context) (map[string]int64, error) {
	orders, err := t.heldBefore(ctx, always)
	if err != nil {
		return nil, err
	}
	units := map[string]int64{}
	for some := range slices.Chunk(orders, batchLimit) {
		ask := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
		for _, id := range some {
			ask.Keys = append(ask.Keys, reservationKey(id))
		}
		items, err := batchGetAs(ctx, t.db, t.name, ask)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if err := addHeld(units, item); err != nil {
				return nil, err
			}
		}
	}
	return units, nil
}

func addHeld(units map[string]int64, item platform.Item) error {
	r, err := reservationFrom(orderOf(item), item)
	if err != nil || r.State != Held { // the index may be late
		return err
	}
	for _, l := range r.Lines {
		units[l.SKU] += l.Quantity
	}
	return nil
}

func (t stockTable) heldBefore(ctx context.Context, before string) (orderIDs []string, err error) {
	pages := dynamodb.NewScanPaginator(t.db, &dynamodb.ScanInput{
		TableName: &t.name, IndexName: aws.String(heldIndex), FilterExpression: aws.String("heldAt < :before"),
		ExpressionAttributeValues: platform.Item{":before": str(before)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		for _, item := range page.Items {
			orderIDs = append(orderIDs, orderOf(item))
		}
	}
	return orderIDs, nil
}

// Last implements platform.Place for that round.
func (t stockTable) Last(ctx context.Context) (string, error) {
	all, err := t.Positions(ctx)
	return text(all[heldRound], "order"), err
}

// SetLast implements platform.Place.
func (t stockTable) SetLast(ctx context.Context, orderID string) error {
	return t.setPosition(ctx, heldRound, platform.Item{"order": str(orderID)})
}

// receiptWalk is the round over the catalogue's receipts, compared with the markers of this region's stock table.
type receiptWalk struct {
	catalogue catalogueTable
	stock     stockTable
}

// SetPosition implements round: a position is a key of the catalogue's index.
func (w receiptWalk) SetPosition(ctx context.Context, at platform.Item) error {
	return w.stock.setPosition(ctx, receiptsRound, at)
}

// Step scans the next piece of the sparse index, which holds receipts, transfers and requests, and takes this region's receipts
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html).
func (w receiptWalk) Step(ctx context.Context, after platform.Item) ([]Receipt, platform.Item, error) {
	page, err := w.catalogue.db.Scan(ctx, &dynamodb.ScanInput{
		TableName: &w.catalogue.name, IndexName: aws.String(sweepIndex), Limit: aws.Int32(receiptsPerStep), ExclusiveStartKey: after,
	})
	if err != nil {
		return nil, nil, platform.FromAWS(err)
	}
	var own []platform.Item
	for _, item := range page.Items {
		if isOwn(text(item, sweepIndex), w.catalogue.region) {
			own = append(own, item)
		}
	}
	missing, err := w.uncredited(ctx, own)
	if err != nil {
		return nil, nil, err
	}
	receipts := make([]Receipt, len(missing))
	for i, item := range missing {
		if receipts[i], err = w.catalogue.receipt(ctx, item); err != nil {
			return nil, nil, err
		}
	}
	return receipts, page.LastEvaluatedKey, nil
}

// uncredited are those of at most 100 receipts, each named once, that have no marker.
func (w receiptWalk) uncredited(ctx context.Context, receipts []platform.Item) ([]platform.Item, error) {
	type id struct{ pk, sk string }
	of := func(k platform.Item) id { return id{text(k, attrPK), text(k, attrSK)} }
	byMarker := map[id]platform.Item{}
	var keys []map[string]types.AttributeValue
	var order []id
	for _, item := range receipts {
		marker := creditedKey(receiptOf(item))
		if _, twice := byMarker[of(marker)]; !twice {
			keys, order = append(keys, marker), append(order, of(marker))
		}
		byMarker[of(marker)] = item
	}
	if len(keys) == 0 {
		return nil, nil
	}
	markers, err := batchGet(ctx, w.stock.db, w.stock.name, keys, "pk, sk")
	if err != nil {
		return nil, err
	}
	for _, m := range markers {
		delete(byMarker, of(m))
	}
	var out []platform.Item
	for _, k := range order {
		if item, ok := byMarker[k]; ok {
			out = append(out, item)
		}
	}
	return out, nil
}

// receipt reads a receipt whole; the index has its key only.
func (t catalogueTable) receipt(ctx context.Context, indexed platform.Item) (Receipt, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.name, Key: platform.Item{attrPK: indexed[attrPK], attrSK: indexed[attrSK]}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return Receipt{}, platform.FromAWS(err)
	}
	var r Receipt
	if err := attributevalue.UnmarshalMap(res.Item, &r); err != nil {
		return Receipt{}, platform.Wrap(platform.Internal, err)
	}
	return r, nil
}

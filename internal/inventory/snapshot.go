package inventory

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/platform"
)

// Snapshot is a region's counters of a SKU as that region last told the others. They are to be looked at; nothing is sold by them.
type Snapshot struct {
	Region string    `json:"region" dynamodbav:"region"`
	At     time.Time `json:"at" dynamodbav:"-"` // when the region noticed that its counters stand so
	Counters
}

// stockOf is what this region has to tell of a SKU.
type stockOf struct {
	SKU string
	Counters
}

// Snapshots are all regions' snapshots of a SKU, as far as this replica has them.
func (t catalogueTable) Snapshots(ctx context.Context, sku string) ([]Snapshot, error) {
	var items []struct {
		Snapshot
		At string `dynamodbav:"at"`
	}
	if err := t.query(ctx, sku, snapshotSK, &items); err != nil {
		return nil, err
	}
	out := make([]Snapshot, len(items))
	for i, item := range items {
		at, err := time.Parse(time.RFC3339, item.At)
		if err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
		out[i] = item.Snapshot
		out[i].At = at
	}
	return out, nil
}

// Published are the counters that this region last told of at most 100 SKUs; zeros for one of which it told nothing.
func (t catalogueTable) Published(ctx context.Context, skus []string) (map[string]Counters, error) {
	keys := make([]platform.Item, len(skus))
	for i, sku := range skus {
		keys[i] = snapshotKey(sku, t.region)
	}
	items, err := batchGet(ctx, t.db, t.name, keys, "")
	if err != nil {
		return nil, err
	}
	out := make(map[string]Counters, len(items))
	for _, item := range items {
		var c Counters
		if err := attributevalue.UnmarshalMap(item, &c); err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
		out[skuOfItem(item)] = c
	}
	return out, nil
}

// PutSnapshot tells what this region has of a SKU. A later snapshot, which another sweep has written meanwhile, stays.
func (t catalogueTable) PutSnapshot(ctx context.Context, s stockOf, at time.Time) error {
	item, err := attributevalue.MarshalMap(s.Counters)
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	for k, v := range snapshotKey(s.SKU, t.region) {
		item[k] = v
	}
	item["region"], item["at"] = str(t.region), str(stamp(at))
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk) OR #at < :at"),
		ExpressionAttributeNames: map[string]string{"#at": "at"}, ExpressionAttributeValues: platform.Item{":at": item["at"]},
	})
	if _, later := platform.ConditionFailed(err); later {
		return nil
	}
	return platform.FromAWS(err)
}

// snapshotWalk is the round over the catalogue's products, whose snapshots are compared with this region's counters.
type snapshotWalk struct {
	catalogue catalogueTable
	stock     stockTable
}

// Position is the key of the last product that was looked at.
func (w snapshotWalk) Position(ctx context.Context) (platform.Item, error) {
	return w.stock.position(ctx, "snapshots")
}

// SetPosition implements round.
func (w snapshotWalk) SetPosition(ctx context.Context, at platform.Item) error {
	return w.stock.setPosition(ctx, "snapshots", at)
}

// Step compares the next products.
func (w snapshotWalk) Step(ctx context.Context, after platform.Item) ([]stockOf, platform.Item, error) {
	page, more, err := w.catalogue.Page(ctx, skuOfItem(after), productsPerStep)
	if err != nil || len(page) == 0 {
		return nil, nil, err
	}
	skus := skusOf(page)
	now, err := w.stock.CountersOf(ctx, skus)
	if err != nil {
		return nil, nil, err
	}
	told, err := w.catalogue.Published(ctx, skus)
	if err != nil {
		return nil, nil, err
	}
	var changed []stockOf
	for _, sku := range skus {
		if now[sku] != told[sku] {
			changed = append(changed, stockOf{SKU: sku, Counters: now[sku]})
		}
	}
	if !more {
		return changed, nil, nil
	}
	return changed, platform.Item{attrPK: str(skuPK(skus[len(skus)-1]))}, nil
}

func skusOf(products []Product) []string {
	skus := make([]string, len(products))
	for i, p := range products {
		skus[i] = p.SKU
	}
	return skus
}

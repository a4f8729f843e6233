package inventory

import (
	"context"
	"strings"
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
	Demand int64     `json:"-" dynamodbav:"demand"`
	Counters
}

// stockOf is what this region has to tell of a SKU.
type stockOf struct {
	SKU    string
	Demand int64 // units taken here lately; see demandNow
	Counters
}

// Snapshots are all regions' snapshots of a SKU, as far as this replica has them.
func (t catalogueTable) Snapshots(ctx context.Context, sku string) ([]Snapshot, error) {
	items, err := t.itemsOf(ctx, sku, snapshotSK)
	if err != nil {
		return nil, err
	}
	out := make([]Snapshot, len(items))
	for i, item := range items {
		if out[i], err = snapshotFrom(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func snapshotFrom(item platform.Item) (Snapshot, error) {
	var s Snapshot
	if err := attributevalue.UnmarshalMap(item, &s); err != nil {
		return Snapshot{}, platform.Wrap(platform.Internal, err)
	}
	at, err := time.Parse(time.RFC3339, text(item, "at"))
	if err != nil {
		return Snapshot{}, platform.Wrap(platform.Internal, err)
	}
	s.At = at
	return s, nil
}

// Published is what this region last told of at most 100 SKUs; the zero value for one of which it told nothing.
func (t catalogueTable) Published(ctx context.Context, skus []string) (map[string]Snapshot, error) {
	all, err := t.told(ctx, skus, t.region)
	return all[t.region], err
}

// told is what regions last told of SKUs, by region and SKU: at most 100 snapshots, read in one call.
func (t catalogueTable) told(ctx context.Context, skus []string, regions ...string) (map[string]map[string]Snapshot, error) {
	var keys []platform.Item
	out := map[string]map[string]Snapshot{}
	for _, region := range regions {
		out[region] = map[string]Snapshot{}
		for _, sku := range skus {
			keys = append(keys, snapshotKey(sku, region))
		}
	}
	items, err := batchGet(ctx, t.db, t.name, keys, "")
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		s, err := snapshotFrom(item)
		if err != nil {
			return nil, err
		}
		out[strings.TrimPrefix(text(item, attrSK), snapshotSK)][skuOfItem(item)] = s
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
	item["region"], item["at"], item["demand"] = str(t.region), str(stamp(at)), num(s.Demand)
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk) OR #at < :at"),
		ExpressionAttributeNames: map[string]string{"#at": "at"}, ExpressionAttributeValues: platform.Item{":at": item["at"]},
	})
	return unlessOvertaken(err)
}

// productWalk is the round over the catalogue's products: what this region told of each, and what both have, is compared with its counters.
type productWalk struct {
	catalogue catalogueTable
	stock     stockTable
	peer      string
}

// look is what is to be done about a SKU.
type look struct {
	sku    string
	now    Ledger
	demand int64
	told   Snapshot
	tell   bool // the ledger or the demand is not as last told, or something was told to be held and may not be any more
	level  bool // the other region has too little for what it sells
}

// news is what is to be told when so many units are held; false if that is what was told last.
func (l look) news(held int64) (stockOf, bool) {
	s := stockOf{SKU: l.sku, Demand: l.demand, Counters: l.now.told(held)}
	return s, s.Counters != l.told.Counters || s.Demand != l.told.Demand
}

// SetPosition implements round: a position is the key of the last product that was looked at.
func (w productWalk) SetPosition(ctx context.Context, at platform.Item) error {
	return w.stock.setPosition(ctx, snapshotsRound, at)
}

// Step compares the next products.
func (w productWalk) Step(ctx context.Context, after platform.Item) ([]look, platform.Item, error) {
	page, more, err := w.catalogue.Page(ctx, skuOfItem(after), productsPerStep)
	if err != nil || len(page) == 0 {
		return nil, nil, err
	}
	skus := skusOf(page)
	now, err := w.stock.LedgersOf(ctx, skus)
	if err != nil {
		return nil, nil, err
	}
	told, err := w.catalogue.told(ctx, skus, w.catalogue.region, w.peer)
	if err != nil {
		return nil, nil, err
	}
	var due []look
	for _, sku := range skus {
		if l := lookAt(sku, now[sku], told[w.catalogue.region][sku], told[w.peer][sku]); l.tell || l.level {
			due = append(due, l)
		}
	}
	if !more {
		return due, nil, nil
	}
	return due, platform.Item{attrPK: str(skuPK(skus[len(skus)-1]))}, nil
}

func lookAt(sku string, now Ledger, told, peer Snapshot) look {
	before := told.ledger()
	demand := demandNow(told.Demand, now.Taken-before.Taken)
	own, other := side{now.Available, demand}, side{peer.Available, peer.Demand}
	return look{sku: sku, now: now, demand: demand, told: told,
		tell: now != before || demand != told.Demand || told.Held > 0, level: level(own, other) > 0}
}

func skusOf(products []Product) []string {
	skus := make([]string, len(products))
	for i, p := range products {
		skus[i] = p.SKU
	}
	return skus
}

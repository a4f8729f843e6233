package inventory

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// deal is something to be done about a SKU between the regions.
type deal struct {
	sku      string
	quantity int64 // altogether, since ever
	wanted   bool  // by the other region; else it was given
}

// dealWalk is the round over all transfers to this region and all requests to it, compared with what this region has credited and given.
type dealWalk struct {
	catalogue catalogueTable
	stock     stockTable
	peer      string
	clock     platform.Clock
}

// requestLives is how long a request is answered by the sweep: the orders that it was made for have an outcome by then, and what a region
// sells more than it has shows in its demand.
const requestLives = 5 * time.Minute

// SetPosition implements round: a position is a key of the catalogue's index.
func (w dealWalk) SetPosition(ctx context.Context, at platform.Item) error {
	return w.stock.setPosition(ctx, dealsRound, at)
}

// Step reads the next items for this region. There are at most two for a SKU, so a round is short.
func (w dealWalk) Step(ctx context.Context, after platform.Item) ([]deal, platform.Item, error) {
	page, err := w.catalogue.db.Query(ctx, &dynamodb.QueryInput{TableName: &w.catalogue.name, IndexName: aws.String(sweepIndex), Limit: aws.Int32(dealsPerStep),
		KeyConditionExpression: aws.String("sweep = :hash"), ExpressionAttributeValues: platform.Item{":hash": str(movesSweep(w.catalogue.region))},
		ExclusiveStartKey: after})
	if err != nil {
		return nil, nil, platform.FromAWS(err)
	}
	due, err := w.open(ctx, page.Items)
	return due, page.LastEvaluatedKey, err
}

// open are those of at most 50 items that this region has not done, or not wholly.
func (w dealWalk) open(ctx context.Context, indexed []platform.Item) ([]deal, error) {
	if len(indexed) == 0 {
		return nil, nil
	}
	var deals, totals types.KeysAndAttributes
	for _, item := range indexed {
		deals.Keys = append(deals.Keys, platform.Item{attrPK: item[attrPK], attrSK: item[attrSK]})
		totals.Keys = append(totals.Keys, w.totalKey(item))
	}
	found, err := batchGetAll(ctx, w.stock.db, map[string]types.KeysAndAttributes{w.catalogue.name: deals, w.stock.name: totals})
	if err != nil {
		return nil, err
	}
	done := map[string]int64{}
	for _, item := range found[w.stock.name] {
		if done[text(item, attrSK)], err = number(item, "quantity"); err != nil {
			return nil, err
		}
	}
	var due []deal
	for _, item := range found[w.catalogue.name] {
		d := deal{sku: skuOfItem(item), wanted: isRequest(item)}
		if d.wanted && text(item, "at") < stamp(w.clock.Now().Add(-requestLives)) {
			continue
		}
		if d.quantity, err = number(item, "quantity"); err != nil {
			return nil, err
		}
		if d.quantity > done[text(w.totalKey(item), attrSK)] {
			due = append(due, d)
		}
	}
	return due, nil
}

func isRequest(item platform.Item) bool { return strings.HasPrefix(text(item, attrSK), requestSK) }

// totalKey is where this region keeps what it has done about a transfer or a request.
func (w dealWalk) totalKey(item platform.Item) platform.Item {
	if isRequest(item) {
		return totalKey(given, w.peer, skuOfItem(item))
	}
	return totalKey(got, w.peer, skuOfItem(item))
}

// givenWalk is the round over all that this region has given, compared with what it has told the other.
type givenWalk struct {
	catalogue catalogueTable
	stock     stockTable
	peer      string
}

// SetPosition implements round: a position is the key of the last total that was looked at.
func (w givenWalk) SetPosition(ctx context.Context, at platform.Item) error {
	return w.stock.setPosition(ctx, givenRound, at)
}

// Step compares the next totals.
func (w givenWalk) Step(ctx context.Context, after platform.Item) ([]deal, platform.Item, error) {
	prefix := string(given) + "#"
	page, err := w.stock.db.Query(ctx, &dynamodb.QueryInput{TableName: &w.stock.name, Limit: aws.Int32(batchLimit), ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :given)"),
		ExpressionAttributeValues: platform.Item{":pk": str("transfer#" + w.peer), ":given": str(prefix)}, ExclusiveStartKey: after})
	if err != nil {
		return nil, nil, platform.FromAWS(err)
	}
	var keys []platform.Item
	gave := map[string]int64{}
	for _, item := range page.Items {
		sku := strings.TrimPrefix(text(item, attrSK), prefix)
		keys = append(keys, transferKey(sku, w.catalogue.region, w.peer))
		if gave[sku], err = number(item, "quantity"); err != nil {
			return nil, nil, err
		}
	}
	told, err := batchGet(ctx, w.catalogue.db, w.catalogue.name, keys, "")
	if err != nil {
		return nil, nil, err
	}
	toldOf := map[string]int64{}
	for _, item := range told {
		if toldOf[skuOfItem(item)], err = number(item, "quantity"); err != nil {
			return nil, nil, err
		}
	}
	var due []deal
	for _, k := range keys {
		if sku := skuOfItem(k); gave[sku] > toldOf[sku] {
			due = append(due, deal{sku: sku, quantity: gave[sku]})
		}
	}
	return due, page.LastEvaluatedKey, nil
}

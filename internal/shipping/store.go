package shipping

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// shipmentTable keeps this region's records of shipments.
type shipmentTable struct {
	db   platform.Tables
	name string
}

// Open makes an order's record an obligation as of a time, whatever it was. Only a released one stays as it is.
func (t shipmentTable) Open(ctx context.Context, orderID string, at time.Time) error {
	err := t.update(ctx, orderID, &dynamodb.UpdateItemInput{
		UpdateExpression:    aws.String("SET #state = :booked, bookedAt = :at, bookedShard = :shard"),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR #state <> :released"), ExpressionAttributeNames: stateName(),
		ExpressionAttributeValues: platform.Item{":booked": str(string(Booked)), ":released": str(string(Released)),
			":at": str(stamp(at)), ":shard": str(bookedHash(shardOf(orderID)))},
	})
	if _, failed := platform.ConditionFailed(err); failed {
		return nil
	}
	return platform.FromAWS(err)
}

// SetShipment notes the carrier's id of the shipment.
func (t shipmentTable) SetShipment(ctx context.Context, orderID, shipmentID string) error {
	return platform.FromAWS(t.update(ctx, orderID, &dynamodb.UpdateItemInput{
		UpdateExpression:          aws.String("SET shipmentId = :id"),
		ExpressionAttributeValues: platform.Item{":id": str(shipmentID)},
	}))
}

// Close ends the obligation. A region that has none for this order keeps none.
func (t shipmentTable) Close(ctx context.Context, orderID string, to State) error {
	err := t.update(ctx, orderID, &dynamodb.UpdateItemInput{
		UpdateExpression:          aws.String("SET #state = :to REMOVE bookedAt, bookedShard"),
		ConditionExpression:       aws.String("attribute_exists(pk)"),
		ExpressionAttributeNames:  stateName(),
		ExpressionAttributeValues: platform.Item{":to": str(string(to))},
	})
	if _, failed := platform.ConditionFailed(err); failed {
		return nil
	}
	return platform.FromAWS(err)
}

func (t shipmentTable) update(ctx context.Context, orderID string, in *dynamodb.UpdateItemInput) error {
	in.TableName, in.Key = &t.name, shipmentKey(orderID)
	_, err := t.db.UpdateItem(ctx, in)
	return err
}

// stateName stands for the attribute state, a word that DynamoDB reserves.
func stateName() map[string]string { return map[string]string{"#state": "state"} }

// Booked are the orders of the obligations that are older than a time. The index holds obligations alone, however many shipments there were: one
// read of all its shards costs less than one of each
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-general-sparse-indexes.html).
func (t shipmentTable) Booked(ctx context.Context, before time.Time) (orderIDs []string, err error) {
	for pages := dynamodb.NewScanPaginator(t.db, &dynamodb.ScanInput{
		TableName: &t.name, IndexName: aws.String(bookedIndex),
		FilterExpression: aws.String("bookedAt < :before"), ExpressionAttributeValues: platform.Item{":before": str(stamp(before))},
	}); pages.HasMorePages(); {
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

// Last implements platform.Place for the sweep's round over the obligations.
func (t shipmentTable) Last(ctx context.Context) (string, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: roundKey(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", platform.FromAWS(err)
	}
	last, ok := res.Item["last"].(*types.AttributeValueMemberS)
	if !ok {
		return "", nil
	}
	return last.Value, nil
}

// SetLast implements platform.Place.
func (t shipmentTable) SetLast(ctx context.Context, orderID string) error {
	item := roundKey()
	item["last"] = str(orderID)
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item})
	return platform.FromAWS(err)
}

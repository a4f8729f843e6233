package shipping

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// shipmentTable keeps this region's obligations.
type shipmentTable struct {
	db   platform.Tables
	name string
}

// Open puts an order on the list of obligations, as of a time. One that is there already never grows older by that.
func (t shipmentTable) Open(ctx context.Context, orderID string, at time.Time) error {
	item := bookedKey(orderID)
	item["bookedAt"] = str(stamp(at))
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item,
		ConditionExpression: aws.String("attribute_not_exists(pk) OR bookedAt < :at"), ExpressionAttributeValues: platform.Item{":at": item["bookedAt"]}})
	if _, failed := platform.ConditionFailed(err); failed {
		return nil
	}
	return platform.FromAWS(err)
}

// Close takes an order off the list, where it may not be.
func (t shipmentTable) Close(ctx context.Context, orderID string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: bookedKey(orderID)})
	return platform.FromAWS(err)
}

// CloseOlder takes an order off the list unless it was put there, again perhaps, since a time. It reports whether the order is off.
func (t shipmentTable) CloseOlder(ctx context.Context, orderID string, before time.Time) (bool, error) {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: bookedKey(orderID),
		ConditionExpression: aws.String("attribute_not_exists(pk) OR bookedAt < :before"), ExpressionAttributeValues: platform.Item{":before": str(stamp(before))}})
	if _, failed := platform.ConditionFailed(err); failed {
		return false, nil
	}
	return err == nil, platform.FromAWS(err)
}

// Booked are the orders on the list that are older than a time. The table holds obligations and little else, however many shipments there were: one read
// of it all costs less than one of each shard.
func (t shipmentTable) Booked(ctx context.Context, before time.Time) (orderIDs []string, err error) {
	for pages := dynamodb.NewScanPaginator(t.db, &dynamodb.ScanInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true),
		FilterExpression: aws.String("bookedAt < :before"), ExpressionAttributeValues: platform.Item{":before": str(stamp(before))},
	}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		for _, item := range page.Items {
			if id, ok := item["sk"].(*types.AttributeValueMemberS); ok {
				orderIDs = append(orderIDs, id.Value)
			}
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

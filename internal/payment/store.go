package payment

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// paymentTable remembers each order's intent.
type paymentTable struct {
	db    platform.Tables
	name  string
	clock platform.Clock
}

// Intent is the id of an order's intent; "" if none is recorded.
func (t paymentTable) Intent(ctx context.Context, orderID string) (string, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: intentKey(orderID), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", platform.FromAWS(err)
	}
	id, ok := res.Item["intentId"].(*types.AttributeValueMemberS)
	if !ok {
		return "", nil
	}
	return id.Value, nil
}

// SetIntent records an order's intent. A second, different one would mean that an order can be charged twice: that is refused
// loudly.
func (t paymentTable) SetIntent(ctx context.Context, orderID, id string) error {
	item := intentKey(orderID)
	item["intentId"], item["at"] = str(id), str(t.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk) OR intentId = :id"),
		ExpressionAttributeValues: platform.Item{":id": str(id)},
	})
	if _, failed := platform.ConditionFailed(err); failed {
		return platform.Refuse(platform.Internal, "order "+orderID+" has a second payment intent, "+id)
	}
	return platform.FromAWS(err)
}

package platform

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Putter is the one operation of a DynamoDB client that items which never change need.
type Putter interface {
	PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// Stored is what stands in a table after a put.
type Stored struct {
	Item    Item
	Existed bool // it stood there before: Item is that one, not the one that was to be put
}

// PutOnce puts an item with the keys pk and sk, unless one of that key exists: then the existing one stays and is the answer. Errors are
// the SDK's.
func PutOnce(ctx context.Context, to Putter, table string, item Item) (Stored, error) {
	_, err := to.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if existing, failed := ConditionFailed(err); failed {
		return Stored{Item: existing, Existed: true}, nil
	}
	return Stored{Item: item}, err
}

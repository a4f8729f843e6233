package notification

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// mailTable keeps what was mailed.
type mailTable struct {
	db   platform.Tables
	name string
}

// Claim writes a claim of this moment, over one that has lapsed too; else it answers how the mail stands.
func (t mailTable) Claim(ctx context.Context, n Notice, now, lapsed time.Time) (State, error) {
	item := mailKey(n)
	item["state"], item["at"] = str(string(Claimed)), str(stamp(now))
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: item,
		ConditionExpression:                 aws.String("attribute_not_exists(pk) OR (#state = :claimed AND #at < :lapsed)"),
		ExpressionAttributeNames:            map[string]string{"#state": "state", "#at": "at"},
		ExpressionAttributeValues:           platform.Item{":claimed": str(string(Claimed)), ":lapsed": str(stamp(lapsed))},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if there, failed := platform.ConditionFailed(err); failed {
		return stateOf(there), nil
	}
	return Claimed, platform.FromAWS(err)
}

// stateOf is how the mail of an item stands to somebody who could not claim it.
func stateOf(item platform.Item) State {
	state, ok := item["state"].(*types.AttributeValueMemberS)
	if !ok || State(state.Value) == Claimed {
		return Busy
	}
	return State(state.Value)
}

// Settle notes that a mail is done with.
func (t mailTable) Settle(ctx context.Context, n Notice, to State) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: mailKey(n), UpdateExpression: aws.String("SET #state = :to"),
		ExpressionAttributeNames:  map[string]string{"#state": "state"},
		ExpressionAttributeValues: platform.Item{":to": str(string(to))},
	})
	return platform.FromAWS(err)
}

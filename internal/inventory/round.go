package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// stepsPerSweep is how many steps one sweep goes on a round.
const stepsPerSweep = 10

// round is a walk through everything of a kind, again and again, of which each sweep goes a part.
type round[T any] interface {
	// Position is where the last sweep stopped; nil for the beginning.
	Position(ctx context.Context) (platform.Item, error)
	SetPosition(ctx context.Context, at platform.Item) error
	// Step are those after a position to which something is to be done, and the next position; nil at the end.
	Step(ctx context.Context, after platform.Item) (due []T, next platform.Item, err error)
}

// walk goes some steps further on a round. The position is kept when the steps are done, so a sweep that dies repeats them.
func walk[T any](ctx context.Context, r round[T], each func(T)) error {
	from, err := r.Position(ctx)
	if err != nil {
		return err
	}
	at := from
	for range stepsPerSweep {
		due, next, err := r.Step(ctx, at)
		if err != nil {
			return err
		}
		for _, d := range due {
			each(d)
		}
		if at = next; at == nil {
			break
		}
	}
	if from == nil && at == nil {
		return nil // a whole round in one sweep: nothing to remember
	}
	return r.SetPosition(ctx, at)
}

// position reads where a round goes on; nil for its beginning.
func (t stockTable) position(ctx context.Context, round string) (platform.Item, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: roundKey(round), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, platform.FromAWS(err)
	}
	after, ok := res.Item["after"].(*types.AttributeValueMemberM)
	if !ok {
		return nil, nil
	}
	return after.Value, nil
}

func (t stockTable) setPosition(ctx context.Context, round string, at platform.Item) error {
	item := roundKey(round)
	if at != nil {
		item["after"] = &types.AttributeValueMemberM{Value: at}
	}
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item})
	return platform.FromAWS(err)
}

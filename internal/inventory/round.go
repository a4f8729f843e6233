package inventory

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// stepsPerSweep is how many steps one sweep goes on a round.
const stepsPerSweep = 10

// round is a walk through everything of a kind, again and again, of which each sweep goes a part.
type round[T any] interface {
	// SetPosition keeps where the next sweep goes on; nil for the beginning.
	SetPosition(ctx context.Context, at platform.Item) error
	// Step are those after a position to which something is to be done, and the next position; nil at the end.
	Step(ctx context.Context, after platform.Item) (due []T, next platform.Item, err error)
}

// The rounds of the sweep.
const (
	receiptsRound  = "receipts"
	heldRound      = "held"
	givenRound     = "given"
	dealsRound     = "moves"
	snapshotsRound = "snapshots"
)

// positions are where the last sweep stopped, by round; nil for the beginning.
type positions map[string]platform.Item

// walk goes some steps further on a round. The position is kept when the steps are done or the time is up, so a sweep that dies repeats them. A
// first step that takes all the time is not repeated before the others had their turn.
func walk[T any](ctx context.Context, clock platform.Clock, from platform.Item, r round[T], each func(T)) error {
	at := from
	for i := range stepsPerSweep {
		due, next, err := r.Step(ctx, at)
		if err == nil {
			err = eachInTime(ctx, due, each)
			if err == nil || i == 0 {
				at = next
			}
		}
		if err != nil {
			return errors.Join(err, stopped(ctx, clock, r, at))
		}
		if at == nil {
			break
		}
	}
	if from == nil && at == nil {
		return nil // a whole round in one sweep: nothing to remember
	}
	return r.SetPosition(ctx, at)
}

func eachInTime[T any](ctx context.Context, due []T, each func(T)) error {
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		each(d)
	}
	return ctx.Err()
}

// stopped keeps the position of a walk whose time was up.
func stopped[T any](ctx context.Context, clock platform.Clock, r round[T], at platform.Item) error {
	if ctx.Err() == nil {
		return nil
	}
	ctx, cancel := platform.LastWrites(ctx, clock)
	defer cancel()
	return r.SetPosition(ctx, at)
}

// Positions reads where all rounds go on, in one call.
func (t stockTable) Positions(ctx context.Context) (positions, error) {
	names := map[string]string{} // of the rounds, by their keys
	var keys []platform.Item
	for _, name := range []string{receiptsRound, heldRound, givenRound, dealsRound, snapshotsRound} {
		key := roundKey(name)
		names[text(key, attrPK)], keys = name, append(keys, key)
	}
	items, err := batchGetAs(ctx, t.db, t.name, types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	out := positions{}
	for _, item := range items {
		if after, ok := item["after"].(*types.AttributeValueMemberM); ok {
			out[names[text(item, attrPK)]] = after.Value
		}
	}
	return out, nil
}

func (t stockTable) setPosition(ctx context.Context, round string, at platform.Item) error {
	item := roundKey(round)
	if at != nil {
		item["after"] = &types.AttributeValueMemberM{Value: at}
	}
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item})
	return platform.FromAWS(err)
}

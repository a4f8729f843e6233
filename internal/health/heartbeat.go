package health

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// heartbeat measures replication where it matters, in a global table: each region writes the time under a key of its own and reads the other's.
// DynamoDB's own metric ReplicationLatency is exact to the millisecond but only speaks when something was written, and in the region that
// wrote: it says nothing while replication stands still, or while that region is gone. A heartbeat's age grows then. It is up to a minute when all
// is well, because the next one is not due before.
type heartbeat struct {
	db     beatStore
	table  string
	region string
	peer   string
}

type beatStore interface {
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

func beatKey(region string) platform.Item {
	return platform.Item{"pk": str("heartbeat#" + region), "sk": str("heartbeat#" + region)}
}

// beat writes this region's and answers how old the peer's is; seen is false if there is none yet.
func (h heartbeat) beat(ctx context.Context, now time.Time) (lag time.Duration, seen bool, err error) {
	own := beatKey(h.region)
	own["at"] = str(now.UTC().Format(timeForm))
	_, err = h.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &h.table, Item: own})
	res, rerr := h.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &h.table, Key: beatKey(h.peer)})
	if err = errors.Join(err, rerr); err != nil || res.Item == nil {
		return 0, false, platform.FromAWS(err)
	}
	at, _ := res.Item["at"].(*types.AttributeValueMemberS)
	if at == nil {
		return 0, false, nil
	}
	when, err := time.Parse(timeForm, at.Value)
	return max(0, now.Sub(when)), err == nil, err
}

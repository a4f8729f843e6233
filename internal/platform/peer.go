package platform

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/rand"
)

// Transactor is the one operation of a DynamoDB client that items which stand together need.
type Transactor interface {
	TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// ConflictCode is the reason code of an item that another transaction was writing at the same time.
const ConflictCode = "TransactionConflict"

// conflictPause is how long a transaction takes at most, so that after it a conflict has gone.
const conflictPause = 20 * time.Millisecond

var errDiffers = errors.New("the peer's replica holds another item under this region's key")

// PutTogether puts items with the keys pk and sk in one transaction, all of them or none, and none if one of the keys is
// taken: then CancellationReasons of the error says which, each with the item that stands there.
func PutTogether(ctx context.Context, to Transactor, table string, items []Item) error {
	writes := make([]types.TransactWriteItem, len(items))
	for i, item := range items {
		writes[i].Put = &types.Put{
			TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}
	}
	_, err := to.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
	return err
}

// Peer is the other region's replica of a global table. It is safe for concurrent use.
type Peer struct {
	table   string
	client  Transactor // nil when the second write is turned off
	clock   Clock
	log     *slog.Logger
	breaker breaker
}

// NewPeer speaks to the replica in peerRegion; to none if acknowledge is false.
func NewPeer(rt Runtime, table, peerRegion string, acknowledge bool) *Peer {
	p := &Peer{table: table, clock: rt.Clock, log: rt.Log}
	if acknowledge {
		p.client = dynamodb.NewFromConfig(rt.AWS, func(o *dynamodb.Options) {
			o.Region = peerRegion
			o.Retryer = aws.NopRetryer{}
			o.IdempotencyTokenProvider = rand.NewUUIDIdempotencyToken(rt.Rand)
		})
	}
	return p
}

// Copy puts exactly what stands in this region's replica into the peer's, all or nothing, and says where it stands then.
// An equal item there is success: replication or an earlier try brought it. A peer that cannot be had in
// time is no error, since nobody shall wait for it.
func (p *Peer) Copy(ctx context.Context, items ...Item) Durability {
	if p.client == nil || !p.breaker.allows(p.clock.Now()) {
		return InOneRegion
	}
	ctx, cancel := p.clock.WithTimeout(ctx, peerDeadline)
	defer cancel()
	err := p.put(ctx, items)
	p.breaker.note(p.clock.Now(), err == nil || errors.Is(err, errDiffers))
	if err != nil {
		p.log.Error("not acknowledged by the peer", "table", p.table, "error", err.Error())
		return InOneRegion
	}
	return InTwoRegions
}

// put goes on until nothing is missing: replication may have brought some of the items and not yet others.
func (p *Peer) put(ctx context.Context, items []Item) error {
	for {
		err := PutTogether(ctx, p.client, p.table, items)
		if err == nil {
			return nil
		}
		left, err := missing(items, err)
		if err != nil || len(left) == 0 {
			return err
		}
		if len(left) == len(items) { // another try is writing them at this moment
			if err := p.clock.Sleep(ctx, conflictPause); err != nil {
				return err
			}
		}
		items = left
	}
}

// missing are the items that a cancelled transaction did not find in place; any other failure is returned as it is.
func missing(items []Item, err error) ([]Item, error) {
	reasons := CancellationReasons(err)
	if len(reasons) != len(items) {
		return nil, err
	}
	var left []Item
	for i, r := range reasons {
		switch code := aws.ToString(r.Code); {
		case code == "None" || code == ConflictCode:
			left = append(left, items[i])
		case code != ConditionCode:
			return nil, err
		case !reflect.DeepEqual(r.Item, items[i]):
			return nil, errDiffers
		}
	}
	return left, nil
}

package platform

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/rand"
)

// Tables are the operations of a DynamoDB client that functions use.
type Tables interface {
	Putter
	dynamodb.QueryAPIClient
	dynamodb.ScanAPIClient
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
	TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// DynamoDB is the client of this region's tables. Transaction tokens are drawn from the runtime's randomness, so that
// a seeded run sends the same bytes.
func (rt Runtime) DynamoDB() Tables {
	if rt.Tables != nil {
		return rt.Tables()
	}
	return dynamodb.NewFromConfig(rt.AWS, func(o *dynamodb.Options) {
		o.IdempotencyTokenProvider = rand.NewUUIDIdempotencyToken(rt.Rand)
	})
}

// Item is an item of a table as DynamoDB speaks of it.
type Item = map[string]types.AttributeValue

// Durability says where an acknowledged item stands. It is the value of the answer's header [DurabilityHeader].
type Durability string

// Where an item stands.
const (
	InTwoRegions Durability = "two-regions"
	InOneRegion  Durability = "one-region"
)

// DurabilityHeader tells a client where stands what it was told is done.
const DurabilityHeader = "Twofold-Durability"

// How the peer is spoken to: one attempt that may take this long, since a client is waiting; and after some failures
// in a row none for a while, since a region that is gone would cost every request that long.
const (
	peerDeadline = 400 * time.Millisecond
	peerFailures = 3
	peerPause    = 10 * time.Second
)

// TwoRegions puts immutable items into both regions' replicas of a global table. Because the items never change
// and their keys name the region that writes them, the second put writes the bytes that replication brings anyway: it only
// brings them before the answer goes out.
type TwoRegions struct {
	table string
	own   Putter
	peer  *Peer
}

// NewTwoRegions writes to a global table here and in the peer region; only here if acknowledge is false.
func NewTwoRegions(rt Runtime, table, peerRegion string, acknowledge bool) *TwoRegions {
	return &TwoRegions{table: table, own: rt.DynamoDB(), peer: NewPeer(rt, table, peerRegion, acknowledge)}
}

// PutBoth puts items with the keys pk and sk into this region's replica, in their order, unless an item of that key exists:
// then the existing one stays and counts. Exactly what is stored is then put into the peer's replica. An error means
// that this region may lack items and doing the same again is safe; whatever keeps the peer from having them
// is no error but shows in the durability.
func (w *TwoRegions) PutBoth(ctx context.Context, items ...Item) ([]Stored, Durability, error) {
	stored := make([]Stored, len(items))
	stands := make([]Item, len(items))
	for i, item := range items {
		s, err := PutOnce(ctx, w.own, w.table, item)
		if err != nil {
			return nil, "", FromAWS(err)
		}
		stored[i], stands[i] = s, s.Item
	}
	return stored, w.peer.Copy(ctx, stands...), nil
}

// breaker keeps calls back for a while after failures in a row; then it lets one through to see.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time
}

func (b *breaker) allows(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures < peerFailures || !now.Before(b.until)
}

func (b *breaker) note(now time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		b.failures = 0
		return
	}
	b.failures++
	b.until = now.Add(peerPause)
}

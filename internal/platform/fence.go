package platform

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Fence says that a region was given up: its peer acts for it, and it must not act when it comes back. Each service keeps fences in its own
// global table, where the survivor writes
//
//	pk fence#<region>   sk fence#<region>#<survivor>   epoch, at
//
// and the region that was fenced, once it is wiped,
//
//	pk fence#<region>   sk rejoined#<region>           epoch
//
// Both only grow. A region is fenced while its fence has the higher epoch.
type Fence struct {
	Region, By string
	Epoch      int64
	At         time.Time // by the survivor's clock
}

// fenceLives is how long a function goes by what it last read. A region that comes back acts for no longer than that: the replica brings the
// fence as it brings everything else.
const fenceLives = 10 * time.Second

// Fences reads and sets the fences in a service's global table. It is safe for concurrent use.
type Fences struct {
	db           Tables
	table        string
	region, peer string
	clock        Clock

	mu    sync.Mutex
	own   bool
	until time.Time
}

// NewFences looks at the replica of a global table in this region.
func NewFences(rt Runtime, table, peer string) *Fences {
	return &Fences{db: rt.DynamoDB(), table: table, region: rt.AWS.Region, peer: peer, clock: rt.Clock}
}

// Check answers nil unless this region is fenced. It asks the table every ten seconds at most. Nil Fences fence nothing.
func (f *Fences) Check(ctx context.Context) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.clock.Now(); !now.Before(f.until) {
		_, fenced, err := f.Of(ctx, f.region)
		if err != nil {
			return err
		}
		f.own, f.until = fenced, now.Add(fenceLives)
	}
	if f.own {
		return Refuse(Unavailable, "this region is fenced: "+f.peer+" acts for it")
	}
	return nil
}

// Peer is the other region's fence; false if it is not fenced.
func (f *Fences) Peer(ctx context.Context) (Fence, bool, error) {
	if f == nil {
		return Fence{}, false, nil
	}
	return f.Of(ctx, f.peer)
}

// Of is a region's latest fence and whether it stands.
func (f *Fences) Of(ctx context.Context, region string) (Fence, bool, error) {
	if f == nil {
		return Fence{Region: region}, false, nil
	}
	res, err := f.db.Query(ctx, &dynamodb.QueryInput{TableName: &f.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: Item{":pk": &types.AttributeValueMemberS{Value: fencePrefix + region}}})
	if err != nil {
		return Fence{}, false, FromAWS(err)
	}
	out := Fence{Region: region}
	var rejoined int64
	for _, item := range res.Items {
		epoch, at, by, err := readFence(item)
		switch {
		case err != nil:
			return Fence{}, false, Wrap(Internal, err)
		case by == "":
			rejoined = max(rejoined, epoch)
		case epoch > out.Epoch:
			out.Epoch, out.At, out.By = epoch, at, by
		}
	}
	return out, out.Epoch > rejoined, nil
}

const fencePrefix = "fence#"

// readFence reads an item; by is empty for one that lifts a fence.
func readFence(item Item) (epoch int64, at time.Time, by string, err error) {
	text := func(name string) string {
		if v, ok := item[name].(*types.AttributeValueMemberS); ok {
			return v.Value
		}
		return ""
	}
	if n, ok := item["epoch"].(*types.AttributeValueMemberN); ok {
		if epoch, err = strconv.ParseInt(n.Value, 10, 64); err != nil {
			return 0, time.Time{}, "", err
		}
	}
	at, err = time.Parse(time.RFC3339Nano, text("at"))
	return epoch, at, text("by"), err
}

// Set fences the peer. Fencing it again while the fence stands changes nothing. A region that is fenced itself may not.
func (f *Fences) Set(ctx context.Context) (Fence, error) {
	if _, fenced, err := f.Of(ctx, f.region); err != nil || fenced {
		if fenced {
			err = Refuse(Conflict, "this region is fenced itself")
		}
		return Fence{}, err
	}
	now, stands, err := f.Of(ctx, f.peer)
	if err != nil || stands {
		return now, err
	}
	next := Fence{Region: f.peer, By: f.region, Epoch: now.Epoch + 1, At: f.clock.Now().UTC()}
	return next, f.put(ctx, f.peer, fencePrefix+f.peer+"#"+f.region, f.region, next.Epoch)
}

// Lift has this region act again. It is called when the region's own tables are empty.
func (f *Fences) Lift(ctx context.Context) (Fence, error) {
	now, stands, err := f.Of(ctx, f.region)
	if err != nil || !stands {
		return now, err
	}
	return now, f.put(ctx, f.region, "rejoined#"+f.region, "", now.Epoch)
}

func (f *Fences) put(ctx context.Context, region, sk, by string, epoch int64) error {
	str := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	item := Item{"pk": str(fencePrefix + region), "sk": str(sk), "by": str(by), "at": str(f.clock.Now().UTC().Format(time.RFC3339Nano)),
		"epoch": &types.AttributeValueMemberN{Value: strconv.FormatInt(epoch, 10)}}
	_, err := f.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &f.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk) OR epoch < :epoch"),
		ExpressionAttributeValues: Item{":epoch": item["epoch"]}})
	if _, overtaken := ConditionFailed(err); overtaken {
		return nil
	}
	return FromAWS(err)
}

// Empty answers nil if a table of this region holds nothing. A region that was adopted is wiped before it acts again: what it held is its
// successor's now.
func (f *Fences) Empty(ctx context.Context, table string) error {
	res, err := f.db.Scan(ctx, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true), Limit: aws.Int32(1)})
	if err != nil {
		return FromAWS(err)
	}
	if len(res.Items) > 0 {
		return Refuse(Conflict, "the table "+table+" of this region is not empty: delete and create it before the region rejoins")
	}
	return nil
}

package platform

import (
	"context"
	"errors"
	"log/slog"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

var errNotPut = errors.New("not put into the peer's replica")

var errDiffers = errors.New("the peer's replica holds another item under this region's key")

// Peer is the other region's replica of a global table. It is safe for concurrent use.
type Peer struct {
	table   string
	client  Putter // nil when the second write is turned off
	each    func(ctx context.Context, n int, f func(ctx context.Context, i int))
	clock   Clock
	log     *slog.Logger
	breaker breaker
}

// NewPeer speaks to the replica in peerRegion; to none if acknowledge is false.
func NewPeer(rt Runtime, table, peerRegion string, acknowledge bool) *Peer {
	p := &Peer{table: table, each: rt.Each, clock: rt.Clock, log: rt.Log}
	if acknowledge {
		p.client = dynamodb.NewFromConfig(rt.AWS, func(o *dynamodb.Options) {
			o.Region = peerRegion
			o.Retryer = aws.NopRetryer{}
		})
	}
	return p
}

// Copy puts exactly what stands in this region's replica into the peer's, and says where all of it stands then.
// An equal item there is success: replication or an earlier try brought it. A peer that cannot be had in
// time is no error, since nobody shall wait for it. The items go there at once: whoever reads in the peer may see one before the other, as with
// replication.
func (p *Peer) Copy(ctx context.Context, items ...Item) Durability {
	if p.client == nil || !p.breaker.allows(p.clock.Now()) {
		return InOneRegion
	}
	ctx, cancel := p.clock.WithTimeout(ctx, peerDeadline)
	defer cancel()
	failed := make([]error, len(items))
	for i := range failed {
		failed[i] = errNotPut
	}
	p.each(ctx, len(items), func(ctx context.Context, i int) { failed[i] = p.put(ctx, items[i]) })
	err := errors.Join(failed...)
	p.breaker.note(p.clock.Now(), err == nil || errors.Is(err, errDiffers))
	if err != nil {
		p.log.Error("not acknowledged by the peer", "table", p.table, "error", err.Error())
		return InOneRegion
	}
	return InTwoRegions
}

func (p *Peer) put(ctx context.Context, item Item) error {
	stored, err := PutOnce(ctx, p.client, p.table, item)
	if err == nil && stored.Existed && !reflect.DeepEqual(stored.Item, item) {
		return errDiffers
	}
	return err
}

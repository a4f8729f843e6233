package platform

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform/clocktest"
)

// ownTable is this region's replica: items by sort key, or an error for every call.
type ownTable struct {
	items map[string]Item
	fail  error
}

func (r *ownTable) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if r.fail != nil {
		return nil, r.fail
	}
	sk := in.Item["sk"].(*types.AttributeValueMemberS).Value
	if old, ok := r.items[sk]; ok {
		return nil, &types.ConditionalCheckFailedException{Item: old}
	}
	r.items[sk] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func newWriter() (*TwoRegions, *ownTable, *peerTable) {
	own, peer := &ownTable{items: map[string]Item{}}, &peerTable{items: map[string]Item{}}
	p := &Peer{table: "t", client: peer, each: Runtime{}.Each, clock: clocktest.New(), log: slog.New(slog.DiscardHandler)}
	return &TwoRegions{table: "t", own: own, peer: p}, own, peer
}

func item(sk, content string) Item {
	return Item{"pk": &types.AttributeValueMemberS{Value: "p"}, "sk": &types.AttributeValueMemberS{Value: sk},
		"content": &types.AttributeValueMemberS{Value: content}}
}

func TestBothRegionsHoldWhatIsAcknowledged(t *testing.T) {
	w, own, peer := newWriter()
	for range 2 { // the second time is a retry
		_, where, err := w.PutBoth(t.Context(), item("a", "1"), item("b", "2"))
		if err != nil || where != InTwoRegions {
			t.Fatalf("got %s, %v", where, err)
		}
	}
	if len(own.items) != 2 || !reflect.DeepEqual(own.items, peer.items) {
		t.Errorf("own %v, peer %v", own.items, peer.items)
	}
}

func TestTheExistingItemWinsAndIsWhatThePeerGets(t *testing.T) {
	w, own, peer := newWriter()
	own.items["a"] = item("a", "first")
	stored, where, err := w.PutBoth(t.Context(), item("a", "second"))
	if err != nil || where != InTwoRegions || !stored[0].Existed {
		t.Fatalf("got %+v, %s, %v", stored, where, err)
	}
	if !reflect.DeepEqual(peer.items["a"], item("a", "first")) {
		t.Errorf("the peer has %v", peer.items["a"])
	}
}

func TestAPeerThatCannotBeHadShowsInTheDurabilityOnly(t *testing.T) {
	w, own, peer := newWriter()
	peer.fail = errors.New("no route")
	_, where, err := w.PutBoth(t.Context(), item("a", "1"))
	if err != nil || where != InOneRegion || own.items["a"] == nil {
		t.Errorf("got %s, %v, own %v", where, err, own.items)
	}
}

func TestAnErrorOfTheOwnReplicaIsAnErrorAndNothingGoesToThePeer(t *testing.T) {
	w, own, peer := newWriter()
	own.fail = errors.New("no route")
	if _, _, err := w.PutBoth(t.Context(), item("a", "1")); CodeOf(err) != Unavailable || peer.calls != 0 {
		t.Errorf("got %v after %d calls to the peer", err, peer.calls)
	}
}

package platform

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform/clocktest"
)

// peerTable is the peer's replica: items by sort key, or an error for every call.
type peerTable struct {
	items map[string]Item
	fail  error
	calls int
}

func peerSortKey(item Item) string { return item["sk"].(*types.AttributeValueMemberS).Value }

func (r *peerTable) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if r.calls++; r.fail != nil {
		return nil, r.fail
	}
	if old := r.items[peerSortKey(in.Item)]; old != nil {
		return nil, &types.ConditionalCheckFailedException{Item: old}
	}
	r.items[peerSortKey(in.Item)] = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func anItem(sk, value string) Item {
	return Item{"pk": &types.AttributeValueMemberS{Value: "order#1"}, "sk": &types.AttributeValueMemberS{Value: sk}, "v": &types.AttributeValueMemberN{Value: value}}
}

func newTestPeer(r *peerTable) (*Peer, *clocktest.Clock) {
	clock := clocktest.At(time.Unix(0, 0))
	return &Peer{table: "orders", client: r, each: Runtime{}.Each, clock: clock, log: slog.New(slog.DiscardHandler)}, clock
}

func TestACopyStandsInTwoRegionsOnlyIfThePeerHasEveryItemAsItIs(t *testing.T) {
	cases := []struct {
		name  string
		there []Item
		fail  error
		want  Durability
	}{
		{"nothing there", nil, nil, InTwoRegions},
		{"all there and equal", []Item{anItem("a", "1"), anItem("b", "2")}, nil, InTwoRegions},
		{"some there and equal", []Item{anItem("b", "2")}, nil, InTwoRegions},
		{"one there that differs", []Item{anItem("b", "3")}, nil, InOneRegion},
		{"the peer is down", nil, errors.New("connection refused"), InOneRegion},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &peerTable{items: make(map[string]Item), fail: c.fail}
			for _, item := range c.there {
				r.items[peerSortKey(item)] = item
			}
			p, _ := newTestPeer(r)
			if got := p.Copy(context.Background(), anItem("a", "1"), anItem("b", "2")); got != c.want || r.calls != 2 {
				t.Errorf("%s after %d calls, want %s after one for each item", got, r.calls, c.want)
			}
			if c.want == InTwoRegions && len(r.items) != 2 {
				t.Errorf("the peer has %v", r.items)
			}
		})
	}
}

func TestAPeerThatIsTurnedOffIsNotAsked(t *testing.T) {
	p := NewPeer(Runtime{Clock: clocktest.New()}, "orders", "us-west-2", false)
	if got := p.Copy(context.Background(), anItem("a", "1")); got != InOneRegion {
		t.Error(got)
	}
}

func TestNothingIsCopiedToAPeerThatFailsInARowForAWhile(t *testing.T) {
	r := &peerTable{items: make(map[string]Item), fail: errors.New("connection refused")}
	p, clock := newTestPeer(r)
	for range 10 {
		p.Copy(context.Background(), anItem("a", "1"))
	}
	if r.calls != peerFailures {
		t.Errorf("%d calls, want %d", r.calls, peerFailures)
	}
	r.fail = nil
	clock.Add(peerPause)
	if got := p.Copy(context.Background(), anItem("a", "1")); got != InTwoRegions {
		t.Errorf("after the pause: %s", got)
	}
}

package inventory

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

func eventBody(detailType, detail string) json.RawMessage {
	return json.RawMessage(`{"version":"0","id":"e1","detail-type":"` + detailType + `","source":"twofold","detail":` + detail + `}`)
}

func TestEventsSettleByWhoCommitted(t *testing.T) {
	cases := []struct {
		name, detailType, detail string
		want                     State
	}{
		{"committed here", "OrderConfirmed", `{"orderId":"ord_1","committedBy":"us-east-1","region":"us-west-2"}`, Consumed},
		{"committed by the other region", "OrderConfirmed", `{"orderId":"ord_1","committedBy":"us-west-2","region":"us-east-1"}`, Released},
		{"rejected", "OrderRejected", `{"orderId":"ord_1","reason":"PaymentDeclined","region":"us-west-2"}`, Released},
		{"cancelled", "OrderCancelled", `{"orderId":"ord_1","reason":"CancelRequested","committedBy":"","region":"us-west-2","surprise":1}`, Released},
		{"cancelled, as an older version tells it", "OrderCancelled", `{"orderId":"ord_1","reason":"CancelRequested","region":"us-west-2"}`, Released},
		{"cancelled after the other region committed it", "OrderCancelled", `{"orderId":"ord_1","committedBy":"us-west-2","region":"us-east-1"}`, Released},
		{"cancelled after this region committed it, of which it has not heard yet", "OrderCancelled", `{"orderId":"ord_1","committedBy":"us-east-1","region":"us-west-2"}`, Returned},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, clock := newMemory(nil).fill("TEA", 5), clocktest.New()
			if _, err := m.saga(clock).reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
				t.Fatal(err)
			}
			e := subscriber{region: east, stock: m, past: m.past(), credit: m.creditor(clock)}
			for range 2 { // at least once means twice
				if err := e.handle(t.Context(), eventBody(c.detailType, c.detail)); err != nil {
					t.Fatal(err)
				}
			}
			if got := m.reservations["ord_1"].State; got != c.want {
				t.Errorf("the reservation is %s, want %s", got, c.want)
			}
		})
	}
}

func TestAReceiptIsCreditedOnceAndOnlyByItsTarget(t *testing.T) {
	m, clock := newMemory(nil), clocktest.New()
	e := subscriber{region: east, stock: m, past: m.past(), credit: m.creditor(clock)}
	for _, detail := range []string{
		`{"sku":"TEA","receiptId":"asn-1","region":"us-east-1","target":"us-east-1","quantity":"5"}`,
		`{"sku":"TEA","receiptId":"asn-1","region":"us-east-1","target":"us-east-1","quantity":"5"}`, // delivered again
		`{"sku":"TEA","receiptId":"asn-1","region":"us-west-2","target":"us-east-1","quantity":"5"}`, // sent to both regions
		`{"sku":"TEA","receiptId":"asn-2","region":"us-east-1","target":"us-west-2","quantity":"7"}`, // not for this region
		`{"sku":"CUP","receiptId":"asn-1","region":"us-east-1","target":"us-east-1","quantity":"1"}`, // another product's
	} {
		if err := e.handle(t.Context(), eventBody("StockReceived", detail)); err != nil {
			t.Fatal(err)
		}
	}
	if tea, cup := m.shards[shardID{"TEA", 0}], m.shards[shardID{"CUP", 0}]; tea.Received != 5 || tea.Available != 5 || cup.Received != 1 {
		t.Errorf("credited %+v and %+v", tea, cup)
	}
}

func TestABadEventIsRefused(t *testing.T) {
	m := newMemory(nil)
	e := subscriber{region: east, stock: m, past: m.past(), credit: m.creditor(clocktest.New())}
	for name, body := range map[string]json.RawMessage{
		"no event":      json.RawMessage(`"x"`),
		"unknown type":  eventBody("OrderPlaced", `{}`),
		"broken detail": eventBody("StockReceived", `{"target":"us-east-1","quantity":"many"}`),
	} {
		if err := e.handle(t.Context(), body); platform.CodeOf(err) != platform.InvalidRequest {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// fate is what became of an order, as the payment decided it for both regions: by is the region that committed it, if any did.
type fate struct {
	by     string
	events []string // that tell of it, each perhaps by both regions
	want   State    // of the reservation in the east
	after  Ledger   // of 5 units of which the order has 2
}

func fates() map[string]fate {
	back := Ledger{Received: 5, Available: 5}
	return map[string]fate{
		"confirmed here":                 {east, []string{"OrderConfirmed"}, Consumed, Ledger{Received: 5, Available: 3, Taken: 2}},
		"confirmed there":                {west, []string{"OrderConfirmed"}, Released, back},
		"rejected":                       {"", []string{"OrderRejected"}, Released, back},
		"cancelled before the commit":    {"", []string{"OrderCancelled"}, Released, back},
		"cancelled after a commit here":  {east, []string{"OrderConfirmed", "OrderCancelled"}, Returned, back},
		"cancelled after a commit there": {west, []string{"OrderConfirmed", "OrderCancelled"}, Released, back},
	}
}

func TestTheEventsOfAnOrderEndTheSameInWhateverOrderTheyCome(t *testing.T) {
	for name, f := range fates() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { f.play(t) })
		})
	}
}

// play delivers the fate's events shuffled and repeated, the saga's steps and the sweep's verdict among them.
func (f fate) play(t *rapid.T) {
	m, clock := newMemory(nil).fill("TEA", 5), clocktest.New()
	s := m.saga(clock)
	if _, err := s.reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
		t.Fatal(err)
	}
	e := subscriber{region: east, stock: m, past: m.past(), credit: m.creditor(clock)}
	once := rapid.Permutation(f.events).Draw(t, "each once")
	again := rapid.SliceOfN(rapid.SampledFrom(append(f.events, "ReserveStock")), 0, 6).Draw(t, "and again")
	for _, what := range rapid.Permutation(append(once, again...)).Draw(t, "order") {
		var err error
		if what == "ReserveStock" {
			_, err = s.reserve(t.Context(), input("ord_1", Line{"TEA", 2}))
			if platform.CodeOf(err) == platform.ReservationClosed {
				err = nil
			}
		} else {
			err = e.handle(t.Context(), eventBody(what, fmt.Sprintf(`{"orderId":"ord_1","committedBy":%q}`, f.by)))
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := m.shards[shardID{"TEA", 0}].Check(); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.reservations["ord_1"].State; got != f.want || m.shards[shardID{"TEA", 0}] != f.after {
		t.Fatalf("it is %s with %+v, want %s with %+v", got, m.shards[shardID{"TEA", 0}], f.want, f.after)
	}
}

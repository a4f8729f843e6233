package inventory

import (
	"encoding/json"
	"testing"

	"twofold/internal/platform"
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
		{"cancelled", "OrderCancelled", `{"orderId":"ord_1","reason":"CancelRequested","region":"us-west-2","surprise":1}`, Released},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, clock := newMemory(nil).fill("TEA", 5), newClock()
			if _, err := m.saga(clock).reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
				t.Fatal(err)
			}
			e := subscriber{region: east, stock: m, credit: m.creditor(clock)}
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
	m, clock := newMemory(nil), newClock()
	e := subscriber{region: east, stock: m, credit: m.creditor(clock)}
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
	e := subscriber{region: east, stock: m, credit: m.creditor(newClock())}
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

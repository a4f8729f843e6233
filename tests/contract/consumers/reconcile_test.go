//go:build pact

package consumers_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/pact-foundation/pact-go/v2/matchers"

	"twofold/internal/inventory"
	"twofold/internal/payment"
	"twofold/internal/platform"
)

// reconciling is what the reconciler asks about the intent of an order that Stripe shows.
func reconciling() []inquiry {
	outcome := detail{"orderId": orderID, "want": "outcome"}
	run := func(status string, seen, waiting int) func(s *shop) error {
		return func(s *shop) error { return s.reconcile(status, seen, waiting) }
	}
	return []inquiry{
		{"payment-reconcile", "order-query", "whose orders the region acts for", "no order", detail{"want": "homes"}, detail{"homes": matchers.EachLike(region, 1)}, func(s *shop) error {
			ask := s.answers["order-query"]
			s.answers["order-query"] = func(q []byte) []byte {
				if bytes.Contains(q, []byte("homes")) {
					return ask(q)
				}
				return []byte(`{"known":true,"state":"CONFIRMED"}`)
			}
			return s.reconcileAll("succeeded", 1, 0)
		}},
		{"payment-reconcile", "order-query", "what became of a confirmed order", "an order is confirmed", outcome, detail{"known": matchers.Equality(true), "state": matchers.Equality("CONFIRMED")}, run("succeeded", 1, 0)},
		{"payment-reconcile", "order-query", "what became of an order that waits for its shopper", "an order whose shopper must act", outcome,
			detail{"known": matchers.Equality(true), "state": matchers.Equality("ACTION_REQUIRED")}, run("requires_action", 1, 1)},
		{"payment-reconcile", "shipping-saga", "to cancel the shipment of an order that nobody knows", "no order", detail{"step": "CancelShipment", "order": detail{"orderId": orderID}}, detail{}, func(s *shop) error {
			s.answers["order-query"] = func([]byte) []byte { return []byte(`{"known":false}`) }
			return s.reconcile("succeeded", 1, 0)
		}},
	}
}

// fenced is what an abort asks when the order's keys stand for a placed fact that is not known.
func fenced() []inquiry {
	homes := detail{"homes": matchers.EachLike(region, 1), "peerFencedAt": matchers.Regex("2026-03-04T11:00:00Z", `^\d{4}-\d\d-\d\dT[\d:.]+Z$`)}
	return []inquiry{{"payment-saga", "order-query", "since when the other region is fenced", "the other region is fenced", detail{"want": "homes"}, homes, func(s *shop) error {
		s.answer = func(string) string {
			if last := s.calls[len(s.calls)-1]; strings.HasPrefix(last, "POST") {
				return `{"error":{"type":"idempotency_error","message":"other parameters"}}`
			}
			return `{"object":"list","has_more":false,"data":[]}`
		}
		order := detail{"orderId": orderID, "placedRegion": region, "placedAt": "2026-03-04T10:00:00Z", "amount": detail{"amount": 2070, "currency": "EUR"},
			"payment": detail{"customer": "cus_1", "method": "pm_1", "version": 1}, "also": []any{}}
		_, err := run[struct{}](s, s.build("payments", payment.NewSaga), detail{"step": "VoidPayment", "order": order, "reason": detail{"outcome": "rejected", "code": "PaymentDeclined"}})
		if asked := countPrefix(s.calls, "POST"); errorName(err) != string(platform.Undecided) || asked != 15 {
			return fmt.Errorf("beside a region that was fenced an hour ago an abort passes over five keys, each asked for with three sets of parameters: got %v after %d", err, asked)
		}
		return nil
	}}}
}

func countPrefix(calls []string, prefix string) (n int) {
	for _, c := range calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// reconcile runs the reconciler of a region that acts for itself.
func (s *shop) reconcile(status string, seen, waiting int) error {
	ask := s.answers["order-query"]
	s.answers["order-query"] = func(q []byte) []byte {
		if bytes.Contains(q, []byte("homes")) {
			return []byte(`{"homes":["` + region + `"]}`)
		}
		return ask(q)
	}
	return s.reconcileAll(status, seen, waiting)
}

// reconcileAll runs the reconciler while Stripe shows one intent of an hour ago, which was paid back if it was captured.
func (s *shop) reconcileAll(status string, seen, waiting int) error {
	s.answer = func(path string) string {
		if strings.HasPrefix(path, "/v1/refunds") {
			return `{"object":"list","has_more":false,"data":[{"id":"re_1","object":"refund","amount":2070,"status":"succeeded"}]}`
		}
		intent := fmt.Sprintf(`{"id":"pi_1","object":"payment_intent","status":%q,"created":%d,"amount_received":2070,"metadata":{"order_id":%q,"placed_region":%q}}`,
			status, s.now.Add(-time.Hour).Unix(), orderID, region)
		if strings.HasPrefix(path, "/v1/payment_intents/") {
			return intent
		}
		return `{"object":"list","has_more":false,"data":[` + intent + `]}`
	}
	got, err := run[struct{ Seen, Waiting, Failed int }](s, s.build("payments", payment.NewReconcile), struct{}{})
	if err == nil && (got.Seen != seen || got.Waiting != waiting || got.Failed != 0) {
		err = fmt.Errorf("the reconciler answered %+v", got)
	}
	return err
}

// adopting is what inventory asks when a region is lost for good.
func adopting() []inquiry {
	return []inquiry{{"inventory-adopt", "order-adopt", "what the lost region has sold", "the other region has sold", detail{"action": "sold", "region": peer, "after": ""},
		detail{"sold": detail{sku: matchers.Integer(2)}, "open": matchers.Equality(0), "next": matchers.Equality("")},
		func(s *shop) error {
			staff := `{"title":"Earl Grey, 100 g","price":{"amount":790,"currency":"EUR"},"active":true}`
			if err := s.call(inventory.NewAPI, "stock", "PUT /v1/products/"+sku, nil, staff, 201, sku); err != nil {
				return err
			}
			adopt := s.build("stock", inventory.NewAdopt)
			if _, err := run[struct{}](s, adopt, map[string]any{"action": "fence", "apply": true}); err != nil {
				return err
			}
			got, err := run[struct{ Wrong, Open int }](s, adopt, map[string]any{"action": "adopt"})
			if err == nil && got.Wrong != 1 { // two were sold of which none came in
				err = fmt.Errorf("what was sold is not counted: %+v", got)
			}
			return err
		}}}
}

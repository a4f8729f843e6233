//go:build pact

package payment

import (
	"context"
	"errors"
	"net/http"

	"github.com/pact-foundation/pact-go/v2/matchers"
)

func creating() []agreement {
	const form = "amount=2070&capture_method=manual&currency=eur&customer=cus_contract&metadata[order_id]=ord_contract&metadata[placed_region]=us-east-1&metadata[version]=1&"
	create := func(p Params) func(stripeGateway) error {
		return func(g stripeGateway) error {
			id, err := g.Create(context.Background(), p, "twofold-ord_contract-create-v1")
			if err == nil && id != exampleIntent {
				err = errors.New("the id was not read")
			}
			return err
		}
	}
	bad := exampleParams()
	bad.Method = "pm_unknown"
	return []agreement{
		{does: "a request to create an intent", given: "a customer", method: http.MethodPost, path: "/payment_intents",
			form: form + "payment_method=pm_card_visa&payment_method_types[0]=card", status: http.StatusOK,
			answer: intentIn("requires_confirmation", metadata(metaOrder, exampleOrder, metaPlaced, east, metaVersion, "1")), call: create(exampleParams())},
		{does: "a request to create an intent with a payment method that does not exist", given: "a customer", method: http.MethodPost, path: "/payment_intents",
			form: form + "payment_method=pm_unknown&payment_method_types[0]=card", status: http.StatusBadRequest,
			answer: refusal("invalid_request_error", "resource_missing"), call: is(Refused, create(bad))},
		{does: "a request to create an intent under a key that stands for another", given: "an intent that was created with other parameters", method: http.MethodPost, path: "/payment_intents",
			form: form + "payment_method=pm_card_visa&payment_method_types[0]=card", status: http.StatusBadRequest,
			answer: refusal("idempotency_error", ""), call: is(Mismatch, create(exampleParams()))},
		{does: "a request with a key that is not ours", given: "a customer", method: http.MethodPost, path: "/payment_intents", key: "sk_test_wrong",
			form: form + "payment_method=pm_card_visa&payment_method_types[0]=card", status: http.StatusUnauthorized,
			answer: refusal("invalid_request_error", ""), call: is(Denied, create(exampleParams()))},
		{does: "a request for a customer's intents", given: "an intent that is not confirmed", method: http.MethodGet, path: "/payment_intents",
			query: map[string]string{"customer": exampleCustomer, "limit": "100", "created[gte]": "1772625600"}, status: http.StatusOK,
			answer: map[string]any{"object": matchers.Equality("list"), "has_more": matchers.Like(false), "data": matchers.EachLike(intentIn("requires_confirmation", metadata(metaOrder, exampleOrder)), 1)},
			call: func(g stripeGateway) error {
				id, found, err := g.Find(context.Background(), exampleCustomer, exampleOrder, placedAt)
				if err == nil && (!found || id != exampleIntent) {
					err = errors.New("the intent was not found in the list")
				}
				return err
			}},
	}
}

func reading() []agreement {
	read := func(does, given string, answer map[string]any, what string, so func(i Intent) bool) agreement {
		return agreement{does: does, given: given, method: http.MethodGet, path: "/payment_intents/{intent}", status: http.StatusOK, answer: answer, call: reads(what, so)}
	}
	return []agreement{
		read("a request for an intent that waits for the shopper", "an intent whose shopper must authenticate",
			intentIn("requires_action", map[string]any{"next_action": map[string]any{"type": matchers.Equality("redirect_to_url"),
				"redirect_to_url": map[string]any{"url": matchers.Regex("https://hooks.example/3ds", "^https?://.+$")}}}),
			"the address", func(i Intent) bool { return i.Status == requiresAction && i.ActionURL != "" }),
		read("a request for an intent that was declined", "an intent that was declined", intentIn("requires_payment_method", nil),
			"the status", func(i Intent) bool { return i.Status == requiresPaymentMethod }),
		read("a request for an intent that is authorized", "an intent that is authorized", intentIn("requires_capture", metadata(metaOrder, exampleOrder, metaPlaced, east)),
			"the metadata", func(i Intent) bool {
				return i.Status == requiresCapture && i.OrderID == exampleOrder && i.PlacedRegion == east
			}),
		read("a request for an intent that is captured", "an intent that was captured",
			intentIn("succeeded", merged(metadata(metaCommittedBy, east), map[string]any{"amount_received": matchers.Integer(2070)})),
			"who committed", func(i Intent) bool { return i.Status == succeeded && i.CommittedBy == east && i.Received == 2070 }),
		read("a request for an intent that is void", "an intent that was cancelled",
			intentIn("canceled", merged(metadata(metaRejected, "InsufficientStock"), map[string]any{"cancellation_reason": matchers.Equality("abandoned")})),
			"why", func(i Intent) bool {
				return i.Status == canceled && i.CancellationReason == reasonRejected && i.RejectedFor == "InsufficientStock"
			}),
		{does: "a request for an intent that does not exist", given: "a customer", method: http.MethodGet, path: "/payment_intents/" + unknown, status: http.StatusNotFound,
			answer: refusal("invalid_request_error", "resource_missing"),
			call:   is(Refused, func(g stripeGateway) error { _, err := g.Retrieve(context.Background(), unknown); return err })},
	}
}

func deciding() []agreement {
	act := func(does, given, action, form string, status int, answer map[string]any, call func(g stripeGateway) error) agreement {
		return agreement{does: does, given: given, method: http.MethodPost, path: "/payment_intents/{intent}" + action, form: form, status: status, answer: answer, call: call}
	}
	confirm := func(g stripeGateway) error {
		return g.Confirm(context.Background(), exampleIntent, exampleOrder, "twofold-confirm")
	}
	capture := func(g stripeGateway) error { return g.Capture(context.Background(), exampleIntent, east) }
	void := func(g stripeGateway) error { return g.Cancel(context.Background(), exampleIntent, reasonRejected) }
	refund := func(g stripeGateway) error { return g.Refund(context.Background(), exampleIntent) }
	const (
		back       = "return_url=https://shop.example/orders/ord_contract"
		refundForm = "payment_intent=pi_contract&reason=requested_by_customer"
		unexpected = "payment_intent_unexpected_state"
	)
	return []agreement{
		act("a request to confirm", "an intent that is not confirmed", "/confirm", back, http.StatusOK, intentIn("requires_capture", nil), confirm),
		act("a request to confirm with a card that is declined", "an intent of a card that will be declined", "/confirm", back, http.StatusPaymentRequired,
			refusal("card_error", "card_declined"), is(Refused, confirm)),
		act("a note that the shopper is asked", "an intent whose shopper must authenticate", "", "metadata[asked]=authentication", http.StatusOK,
			intentIn("requires_action", metadata(metaAsked, "authentication")), func(g stripeGateway) error { return g.NoteAsked(context.Background(), exampleIntent) }),
		act("a note why it will be rejected", "an intent that is authorized", "", "metadata[rejected_for]=InsufficientStock", http.StatusOK,
			intentIn("requires_capture", metadata(metaRejected, "InsufficientStock")), func(g stripeGateway) error {
				return g.NoteRejected(context.Background(), exampleIntent, "InsufficientStock")
			}),
		act("a request to capture", "an intent that is authorized", "/capture", "metadata[committed_by]=us-east-1", http.StatusOK,
			intentIn("succeeded", metadata(metaCommittedBy, east)), capture),
		act("a request to capture what is void", "an intent that was cancelled", "/capture", "metadata[committed_by]=us-east-1", http.StatusBadRequest,
			refusal("invalid_request_error", unexpected), is(Refused, capture)),
		act("a request to cancel", "an intent that is authorized", "/cancel", "cancellation_reason=abandoned", http.StatusOK,
			intentIn("canceled", map[string]any{"cancellation_reason": matchers.Equality("abandoned")}), void),
		act("a request to cancel what is captured", "an intent that was captured", "/cancel", "cancellation_reason=abandoned", http.StatusBadRequest,
			refusal("invalid_request_error", unexpected), is(Refused, void)),
		{does: "a request to refund", given: "an intent that was captured", method: http.MethodPost, path: "/refunds", form: refundForm, status: http.StatusOK,
			answer: map[string]any{"id": matchers.Regex("re_1", "^(re|pyr)_.+$"), "object": matchers.Equality("refund"), "amount": matchers.Integer(2070)}, call: refund},
		{does: "a request to refund what was refunded", given: "an intent that was refunded", method: http.MethodPost, path: "/refunds", form: refundForm, status: http.StatusBadRequest,
			answer: refusal("invalid_request_error", "charge_already_refunded"), call: is(Refused, refund)},
		{does: "a request for an intent's refunds", given: "an intent that was refunded", method: http.MethodGet, path: "/refunds",
			query: map[string]string{"payment_intent": exampleIntent, "limit": "100"}, status: http.StatusOK,
			answer: map[string]any{"object": matchers.Equality("list"), "has_more": matchers.Like(false), "data": matchers.EachLike(map[string]any{
				"id": matchers.Regex("re_1", "^(re|pyr)_.+$"), "amount": matchers.Integer(2070), "status": matchers.Regex("succeeded", "^(pending|succeeded)$")}, 1)},
			call: func(g stripeGateway) error {
				all, err := g.Refunds(context.Background(), exampleIntent)
				if err == nil && (len(all) != 1 || all[0].Amount != 2070 || all[0].Void) {
					err = errors.New("the refund was not read")
				}
				return err
			}},
	}
}

func merged(a, b map[string]any) map[string]any {
	for k, v := range b {
		a[k] = v
	}
	return a
}

// subscribing is what renews the secret of webhooks.
func subscribing() []agreement {
	const url = "https://example.com/v1/webhooks/payments"
	endpoint := func(more map[string]any) map[string]any {
		return merged(more, map[string]any{"id": matchers.Regex("we_1", "^we_.+$"), "object": matchers.Equality("webhook_endpoint"), "status": matchers.Equality("enabled")})
	}
	return []agreement{
		{does: "a request for a webhook endpoint", given: "a customer", method: http.MethodPost, path: "/webhook_endpoints", status: http.StatusOK,
			form: "enabled_events[0]=payment_intent.amount_capturable_updated&enabled_events[1]=payment_intent.payment_failed&enabled_events[2]=payment_intent.canceled&" +
				"enabled_events[3]=payment_intent.succeeded&metadata[twofold_secret_version]=v1&url=https://example.com/v1/webhooks/payments%3Fversion%3Dv1",
			answer: endpoint(map[string]any{"secret": matchers.Regex("whsec_1", "^whsec_.+$")}), call: func(g stripeGateway) error {
				secret, err := endpoints{stripe: g, url: url}.create(context.Background(), "v1")
				if err == nil && secret == "" {
					err = errors.New("the secret was not read")
				}
				return err
			}},
		{does: "a request for the webhook endpoints", given: "a webhook endpoint", method: http.MethodGet, path: "/webhook_endpoints", query: map[string]string{"limit": "100"}, status: http.StatusOK,
			answer: map[string]any{"object": matchers.Equality("list"), "has_more": matchers.Like(false), "data": matchers.EachLike(
				endpoint(map[string]any{"url": matchers.Regex(url+"?version=v1", "^https://.+$"), "metadata": map[string]any{"twofold_secret_version": matchers.Like("v1")}}), 1)},
			call: func(g stripeGateway) error {
				return endpoints{stripe: g, url: url}.test(context.Background(), "v1", "")
			}},
	}
}

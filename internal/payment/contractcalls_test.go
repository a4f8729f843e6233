//go:build pact

package payment

import (
	"context"
	"errors"
	"net/http"

	"github.com/pact-foundation/pact-go/v2/matchers"
)

func creating() []agreement {
	const (
		made  = "amount=2070&capture_method=manual&currency=eur&metadata[order_id]=ord_contract&metadata[placed_region]=us-east-1&metadata[version]=1&payment_method_types[0]=card"
		form  = made + "&customer=cus_contract&confirm=true&return_url=https://shop.example/orders/ord_contract&payment_method="
		visa  = "pm_card_visa"
		given = "a customer"
	)
	create := func(p Params, want Status) func(stripeGateway) error {
		return reads("the intent", func(g stripeGateway) (Intent, error) {
			return g.Create(context.Background(), p, "twofold-ord_contract-create-v1")
		}, func(i Intent) bool { return i.ID == exampleIntent && i.Status == want })
	}
	with := func(method string) Params {
		p := exampleParams()
		p.Method = method
		return p
	}
	nobody := with("")
	nobody.Customer = ""
	held := intentIn("requires_capture", metadata(metaOrder, exampleOrder, metaPlaced, east, metaVersion, "1"))
	post := func(does, given, form string, status int, answer map[string]any, call func(stripeGateway) error) agreement {
		return agreement{does: does, given: given, method: http.MethodPost, path: "/payment_intents", form: form, status: status, answer: answer, call: call}
	}
	again := post("the same request to create an intent again", "an intent that was created with these parameters", form+visa, http.StatusOK, held, create(exampleParams(), requiresCapture))
	again.replayed = true
	stranger := post("a request with a key that is not ours", given, form+visa, http.StatusUnauthorized, refusal("invalid_request_error", ""), is(Denied, create(exampleParams(), "")))
	stranger.key = "sk_test_wrong"
	return []agreement{
		post("a request to create an intent", given, form+visa, http.StatusOK, held, create(exampleParams(), requiresCapture)),
		again,
		post("a request to create an intent with a card that is declined", given, form+"pm_card_chargeDeclined", http.StatusPaymentRequired,
			refusal("card_error", "card_declined"), is(Refused, create(with("pm_card_chargeDeclined"), ""))),
		post("a request to create an intent with a card whose bank asks the shopper", given, form+"pm_card_authenticationRequired", http.StatusOK,
			intentIn("requires_action", asking()), create(with("pm_card_authenticationRequired"), requiresAction)),
		post("a request to create an intent with a payment method that does not exist", given, form+"pm_unknown", http.StatusBadRequest,
			refusal("invalid_request_error", "resource_missing"), is(Refused, create(with("pm_unknown"), ""))),
		post("a request to create an intent that nobody can pay", given, made+"&customer=cus_contract", http.StatusOK,
			intentIn("requires_payment_method", nil), create(with(""), requiresPaymentMethod)),
		post("a request to create an intent of no customer that nobody can pay", given, made, http.StatusOK,
			intentIn("requires_payment_method", nil), create(nobody, requiresPaymentMethod)),
		post("a request to create an intent under a key that stands for another", "an intent that was created with other parameters", form+visa, http.StatusBadRequest,
			refusal("idempotency_error", ""), is(Mismatch, create(exampleParams(), ""))),
		stranger,
		{does: "a request for a customer's intents", given: "an intent that is authorized", method: http.MethodGet, path: "/payment_intents",
			query: map[string]string{"customer": exampleCustomer, "limit": "100", "created[gte]": "1772625600"}, status: http.StatusOK,
			answer: map[string]any{"object": matchers.Equality("list"), "has_more": matchers.Like(false), "data": matchers.EachLike(intentIn("requires_capture", metadata(metaOrder, exampleOrder)), 1)},
			call: func(g stripeGateway) error {
				found, err := g.Find(context.Background(), exampleCustomer, exampleOrder, placedAt)
				if err == nil && (len(found) != 1 || found[0].ID != exampleIntent || found[0].Status != requiresCapture) {
					err = errors.New("the intent was not found in the list")
				}
				return err
			}},
	}
}

// asking is what an intent has that waits for the shopper.
func asking() map[string]any {
	return map[string]any{"next_action": map[string]any{"type": matchers.Equality("redirect_to_url"),
		"redirect_to_url": map[string]any{"url": matchers.Regex("https://hooks.example/3ds", "^https?://.+$")}}}
}

func reading() []agreement {
	read := func(does, given string, answer map[string]any, what string, so func(i Intent) bool) agreement {
		return agreement{does: does, given: given, method: http.MethodGet, path: "/payment_intents/{intent}", status: http.StatusOK, answer: answer,
			call: reads(what, func(g stripeGateway) (Intent, error) { return g.Retrieve(context.Background(), exampleIntent) }, so)}
	}
	return []agreement{
		read("a request for an intent that waits for the shopper", "an intent whose shopper must authenticate",
			intentIn("requires_action", asking()),
			"the address", func(i Intent) bool { return i.Status == requiresAction && i.ActionURL != "" }),
		read("a request for an intent that was declined", "an intent that was declined",
			intentIn("requires_payment_method", map[string]any{"last_payment_error": map[string]any{"type": matchers.Equality("card_error")}}),
			"that it was tried", func(i Intent) bool { return i.Status == requiresPaymentMethod && i.Tried }),
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
	ctx := context.Background()
	note := func(do func(g stripeGateway) (Intent, error), so func(i Intent) bool) func(stripeGateway) error {
		return reads("the note", do, so)
	}
	capture := reads("who committed", func(g stripeGateway) (Intent, error) { return g.Capture(ctx, exampleIntent, east) },
		func(i Intent) bool { return i.Status == succeeded && i.CommittedBy == east })
	void := reads("why", func(g stripeGateway) (Intent, error) { return g.Cancel(ctx, exampleIntent, reasonRejected) },
		func(i Intent) bool { return i.Status == canceled && i.CancellationReason == reasonRejected })
	refund := func(g stripeGateway) error { return g.Refund(ctx, exampleIntent) }
	const (
		refundForm = "payment_intent=pi_contract&reason=requested_by_customer"
		unexpected = "payment_intent_unexpected_state"
	)
	return []agreement{
		act("a note that the shopper is asked", "an intent whose shopper must authenticate", "", "metadata[asked]=authentication", http.StatusOK,
			intentIn("requires_action", merged(metadata(metaAsked, "authentication"), asking())),
			note(func(g stripeGateway) (Intent, error) { return g.NoteAsked(ctx, exampleIntent) },
				func(i Intent) bool { return i.Status == requiresAction && i.Asked && i.ActionURL != "" })),
		act("a note why it will be rejected", "an intent that is authorized", "", "metadata[rejected_for]=InsufficientStock", http.StatusOK,
			intentIn("requires_capture", metadata(metaRejected, "InsufficientStock")),
			note(func(g stripeGateway) (Intent, error) { return g.NoteRejected(ctx, exampleIntent, "InsufficientStock") },
				func(i Intent) bool { return i.RejectedFor == "InsufficientStock" })),
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
				all, err := g.Refunds(ctx, exampleIntent)
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

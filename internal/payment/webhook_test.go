package payment

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
	"twofold/internal/platform/webhooktest"
)

// inbox is the order service as far as webhooks go: an event is stored once.
type inbox struct {
	stored []Update
	refuse error
}

func (b *inbox) Updated(_ context.Context, u Update) (platform.Durability, error) {
	if b.refuse != nil {
		return "", b.refuse
	}
	if !slices.Contains(b.stored, u) {
		b.stored = append(b.stored, u)
	}
	return platform.InTwoRegions, nil
}

func stripeBody(kind, metadata string) string {
	return `{"id":"evt_1","object":"event","type":"` + kind + `","api_version":"2026-01-28","data":{"object":{"id":"pi_1","object":"payment_intent","metadata":{` + metadata + `}}}}`
}

const asked = `"order_id":"ord_1","asked":"authentication"`

// signing is the key that webhooks are signed with.
type signing struct {
	key   string
	clock *clocktest.Clock
}

func (s signing) Verify(_ context.Context, header, body string) error {
	return platform.CheckSignature(header, body, []string{s.key}, s.clock.Now())
}

func post(body, signature string) platform.Request {
	return webhooktest.Post("stripe-signature", body, signature)
}

func newHook() (webhook, *inbox, *clocktest.Clock) {
	b, clock := &inbox{}, clocktest.New()
	return webhook{secret: signing{"whsec_1", clock}, orders: b}, b, clock
}

func TestAWebhookIsStoredIfTheSagaCouldNotKnow(t *testing.T) {
	cases := []struct {
		name, body string
		stored     bool
	}{
		{"authenticated", stripeBody("payment_intent.amount_capturable_updated", asked), true},
		{"failed to authenticate", stripeBody("payment_intent.payment_failed", asked), true},
		{"cancelled at the provider", stripeBody("payment_intent.canceled", asked), true},
		{"captured at the provider", stripeBody("payment_intent.succeeded", asked), true},
		{"authorized by a run of the saga", stripeBody("payment_intent.amount_capturable_updated", `"order_id":"ord_1"`), false},
		{"no intent of the shop", stripeBody("payment_intent.succeeded", ""), false},
		{"another type", stripeBody("payment_intent.created", asked), false},
		{"a type of another shape", `{"id":"evt_1","type":"balance.available","data":{"object":{"available":[]}}}`, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, b, clock := newHook()
			for range 2 { // doubled: the provider delivers at least once
				res, err := h.receive(t.Context(), post(c.body, webhooktest.Sign(c.body, "whsec_1", clock.Now())))
				if err != nil || res.Status != http.StatusOK || res.Body != (platform.WebhookReceived{Stored: c.stored}) {
					t.Fatalf("got %+v, %v", res, err)
				}
				if c.stored && res.Header[platform.DurabilityHeader] != "two-regions" {
					t.Errorf("headers %v", res.Header)
				}
			}
			want := []Update{{OrderID: "ord_1", EventID: "evt_1", IntentID: "pi_1"}}
			if !c.stored {
				want = nil
			}
			if !slices.Equal(b.stored, want) {
				t.Errorf("stored %+v", b.stored)
			}
		})
	}
}

func TestBadWebhooksAreRefusedAndChangeNothing(t *testing.T) {
	good := stripeBody("payment_intent.succeeded", asked)
	sign := func(body string) func(time.Time) string {
		return func(now time.Time) string { return webhooktest.Sign(body, "whsec_1", now) }
	}
	cases := []struct {
		name, body string
		signature  func(now time.Time) string
		code       platform.Code
		pointer    string
	}{
		{"unsigned", good, func(time.Time) string { return "" }, platform.BadSignature, ""},
		{"forged", good, func(now time.Time) string { return webhooktest.Sign(good, "whsec_2", now) }, platform.BadSignature, ""},
		{"of another body", good, sign(good + " "), platform.BadSignature, ""},
		{"stale", good, func(now time.Time) string { return webhooktest.Sign(good, "whsec_1", now.Add(-301*time.Second)) }, platform.BadSignature, ""},
		{"malformed signature", good, func(time.Time) string { return "whatever" }, platform.BadSignature, ""},
		{"malformed, signed", "{", sign("{"), platform.InvalidRequest, ""},
		{"empty, signed", "", sign(""), platform.InvalidRequest, ""},
		{"no id, signed", `{"type":"payment_intent.succeeded"}`, sign(`{"type":"payment_intent.succeeded"}`), platform.InvalidRequest, "/id"},
		{"no object, signed", `{"id":"evt_1","type":"payment_intent.succeeded"}`, sign(`{"id":"evt_1","type":"payment_intent.succeeded"}`), platform.InvalidRequest, "/data/object"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, b, clock := newHook()
			_, err := h.receive(t.Context(), post(c.body, c.signature(clock.Now())))
			wantCode(t, err, c.code)
			p := platform.ProblemOf(err)
			if c.pointer != "" && (len(p.Errors) != 1 || p.Errors[0].Pointer != c.pointer) {
				t.Errorf("the problem is %+v", p)
			}
			if raw, merr := json.Marshal(p); merr != nil || strings.Contains(string(raw), "whsec") {
				t.Errorf("the problem is %s, %v", raw, merr)
			}
			if len(b.stored) != 0 {
				t.Error("something was stored")
			}
		})
	}
}

// hooked is the webhook as the common tests take it.
func hooked() webhooktest.Hook {
	h, b, clock := newHook()
	return webhooktest.Hook{Receive: h.receive, Clock: clock, Stored: func() int { return len(b.stored) }, Refuse: func(err error) { b.refuse = err },
		Good: func(at time.Time) platform.Request {
			body := stripeBody("payment_intent.succeeded", asked)
			return post(body, webhooktest.Sign(body, "whsec_1", at))
		}}
}

func TestAReplayedWebhookIsStoredOnceAndThenTooOld(t *testing.T) {
	webhooktest.ReplayedIsStoredOnce(t, hooked())
}

func TestAWebhookThatCannotBeStoredIsSentAgain(t *testing.T) {
	webhooktest.UnstoredIsSentAgain(t, hooked())
}

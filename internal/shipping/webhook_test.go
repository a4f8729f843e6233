package shipping

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
	"twofold/internal/platform/webhooktest"
)

// inbox is the order service as far as tracking goes: a fact is stored once.
type inbox struct {
	stored []Tracking
	refuse error
}

func (b *inbox) Tracked(_ context.Context, t Tracking) (platform.Durability, error) {
	if b.refuse != nil {
		return "", b.refuse
	}
	if !slices.Contains(b.stored, t) {
		b.stored = append(b.stored, t)
	}
	return platform.InOneRegion, nil
}

const trackedOrder = "ord_abcdefghijklmnopqrstuvwxyz"

func carrierBody(kind, reference string) string {
	return `{"id":"evt_1","type":"` + kind + `","reference":"` + reference + `","at":"2026-03-01T12:00:00Z","van":7}`
}

func post(body, signature string) platform.Request {
	return webhooktest.Post("Carrier-Signature", body, signature)
}

// signing is the key that webhooks are signed with.
type signing struct {
	key   string
	clock *clocktest.Clock
}

func (s signing) Verify(_ context.Context, header, body string) error {
	return platform.CheckSignature(header, body, []string{s.key}, s.clock.Now())
}

func newHook() (webhook, *inbox, *clocktest.Clock) {
	b, clock := &inbox{}, clocktest.New()
	return webhook{secret: signing{"key_w", clock}, orders: b}, b, clock
}

func TestWhatTheCarrierTellsIsStoredAsAFact(t *testing.T) {
	for kind, want := range map[string][]Tracking{
		"shipment.dispatched": {{OrderID: trackedOrder, Kind: fact.Dispatched, EventID: "evt_1"}},
		"shipment.delivered":  {{OrderID: trackedOrder, Kind: fact.Delivered, EventID: "evt_1"}},
		"shipment.delayed":    nil,
	} {
		h, b, clock := newHook()
		body := carrierBody(kind, trackedOrder)
		for range 2 { // doubled: the carrier delivers at least once
			res, err := h.receive(t.Context(), post(body, webhooktest.Sign(body, "key_w", clock.Now())))
			if err != nil || res.Status != http.StatusOK || res.Body != (platform.WebhookReceived{Stored: want != nil}) {
				t.Errorf("%s: got %+v, %v", kind, res, err)
			}
			if want != nil && res.Header[platform.DurabilityHeader] != "one-region" {
				t.Errorf("%s: headers %v", kind, res.Header)
			}
		}
		if !slices.Equal(b.stored, want) {
			t.Errorf("%s: stored %+v", kind, b.stored)
		}
	}
}

func TestBadWebhooksAreRefusedAndChangeNothing(t *testing.T) {
	good := carrierBody("shipment.delivered", trackedOrder)
	by := func(secret string, age time.Duration) func(body string, now time.Time) string {
		return func(body string, now time.Time) string { return webhooktest.Sign(body, secret, now.Add(-age)) }
	}
	cases := []struct {
		name, body string
		signature  func(body string, now time.Time) string
		code       platform.Code
		pointers   []string
	}{
		{"unsigned", good, func(string, time.Time) string { return "" }, platform.BadSignature, nil},
		{"forged", good, by("key_x", 0), platform.BadSignature, nil},
		{"of another body", good, func(_ string, now time.Time) string { return webhooktest.Sign("{}", "key_w", now) }, platform.BadSignature, nil},
		{"stale", good, by("key_w", 301*time.Second), platform.BadSignature, nil},
		{"malformed signature", good, func(string, time.Time) string { return "v1=00" }, platform.BadSignature, nil},
		{"malformed, signed", `{"id":`, by("key_w", 0), platform.InvalidRequest, []string{""}},
		{"wrong types, signed", `{"id":1,"type":"shipment.delivered","reference":"` + trackedOrder + `"}`, by("key_w", 0), platform.InvalidRequest, []string{""}},
		{"empty, signed", `{}`, by("key_w", 0), platform.InvalidRequest, []string{"/id", "/type", "/reference"}},
		{"no order of the shop, signed", carrierBody("shipment.delivered", "ord_1"), by("key_w", 0), platform.InvalidRequest, []string{"/reference"}},
		{"no reference though the type is of no interest, signed", `{"id":"evt_1","type":"shipment.delayed"}`, by("key_w", 0), platform.InvalidRequest, []string{"/reference"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, b, clock := newHook()
			_, err := h.receive(t.Context(), post(c.body, c.signature(c.body, clock.Now())))
			wantCode(t, err, c.code)
			var pointers []string
			for _, v := range platform.ProblemOf(err).Errors {
				pointers = append(pointers, v.Pointer)
			}
			if !slices.Equal(pointers, c.pointers) {
				t.Errorf("the problem points at %q, want %q", pointers, c.pointers)
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
			body := carrierBody("shipment.dispatched", trackedOrder)
			return post(body, webhooktest.Sign(body, "key_w", at))
		}}
}

func TestAReplayedWebhookIsStoredOnceAndThenTooOld(t *testing.T) {
	webhooktest.ReplayedIsStoredOnce(t, hooked())
}

func TestAWebhookThatCannotBeStoredIsSentAgain(t *testing.T) {
	webhooktest.UnstoredIsSentAgain(t, hooked())
}

package payment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/platform"
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

func stripeSignature(body, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body) // a hash never fails
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

func post(body, signature string) platform.Request {
	return platform.Request{APIGatewayProxyRequest: events.APIGatewayProxyRequest{Body: body, Headers: map[string]string{"stripe-signature": signature}}}
}

func stripeBody(kind, metadata string) string {
	return `{"id":"evt_1","object":"event","type":"` + kind + `","api_version":"2026-01-28","data":{"object":{"id":"pi_1","object":"payment_intent","metadata":{` + metadata + `}}}}`
}

const asked = `"order_id":"ord_1","asked":"authentication"`

// signing is the key that webhooks are signed with.
type signing struct {
	key   string
	clock *handClock
}

func (s signing) Verify(_ context.Context, header, body string) error {
	return platform.CheckSignature(header, body, []string{s.key}, s.clock.Now())
}

func newHook() (webhook, *inbox, *handClock) {
	b, clock := &inbox{}, newClock()
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
				res, err := h.receive(t.Context(), post(c.body, stripeSignature(c.body, "whsec_1", clock.now)))
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
		return func(now time.Time) string { return stripeSignature(body, "whsec_1", now) }
	}
	cases := []struct {
		name, body string
		signature  func(now time.Time) string
		code       platform.Code
		pointer    string
	}{
		{"unsigned", good, func(time.Time) string { return "" }, platform.BadSignature, ""},
		{"forged", good, func(now time.Time) string { return stripeSignature(good, "whsec_2", now) }, platform.BadSignature, ""},
		{"of another body", good, sign(good + " "), platform.BadSignature, ""},
		{"stale", good, func(now time.Time) string { return stripeSignature(good, "whsec_1", now.Add(-301*time.Second)) }, platform.BadSignature, ""},
		{"malformed signature", good, func(time.Time) string { return "whatever" }, platform.BadSignature, ""},
		{"malformed, signed", "{", sign("{"), platform.InvalidRequest, ""},
		{"empty, signed", "", sign(""), platform.InvalidRequest, ""},
		{"no id, signed", `{"type":"payment_intent.succeeded"}`, sign(`{"type":"payment_intent.succeeded"}`), platform.InvalidRequest, "/id"},
		{"no object, signed", `{"id":"evt_1","type":"payment_intent.succeeded"}`, sign(`{"id":"evt_1","type":"payment_intent.succeeded"}`), platform.InvalidRequest, "/data/object"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h, b, clock := newHook()
			_, err := h.receive(t.Context(), post(c.body, c.signature(clock.now)))
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

func TestAReplayedWebhookIsStoredOnceAndThenTooOld(t *testing.T) {
	h, b, clock := newHook()
	body := stripeBody("payment_intent.succeeded", asked)
	overheard := post(body, stripeSignature(body, "whsec_1", clock.now))
	for range 3 {
		if _, err := h.receive(t.Context(), overheard); err != nil {
			t.Fatal(err)
		}
	}
	clock.now = clock.now.Add(6 * time.Minute)
	_, err := h.receive(t.Context(), overheard)
	wantCode(t, err, platform.BadSignature)
	if len(b.stored) != 1 {
		t.Errorf("stored %+v", b.stored)
	}
}

func TestAWebhookThatCannotBeStoredIsSentAgain(t *testing.T) {
	for refuse, want := range map[platform.Code]platform.Code{
		platform.NotFound: platform.Conflict, platform.Unavailable: platform.Unavailable, platform.Throttled: platform.Throttled,
	} {
		h, b, clock := newHook()
		b.refuse = platform.Refuse(refuse, "")
		body := stripeBody("payment_intent.succeeded", asked)
		_, err := h.receive(t.Context(), post(body, stripeSignature(body, "whsec_1", clock.now)))
		wantCode(t, err, want) // and no code is answered with 200
	}
}

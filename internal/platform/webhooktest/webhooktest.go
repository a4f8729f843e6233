// Package webhooktest has what the tests of webhooks have in common: how a provider signs, and what holds for every webhook of the shop.
package webhooktest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// Sign is the signature of a body at a time, as both providers make it.
func Sign(body, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body) // a hash never fails
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// Post is a webhook whose signature stands in a header.
func Post(header, body, signature string) platform.Request {
	return platform.Request{APIGatewayProxyRequest: events.APIGatewayProxyRequest{Body: body, Headers: map[string]string{header: signature}}}
}

// Hook is a webhook's handler with an order service and a clock of its own.
type Hook struct {
	Receive func(ctx context.Context, r platform.Request) (platform.Response, error)
	Good    func(at time.Time) platform.Request // a webhook that is to be stored, signed at a time
	Stored  func() int
	Refuse  func(err error) // what the order service answers from now on
	Clock   *clocktest.Clock
}

// ReplayedIsStoredOnce checks that a webhook that was overheard and sent again is stored once, and refused when it is old.
func ReplayedIsStoredOnce(t *testing.T, h Hook) {
	t.Helper()
	overheard := h.Good(h.Clock.Now())
	for range 3 {
		if _, err := h.Receive(t.Context(), overheard); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Add(6 * time.Minute)
	if _, err := h.Receive(t.Context(), overheard); platform.CodeOf(err) != platform.BadSignature {
		t.Errorf("after six minutes it was answered %v", err)
	}
	if h.Stored() != 1 {
		t.Errorf("it was stored %d times", h.Stored())
	}
}

// UnstoredIsSentAgain checks that a webhook that cannot be stored is not answered with 200.
func UnstoredIsSentAgain(t *testing.T, h Hook) {
	t.Helper()
	for refuse, want := range map[platform.Code]platform.Code{
		platform.NotFound: platform.Conflict, platform.Unavailable: platform.Unavailable, platform.Throttled: platform.Throttled,
	} {
		h.Refuse(platform.Refuse(refuse, ""))
		if _, err := h.Receive(t.Context(), h.Good(h.Clock.Now())); platform.CodeOf(err) != want {
			t.Errorf("%s is answered %v, want %s", refuse, err, want)
		}
	}
}

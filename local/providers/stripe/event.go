package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Event is something that a webhook would tell, see https://docs.stripe.com/api/events/object.
type Event struct {
	ID      string
	Type    string // e.g. "payment_intent.succeeded"
	Created int64  // unix seconds
	object  any
}

// Payload is the JSON body that a webhook would carry.
func (e Event) Payload() ([]byte, error) {
	return json.Marshal(map[string]any{"id": e.ID, "object": "event", "type": e.Type, "created": e.Created,
		"api_version": "2026-01-28", "livemode": false, "pending_webhooks": 1, "data": map[string]any{"object": e.object}})
}

// Sign gives the Stripe-Signature header of a payload, as
// https://docs.stripe.com/webhooks#verify-manually describes it.
func Sign(payload []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload) // a hash never fails
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// emit records an event with the object as it is now.
func (p *Provider) emit(kind string, in *intent) {
	var object any = p.view(in, params{})
	if c := p.charges[in.chargeID]; c != nil && strings.HasPrefix(kind, "charge.") {
		shown := *c
		object = &shown
	}
	p.events = append(p.events, Event{ID: p.id("evt_3", 23), Type: kind, Created: p.now(), object: object})
}

// Events are all events so far, in order.
func (p *Provider) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Event(nil), p.events...)
}

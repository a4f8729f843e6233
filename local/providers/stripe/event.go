package stripe

import (
	"encoding/json"
	"strings"

	"twofold/local/providers/webhook"
)

// Event is something that a webhook tells, see https://docs.stripe.com/api/events/object.
type Event struct {
	ID      string
	Type    string // e.g. "payment_intent.succeeded"
	Created int64  // unix seconds
	object  any
}

// Named implements [webhook.Event].
func (e Event) Named() (id, kind string) { return e.ID, e.Type }

// MarshalJSON gives the body that a webhook carries.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"id": e.ID, "object": "event", "type": e.Type, "created": e.Created,
		"api_version": "2026-01-28", "livemode": false, "pending_webhooks": 1, "data": map[string]any{"object": e.object}})
}

// SignatureHeader is the header of a webhook that carries its signature.
const SignatureHeader = "Stripe-Signature"

// Notify sends events to an endpoint from now on.
func (p *Provider) Notify(s *webhook.Sender) { p.outbox.Notify(s) }

// emit records an event with the object as it is now; it is sent when what it tells is kept.
func (p *Provider) emit(kind string, in *intent) {
	var object any = p.view(in, params{})
	if c := p.charges[in.chargeID]; c != nil && strings.HasPrefix(kind, "charge.") {
		shown := *c
		object = &shown
	}
	e := Event{ID: p.id("evt_3", 23), Type: kind, Created: p.now(), object: object}
	p.events = append(p.events, e)
	p.touch(e)
}

// Events are all events so far, in order.
func (p *Provider) Events() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Event(nil), p.events...)
}

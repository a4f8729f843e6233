package carrier

import (
	"time"

	"twofold/local/providers/webhook"
)

// Types of events.
const (
	TypeDispatched = "shipment." + Dispatched
	TypeDelivered  = "shipment." + Delivered
)

// SignatureHeader is the header of a webhook that carries its signature.
const SignatureHeader = "Carrier-Signature"

// Event is what a webhook tells.
type Event struct {
	ID        string    `json:"id"` // the same whenever the event is sent
	Type      string    `json:"type"`
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
}

// Named implements [webhook.Event].
func (e Event) Named() (id, kind string) { return e.ID, e.Type }

// Notify sends events to an endpoint from now on.
func (p *Provider) Notify(s *webhook.Sender) { p.outbox.Notify(s) }

package carrier

import (
	"encoding/json"
	"net/http"

	"twofold/local/providers/webhook"
)

// keeper remembers what an operation has changed, so that it can be kept before it is answered. The provider's mutex guards it.
type keeper struct {
	outbox   *webhook.Outbox[Event]
	changed  *Shipment
	happened *Event
}

// entry is what one operation changed: the shipment as it was after it.
type entry struct {
	Shipment *Shipment `json:"shipment,omitempty"`
	Booking  *Booking  `json:"booking,omitempty"`
	Event    *Event    `json:"event,omitempty"` // that waits for the endpoint's answer
	Sent     string    `json:"sent,omitempty"`  // one that does so no longer
}

// Keep makes the carrier put every change into a log, as an entry (a line of JSON), before it answers. An error of log is answered with status
// 500, and so is everything after it. [Provider.Load] takes the entries back.
func (p *Provider) Keep(log func(entry []byte) error) { p.outbox.Keep(log) }

// Resume sends what an earlier run had not got answered, once there is somebody to answer.
func (p *Provider) Resume() { p.outbox.Resume() }

// flush keeps what was changed, and then sends what is to be told of it.
func (p *Provider) flush() *problem {
	s, e := p.changed, p.happened
	p.changed, p.happened = nil, nil
	err := p.outbox.Failed()
	if s != nil {
		change := entry{Shipment: s, Booking: &s.booking}
		if e != nil && p.outbox.Wants(*e) {
			change.Event = e
		}
		err = p.outbox.Record(change)
	}
	if err != nil {
		return refuse(http.StatusInternalServerError, "internal", "%v", err)
	}
	if e != nil {
		p.outbox.Send(*e)
	}
	return nil
}

// Load takes one entry of an earlier run, in order, before the first request.
func (p *Provider) Load(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := e.Shipment; s != nil {
		if e.Booking != nil {
			s.booking = *e.Booking
		}
		if known := p.shipments[s.Reference]; known != nil {
			*known = *s
		} else {
			p.add(s)
		}
	}
	if e.Event != nil {
		p.outbox.Load(e.Sent, *e.Event)
		return nil
	}
	p.outbox.Load(e.Sent)
	return nil
}

// Snapshot gives all that is known as entries that say the same.
func (p *Provider) Snapshot(add func(entry []byte) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []entry
	for _, s := range p.order {
		all = append(all, entry{Shipment: s, Booking: &s.booking})
	}
	for _, e := range p.outbox.Unsent() {
		all = append(all, entry{Event: &e})
	}
	return webhook.Snapshot(all, add)
}

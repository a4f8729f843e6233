package carrier

import (
	"encoding/json"
	"net/http"
	"slices"
)

// keeper remembers what an operation has changed, so that it can be kept before it is answered. The provider's mutex guards it.
type keeper struct {
	log      func(entry []byte) error // nil keeps nothing
	failed   *problem                 // why nothing can be kept any more
	changed  *Shipment
	happened *Event
	unsent   []Event // that the endpoint wants and has not answered, when there is a log
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
func (p *Provider) Keep(log func(entry []byte) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = log
}

// flush keeps what was changed, and then sends what is to be told of it.
func (p *Provider) flush() *problem {
	s, e := p.changed, p.happened
	p.changed, p.happened = nil, nil
	if p.log != nil && s != nil && p.failed == nil {
		change := entry{Shipment: s, Booking: &s.booking}
		if e != nil && p.hook.Wants(e.Type) {
			change.Event = e
		}
		p.failed = p.record(change)
	}
	if p.failed == nil && e != nil {
		p.send(*e)
	}
	return p.failed
}

func (p *Provider) record(e entry) *problem {
	line, err := json.Marshal(e)
	if err == nil {
		err = p.log(line)
	}
	if err != nil {
		return refuse(http.StatusInternalServerError, "internal", "the change could not be kept: %v", err)
	}
	return nil
}

// send sends an event until it is answered, over restarts if there is a log.
func (p *Provider) send(e Event) {
	if p.log == nil || !p.hook.Wants(e.Type) {
		p.hook.Send(e.Type, e)
		return
	}
	p.unsent = append(p.unsent, e)
	p.hook.SendThen(e.Type, e, func() { p.sent(e.ID) })
}

func (p *Provider) sent(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.unsent)
	p.unsent = slices.DeleteFunc(p.unsent, func(e Event) bool { return e.ID == id })
	if len(p.unsent) < n && p.failed == nil {
		p.failed = p.record(entry{Sent: id})
	}
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
		p.unsent = append(p.unsent, *e.Event)
	}
	p.unsent = slices.DeleteFunc(p.unsent, func(u Event) bool { return u.ID == e.Sent })
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
	for i := range p.unsent {
		all = append(all, entry{Event: &p.unsent[i]})
	}
	for _, e := range all {
		line, err := json.Marshal(e)
		if err == nil {
			err = add(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Resume sends what an earlier run had not got answered, once there is somebody to answer.
func (p *Provider) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.unsent {
		p.hook.SendThen(e.Type, e, func() { p.sent(e.ID) })
	}
}

package stripe

import (
	"encoding/json"

	"twofold/local/providers/webhook"
)

// entry is what one request changed: objects as they were after it.
type entry struct {
	Intents   []savedIntent          `json:"intents,omitempty"`
	Charges   []savedCharge          `json:"charges,omitempty"`
	Refunds   []*refund              `json:"refunds,omitempty"`
	Customers []*customer            `json:"customers,omitempty"`
	Methods   map[string]savedMethod `json:"methods,omitempty"`
	Answers   map[string]savedAnswer `json:"answers,omitempty"`
	Events    []savedEvent           `json:"events,omitempty"` // that wait for the endpoint's answer
	Sent      string                 `json:"sent,omitempty"`   // one that does so no longer
}

type savedIntent struct {
	Object     intentObject `json:"object"`
	Captures   int          `json:"captures"`
	Method     string       `json:"method"`
	Charge     string       `json:"charge"`
	AllowHops  bool         `json:"allow_hops"`
	ReturnURL  string       `json:"return_url"`
	Authorized int64        `json:"authorized"`
}

type savedCharge struct {
	Object    charge `json:"object"`
	GivenBack int64  `json:"given_back"`
}

type savedMethod struct {
	Brand     string `json:"brand"`
	Last4     string `json:"last4"`
	Decline   string `json:"decline"`
	Challenge bool   `json:"challenge"`
}

type savedAnswer struct {
	Status      int    `json:"status"`
	Body        []byte `json:"body"`
	Fingerprint string `json:"fingerprint"`
	RequestID   string `json:"request_id"`
	Saved       int64  `json:"saved"`
}

type savedEvent struct {
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Created int64           `json:"created"`
	Object  json.RawMessage `json:"object"`
}

func (p *Provider) entryOf(objects []any) entry {
	e := entry{Methods: map[string]savedMethod{}, Answers: map[string]savedAnswer{}}
	for _, object := range objects {
		switch o := object.(type) {
		case *intent:
			e.Intents = append(e.Intents, savedIntent{o.intentObject, o.captures, o.methodID, o.chargeID, o.allowHops, o.returnURL, o.authorized})
		case *charge:
			e.Charges = append(e.Charges, savedCharge{*o, o.givenBack})
		case *refund:
			e.Refunds = append(e.Refunds, o)
		case *customer:
			e.Customers = append(e.Customers, o)
		case method:
			e.Methods[o.id] = savedMethod{o.brand, o.last4, o.decline, o.challenge}
		case keyed:
			e.Answers[o.key] = savedAnswer{o.status, o.body, o.fingerprint, o.requestID, o.saved}
		case Event:
			if p.outbox.Wants(o) {
				e.Events = append(e.Events, saveEvent(o))
			}
		}
	}
	return e
}

// saveEvent shows the event's object as it was when the event was made.
func saveEvent(e Event) savedEvent {
	object, err := json.Marshal(e.object)
	if err != nil {
		object = json.RawMessage("null") // objects are plain data: the sender would have failed on it as well
	}
	return savedEvent{e.ID, e.Type, e.Created, object}
}

// Load takes one entry of an earlier run, in order, before the first request.
func (p *Provider) Load(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loadIntents(e.Intents)
	for _, s := range e.Charges {
		c := s.Object
		c.givenBack = s.GivenBack
		p.charges[c.ID] = &c
	}
	p.refunds = append(p.refunds, e.Refunds...)
	for _, c := range e.Customers {
		p.customers[c.ID] = c
	}
	for id, m := range e.Methods {
		p.methods[id] = card{m.Brand, m.Last4, m.Decline, m.Challenge}
	}
	for key, a := range e.Answers {
		p.answers[key] = &answer{status: a.Status, body: a.Body, fingerprint: a.Fingerprint, requestID: a.RequestID, saved: a.Saved}
	}
	var waiting []Event
	for _, s := range e.Events {
		waiting = append(waiting, Event{s.ID, s.Type, s.Created, s.Object})
	}
	p.outbox.Load(e.Sent, waiting...)
	return nil
}

func (p *Provider) loadIntents(saved []savedIntent) {
	for _, s := range saved {
		in := intent{s.Object, s.Captures, s.Method, s.Charge, s.AllowHops, s.ReturnURL, s.Authorized}
		if known := p.intents[in.ID]; known != nil {
			*known = in
			continue
		}
		p.add(&in)
	}
}

// Snapshot gives all that is known as entries that say the same. Idempotency keys that have expired are left out.
func (p *Provider) Snapshot(add func(entry []byte) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.purge()
	var all []any
	for _, c := range p.customers {
		all = append(all, c)
	}
	for id, c := range p.methods {
		all = append(all, method{id, c})
	}
	for _, in := range p.order {
		all = append(all, in)
	}
	for _, c := range p.charges {
		all = append(all, c)
	}
	for _, r := range p.refunds {
		all = append(all, r)
	}
	for key, a := range p.answers {
		all = append(all, keyed{key, a})
	}
	for _, e := range p.outbox.Unsent() {
		all = append(all, e)
	}
	entries := make([]entry, len(all))
	for i, one := range all {
		entries[i] = p.entryOf([]any{one})
	}
	return webhook.Snapshot(entries, add)
}

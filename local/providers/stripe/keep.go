package stripe

import (
	"net/http"
	"slices"

	"twofold/local/providers/webhook"
)

// keeper remembers what a request has changed, so that it can be kept before the request is answered. The provider's mutex guards it.
type keeper struct {
	outbox  *webhook.Outbox[Event]
	touched []any // *intent, *charge, *refund, *customer, method, keyed, Event; each once, as first changed
}

// method is a payment method with its id.
type method struct {
	id string
	card
}

// keyed is an answer with its idempotency key.
type keyed struct {
	key string
	*answer
}

// Keep makes the provider put every change into a log before it answers, one entry (a line of JSON) for all that one request changed. An error
// of log is answered with status 500, and so is everything after it. [Provider.Load] takes the entries back.
func (p *Provider) Keep(log func(entry []byte) error) { p.outbox.Keep(log) }

// Resume sends what an earlier run had not got answered, once there is somebody to answer.
func (p *Provider) Resume() { p.outbox.Resume() }

// touch marks an object as changed by the request at hand. Each event is another one.
func (p *Provider) touch(object any) {
	if _, event := object.(Event); event || !slices.Contains(p.touched, object) {
		p.touched = append(p.touched, object)
	}
}

// flush keeps what was touched, and then sends the events among it.
func (p *Provider) flush() *Error {
	touched := p.touched
	p.touched = nil
	err := p.outbox.Failed()
	if p.outbox.Keeps() && len(touched) > 0 {
		err = p.outbox.Record(p.entryOf(touched))
	}
	if err != nil {
		return &Error{Status: http.StatusInternalServerError, Type: "api_error", Message: err.Error()}
	}
	for _, object := range touched {
		if e, ok := object.(Event); ok {
			p.outbox.Send(e)
			for _, to := range p.endpoints {
				to.sender.Send(e.Type, e)
			}
		}
	}
	return nil
}

package stripe

import (
	"encoding/json"
	"net/http"
	"slices"
)

// keeper remembers what a request has changed, so that it can be kept before the request is answered. The provider's mutex guards it.
type keeper struct {
	log     func(entry []byte) error // nil keeps nothing
	failed  *Error                   // why nothing can be kept any more
	touched []any                    // *intent, *charge, *refund, *customer, method, keyed, Event; each once, as first changed
	unsent  []Event                  // that the endpoint wants and has not answered, when there is a log
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
func (p *Provider) Keep(log func(entry []byte) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = log
}

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
	if p.log != nil && len(touched) > 0 && p.failed == nil {
		p.failed = p.record(p.entryOf(touched))
	}
	if p.failed != nil {
		return p.failed
	}
	for _, object := range touched {
		if e, ok := object.(Event); ok {
			p.send(e)
		}
	}
	return nil
}

func (p *Provider) record(e entry) *Error {
	line, err := json.Marshal(e)
	if err == nil {
		err = p.log(line)
	}
	if err != nil {
		return &Error{Status: http.StatusInternalServerError, Type: "api_error", Message: "The change could not be kept: " + err.Error()}
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

package stripe

import (
	"net/http"
	"time"
)

// FaultKind is what goes wrong with a request.
type FaultKind int

// Slow delays a request before its effect; LateAnswer after it. LoseAnswer closes the connection
// after the effect, Unreachable before it. RateLimit and LockTimeout refuse with 429, ServerError with
// 500 and without an effect. Decline makes a confirmation meet a declining card.
const (
	None FaultKind = iota
	Slow
	LateAnswer
	LoseAnswer
	Unreachable
	RateLimit
	LockTimeout
	ServerError
	Decline
)

func (k FaultKind) String() string {
	return [...]string{"none", "slow", "answered late", "did it, answer lost", "unreachable", "rate limit", "lock time-out", "server error", "declined"}[k]
}

// Fault breaks matching requests.
type Fault struct {
	Kind  FaultKind
	Op    string // "create", "confirm", "capture", "cancel", "retrieve", "list", "refund", ...; "" is any
	Delay time.Duration
	Code  string // of Decline: the decline code; generic_decline when empty
	Times int    // how many requests it hits; 0 is all until ClearFaults
	// Match, when set, chooses requests by object id ("" for create and list) and form values.
	Match func(id string, get func(name string) string) bool
	// Chance is the share of matching requests that it hits, drawn from the cloud's
	// Rand; 0 means every one.
	Chance float64
}

// Inject adds a fault. Of several that match, the first added hits.
func (p *Provider) Inject(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// ClearFaults heals everything.
func (p *Provider) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (p *Provider) faultFor(req *request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if f.Op != "" && f.Op != req.op.name || f.Match != nil && !f.Match(req.id, req.params.get) {
			continue
		}
		if f.Chance > 0 && p.cloud.Rand.Float64() >= f.Chance {
			continue
		}
		hit := *f
		p.cloud.Faults.Count("stripe " + f.Kind.String())
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
			}
		}
		return hit
	}
	return Fault{}
}

// refusal is the error of a fault that acts ahead of the idempotency layer.
func (f Fault) refusal() *Error {
	switch f.Kind {
	case RateLimit:
		return &Error{Status: http.StatusTooManyRequests, Type: invalidRequest, Code: "rate_limit", DocURL: docURL("rate_limit"),
			Message: "Request rate limit exceeded."}
	case LockTimeout:
		return &Error{Status: http.StatusTooManyRequests, Type: invalidRequest, Code: "lock_timeout", DocURL: docURL("lock_timeout"),
			Message: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it."}
	}
	return nil
}

func (f Fault) decline() *card {
	code := f.Code
	if code == "" {
		code = "generic_decline"
	}
	return &card{brand: "visa", last4: "0002", decline: code}
}

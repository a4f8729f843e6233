package payment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"twofold/internal/platform/clocktest"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// provider is a payment provider as Stripe documents it: intents with their statuses, and idempotency keys that keep the first answer
// for a day and complain of other parameters.
type provider struct {
	clock    *clocktest.Clock
	intents  []*account
	keys     map[string]kept
	captures int
	byAbort  int    // cards that an abort authorized
	forgets  bool   // refusals are not kept under their key
	wrong    bool   // our key is not taken
	saved    bool   // methodBogus and cus_nobody exist by now
	slow     func() // gives way while the next call under a key is under way
	breaks   int    // so many creations answer with a server error, which stays under their key,
	leaves   bool   // ... after they were done
}

type account struct {
	Intent
	params  Params
	created time.Time
	refunds []Refund
}

type kept struct {
	params Params
	at     time.Time
	id     string
	err    *Failure
	runs   bool // the first call is still under way
}

func newProvider(clock *clocktest.Clock) *provider {
	return &provider{clock: clock, keys: map[string]kept{}}
}

// Payment methods that fail.
const (
	methodOK       = "pm_card_visa"
	methodBogus    = "pm_bogus"
	methodDeclined = "pm_card_chargeDeclined"
	methodAsks     = "pm_card_authenticationRequired"
)

func (p *provider) get(id string) (*account, error) {
	for _, a := range p.intents {
		if a.ID == id {
			return a, nil
		}
	}
	return nil, &Failure{Kind: Refused, Detail: "404"}
}

// canBeFound reports whether the order's intent can be found by its customer.
func (p *provider) canBeFound() bool { return len(p.intents) > 0 && p.intents[0].params.Customer != "" }

// Create answers a key that stands for an intent with that intent as it stands, as the gateway does.
func (p *provider) Create(ctx context.Context, params Params, key string) (Intent, error) {
	if p.wrong {
		return Intent{}, &Failure{Kind: Denied, Detail: "401"}
	}
	if k, ok := p.keys[key]; ok && p.clock.Now().Sub(k.at) < 24*time.Hour {
		switch {
		case k.params != params:
			return Intent{}, &Failure{Kind: Mismatch, Detail: "400 idempotency_error"}
		case k.runs:
			return Intent{}, &Failure{Kind: Unanswered, Detail: "409 idempotency_key_in_use"}
		case k.err != nil:
			return Intent{}, &Failure{Kind: k.err.Kind, Replayed: true, Detail: k.err.Detail}
		}
		return p.Retrieve(ctx, k.id)
	}
	if slow := p.slow; slow != nil {
		p.slow = nil
		p.keys[key] = kept{params: params, at: p.clock.Now(), runs: true}
		slow()
	}
	delete(p.keys, key)
	i, failure := p.make(ctx, params)
	if failure == nil || !p.forgets || failure.Kind == Broken || failure.Detail == declined {
		p.keys[key] = kept{params: params, at: p.clock.Now(), id: i.ID, err: failure}
	}
	if failure != nil {
		return Intent{}, failure
	}
	return i, nil
}

// aborting is in the context of a run that voids.
type aborting struct{}

const declined = "402 card_declined" // a refusal that leaves an intent

func (p *provider) make(ctx context.Context, params Params) (Intent, *Failure) {
	if !p.saved && (params.Method == methodBogus || params.Customer == "cus_nobody") {
		return Intent{}, &Failure{Kind: Refused, Detail: "400 resource_missing"}
	}
	broken := p.breaks > 0
	if broken {
		p.breaks--
	}
	if broken && !p.leaves {
		return Intent{}, &Failure{Kind: Broken, Detail: "500 api_error"}
	}
	a := &account{params: params, created: p.clock.Now(), Intent: Intent{ID: fmt.Sprintf("pi_%d", len(p.intents)+1), Status: requiresPaymentMethod,
		OrderID: params.OrderID, PlacedRegion: params.Placed, Created: p.clock.Now()}}
	p.intents = append(p.intents, a)
	failure := p.confirm(a)
	if ctx.Value(aborting{}) != nil && a.Status != requiresPaymentMethod {
		p.byAbort++
	}
	if broken {
		failure = &Failure{Kind: Broken, Detail: "500 api_error"}
	}
	return a.Intent, failure
}

func (p *provider) confirm(a *account) *Failure {
	switch a.params.Method {
	case "":
	case methodDeclined:
		a.Tried = true
		return &Failure{Kind: Refused, Detail: declined}
	case methodAsks:
		a.Status, a.ActionURL = requiresAction, "https://stripe.example/3ds/"+a.ID
	default:
		a.Status = requiresCapture
	}
	return nil
}

func (p *provider) Retrieve(_ context.Context, id string) (Intent, error) {
	a, err := p.get(id)
	if err != nil {
		return Intent{}, err
	}
	return a.Intent, nil
}

func (p *provider) Find(_ context.Context, customer, orderID string, from time.Time) (found []Intent, err error) {
	for _, a := range slices.Backward(p.intents) {
		if a.params.Customer == customer && a.OrderID == orderID && !a.created.Before(from) {
			found = append(found, a.Intent)
		}
	}
	return found, nil
}

// change is a call that changes an intent, unless it refuses.
func (p *provider) change(id string, do func(a *account) (refused bool)) (Intent, error) {
	a, err := p.get(id)
	if err != nil {
		return Intent{}, err
	}
	if do(a) {
		return Intent{}, &Failure{Kind: Refused, Detail: "400 payment_intent_unexpected_state"}
	}
	return a.Intent, nil
}

func (p *provider) Capture(_ context.Context, id, committedBy string) (Intent, error) {
	return p.change(id, func(a *account) bool {
		if a.Status != requiresCapture {
			return true
		}
		a.Status, a.CommittedBy, a.Received, a.Currency = succeeded, committedBy, a.params.Amount.Amount, a.params.Amount.Currency
		p.captures++
		return false
	})
}

func (p *provider) Cancel(_ context.Context, id, reason string) (Intent, error) {
	return p.change(id, func(a *account) bool {
		if a.Status == succeeded || a.Status == canceled {
			return true
		}
		a.Status, a.CancellationReason = canceled, reason
		return false
	})
}

func (p *provider) NoteAsked(_ context.Context, id string) (Intent, error) {
	return p.change(id, func(a *account) bool { a.Asked = true; return false })
}

func (p *provider) NoteRejected(_ context.Context, id, code string) (Intent, error) {
	return p.change(id, func(a *account) bool {
		if a.Status == succeeded || a.Status == canceled {
			return true
		}
		a.RejectedFor = code
		return false
	})
}

// answer is the shopper's answer to the question for authentication, if there is one.
func (p *provider) answer(passed bool) {
	for _, a := range p.intents {
		switch {
		case a.Status != requiresAction:
		case passed:
			a.Status = requiresCapture
		default:
			a.Status, a.Tried = requiresPaymentMethod, true
		}
	}
}

func (p *provider) Refund(_ context.Context, id string) error {
	a, err := p.get(id)
	if err != nil {
		return err
	}
	_, total := paidBack(a.refunds)
	if a.Status != succeeded || total == a.Received {
		return &Failure{Kind: Refused, Detail: "400 charge_already_refunded"}
	}
	r := Refund{ID: fmt.Sprintf("re_%d", len(a.refunds)+1), Amount: a.Received - total}
	a.refunds = append([]Refund{r}, a.refunds...)
	return nil
}

func (p *provider) Refunds(_ context.Context, id string) ([]Refund, error) {
	a, err := p.get(id)
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.refunds), nil
}

package payment

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

type handClock struct{ now time.Time }

func (c *handClock) Now() time.Time                             { return c.now }
func (c *handClock) Sleep(context.Context, time.Duration) error { return nil }
func (c *handClock) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func newClock() *handClock { return &handClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// provider is a payment provider as Stripe documents it: intents with their statuses, and idempotency keys that keep the first answer
// for a day and complain of other parameters.
type provider struct {
	clock        *handClock
	intents      []*account
	keys         map[string]kept
	captures     int
	forgets      bool     // refusals are not kept under their key
	wrong        bool     // our key is not taken
	confirmFails *Failure // what confirming an open intent answers
	saved        bool     // methodBogus and cus_nobody exist by now
	slow         func()   // gives way while the next call under a key is under way
	breaks       int      // so many creations answer with a server error, which stays under their key,
	leaves       bool     // ... after they were done
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

func newProvider(clock *handClock) *provider { return &provider{clock: clock, keys: map[string]kept{}} }

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

// canBeFound reports whether a region that has no record of the order's intent can find it by its customer.
func (p *provider) canBeFound() bool { return len(p.intents) > 0 && p.intents[0].params.Customer != "" }

func (p *provider) keep(key string, params Params, do func() (string, *Failure)) (string, error) {
	if k, ok := p.keys[key]; ok && p.clock.now.Sub(k.at) < 24*time.Hour {
		switch {
		case k.params != params:
			return "", &Failure{Kind: Mismatch, Detail: "400 idempotency_error"}
		case k.runs:
			return "", &Failure{Kind: Unanswered, Detail: "409 idempotency_key_in_use"}
		case k.err != nil:
			return "", &Failure{Kind: k.err.Kind, Replayed: true, Detail: k.err.Detail}
		}
		return k.id, nil
	}
	if slow := p.slow; slow != nil {
		p.slow = nil
		p.keys[key] = kept{params: params, at: p.clock.now, runs: true}
		slow()
	}
	delete(p.keys, key)
	id, failure := do()
	if failure == nil || !p.forgets || failure.Kind == Broken {
		p.keys[key] = kept{params: params, at: p.clock.now, id: id, err: failure}
	}
	if failure != nil {
		return "", failure
	}
	return id, nil
}

func (p *provider) Create(_ context.Context, params Params, key string) (string, error) {
	if p.wrong {
		return "", &Failure{Kind: Denied, Detail: "401"}
	}
	return p.keep(key, params, func() (string, *Failure) {
		if !p.saved && (params.Method == methodBogus || params.Customer == "cus_nobody") {
			return "", &Failure{Kind: Refused, Detail: "400 resource_missing"}
		}
		a := &account{params: params, created: p.clock.now,
			Intent: Intent{ID: fmt.Sprintf("pi_%d", len(p.intents)+1), Status: requiresConfirmation, OrderID: params.OrderID, PlacedRegion: params.Placed}}
		if params.Method == "" {
			a.Status = requiresPaymentMethod
		}
		broken := p.breaks > 0
		if broken {
			p.breaks--
		}
		if !broken || p.leaves {
			p.intents = append(p.intents, a)
		}
		if broken {
			return "", &Failure{Kind: Broken, Detail: "500 api_error"}
		}
		return a.ID, nil
	})
}

func (p *provider) Retrieve(_ context.Context, id string) (Intent, error) {
	a, err := p.get(id)
	if err != nil {
		return Intent{}, err
	}
	return a.Intent, nil
}

func (p *provider) Find(_ context.Context, customer, orderID string, from time.Time) (string, bool, error) {
	for _, a := range p.intents {
		if a.params.Customer == customer && a.OrderID == orderID && !a.created.Before(from) {
			return a.ID, true, nil
		}
	}
	return "", false, nil
}

func (p *provider) Confirm(_ context.Context, id, _, key string) error {
	a, err := p.get(id)
	if err != nil {
		return err
	}
	_, err = p.keep(key, Params{OrderID: id}, func() (string, *Failure) {
		switch {
		case p.confirmFails != nil && a.Status == requiresConfirmation:
			return "", p.confirmFails
		case a.Status != requiresConfirmation:
			return "", &Failure{Kind: Refused, Detail: "400 payment_intent_unexpected_state"}
		case a.params.Method == methodDeclined:
			a.Status = requiresPaymentMethod
			return "", &Failure{Kind: Refused, Detail: "402 card_declined"}
		case a.params.Method == methodAsks:
			a.Status, a.ActionURL = requiresAction, "https://stripe.example/3ds/"+id
		default:
			a.Status = requiresCapture
		}
		return id, nil
	})
	return err
}

func (p *provider) Capture(_ context.Context, id, committedBy string) error {
	a, err := p.get(id)
	if err != nil {
		return err
	}
	if a.Status != requiresCapture {
		return &Failure{Kind: Refused, Detail: "400 payment_intent_unexpected_state"}
	}
	a.Status, a.CommittedBy, a.Received = succeeded, committedBy, a.params.Amount.Amount
	p.captures++
	return nil
}

func (p *provider) Cancel(_ context.Context, id, reason string) error {
	a, err := p.get(id)
	if err != nil {
		return err
	}
	if a.Status == succeeded || a.Status == canceled {
		return &Failure{Kind: Refused, Detail: "400 payment_intent_unexpected_state"}
	}
	a.Status, a.CancellationReason = canceled, reason
	return nil
}

func (p *provider) NoteAsked(_ context.Context, id string) error {
	a, err := p.get(id)
	if err == nil {
		a.Asked = true
	}
	return err
}

func (p *provider) NoteRejected(_ context.Context, id, code string) error {
	a, err := p.get(id)
	if err != nil {
		return err
	}
	if a.Status == succeeded || a.Status == canceled {
		return &Failure{Kind: Refused, Detail: "400 payment_intent_unexpected_state"}
	}
	a.RejectedFor = code
	return nil
}

// answer is the shopper's answer to the question for authentication, if there is one.
func (p *provider) answer(passed bool) {
	for _, a := range p.intents {
		switch {
		case a.Status != requiresAction:
		case passed:
			a.Status = requiresCapture
		default:
			a.Status = requiresPaymentMethod
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

package stripe

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"twofold/local/core"
)

// MetadataOrder and MetadataCommittedBy are the metadata keys that Intent shows by name.
const (
	MetadataOrder       = "order_id"
	MetadataCommittedBy = "committed_by"
)

// Intent is an intent as a checker sees it.
type Intent struct {
	ID, Order, CommittedBy, Customer string
	Status                           string
	Amount                           int64
	AmountCaptured                   int64
	AmountRefunded                   int64 // by refunds; a released hold is none
	Currency                         string
	CancellationReason               string
	Authorized                       bool // a card was, ever
	Captures                         int  // successful captures ever: never more than one
	Metadata                         map[string]string
	Created                          int64 // unix seconds
}

// Intents are all intents in the order of their creation.
func (p *Provider) Intents() []Intent {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Intent, len(p.order))
	for i, in := range p.order {
		out[i] = in.inspect()
		if c := p.charges[in.chargeID]; c != nil {
			out[i].AmountRefunded = c.givenBack
		}
	}
	return out
}

func (in *intent) inspect() Intent {
	metadata := make(map[string]string, len(in.Metadata))
	for k, v := range in.Metadata {
		metadata[k] = v
	}
	out := Intent{ID: in.ID, Order: metadata[MetadataOrder], CommittedBy: metadata[MetadataCommittedBy], Status: in.Status,
		Amount: in.Amount, AmountCaptured: in.AmountReceived, Currency: in.Currency, Authorized: in.authorized != 0, Captures: in.captures, Metadata: metadata, Created: in.Created}
	out.Customer, _ = in.Customer.(string)
	if in.CancellationReason != nil {
		out.CancellationReason = *in.CancellationReason
	}
	return out
}

// Failed is the metadata of the creations that met a server error for which their idempotency key stands.
func (p *Provider) Failed() []map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []map[string]string
	for _, a := range p.answers {
		if p.now()-a.saved >= keyLife {
			continue
		}
		_, query, _ := strings.Cut(a.fingerprint, "?")
		if sent, err := url.ParseQuery(query); err == nil && a.status >= http.StatusInternalServerError {
			metadata := map[string]string{}
			for name := range sent {
				if key, ok := strings.CutPrefix(name, "metadata["); ok {
					metadata[strings.TrimSuffix(key, "]")] = sent.Get(name)
				}
			}
			out = append(out, metadata)
		}
	}
	return out
}

// AddCustomer makes a customer with a given id, unless there is one.
func (p *Provider) AddCustomer(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.customers[id] == nil {
		p.newCustomer(id)
	}
	if err := p.flush(); err != nil {
		p.cloud.Journal.Add(core.Entry{Kind: core.KindInternal, Subject: "stripe", Detail: err.Message})
	}
}

// Authenticate plays the shopper who answers the 3-D Secure question of an intent in
// requires_action: passed authorizes it, unless the card declines all the same; not passed sends it back to
// requires_payment_method.
func (p *Provider) Authenticate(intentID string, passed bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	in, err := p.find(intentID)
	if err != nil {
		return err
	}
	if in.Status != RequiresAction {
		return fmt.Errorf("intent %s is %s and asks for no authentication", intentID, in.Status)
	}
	p.answerChallenge(in, passed)
	if err := p.flush(); err != nil {
		return err
	}
	return nil
}

func (p *Provider) answerChallenge(in *intent, passed bool) {
	p.touch(in)
	in.NextAction = nil
	c := p.methods[in.methodID]
	switch {
	case passed && c.decline != "":
		_ = p.decline(in, params{}, c) // what a confirmation would be answered; here nobody asks
	case passed:
		p.authorize(in)
	default:
		in.LastPaymentError = &Error{Type: invalidRequest, Code: "payment_intent_authentication_failure",
			Message: "The provided PaymentMethod has failed authentication."}
		in.methodID, in.Status = "", RequiresPaymentMethod
		p.emit("payment_intent.payment_failed", in)
	}
}

package stripe

import "net/http"

func (p *Provider) refund(r *request) (any, *Error) {
	ask := r.params
	if err := ask.enum("reason", "duplicate", "fraudulent", "requested_by_customer"); err != nil {
		return nil, err
	}
	metadata, err := ask.merge(nil)
	if err != nil {
		return nil, err
	}
	in, c, err := p.refundable(ask)
	if err != nil {
		return nil, err
	}
	left := c.AmountCaptured - c.givenBack
	amount := left
	if ask.has("amount") {
		amount = ask.int("amount")
	}
	switch {
	case left == 0:
		err := badRequest("charge_already_refunded", "", "Charge %s has already been refunded.", c.ID)
		err.executed = true
		return nil, err
	case amount < 1:
		return nil, badRequest("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount > left:
		return nil, badRequest("", "amount", "Refund amount (%s) is greater than unrefunded amount on charge (%s)",
			money(amount, c.Currency), money(left, c.Currency))
	}
	done := &refund{ID: p.id("re_3", 23), Object: "refund", Amount: amount, Charge: c.ID, Created: p.now(), Currency: c.Currency,
		Metadata: metadata, PaymentIntent: in.ID, Reason: optional(ask.get("reason")), Status: "succeeded"}
	p.refunds = append(p.refunds, done)
	p.touch(done)
	p.touch(c)
	c.givenBack += amount
	c.AmountRefunded += amount
	c.Refunded = c.AmountRefunded == c.Amount
	p.emit("charge.refunded", in)
	return done, nil
}

// refundable finds the captured charge that a refund names, by itself or by its intent.
func (p *Provider) refundable(ask params) (*intent, *charge, *Error) {
	if ask.has("payment_intent") == ask.has("charge") {
		return nil, nil, badRequest("parameter_missing", "payment_intent", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	id := ask.get("charge")
	if pi := ask.get("payment_intent"); pi != "" {
		in, err := p.find(pi)
		if err != nil {
			err.Param = "payment_intent"
			return nil, nil, err
		}
		id = in.chargeID
	}
	c := p.charges[id]
	if c == nil && ask.has("charge") {
		return nil, nil, missing("charge", id, "charge")
	}
	if c == nil || !c.Captured {
		err := badRequest(unexpectedState, "", "This PaymentIntent does not have a successful charge to refund.")
		err.executed = true
		return nil, nil, err
	}
	return p.intents[c.PaymentIntent], c, nil
}

func (p *Provider) listRefunds(r *request) (any, *Error) {
	limit, err := limitOf(r.params)
	if err != nil {
		return nil, err
	}
	out := page[*refund]{Object: "list", URL: "/v1/refunds", Data: []*refund{}}
	cursor := r.params.get("starting_after")
	for i := len(p.refunds) - 1; i >= 0; i-- {
		one := p.refunds[i]
		if cursor != "" {
			if one.ID == cursor {
				cursor = ""
			}
			continue
		}
		if pi := r.params.get("payment_intent"); pi != "" && pi != one.PaymentIntent {
			continue
		}
		if ch := r.params.get("charge"); ch != "" && ch != one.Charge {
			continue
		}
		if len(out.Data) == limit {
			out.HasMore = true
			break
		}
		out.Data = append(out.Data, one)
	}
	return out, nil
}

func (p *Provider) retrieveRefund(r *request) (any, *Error) {
	for _, one := range p.refunds {
		if one.ID == r.id {
			return one, nil
		}
	}
	return nil, missing("refund", r.id, "id")
}

func (p *Provider) retrieveCharge(r *request) (any, *Error) {
	if c := p.charges[r.id]; c != nil {
		return c, nil
	}
	return nil, missing("charge", r.id, "id")
}

func (p *Provider) createCustomer(r *request) (any, *Error) {
	metadata, err := r.params.merge(nil)
	if err != nil {
		return nil, err
	}
	c := p.newCustomer(p.id("cus_", 14))
	c.Name, c.Email, c.Metadata = optional(r.params.get("name")), optional(r.params.get("email")), metadata
	c.Description = optional(r.params.get("description"))
	return c, nil
}

func (p *Provider) newCustomer(id string) *customer {
	c := &customer{ID: id, Object: "customer", Created: p.now(), Metadata: map[string]string{}}
	p.customers[id] = c
	p.touch(c)
	return c
}

func (p *Provider) retrieveCustomer(r *request) (any, *Error) {
	c := p.customers[r.id]
	if c == nil {
		return nil, &Error{Status: http.StatusNotFound, Type: invalidRequest, Code: "resource_missing", Param: "id",
			DocURL: docURL("resource_missing"), Message: "No such customer: '" + r.id + "'"}
	}
	return c, nil
}

package stripe

import "net/http"

// charge tries the payment method of a confirmed intent.
func (p *Provider) charge(in *intent, ask params) (any, *Error) {
	if in.methodID == "" {
		err := badRequest(unexpectedState, "", "You cannot confirm this PaymentIntent because it's missing a payment method. "+
			"You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.")
		err.PaymentIntent, err.executed = p.view(in, ask), true
		return nil, err
	}
	c := p.methods[in.methodID]
	if ask.decline != nil {
		c = *ask.decline
	}
	in.LastPaymentError, in.NextAction = nil, nil
	switch {
	case c.challenge && ask.bool("off_session"):
		c.decline = "authentication_required"
		return nil, p.decline(in, ask, c)
	case c.challenge:
		in.Status = RequiresAction
		in.NextAction = &nextAction{"redirect_to_url", redirectToURL{challengeURL(in), in.returnURL}}
		p.emit("payment_intent.requires_action", in)
	case c.decline != "":
		return nil, p.decline(in, ask, c)
	default:
		p.authorize(in)
	}
	return p.view(in, ask), nil
}

// decline records a failed attempt: the intent waits for another payment method.
func (p *Provider) decline(in *intent, ask params, c card) *Error {
	code, declineCode, message := codes(c.decline)
	failed := p.newCharge(in)
	failed.Status, failed.FailureCode, failed.FailureMessage = "failed", &code, &message
	err := &Error{Status: http.StatusPaymentRequired, Type: "card_error", Code: code, DeclineCode: declineCode, Charge: failed.ID,
		DocURL: docURL(code), Message: message, PaymentMethod: c.object(in.methodID), executed: true}
	last := *err
	in.LastPaymentError = &last
	in.methodID, in.Status = "", RequiresPaymentMethod
	p.emit("charge.failed", in)
	p.emit("payment_intent.payment_failed", in)
	err.PaymentIntent = p.view(in, ask)
	return err
}

func (p *Provider) newCharge(in *intent) *charge {
	c := &charge{ID: p.id("ch_3", 23), Object: "charge", Amount: in.Amount, Created: p.now(), Currency: in.Currency,
		Customer: in.Customer, Metadata: in.Metadata, PaymentIntent: in.ID, PaymentMethod: in.methodID, Status: "succeeded"}
	p.charges[c.ID] = c
	in.chargeID = c.ID
	p.touch(c)
	p.touch(in)
	return c
}

// authorize takes a hold of the money, and the money itself unless capture is manual.
func (p *Provider) authorize(in *intent) {
	p.newCharge(in).Paid = true
	in.AmountCapturable, in.authorized = in.Amount, p.now()
	if in.CaptureMethod == "manual" {
		in.Status = RequiresCapture
		p.emit("payment_intent.amount_capturable_updated", in)
		return
	}
	p.settle(in, in.Amount)
}

// settle captures amount and lets the rest of the hold go.
func (p *Provider) settle(in *intent, amount int64) {
	c := p.charges[in.chargeID]
	p.touch(c)
	c.Captured, c.AmountCaptured = true, amount
	if rest := c.Amount - amount; rest > 0 {
		c.AmountRefunded = rest
	}
	in.AmountCapturable, in.AmountReceived, in.Status = 0, amount, Succeeded
	in.captures++
	p.emit("charge.captured", in)
	p.emit("payment_intent.succeeded", in)
}

// void cancels the intent and releases a hold.
func (p *Provider) void(in *intent, reason string) {
	p.touch(in)
	if c := p.charges[in.chargeID]; c != nil && in.Status == RequiresCapture {
		p.touch(c)
		c.Refunded, c.AmountRefunded = true, c.Amount
		p.emit("charge.refunded", in)
	}
	at := p.now()
	in.AmountCapturable, in.NextAction = 0, nil
	in.CanceledAt, in.CancellationReason, in.Status = &at, optional(reason), Canceled
	p.emit("payment_intent.canceled", in)
}

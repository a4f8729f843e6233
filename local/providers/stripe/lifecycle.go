package stripe

import (
	"fmt"
	"net/http"
	"strings"
)

// The states of a PaymentIntent.
const (
	RequiresPaymentMethod = "requires_payment_method"
	RequiresConfirmation  = "requires_confirmation"
	RequiresAction        = "requires_action"
	Processing            = "processing"
	RequiresCapture       = "requires_capture"
	Canceled              = "canceled"
	Succeeded             = "succeeded"
)

// authorizationLife is how long a card authorization waits for capture: seven days.
const authorizationLife = 7 * 24 * 60 * 60

func (p *Provider) create(r *request) (any, *Error) {
	in, err := p.newIntent(r.params)
	if err != nil {
		return nil, err
	}
	p.add(in)
	p.touch(in)
	p.emit("payment_intent.created", in)
	if !r.params.bool("confirm") {
		return p.view(in, r.params), nil
	}
	return p.charge(in, r.params)
}

// add files an intent.
func (p *Provider) add(in *intent) {
	p.intents[in.ID] = in
	p.order = append(p.order, in)
	if id, ok := in.Customer.(string); ok {
		p.byCustomer[id] = append(p.byCustomer[id], in)
	}
}

// newIntent validates everything that a create names, so that nothing is made of a wrong one.
func (p *Provider) newIntent(ask params) (*intent, *Error) {
	if err := ask.need("amount", "currency"); err != nil {
		return nil, err
	}
	currency, err := checkMoney(ask.int("amount"), ask.get("currency"))
	if err != nil {
		return nil, err
	}
	if err := p.checkCreate(ask); err != nil {
		return nil, err
	}
	in := &intent{intentObject: intentObject{ID: p.id("pi_3", 23), Object: "payment_intent", Amount: ask.int("amount"),
		Currency: currency, CaptureMethod: "automatic", ConfirmationMethod: "automatic", Created: p.now(),
		Customer: idOrNull(ask.get("customer")), Description: optional(ask.get("description")),
		PaymentMethodTypes: []string{"card"}, Status: RequiresPaymentMethod}}
	in.ClientSecret = in.ID + "_secret_" + p.id("", 25)
	in.setMethods(ask)
	if in.Metadata, err = ask.merge(nil); err != nil {
		return nil, err
	}
	if ask.bool("confirm") {
		if err := in.checkRedirect(ask); err != nil {
			return nil, err
		}
	}
	return in, p.apply(in, ask)
}

// setMethods turns on automatic payment methods, the default unless types are named.
func (in *intent) setMethods(ask params) {
	const enabled, redirects = "automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]"
	typed := ask.has("payment_method_types[]") || ask.has("payment_method_types[0]")
	if typed || ask.has(enabled) && !ask.bool(enabled) {
		return
	}
	in.AutomaticPaymentMethods = &automaticMethods{AllowRedirects: "always", Enabled: true}
	if ask.has(redirects) {
		in.AutomaticPaymentMethods.AllowRedirects = ask.get(redirects)
	}
	in.allowHops = in.AutomaticPaymentMethods.AllowRedirects == "always"
}

func (p *Provider) checkCreate(ask params) *Error {
	if id := ask.get("customer"); id != "" && p.customers[id] == nil {
		err := missing("customer", id, "customer")
		err.Status = http.StatusBadRequest
		return err
	}
	if !ask.bool("confirm") {
		for _, name := range []string{"off_session", "return_url"} {
			if ask.has(name) {
				return badRequest("", name, "The parameter '%s' cannot be passed when creating a PaymentIntent unless 'confirm' is set to true.", name)
			}
		}
	}
	if err := ask.enum("automatic_payment_methods[allow_redirects]", "always", "never"); err != nil {
		return err
	}
	return nil
}

// checkRedirect is for a confirmation with the shopper present.
func (in *intent) checkRedirect(ask params) *Error {
	if !in.allowHops || ask.bool("off_session") || ask.has("return_url") || in.returnURL != "" {
		return nil
	}
	return badRequest("", "return_url", "This PaymentIntent is configured to accept payment methods that might redirect your customer "+
		"off of your page: you must provide a `return_url`, or set automatic_payment_methods[allow_redirects] to never.")
}

// apply takes over what create and confirm have in common.
func (p *Provider) apply(in *intent, ask params) *Error {
	if err := ask.enum("capture_method", "automatic", "automatic_async", "manual"); err != nil {
		return err
	}
	if types := append(ask.values["payment_method_types[]"], ask.values["payment_method_types[0]"]...); len(types) > 0 && types[0] != "card" {
		return badRequest("", "payment_method_types", "The payment method type %q is not run: use card.", types[0])
	}
	if id := ask.get("payment_method"); id != "" {
		method, err := p.method(id)
		if err != nil {
			return err
		}
		in.methodID, in.Status = method, RequiresConfirmation
	}
	if ask.has("capture_method") {
		in.CaptureMethod = ask.get("capture_method")
	}
	if ask.has("return_url") {
		in.returnURL = ask.get("return_url")
	}
	if ask.has("receipt_email") {
		in.ReceiptEmail = optional(ask.get("receipt_email"))
	}
	return nil
}

func (p *Provider) confirm(r *request) (any, *Error) {
	in, err := p.find(r.id)
	if err != nil {
		return nil, err
	}
	switch in.Status {
	case RequiresPaymentMethod, RequiresConfirmation, RequiresAction:
	case Succeeded:
		return nil, p.wrongState(in, r.params, "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	default:
		return nil, p.wrongState(in, r.params, "You cannot confirm this PaymentIntent because it has a status of "+in.Status+
			". Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.")
	}
	if err := in.checkRedirect(r.params); err != nil {
		return nil, err
	}
	p.touch(in)
	if err := p.apply(in, r.params); err != nil {
		return nil, err
	}
	return p.charge(in, r.params)
}

func (p *Provider) capture(r *request) (any, *Error) {
	in, err := p.find(r.id)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Status == Succeeded:
		return nil, p.wrongState(in, r.params, "This PaymentIntent could not be captured because it has already been captured.")
	case in.Status != RequiresCapture:
		return nil, p.wrongState(in, r.params, "This PaymentIntent could not be captured because it has a status of "+in.Status+
			". Only a PaymentIntent with one of the following statuses may be captured: requires_capture.")
	}
	amount := in.AmountCapturable
	if r.params.has("amount_to_capture") {
		amount = r.params.int("amount_to_capture")
	}
	if amount < 1 || amount > in.AmountCapturable {
		return nil, badRequest("amount_too_large", "amount_to_capture", "The amount to capture, %s, must be from 1 to the capturable %s.",
			money(amount, in.Currency), money(in.AmountCapturable, in.Currency))
	}
	metadata, err := r.params.merge(in.Metadata)
	if err != nil {
		return nil, err
	}
	p.touch(in)
	in.Metadata = metadata
	p.settle(in, amount)
	return p.view(in, r.params), nil
}

func (p *Provider) cancel(r *request) (any, *Error) {
	if err := r.params.enum("cancellation_reason", "duplicate", "fraudulent", "requested_by_customer", "abandoned"); err != nil {
		return nil, err
	}
	in, err := p.find(r.id)
	if err != nil {
		return nil, err
	}
	if in.Status == Succeeded || in.Status == Canceled {
		return nil, p.wrongState(in, r.params, "You cannot cancel this PaymentIntent because it has a status of "+in.Status+
			". Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, "+
			"requires_confirmation, requires_action, processing.")
	}
	p.void(in, r.params.get("cancellation_reason"))
	return p.view(in, r.params), nil
}

func (p *Provider) update(r *request) (any, *Error) {
	in, err := p.find(r.id)
	if err != nil {
		return nil, err
	}
	metadata, err := r.params.merge(in.Metadata)
	if err != nil {
		return nil, err
	}
	p.touch(in)
	in.Metadata = metadata
	if r.params.has("description") {
		in.Description = optional(r.params.get("description"))
	}
	return p.view(in, r.params), nil
}

func (p *Provider) retrieve(r *request) (any, *Error) {
	in, err := p.find(r.id)
	if err != nil {
		return nil, err
	}
	return p.view(in, r.params), nil
}

// find gives an intent as it is now: an authorization nobody captured in time is void.
func (p *Provider) find(id string) (*intent, *Error) {
	in := p.intents[id]
	if in == nil {
		return nil, missing("payment_intent", id, "intent")
	}
	if in.Status == RequiresCapture && p.now()-in.authorized >= authorizationLife {
		p.void(in, "automatic")
	}
	return in, nil
}

func (p *Provider) wrongState(in *intent, ask params, message string) *Error {
	err := badRequest(unexpectedState, "", "%s", message)
	err.PaymentIntent, err.executed = p.view(in, ask), true
	return err
}

// challengeURL is where the shopper would answer the 3-D Secure question.
func challengeURL(in *intent) string {
	return fmt.Sprintf("https://hooks.stripe.com/3d_secure_2/hosted?merchant=acct_local&payment_intent=%s", strings.TrimPrefix(in.ID, "pi_"))
}

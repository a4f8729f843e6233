package payment

import (
	"context"
	"errors"
	"time"

	"twofold/internal/platform"
)

// saga decides about an order's payment.
type saga struct {
	region  string
	gateway gateway
	records records
	clock   platform.Clock
}

// gateway is the payment provider. Its errors are [*Failure].
type gateway interface {
	// Create makes an intent that is captured by hand and not confirmed, or answers what the key stands for.
	Create(ctx context.Context, p Params, key string) (id string, err error)
	Retrieve(ctx context.Context, id string) (Intent, error)
	// Find looks for the order's intent among the customer's of a time.
	Find(ctx context.Context, customer, orderID string, from, to time.Time) (id string, found bool, err error)
	// Confirm asks for the money. A shopper who has to authenticate first comes back to the shop's page of the order.
	Confirm(ctx context.Context, id, orderID, key string) error
	// NoteAsked marks an intent whose shopper is about to be sent to authenticate.
	NoteAsked(ctx context.Context, id string) error
	Capture(ctx context.Context, id, committedBy string) error
	Cancel(ctx context.Context, id, reason string) error
	// Refund pays back what is left of a captured intent.
	Refund(ctx context.Context, id string) error
	Refunds(ctx context.Context, id string) ([]Refund, error)
}

// records remembers each order's intent.
type records interface {
	Intent(ctx context.Context, orderID string) (id string, err error) // "" for none
	SetIntent(ctx context.Context, orderID, id string) error
}

type stepInput struct {
	Order Order `json:"order"`
}

type voidInput struct {
	Order  Order  `json:"order"`
	Reason Reason `json:"reason"`
}

func (s saga) steps() platform.Steps {
	return platform.Steps{
		"AuthorizePayment": platform.StepOf(s.authorize),
		"CapturePayment":   platform.StepOf(s.capture),
		"VoidPayment":      platform.StepOf(s.void),
		"RefundPayment":    platform.StepOf(s.refund),
	}
}

// authorize makes the order's intent and has it confirmed. An intent that is decided already is answered as such.
func (s saga) authorize(ctx context.Context, in stepInput) (Decision, error) {
	id, err := s.obtain(ctx, in.Order)
	var none *notCreatedError
	switch {
	case errors.Is(err, errNoIntent):
		return Decision{}, platform.Refuse(platform.PaymentDeclined, "the payment was not begun in time")
	case errors.As(err, &none) && none.refused():
		return Decision{}, &platform.Error{Code: platform.PaymentDeclined, Detail: "the payment method cannot be used", Cause: err}
	case err != nil:
		return Decision{}, coded(err)
	}
	intent, err := s.gateway.Retrieve(ctx, id)
	if err != nil {
		return Decision{}, coded(err)
	}
	var confirmErr error
	if intent.Status == requiresConfirmation {
		confirmErr = s.gateway.Confirm(ctx, id, in.Order.OrderID, in.Order.confirmKey(s.clock.Now()))
		if intent, err = s.gateway.Retrieve(ctx, id); err != nil {
			return Decision{}, coded(errors.Join(err, confirmErr))
		}
	}
	if intent.Status == requiresAction {
		return s.authenticate(ctx, intent)
	}
	return authorized(intent, confirmErr)
}

// authenticate sends the shopper to authenticate (3-D Secure). The intent is marked before anybody learns where, because the webhook
// stores only what happens to marked intents. An intent that offers no page to go to can never be paid.
func (s saga) authenticate(ctx context.Context, i Intent) (Decision, error) {
	if i.ActionURL == "" {
		return Decision{}, platform.Refuse(platform.PaymentDeclined, "the payment method asks for an authentication that this shop does not offer")
	}
	if !i.Asked {
		if err := s.gateway.NoteAsked(ctx, i.ID); err != nil {
			return Decision{}, coded(err)
		}
	}
	return Decision{Decision: "action-required", IntentID: i.ID, PlacedRegion: i.PlacedRegion, URL: i.ActionURL}, nil
}

// authorized is what a confirmed intent means to the saga.
func authorized(i Intent, confirmErr error) (Decision, error) {
	switch i.Status {
	case requiresCapture:
		return Decision{Decision: "authorized", IntentID: i.ID, PlacedRegion: i.PlacedRegion}, nil
	case requiresPaymentMethod:
		return Decision{}, platform.Refuse(platform.PaymentDeclined, "the payment method was declined")
	}
	return decided(i, Reason{}, confirmErr)
}

// capture is commit. It never creates an intent, and it looks at nothing before it tries: an intent that is already decided refuses.
func (s saga) capture(ctx context.Context, in stepInput) (Decision, error) {
	id, err := s.known(ctx, in.Order)
	if err != nil {
		return Decision{}, coded(err)
	}
	if id == "" {
		return Decision{}, platform.Refuse(platform.Internal, "the order is to be captured and has no intent")
	}
	captureErr := s.gateway.Capture(ctx, id, s.region)
	return s.outcome(ctx, id, Reason{}, captureErr)
}

// void is abort. An order without an intent gets one first, under the key that any other run would use, so that none can be paid
// afterwards.
func (s saga) void(ctx context.Context, in voidInput) (Decision, error) {
	if in.Reason.Outcome != outcomeRejected && in.Reason.Outcome != outcomeCancelled {
		return Decision{}, platform.Refuse(platform.InvalidRequest, "a void names the outcome: rejected or cancelled")
	}
	id, err := s.obtainToVoid(ctx, in.Order)
	if errors.Is(err, errNoIntent) {
		return Decision{Decision: "cancelled", PlacedRegion: in.Order.PlacedRegion, Outcome: in.Reason.Outcome, Code: in.Reason.Code}, nil
	}
	if err != nil {
		return Decision{}, coded(err)
	}
	cancelErr := s.gateway.Cancel(ctx, id, in.Reason.cancellation())
	return s.outcome(ctx, id, in.Reason, cancelErr)
}

// outcome reads what an intent has become after a call that was to decide it, whatever the call answered.
func (s saga) outcome(ctx context.Context, id string, own Reason, callErr error) (Decision, error) {
	intent, err := s.gateway.Retrieve(ctx, id)
	if err != nil {
		return Decision{}, coded(errors.Join(err, callErr))
	}
	return decided(intent, own, callErr)
}

// decided is the intent's decision, or that there is none yet.
func decided(i Intent, own Reason, callErr error) (Decision, error) {
	if d, ok := i.decision(own); ok {
		return d, nil
	}
	return Decision{}, &platform.Error{Code: platform.Undecided, Detail: "the payment intent is " + string(i.Status), Cause: callErr}
}

// coded gives a failure of the provider a code: a key that the provider does not take needs a person, everything else
// another try.
func coded(err error) error {
	var f *Failure
	var has *platform.Error
	switch {
	case errors.As(err, &has):
		return err
	case errors.As(err, &f) && f.Kind == Denied:
		return platform.Wrap(platform.Internal, err)
	}
	return platform.Wrap(platform.Undecided, err)
}

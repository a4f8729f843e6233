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
	// Find looks for the order's intent among the customer's since a time.
	Find(ctx context.Context, customer, orderID string, from time.Time) (id string, found bool, err error)
	// Confirm asks for the money. A shopper who has to authenticate first comes back to the shop's page of the order.
	Confirm(ctx context.Context, id, orderID, key string) error
	// NoteAsked marks an intent whose shopper is about to be sent to authenticate.
	NoteAsked(ctx context.Context, id string) error
	// NoteRejected writes on an intent why it is about to be cancelled.
	NoteRejected(ctx context.Context, id, code string) error
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
		"AuthorizePayment": within(s.clock, s.authorize),
		"CapturePayment":   within(s.clock, s.capture),
		"VoidPayment":      within(s.clock, s.void),
		"RefundPayment":    within(s.clock, s.refund),
	}
}

// stepDeadline bounds a whole step. It is below the function's time-out, so that a step answers that it is undecided rather than being cut off.
const stepDeadline = 12 * time.Second

func within[In, Out any](clock platform.Clock, step func(ctx context.Context, in In) (Out, error)) platform.Step {
	return platform.StepOf(func(ctx context.Context, in In) (Out, error) {
		ctx, cancel := clock.WithTimeout(ctx, stepDeadline)
		defer cancel()
		return step(ctx, in)
	})
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
	switch {
	case intent.Status == requiresAction:
		return s.authenticate(ctx, intent)
	case intent.Status == requiresConfirmation && isRefused(confirmErr):
		return Decision{}, &platform.Error{Code: platform.PaymentDeclined, Detail: "the payment method cannot be used any more", Cause: confirmErr}
	case intent.Status == requiresConfirmation && s.late(in.Order):
		return Decision{}, &platform.Error{Code: platform.PaymentDeclined, Detail: "the payment was not confirmed in time", Cause: confirmErr}
	}
	return authorized(intent, confirmErr)
}

// isRefused reports whether the provider said that a call is not possible. To decline a payment for that is safe even if it was an answer of
// yesterday: the abort decides nothing before the intent is void.
func isRefused(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Kind == Refused
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
	return decided(i, confirmErr)
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
	return s.outcome(ctx, id, captureErr)
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
	return s.cancel(ctx, id, in.Reason)
}

// cancel voids an intent that is not decided yet. The code of a rejection is written on it first, because a cancellation has no place for it: whoever
// finds the intent void reads it there. The first code stays, and without one nothing is cancelled. Two runs that reject at the same
// moment for two reasons may each be told their own.
func (s saga) cancel(ctx context.Context, id string, why Reason) (Decision, error) {
	intent, err := s.gateway.Retrieve(ctx, id)
	if err != nil {
		return Decision{}, coded(err)
	}
	if d, ok := intent.decision(); ok {
		return d, nil
	}
	if why.Outcome == outcomeRejected && intent.RejectedFor == "" {
		err := s.gateway.NoteRejected(ctx, id, why.Code)
		if err != nil && !isRefused(err) {
			return Decision{}, coded(err)
		}
	}
	cancelErr := s.gateway.Cancel(ctx, id, why.cancellation())
	return s.outcome(ctx, id, cancelErr)
}

// outcome reads what an intent has become after a call that was to decide it, whatever the call answered.
func (s saga) outcome(ctx context.Context, id string, callErr error) (Decision, error) {
	intent, err := s.gateway.Retrieve(ctx, id)
	if err != nil {
		return Decision{}, coded(errors.Join(err, callErr))
	}
	return decided(intent, callErr)
}

// decided is the intent's decision, or that there is none yet.
func decided(i Intent, callErr error) (Decision, error) {
	if d, ok := i.decision(); ok {
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

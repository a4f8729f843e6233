package payment

import (
	"cmp"
	"context"
	"errors"
	"time"

	"twofold/internal/platform"
)

// saga decides about an order's payment.
type saga struct {
	region  string
	gateway gateway
	orders  interface {
		// PeerFenced reports since when the other region is fenced; false if it is not.
		PeerFenced(ctx context.Context) (since time.Time, fenced bool, err error)
	}
	clock platform.Clock
}

// gateway is the payment provider. Its errors are [*Failure]. What changes an intent answers it as it stands after the change, read by the provider
// at that moment; never an older answer that a key stands for.
type gateway interface {
	// Create makes an intent that is captured by hand, or answers the one that the key stands for. One with a payment method is confirmed: the money is asked
	// for, and a shopper who has to authenticate first comes back to the shop's page of the order.
	Create(ctx context.Context, p Params, key string) (Intent, error)
	Retrieve(ctx context.Context, id string) (Intent, error)
	// Find are the order's intents among the customer's since a time, newest first.
	Find(ctx context.Context, customer, orderID string, from time.Time) ([]Intent, error)
	// NoteAsked marks an intent whose shopper is about to be sent to authenticate.
	NoteAsked(ctx context.Context, id string) (Intent, error)
	// NoteRejected writes on an intent why it is about to be cancelled.
	NoteRejected(ctx context.Context, id, code string) (Intent, error)
	Capture(ctx context.Context, id, committedBy string) (Intent, error)
	Cancel(ctx context.Context, id, reason string) (Intent, error)
	// Refund pays back what is left of a captured intent.
	Refund(ctx context.Context, id string) error
	Refunds(ctx context.Context, id string) ([]Refund, error)
}

type stepInput struct {
	Order Order `json:"order"`
}

type captureInput struct {
	Order    Order  `json:"order"`
	IntentID string `json:"intentId"` // as authorize answered it; "" in a run that did not authorize
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

// authorize makes the order's intent, which holds the money. An intent that is decided already is answered as such.
func (s saga) authorize(ctx context.Context, in stepInput) (Decision, error) {
	intent, err := s.obtain(ctx, in.Order)
	switch {
	case errors.Is(err, errNoIntent):
		return Decision{}, platform.Refuse(platform.PaymentDeclined, "the payment was not begun in time")
	case errors.Is(err, errAbandoned):
		return Decision{}, platform.Refuse(platform.PaymentDeclined, "the payment was begun in a region that is lost, and cannot be begun again")
	case notCreated(err, Refused):
		return Decision{}, &platform.Error{Code: platform.PaymentDeclined, Detail: "the payment method cannot be used", Cause: err}
	case err != nil:
		return Decision{}, coded(err)
	case intent.Status == requiresAction && intent.ActionURL != "" && !intent.Asked:
		if intent, err = s.gateway.NoteAsked(ctx, intent.ID); err != nil {
			return Decision{}, coded(err)
		}
	}
	return s.authorized(intent)
}

// isRefused reports whether the provider said that a call is not possible.
func isRefused(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Kind == Refused
}

// authorized is what an intent means to a run that wants the payment. A shopper who has to authenticate (3-D Secure) is sent there only when the intent is
// marked, because the webhook stores only what happens to marked intents. To decline a payment is always safe: the abort decides nothing before
// the intent is void.
func (s saga) authorized(i Intent) (Decision, error) {
	declined := func(why string) (Decision, error) { return Decision{}, platform.Refuse(platform.PaymentDeclined, why) }
	untried := i.Status == requiresConfirmation || i.Status == requiresPaymentMethod && !i.Tried
	switch {
	case i.Status == requiresCapture:
		return Decision{Decision: "authorized", IntentID: i.ID, PlacedRegion: i.PlacedRegion}, nil
	case i.Status == requiresAction && i.ActionURL == "":
		return declined("the payment method asks for an authentication that this shop does not offer")
	case i.Status == requiresAction:
		return Decision{Decision: "action-required", IntentID: i.ID, PlacedRegion: i.PlacedRegion, URL: i.ActionURL}, nil
	case untried && s.clock.Now().Sub(i.Created) >= untriedFor:
		return declined("the payment was abandoned before anything was tried")
	case i.Status == requiresPaymentMethod && i.Tried:
		return declined("the payment method was declined")
	}
	return decided(i, nil)
}

// capture is commit. It never creates an intent, and it looks at nothing before it tries: an intent that is already decided refuses.
func (s saga) capture(ctx context.Context, in captureInput) (Decision, error) {
	id := cmp.Or(in.IntentID, in.Order.IntentID)
	if id == "" {
		found, err := s.find(ctx, in.Order)
		switch {
		case err != nil:
			return Decision{}, coded(err)
		case found.ID == "":
			return Decision{}, platform.Refuse(platform.Internal, "the order is to be captured and has no intent")
		}
		id = found.ID
	}
	intent, captureErr := s.gateway.Capture(ctx, id, s.region)
	return s.outcome(ctx, id, intent, captureErr)
}

// void is abort. An order without an intent gets one first that cannot be paid, under the key that any other run would use, so that none can be paid
// afterwards.
func (s saga) void(ctx context.Context, in voidInput) (Decision, error) {
	if in.Reason.Outcome != outcomeRejected && in.Reason.Outcome != outcomeCancelled {
		return Decision{}, platform.Refuse(platform.InvalidRequest, "a void names the outcome: rejected or cancelled")
	}
	intent, err := s.obtainToVoid(ctx, in.Order)
	if errors.Is(err, errNoIntent) {
		return Decision{Decision: "cancelled", PlacedRegion: in.Order.PlacedRegion, Outcome: in.Reason.Outcome, Code: in.Reason.Code}, nil
	}
	if err != nil {
		return Decision{}, coded(err)
	}
	return s.cancel(ctx, intent, in.Reason)
}

// cancel voids an intent that is not decided yet. The code of a rejection is written on it first, because a cancellation has no place for it: whoever
// finds the intent void reads it there. The first code stays, and without one nothing is cancelled. Two runs that reject at the same
// moment for two reasons may each be told their own.
func (s saga) cancel(ctx context.Context, intent Intent, why Reason) (Decision, error) {
	if d, ok := intent.decision(); ok {
		return d, nil
	}
	if why.Outcome == outcomeRejected && intent.RejectedFor == "" {
		_, err := s.gateway.NoteRejected(ctx, intent.ID, why.Code)
		if err != nil && !isRefused(err) {
			return Decision{}, coded(err)
		}
	}
	cancelled, cancelErr := s.gateway.Cancel(ctx, intent.ID, why.cancellation())
	return s.outcome(ctx, intent.ID, cancelled, cancelErr)
}

// outcome is what an intent has become by a call that was to decide it.
func (s saga) outcome(ctx context.Context, id string, answer Intent, callErr error) (Decision, error) {
	intent, err := asItStands(ctx, s.gateway, id, answer, callErr)
	if err != nil {
		return Decision{}, coded(err)
	}
	return decided(intent, callErr)
}

// asItStands is an intent after a call that was to change it. The answer to a call that succeeded says so itself. After an error the intent is read, whatever the
// error says: "unexpected state" is captured and cancelled alike, and a call without an answer may have been done.
func asItStands(ctx context.Context, g reader, id string, answer Intent, callErr error) (Intent, error) {
	if callErr == nil {
		return answer, nil
	}
	intent, err := g.Retrieve(ctx, id)
	if err != nil {
		return Intent{}, errors.Join(err, callErr)
	}
	return intent, nil
}

type reader interface {
	Retrieve(ctx context.Context, id string) (Intent, error)
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

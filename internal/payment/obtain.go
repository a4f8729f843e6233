package payment

import (
	"context"
	"errors"

	"twofold/internal/platform"
)

// errNoIntent says that an order has no intent and can get none any more.
var errNoIntent = errors.New("the order has no payment intent and will get none")

// notCreatedError says that the provider did not create the order's intent and that there is none to be found: it refused the
// parameters, or the order's key stands for others.
type notCreatedError struct{ failure *Failure }

func (e *notCreatedError) Error() string { return "no payment intent: " + e.failure.Error() }

// refused reports whether the parameters are the reason.
func (e *notCreatedError) refused() bool { return e.failure.Kind == Refused }

// forGood reports whether the order's key stands for the refusal, so that no run can create the intent while the key lives.
func (e *notCreatedError) forGood() bool { return e.refused() && e.failure.Replayed }

// known is the order's intent as recorded or as the provider knows it; "" if there is none so far.
func (s saga) known(ctx context.Context, o Order) (string, error) {
	id, err := s.records.Intent(ctx, o.OrderID)
	if err != nil || id != "" {
		return id, err
	}
	return s.find(ctx, o)
}

// find looks the intent up at the provider and records it.
func (s saga) find(ctx context.Context, o Order) (string, error) {
	id, found, err := s.gateway.Find(ctx, o.Payment.Customer, o.OrderID, o.PlacedAt.Add(-findBefore), o.PlacedAt.Add(createOver))
	if err != nil || !found {
		return "", err
	}
	return id, s.records.SetIntent(ctx, o.OrderID, id)
}

// obtain is the order's intent: recorded, else created while that is allowed, else found.
func (s saga) obtain(ctx context.Context, o Order) (string, error) {
	id, err := s.records.Intent(ctx, o.OrderID)
	if err != nil || id != "" {
		return id, err
	}
	age := s.clock.Now().Sub(o.PlacedAt)
	if age < createWithin {
		return s.create(ctx, o, o.params())
	}
	id, err = s.find(ctx, o)
	switch {
	case err != nil || id != "":
		return id, err
	case age < createOver:
		return "", platform.Refuse(platform.Undecided, "a payment intent of the order may still be on its way")
	default:
		return "", errNoIntent
	}
}

// create makes the intent under the order's key. When the provider answers that it did not, there may be one all the same: made
// by the other region with the parameters of its placed fact, or by a call whose answer was an error. A mismatch without an
// intent to be found is undecided: the other region's call may be just under way.
func (s saga) create(ctx context.Context, o Order, p Params) (string, error) {
	id, err := s.gateway.Create(ctx, p, o.createKey())
	if err == nil {
		return id, s.records.SetIntent(ctx, o.OrderID, id)
	}
	var f *Failure
	if !errors.As(err, &f) || !f.Answered() {
		return "", err
	}
	id, findErr := s.find(ctx, o)
	switch {
	case findErr != nil || id != "":
		return id, findErr
	case f.Kind == Refused || f.Kind == Mismatch:
		return "", &notCreatedError{failure: f}
	default:
		return "", err
	}
}

// obtainToVoid is obtain for a payment that must not happen. Where the provider does not create the intent (the payment method
// or the customer does not exist, say), it has to be kept from being created later. If the refusal is what the key stands for, it is:
// the key outlives [createWithin]. Else an intent that can be refused for less takes the key.
func (s saga) obtainToVoid(ctx context.Context, o Order) (string, error) {
	id, err := s.obtain(ctx, o)
	for _, p := range o.tombstones() {
		var none *notCreatedError
		switch {
		case !errors.As(err, &none):
			return id, err
		case none.forGood():
			return "", errNoIntent
		}
		id, err = s.create(ctx, o, p)
	}
	return id, err
}

package payment

import (
	"context"
	"errors"
)

// errNoIntent says that an order has no intent, and that none may be created any more that could be paid.
var errNoIntent = errors.New("the order has no payment intent and will get none that can be paid")

// notCreatedError says that the provider did not create the order's intent and that there is none to be found: it refused the
// parameters, or the order's key stands for others.
type notCreatedError struct {
	failure *Failure
	turn    int // of the key that was used last
}

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

// find looks the intent up at the provider and records it. It may be of any age: the placed fact that it was made of may be older than the
// one that this run knows, or younger.
func (s saga) find(ctx context.Context, o Order) (string, error) {
	id, found, err := s.gateway.Find(ctx, o.Payment.Customer, o.OrderID, o.PlacedAt.Add(-findBefore))
	if err != nil || !found {
		return "", err
	}
	return id, s.records.SetIntent(ctx, o.OrderID, id)
}

// obtain is the order's intent: recorded, else created while that is allowed, else found. Before it creates one it makes sure that there is none
// whose key the provider may have forgotten: the other region may have charged an earlier placed fact, which this region has not heard of.
func (s saga) obtain(ctx context.Context, o Order) (string, error) {
	id, err := s.records.Intent(ctx, o.OrderID)
	if err != nil || id != "" {
		return id, err
	}
	switch id, err = s.find(ctx, o); {
	case err != nil || id != "":
		return id, err
	case s.late(o):
		return "", errNoIntent
	}
	return s.create(ctx, o, o.params(), 0)
}

// late reports whether it is too late to begin the order's payment.
func (s saga) late(o Order) bool { return s.clock.Now().Sub(o.PlacedAt) >= createWithin }

// create makes the intent under the order's key. When the provider answers that it did not, there may be one all the same: made
// by the other region with the parameters of its placed fact, or by a call whose answer was an error. A mismatch without an
// intent to be found is undecided: the other region's call may be just under way.
//
// A key may stand for a server error, which the provider then repeats for a day (https://docs.stripe.com/api/idempotent_requests). All runs
// go on to the order's next key then. They still meet: no run can make an intent under a key that stands for an error, and each looks for one
// that the failed call may have left before it goes on.
func (s saga) create(ctx context.Context, o Order, p Params, turn int) (string, error) {
	for ; turn < createTurns; turn++ {
		id, err := s.gateway.Create(ctx, p, o.createKey(turn))
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
			return "", &notCreatedError{failure: f, turn: turn}
		case !f.Replayed:
			return "", err
		}
	}
	return "", &Failure{Kind: Broken, Detail: "every key of the order stands for a server error"}
}

// obtainToVoid is obtain for a payment that must not happen. Where the provider does not create the intent (the payment method
// or the customer does not exist, say), it has to be kept from being created later. If the refusal is what the key stands for, it is:
// the key outlives [createWithin]. Else an intent that can be refused for less takes the key. It takes it too when the payment was not begun
// in time: a run that knows a younger placed fact of the order may be about to begin it.
func (s saga) obtainToVoid(ctx context.Context, o Order) (string, error) {
	id, err := s.obtain(ctx, o)
	turn := 0
	for _, p := range o.tombstones() {
		var none *notCreatedError
		switch {
		case errors.Is(err, errNoIntent):
		case !errors.As(err, &none):
			return id, err
		case none.forGood():
			return "", errNoIntent
		default:
			turn = none.turn
		}
		id, err = s.create(ctx, o, p, turn)
	}
	return id, err
}

package payment

import (
	"context"
	"errors"
)

// errNoIntent says that an order has no intent, and that none may be created any more that could be paid.
var errNoIntent = errors.New("the order has no payment intent and will get none that can be paid")

// notCreatedError says that the provider did not create the order's intent and that there is none to be found: it refused the
// parameters, the order's key stands for others, or it had an error.
type notCreatedError struct{ failure *Failure }

func (e *notCreatedError) Error() string { return "no payment intent: " + e.failure.Error() }
func (e *notCreatedError) Unwrap() error { return e.failure }

// notCreated reports whether an error says that there is no intent, for one of some kinds of reasons.
func notCreated(err error, kinds ...Kind) bool {
	var none *notCreatedError
	if !errors.As(err, &none) {
		return false
	}
	for _, k := range kinds {
		if none.failure.Kind == k {
			return true
		}
	}
	return false
}

// forGood reports whether the order's key stands for what the provider answered, so that no run can create an intent under it while it lives.
func forGood(err error) bool {
	var none *notCreatedError
	return errors.As(err, &none) && none.failure.Replayed
}

// find is the order's intent among those that the provider lists for the customer; the zero value if there is none so far. It may be of any
// age: the placed fact that it was made of may be older than the one that this run knows, or younger.
func (s saga) find(ctx context.Context, o Order) (Intent, error) {
	all, err := s.gateway.Find(ctx, o.Payment.Customer, o.OrderID, o.PlacedAt.Add(-findBefore))
	if err != nil {
		return Intent{}, err
	}
	return theIntent(o.OrderID, all)
}

// known is the order's intent, by the id that a fact names or found; the zero value if there is none so far.
func (s saga) known(ctx context.Context, o Order) (Intent, error) {
	if o.IntentID != "" {
		return s.gateway.Retrieve(ctx, o.IntentID)
	}
	return s.find(ctx, o)
}

// obtain is the order's intent: found, else created while that is allowed. Before it creates one it makes sure that there is none
// whose key the provider may have forgotten: the other region may have charged an earlier placed fact, which this region has not heard of.
func (s saga) obtain(ctx context.Context, o Order) (Intent, error) {
	switch found, err := s.known(ctx, o); {
	case err != nil || found.ID != "":
		return found, err
	case s.late(o):
		return Intent{}, errNoIntent
	}
	return s.overKeys(ctx, o, s.begin)
}

// obtainToVoid is the intent of a payment that must not happen: found, else one that cannot be paid and takes the order's key. It takes it too
// when the payment was not begun in time: a run that knows a younger placed fact of the order may be about to begin it. A key
// that stands for a refusal needs nobody to take it: it outlives [createWithin].
func (s saga) obtainToVoid(ctx context.Context, o Order) (Intent, error) {
	found, err := s.known(ctx, o)
	if err != nil || found.ID != "" {
		return found, err
	}
	taken, err := s.overKeys(ctx, o, s.block)
	if notCreated(err, Refused) && forGood(err) {
		return Intent{}, errNoIntent
	}
	return taken, err
}

// late reports whether it is too late to begin the order's payment.
func (s saga) late(o Order) bool { return s.clock.Now().Sub(o.PlacedAt) >= createWithin }

// overKeys takes the order's first key that is not spent. All runs go on to the order's next key then. They still meet: no run can make an intent under
// a key that is spent, and each looks for one that the failed call may have left before it goes on.
func (s saga) overKeys(ctx context.Context, o Order, take func(ctx context.Context, o Order, key string) (Intent, error)) (Intent, error) {
	for turn := range createTurns {
		i, err := take(ctx, o, o.createKey(turn))
		if spent, problem := s.spent(ctx, o, err); problem != nil || !spent {
			return i, errors.Join(err, problem)
		}
	}
	return Intent{}, &Failure{Kind: Broken, Detail: "every key of the order is spent"}
}

// spent reports whether an answer says that nobody can make an intent under the key any more. Either it stands for a server error, which the provider repeats
// for a day (https://docs.stripe.com/api/idempotent_requests). Or it stands for the other region's placed fact, and that region was given up so long ago that none of
// its calls is under way: what they made would have been found, so they made nothing. Runs that go by this region's fact ask for the same.
func (s saga) spent(ctx context.Context, o Order, err error) (bool, error) {
	switch {
	case notCreated(err, Broken):
		return forGood(err), nil
	case !notCreated(err, Mismatch) || o.PlacedRegion != s.region:
		return false, nil
	}
	since, alone, problem := s.orders.Alone(ctx)
	return alone && s.clock.Now().Sub(since) >= aloneFor, problem
}

// begin is the intent of a key, which is made of the order and confirmed if the key is new. A key that stands for other parameters may stand for an abort's: asked
// for with those it says what it stands for, an intent that cannot be found by the customer or an error. If it does not, it stands for another
// placed fact, and the other region's call may be just under way: undecided, unless that region was given up ([saga.spent]).
func (s saga) begin(ctx context.Context, o Order, key string) (Intent, error) {
	i, err := s.create(ctx, o, o.params(), key)
	for _, p := range o.tombstones() {
		if !notCreated(err, Mismatch) {
			return i, err
		}
		i, err = s.create(ctx, o, p, key)
	}
	return i, err
}

// block is the intent of a key, which is one that cannot be paid if the key is new. So an abort authorizes no card. It sends the order's own parameters only
// under a key of which the provider has just said that it stands for neither tombstone: then they make nothing, and tell whether there is
// nothing to wait for. Only if the call that had the key ended in between and left it free would they be taken; the hold is let go at once.
func (s saga) block(ctx context.Context, o Order, key string) (Intent, error) {
	var i Intent
	var err error
	for _, p := range o.tombstones() {
		i, err = s.create(ctx, o, p, key)
		if forGood(err) || !notCreated(err, Mismatch, Refused) {
			return i, err
		}
	}
	if notCreated(err, Mismatch) && !s.late(o) {
		return s.create(ctx, o, o.params(), key)
	}
	return i, err
}

// create asks the provider for an intent under a key. When it answers that it made none, there may be one all the same: of the other region with
// the parameters of its placed fact, of a call whose answer was an error, or with a card that was declined.
func (s saga) create(ctx context.Context, o Order, p Params, key string) (Intent, error) {
	i, err := s.gateway.Create(ctx, p, key)
	var f *Failure
	if err == nil || !errors.As(err, &f) || !f.Answered() {
		return i, err
	}
	found, err := s.find(ctx, o)
	if err == nil && found.ID == "" {
		err = &notCreatedError{f}
	}
	return found, err
}

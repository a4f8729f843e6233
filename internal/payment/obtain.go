package payment

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"twofold/internal/platform"
)

// errNoIntent says that an order has no intent, and that none may be created any more that could be paid.
var errNoIntent = errors.New("the order has no payment intent and will get none that can be paid")

// errAbandoned says that the order's key stands for a request of a region that was given up, which nobody can repeat. Nothing is begun beside it; an abort
// may pass it over.
var errAbandoned = errors.New("the payment was begun by a region that was given up, and cannot be found")

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

// find is the order's intent among those that the provider lists for the customer, by each placed fact that is known; the zero value if there is none so far. It may be of any
// age: the placed fact that it was made of may be older than the one that this run knows, or younger.
func (s saga) find(ctx context.Context, o Order) (Intent, error) {
	var all []Intent
	for _, customer := range o.customers() {
		its, err := s.gateway.Find(ctx, customer, o.OrderID, o.PlacedAt.Add(-findBefore))
		if err != nil {
			return Intent{}, err
		}
		all = append(all, its...)
	}
	slices.SortStableFunc(all, func(a, b Intent) int { return b.Created.Compare(a.Created) })
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
	i, err := s.overKeys(ctx, o, s.begin, s.broken)
	if notCreated(err, Mismatch) {
		if gone, problem := s.abandoned(ctx, o); gone || problem != nil {
			return Intent{}, cmp.Or(problem, errAbandoned)
		}
	}
	return i, err
}

// obtainToVoid is the intent of a payment that must not happen: found, else one that cannot be paid and takes the order's key. It takes it too
// when the payment was not begun in time: a run that knows a younger placed fact of the order may be about to begin it. A key
// that stands for a refusal needs nobody to take it: it outlives [createWithin].
func (s saga) obtainToVoid(ctx context.Context, o Order) (Intent, error) {
	found, err := s.known(ctx, o)
	if err != nil || found.ID != "" {
		return found, err
	}
	taken, err := s.overKeys(ctx, o, s.block, s.spent)
	if notCreated(err, Refused) && forGood(err) {
		return Intent{}, errNoIntent
	}
	return taken, err
}

// late reports whether it is too late to begin the order's payment.
func (s saga) late(o Order) bool { return s.clock.Now().Sub(o.PlacedAt) >= createWithin }

// overKeys takes the order's first key that is not spent. All runs go on to the order's next key then. They still meet: no run can make an intent under
// a key that is spent, and each looks for one that the failed call may have left before it goes on.
func (s saga) overKeys(ctx context.Context, o Order, take func(ctx context.Context, o Order, key string) (Intent, error), spent func(ctx context.Context, o Order, err error) (bool, error)) (Intent, error) {
	for turn := range createTurns {
		i, err := take(ctx, o, o.createKey(turn))
		if next, problem := spent(ctx, o, err); !next || problem != nil {
			return i, cmp.Or(problem, err)
		}
	}
	return Intent{}, &Failure{Kind: Broken, Detail: "every key of the order is spent"}
}

// broken reports whether a key stands for a server error. The provider repeats it for a day (https://docs.stripe.com/api/idempotent_requests), to who sends the
// same parameters.
func (s saga) broken(_ context.Context, _ Order, err error) (bool, error) {
	return notCreated(err, Broken) && forGood(err), nil
}

// spent is broken, or abandoned: an abort may pass over both. A payment that is begun may not, because of two that can be charged one is too many; beside one that was
// called off there may be another.
func (s saga) spent(ctx context.Context, o Order, err error) (bool, error) {
	if !notCreated(err, Mismatch) {
		return s.broken(ctx, o, err)
	}
	return s.abandoned(ctx, o)
}

// abandoned reports whether a key that stands for none of the parameters that are known here stands for those of a region that was given up so long ago that none of
// its calls is under way: what they made would have been found. While a call of this region may be under way that an abort does not ask for any more, because it is too late to begin
// a payment, nothing is concluded.
func (s saga) abandoned(ctx context.Context, o Order) (bool, error) {
	age := s.clock.Now().Sub(o.PlacedAt)
	if o.isPlacedElsewhere(s.region) || age >= createWithin && age < createWithin+fencedFor {
		return false, nil
	}
	since, fenced, err := s.orders.PeerFenced(ctx)
	if err != nil {
		return false, platform.Wrap(platform.Undecided, err)
	}
	return fenced && s.clock.Now().Sub(since) >= fencedFor, nil
}

// begin is the intent of a key, which is made of the order and confirmed if the key is new. A key that stands for other parameters may stand for an abort's, or
// for another placed fact that is known here: asked for with those it says what it stands for, an intent that cannot be found by the customer or an error. If it
// does not, it stands for a placed fact that is not known, and the other region's call may be just under way: undecided.
func (s saga) begin(ctx context.Context, o Order, key string) (Intent, error) {
	i, err := s.orFound(ctx, o, key, o.payments()[:1], Mismatch)
	if notCreated(err, Mismatch) {
		return s.orFound(ctx, o, key, append(o.tombstones(), o.payments()[1:]...), Mismatch)
	}
	return i, err
}

// block is the intent of a key, which is one that cannot be paid if the key is new. So an abort authorizes no card. It sends what would be paid only
// under a key of which the provider has just said that it stands for no tombstone: then that makes nothing, and tells whether there is
// something to wait for. Only if the call that had the key ended in between and left it free would it be taken; the hold is let go at once.
func (s saga) block(ctx context.Context, o Order, key string) (Intent, error) {
	i, err := s.orFound(ctx, o, key, o.tombstones(), Mismatch, Refused)
	if notCreated(err, Mismatch) && !s.late(o) {
		return s.orFound(ctx, o, key, o.payments(), Mismatch)
	}
	return i, err
}

// orFound asks for an intent under a key with one set of parameters after the other, while the answer is of some kinds and not for good. When the provider answers in the end that
// it made none, there may be one all the same: of the other region with the parameters of its placed fact, of a call whose answer was an error, or with a card that
// was declined.
func (s saga) orFound(ctx context.Context, o Order, key string, all []Params, goOn ...Kind) (i Intent, err error) {
	var f *Failure
	for _, p := range all {
		f = nil
		if i, err = s.gateway.Create(ctx, p, key); !errors.As(err, &f) || f.Replayed || !slices.Contains(goOn, f.Kind) {
			break
		}
	}
	if f == nil || !f.Answered() {
		return i, err
	}
	found, err := s.find(ctx, o)
	if err == nil && found.ID == "" {
		err = &notCreatedError{f}
	}
	return found, err
}

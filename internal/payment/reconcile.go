package payment

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

const (
	// graceUnknown is how old an intent of an order that this region does not know is before it is ended. The intent was made by a run that had read
	// the order where it was placed; replication brings the order within seconds, and after an outage as soon as the link is back. Only the
	// region that placed the order waits no longer than that: there the order is known before there is an intent.
	graceUnknown = 15 * time.Minute
	// graceClosed is how old an intent is before it is compared with its order's outcome: longer than any run.
	graceClosed = 5 * time.Minute
	// overlap is how far back each look goes again: intents of one second may show in any order, and the two sides' clocks differ.
	overlap = time.Minute
	// firstLook is how far back the first look for a home goes, after it was adopted too: a hold on a card lasts seven days
	// (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method), and no intent is captured later.
	firstLook = 8 * 24 * time.Hour
	// reconcileTime ends a run ahead of its function's time-out; its parts share it, and the next one goes on.
	reconcileTime = 40 * time.Second
	homesTime     = 5 * time.Second
	pagesPerRun   = 50 // for each home
)

// reconciler ends intents that no living order stands behind. Everything else that a run leaves is swept by the party that keeps a record of it;
// an intent outlives all records, those of a region that is lost too.
type reconciler struct {
	gateway  ledger
	orders   outcomes
	shipping interface {
		Cancel(ctx context.Context, orderID string) error
	}
	places places
	clock  platform.Clock
	log    *slog.Logger
}

// ledger is the part of the gateway that reads and ends intents.
type ledger interface {
	// Recent are intents that were created within a time, both ends included, newest first: those after one of them ("" for the newest), and whether there are more.
	Recent(ctx context.Context, from, to time.Time, after string) (page []Intent, more bool, err error)
	Retrieve(ctx context.Context, id string) (Intent, error)
	Cancel(ctx context.Context, id, reason string) (Intent, error)
	NoteRejected(ctx context.Context, id, code string) (Intent, error)
	Refund(ctx context.Context, id string) error
	Refunds(ctx context.Context, id string) ([]Refund, error)
}

// outcomes asks the order service.
type outcomes interface {
	Outcome(ctx context.Context, orderID string) (Outcome, error)
	// Homes are the regions whose orders this one acts for.
	Homes(ctx context.Context) ([]string, error)
}

// Outcome is what the order service says of an order.
type Outcome struct {
	Known bool       `json:"known"`
	State fact.State `json:"state"`
}

// places keep how far the reconciler has come, and the intents that are to be looked at again.
type places interface {
	Place(ctx context.Context, home string) (place, error)
	SetPlace(ctx context.Context, home string, p place) error
	Again(ctx context.Context) ([]string, error)
	platform.Place // of the round over that list
	SetAgain(ctx context.Context, id string, again bool) error
}

// place is a look through the intents of a time. Those before from are done.
type place struct {
	from, to time.Time
	after    string // the last intent of this look that is done; "" while there is none
}

// ReconcileResult is what a run did; the function answers it.
type ReconcileResult struct {
	Seen     int `json:"seen"`
	Voided   int `json:"voided"`
	Refunded int `json:"refunded"`
	Waiting  int `json:"waiting"` // to be looked at again: their orders are under way, or not yet due
	Failed   int `json:"failed"`
}

func (r reconciler) run(ctx context.Context, _ struct{}) (ReconcileResult, error) {
	var res ReconcileResult
	asking, cancel := r.clock.WithTimeout(ctx, homesTime)
	defer cancel()
	homes, err := r.orders.Homes(asking)
	if err != nil {
		return res, err
	}
	parts := []func(context.Context) error{func(ctx context.Context) error { return r.lookAgain(ctx, homes, &res) }}
	for _, home := range homes {
		parts = append(parts, func(ctx context.Context) error { return r.lookOn(ctx, home, &res) })
	}
	err = platform.InParts(ctx, r.clock, reconcileTime, parts...)
	r.log.Info("reconciled", "seen", res.Seen, "voided", res.Voided, "refunded", res.Refunded, "waiting", res.Waiting, "failed", res.Failed)
	return res, err
}

// lookAgain looks at intents whose orders were under way.
func (r reconciler) lookAgain(ctx context.Context, homes []string, res *ReconcileResult) error {
	ids, err := r.places.Again(ctx)
	if err != nil {
		return err
	}
	return platform.Turns(ctx, r.clock, r.places, ids, func(id string) {
		i, err := r.gateway.Retrieve(ctx, id)
		if err == nil {
			var again bool
			if again, err = r.settle(ctx, i, res); err == nil && !again && slices.Contains(homes, i.PlacedRegion) {
				err = r.places.SetAgain(ctx, id, false)
			}
		}
		r.note(ctx, err, id, res)
	})
}

// note logs that an intent was not settled, unless the time is up; it stays on the list.
func (r reconciler) note(ctx context.Context, err error, id string, res *ReconcileResult) {
	if err != nil && ctx.Err() == nil {
		res.Failed++
		r.log.Error("an intent was not settled", "intent", id, "error", err.Error())
	}
}

// lookOn goes on through a home's intents since the last look. A look is over a time that has an end, so that pages do not shift under it.
func (r reconciler) lookOn(ctx context.Context, home string, res *ReconcileResult) error {
	p, err := r.places.Place(ctx, home)
	if err != nil {
		return err
	}
	if p.to.IsZero() {
		p = r.nextLook(p)
	}
	for range pagesPerRun {
		page, more, err := r.gateway.Recent(ctx, p.from, p.to, p.after)
		if err != nil {
			return err
		}
		for _, i := range page {
			if i.PlacedRegion == home && i.OrderID != "" {
				if err := r.first(ctx, i, res); err != nil {
					return err
				}
			}
			p.after = i.ID
			if late := ctx.Err(); late != nil {
				ctx, cancel := platform.LastWrites(ctx, r.clock)
				defer cancel()
				return errors.Join(late, r.places.SetPlace(ctx, home, p))
			}
		}
		if !more {
			p = place{from: p.to}
		}
		if err := r.places.SetPlace(ctx, home, p); err != nil || !more {
			return err
		}
	}
	return nil
}

func (r reconciler) nextLook(p place) place {
	now := r.clock.Now().Add(-graceClosed)
	if p.from.IsZero() {
		p.from = now.Add(-firstLook)
	}
	return place{from: p.from.Add(-overlap), to: now}
}

// first looks at an intent for the first time, or again because two looks overlap. What cannot be settled now, or not in time, goes on the list; if
// it cannot be put there either, the look stays where it is.
func (r reconciler) first(ctx context.Context, i Intent, res *ReconcileResult) error {
	res.Seen++
	again, err := r.settle(ctx, i, res)
	r.note(ctx, err, i.ID, res)
	if again || err != nil {
		ctx, cancel := platform.LastWrites(ctx, r.clock)
		defer cancel()
		return r.places.SetAgain(ctx, i.ID, true)
	}
	return nil
}

// settle does about an intent what its order's fate asks for. Again says that it has to be looked at another time.
func (r reconciler) settle(ctx context.Context, i Intent, res *ReconcileResult) (again bool, err error) {
	if i.Status == canceled {
		return false, nil // what shipping holds for the order is in its own books
	}
	o, err := r.orders.Outcome(ctx, i.OrderID)
	if err != nil {
		return true, err
	}
	switch owed := o.State == fact.StateConfirmed || o.State == fact.StateDispatched || o.State == fact.StateDelivered; {
	case o.Known && owed && i.Status == succeeded:
		return false, nil
	case o.Known && (o.State == fact.StatePlaced || o.State == fact.StateActionRequired), // the sweep drives the order
		!o.Known && r.clock.Now().Sub(i.Created) < graceUnknown:
		res.Waiting++
		return true, nil
	}
	now, err := r.gateway.Retrieve(ctx, i.ID)
	switch {
	case err != nil:
		return true, coded(err)
	case now.Status != i.Status: // a run has come further than the list told
		return r.settle(ctx, now, res)
	}
	return false, r.end(ctx, now, o, res)
}

// orphaned is the code of a rejection of an order that nobody knows.
const orphaned = "OrderUnknown"

// end is called with an intent as it stands now. It gives the shopper the money back, or lets it go, and has the shipment of an order that nobody knows cancelled. It does as the saga does: the payment first, because only
// when that is decided is nothing else under way.
func (r reconciler) end(ctx context.Context, i Intent, o Outcome, res *ReconcileResult) error {
	if i.Status != succeeded {
		if err := r.void(ctx, i); err != nil {
			return err
		}
		res.Voided++
	} else if refunded, err := r.refund(ctx, i); err != nil {
		return err
	} else if !refunded && o.Known {
		return nil // the saga has paid it back
	} else if refunded {
		res.Refunded++
	}
	r.log.Error("an intent had no living order", "intent", i.ID, "order", i.OrderID, "known", o.Known, "state", string(o.State), "was", string(i.Status))
	if o.Known {
		return nil
	}
	return r.shipping.Cancel(ctx, i.OrderID)
}

func (r reconciler) void(ctx context.Context, i Intent) error {
	if i.RejectedFor == "" {
		if _, err := r.gateway.NoteRejected(ctx, i.ID, orphaned); err != nil && !isRefused(err) {
			return coded(err)
		}
	}
	cancelled, cancelErr := r.gateway.Cancel(ctx, i.ID, reasonRejected)
	now, err := asItStands(ctx, r.gateway, i.ID, cancelled, cancelErr)
	if err != nil {
		return coded(err)
	}
	if now.Status != canceled {
		return &platform.Error{Code: platform.Undecided, Detail: "the payment intent is " + string(now.Status), Cause: cancelErr}
	}
	return nil
}

// refund reports whether it paid anything back: an order that was cancelled after it was confirmed was refunded by the saga.
func (r reconciler) refund(ctx context.Context, i Intent) (bool, error) {
	before, err := r.gateway.Refunds(ctx, i.ID)
	if err != nil {
		return false, coded(err)
	}
	if _, total := paidBack(before); total >= i.Received {
		return false, nil
	}
	refundErr := r.gateway.Refund(ctx, i.ID)
	after, err := r.gateway.Refunds(ctx, i.ID)
	if err != nil {
		return false, coded(errors.Join(err, refundErr))
	}
	if _, total := paidBack(after); total < i.Received {
		return false, &platform.Error{Code: platform.Undecided, Detail: "the payment is not refunded in full", Cause: refundErr}
	}
	return true, nil
}

package order

import (
	"context"
	"log/slog"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// recorder appends facts that somebody outside was told of, or has told us of: they stand in both regions before the answer.
type recorder struct {
	region string
	facts  appender
	peer   copier
	clock  platform.Clock
}

// copier brings what stands in this region's replica to the peer's.
type copier interface {
	Copy(ctx context.Context, items ...platform.Item) platform.Durability
}

// record appends a fact of an order and answers the one that stands, which may be an earlier one, and where.
func (r recorder) record(ctx context.Context, o fact.Order, f fact.Fact) (fact.Fact, platform.Durability, error) {
	f.OrderID, f.Home, f.Region, f.At = o.ID, o.Home, r.region, r.clock.Now().UTC().Truncate(time.Millisecond)
	item, err := r.facts.append(ctx, f)
	if err != nil {
		return fact.Fact{}, "", err
	}
	stands, err := itemFact(item)
	if err != nil {
		return fact.Fact{}, "", platform.Wrap(platform.Internal, err)
	}
	return stands, r.peer.Copy(ctx, item), nil
}

// reports takes what the other services were told by the payment provider and the carrier.
type reports struct {
	store    orderReader
	recorder recorder
	log      *slog.Logger
}

// notice is what happened to an order: the carrier has its goods (dispatched), the shopper has them (delivered), or the provider
// tells of a change at its intent (payment-updated, which the event's id keeps apart).
type notice struct {
	OrderID  string    `json:"orderId"`
	Kind     fact.Kind `json:"kind"`
	EventID  string    `json:"eventId"`
	IntentID string    `json:"intentId"`
}

// noted says where the notice stands; nothing if it was not kept because nothing waits for it.
type noted struct {
	Durability platform.Durability `json:"durability,omitempty"`
}

// take is the function's handler. The same notice again is the same fact. An order that this region has not seen is NotFound: it
// may be on its way, and who delivered the notice delivers it again.
func (r *reports) take(ctx context.Context, in notice) (noted, error) {
	out, err := r.append(ctx, in)
	if err != nil {
		r.log.Info("notice not taken", "order", in.OrderID, "kind", string(in.Kind), "event", in.EventID, "error", err.Error())
		return noted{}, platform.ForStates(err)
	}
	return out, nil
}

func (r *reports) append(ctx context.Context, in notice) (noted, error) {
	if err := in.check(); err != nil {
		return noted{}, err
	}
	rec, err := r.store.load(ctx, in.OrderID)
	if err != nil {
		return noted{}, err
	}
	o := fact.Fold(rec.facts)
	if o.State == fact.StateUnknown || !rec.whole() {
		return noted{}, platform.Refuse(platform.NotFound, "this order has not arrived in this region, or not all of it")
	}
	if in.Kind == fact.PaymentUpdated && !awaited(o) {
		return noted{}, nil
	}
	if known, ok := o.Fact(in.Kind); ok && in.Kind != fact.PaymentUpdated {
		// The carrier tells twice, perhaps the other region first: one fact says it, and one mail.
		stored := rec.items[keyPart(keyOfFact(known), "sk")]
		return noted{Durability: r.recorder.peer.Copy(ctx, stored)}, nil
	}
	_, durability, err := r.recorder.record(ctx, o, fact.Fact{Kind: in.Kind, EventID: in.EventID, IntentID: in.IntentID})
	return noted{Durability: durability}, err
}

// awaited tells whether an order may be waiting for what the provider tells. Every payment has its events, and nearly all tell what a
// run of the saga did itself: the webhook passes on only those of intents whose shopper was sent to authenticate. Of these none may be
// dropped here while the order is open, also if this region sees nothing of the request: the other one may have written it.
func awaited(o fact.Order) bool {
	return o.State == fact.StateActionRequired || o.State == fact.StatePlaced
}

func (in notice) check() error {
	var c checks
	c.that(orderPattern.MatchString(in.OrderID), "/orderId", "name the order")
	c.that(in.Kind == fact.Dispatched || in.Kind == fact.Delivered || in.Kind == fact.PaymentUpdated, "/kind",
		"say dispatched, delivered or payment-updated")
	c.that(in.EventID == "" && in.Kind != fact.PaymentUpdated || platform.ProviderID(in.EventID), "/eventId", "name the provider's event")
	c.that(in.IntentID == "" || platform.ProviderID(in.IntentID), "/intentId", "name the payment intent or leave it out")
	if len(c.found) > 0 {
		return &platform.Error{Code: platform.InvalidRequest, Detail: "this is no notice: see the documentation of order-facts", Violations: c.found}
	}
	return nil
}

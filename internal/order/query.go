package order

import (
	"context"
	"log/slog"
	"time"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// query answers the saga and the other services.
type query struct {
	region string
	fences *platform.Fences
	store  interface {
		orderReader
		glance(ctx context.Context, orderID string) (record, error)
	}
	clock platform.Clock
	log   *slog.Logger
}

// question asks for an order as the saga needs it ("saga"), for where it stands ("outcome") or who gets the goods ("person"); or for no order but
// the regions whose orders this one acts for ("homes").
type question struct {
	OrderID string `json:"orderId"`
	Want    string `json:"want"`
	// Execution is the saga's run that asks, for the log: of that the other lines of the order, which have its id, tell the rest.
	Execution string `json:"execution"`
}

// answer is the function's handler: errors have the names of the platform's table.
func (q *query) answer(ctx context.Context, in question) (any, error) {
	out, err := q.look(ctx, in)
	if err != nil {
		q.log.Info("question failed", "order", in.OrderID, "want", in.Want, "error", err.Error())
		return nil, platform.ForStates(err)
	}
	return out, nil
}

func (q *query) look(ctx context.Context, in question) (any, error) {
	if in.Want == "homes" {
		return q.homes(ctx)
	}
	if in.Want == "saga" { // a region that was given up runs no sagas
		if err := q.fences.Check(ctx); err != nil {
			return nil, err
		}
	}
	if in.Want != "saga" && in.Want != "outcome" && in.Want != "person" {
		return nil, platform.Refuse(platform.InvalidRequest, "want is saga, outcome, person or homes")
	}
	rec, err := q.read(ctx, in)
	if err != nil {
		return nil, err
	}
	o := fact.Fold(rec.facts)
	if in.Want == "outcome" {
		return outcomeOf(in.OrderID, o), nil
	}
	if o.State == fact.StateUnknown {
		return nil, platform.Refuse(platform.NotFound, "no placed fact of this order is seen in this region")
	}
	if !rec.whole() {
		if err := q.withoutPerson(ctx, o); err != nil {
			return nil, err
		}
	}
	if in.Want == "person" {
		return personOf(rec, o)
	}
	q.log.Info("saga begins", append(platform.Trail(ctx), "order", in.OrderID, "execution", in.Execution, "home", o.Home, "state", string(o.State))...)
	return sagaViewOf(o, q.clock.Now()), nil
}

// read takes a glance for the person, who stands there since before the order was one, and looks again if there is nobody to be seen.
func (q *query) read(ctx context.Context, in question) (record, error) {
	if in.Want == "person" {
		if rec, err := q.store.glance(ctx, in.OrderID); err != nil || rec.whole() && len(rec.facts) > 0 {
			return rec, err
		}
	}
	return q.store.load(ctx, in.OrderID)
}

// withoutPerson is nil if an order has to do without its person: the region that took it was given up afterwards, so nobody will bring it. Otherwise
// it is on its way, and until it is here nothing is done about the order: it could not be sent, and nobody told of it.
func (q *query) withoutPerson(ctx context.Context, o fact.Order) error {
	f, _, err := q.fences.Of(ctx, o.Placed.Region)
	if err != nil || f.Epoch > 0 && o.Placed.At.Before(f.At) {
		return err
	}
	return platform.Refuse(platform.Unavailable, "the person of this order is still on the way to this region")
}

// homesView are the regions that this one acts for: itself, and its peer once that was given up; none once this one was.
type homesView struct {
	Homes        []string   `json:"homes"`
	PeerFencedAt *time.Time `json:"peerFencedAt,omitempty"` // by this region's clock; none if it is not
}

func (q *query) homes(ctx context.Context) (homesView, error) {
	if _, fenced, err := q.fences.Of(ctx, q.region); err != nil || fenced {
		return homesView{Homes: []string{}}, err
	}
	out := homesView{Homes: []string{q.region}}
	f, fenced, err := q.fences.Peer(ctx)
	if fenced {
		out.Homes, out.PeerFencedAt = append(out.Homes, f.Region), &f.At
	}
	return out, err
}

// sagaView is what the saga's steps get to know of an order; nothing of the person is in it.
type sagaView struct {
	OrderID         string     `json:"orderId"`
	Customer        string     `json:"customer"`
	Home            string     `json:"home"`
	State           fact.State `json:"state"`
	CommittedBy     string     `json:"committedBy"`
	CancelRequested bool       `json:"cancelRequested"`
	CancelOpen      bool       `json:"cancelOpen"`    // ... and nobody has answered
	ActionExpired   bool       `json:"actionExpired"` // the shopper's time to authenticate the payment is over
	chargeView
	PlacedAt string       `json:"placedAt"`
	Lines    []fact.Line  `json:"lines"`
	IntentID string       `json:"intentId"` // the payment's, by the facts; "" while none names it
	Also     []chargeView `json:"also"`     // by the order's other placed facts
	Shipping shippingView `json:"shipping"`
}

// chargeView is what is to be paid by a placed fact.
type chargeView struct {
	PlacedRegion string      `json:"placedRegion"`
	Amount       money.Money `json:"amount"`
	Payment      paymentView `json:"payment"`
}

func chargeOf(f fact.Fact) chargeView {
	return chargeView{PlacedRegion: f.Region, Amount: f.Amount, Payment: paymentView{Customer: f.PaymentCustomer, Method: f.PaymentMethod, Version: f.PaymentVersion}}
}

type paymentView struct {
	Customer string `json:"customer"`
	Method   string `json:"method"`
	Version  int    `json:"version"`
}

func sagaViewOf(o fact.Order, now time.Time) sagaView {
	return sagaView{
		OrderID: o.ID, Customer: o.Placed.Customer, Home: o.Home, State: o.State, CommittedBy: o.CommittedBy,
		CancelRequested: o.CancelRequested, CancelOpen: o.CancelOpen, ActionExpired: actionExpired(o, now),
		chargeView: chargeOf(o.Placed), PlacedAt: o.Placed.At.UTC().Format(timeForm), Lines: o.Placed.Lines, IntentID: intentOf(o), Also: alsoOf(o),
		Shipping: shippingView{Method: o.Placed.ShippingMethod},
	}
}

// alsoOf is what is to be paid by the placed facts that do not count.
func alsoOf(o fact.Order) []chargeView {
	out := []chargeView{}
	for _, f := range o.Timeline {
		if f.Kind == fact.Placed && f.Region != o.Placed.Region {
			out = append(out, chargeOf(f))
		}
	}
	return out
}

// intentOf is the payment intent that the saga itself wrote down.
func intentOf(o fact.Order) string {
	for _, kind := range []fact.Kind{fact.Confirmed, fact.ActionRequired} {
		if f, there := o.Fact(kind); there {
			return f.IntentID
		}
	}
	return ""
}

type shippingView struct {
	Method string `json:"method"`
}

// authenticationTime is how long a shopper has to authenticate a payment; the saga voids it afterwards.
const authenticationTime = 30 * time.Minute

func actionExpired(o fact.Order, now time.Time) bool {
	f, asked := o.Fact(fact.ActionRequired)
	return asked && !now.Before(f.At.Add(authenticationTime))
}

// outcomeView is where an order stands; Known is false while this region has seen no placed fact.
type outcomeView struct {
	OrderID         string     `json:"orderId"`
	Known           bool       `json:"known"`
	State           fact.State `json:"state"`
	Home            string     `json:"home"`
	CommittedBy     string     `json:"committedBy"`
	CancelRequested bool       `json:"cancelRequested"`
}

func outcomeOf(orderID string, o fact.Order) outcomeView {
	return outcomeView{
		OrderID: orderID, Known: o.State != fact.StateUnknown, State: o.State, Home: o.Home,
		CommittedBy: o.CommittedBy, CancelRequested: o.CancelRequested,
	}
}

// personOf prefers the person that was stored with the placed fact that counts. Both regions' are the same if both are there: the
// order's id is a hash of them. Where one was erased, the person is: the other region's is about to be. Nobody is left of one who was lost with a region.
func personOf(rec record, o fact.Order) (person, error) {
	var found *person
	for _, f := range append([]fact.Fact{o.Placed}, o.Timeline...) {
		item := rec.items[keyPart(personKey(o.ID, f.Region), "sk")]
		if item == nil {
			continue
		}
		p, err := itemPerson(item)
		if err != nil {
			return person{}, platform.Wrap(platform.Internal, err)
		}
		if isErased(item) {
			return person{}, nil
		}
		if found == nil {
			found = &p
		}
	}
	if found == nil {
		return person{}, nil
	}
	return *found, nil
}

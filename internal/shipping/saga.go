package shipping

import (
	"context"
	"errors"
	"time"

	"twofold/internal/platform"
)

// saga books, releases, cancels and stops an order's shipment.
type saga struct {
	carrier gateway
	records records
	orders  interface {
		Person(ctx context.Context, orderID string) (Person, error)
	}
	clock platform.Clock
}

// gateway is the carrier; see [carrier] for the codes of its errors.
type gateway interface {
	Book(ctx context.Context, reference string, b Booking) (Shipment, error)
	Release(ctx context.Context, reference string) error
	Cancel(ctx context.Context, reference string) error
}

// records is the list of the orders whose shipments this region has to see through.
type records interface {
	Open(ctx context.Context, orderID string, at time.Time) error
	Close(ctx context.Context, orderID string) error
}

// stepInput is the part of the saga's order that shipping looks at.
type stepInput struct {
	Order struct {
		OrderID string `json:"orderId"`
		Lines   []struct {
			Quantity int64 `json:"quantity"`
		} `json:"lines"`
		Shipping struct {
			Method string `json:"method"`
		} `json:"shipping"`
	} `json:"order"`
}

func (in stepInput) booking(p Person) Booking {
	var units int64
	for _, l := range in.Order.Lines {
		units += l.Quantity
	}
	return Booking{Method: in.Order.Shipping.Method, Name: p.Name, Address: p.Address, Parcels: []Parcel{{Units: units}}}
}

type booked struct {
	ShipmentID string `json:"shipmentId"`
}

type done struct{}

func (s saga) steps() platform.Steps {
	return platform.Steps{
		"BookShipment":    platform.StepOf(s.book),
		"ReleaseShipment": platform.StepOf(s.release),
		"CancelShipment":  platform.StepOf(s.cancel),
		"StopShipment":    platform.StepOf(s.stop),
	}
}

// book makes the label. The obligation is written before the call that it is about, so that a crash in between leaves
// an obligation without a shipment and never a shipment without an obligation. A run that comes late makes one again: it ends as the first did, by this run or by the
// sweep, since the carrier says the same to everybody who releases or cancels.
func (s saga) book(ctx context.Context, in stepInput) (booked, error) {
	person, err := s.orders.Person(ctx, in.Order.OrderID)
	switch {
	case platform.CodeOf(err) == platform.NotFound: // the order is still on the way from the other region
		return booked{}, platform.Wrap(platform.Unavailable, err)
	case err != nil:
		return booked{}, err
	}
	if person.Address.Line1 == "" {
		return booked{}, platform.Refuse(platform.ShipmentUnavailable, "the address was erased")
	}
	if err := s.records.Open(ctx, in.Order.OrderID, s.clock.Now()); err != nil {
		return booked{}, err
	}
	shipment, err := s.carrier.Book(ctx, in.Order.OrderID, in.booking(person))
	switch {
	case platform.CodeOf(err) == platform.Conflict:
		return booked{}, &platform.Error{Code: platform.Internal, Detail: "the carrier has another booking under this order's id", Cause: err}
	case err != nil:
		return booked{}, err
	case shipment.Status == statusCancelled:
		return booked{}, platform.Refuse(platform.ShipmentUnavailable, "the shipment was cancelled")
	}
	return booked{ShipmentID: shipment.ID}, nil
}

func (s saga) release(ctx context.Context, in stepInput) (stopped, error) {
	return release(ctx, s.carrier, s.records, in.Order.OrderID, s.clock.Now())
}

// cancel undoes book, also where book has never come to pass. A shipment that the carrier does not know may still be on its way there in
// a run that is slower than this one: then the obligation, if there is one, is the sweep's.
func (s saga) cancel(ctx context.Context, in stepInput) (done, error) {
	err := cancel(ctx, s.carrier, s.records, in.Order.OrderID)
	if errors.Is(err, errNoShipment) {
		return done{}, nil
	}
	return done{}, err
}

// What became of a shipment that was to be stopped, or released.
const (
	stoppedInTime  = "cancelled"
	stoppedTooLate = "dispatched"
	notStopped     = "released"
)

type stopped struct {
	Decision string `json:"decision"`
}

// stop asks the carrier to keep the goods of a committed order that the shopper wants to cancel. The carrier decides, for both
// regions: before the goods are picked up it cancels, afterwards it refuses, and it says the same to everybody who asks later. A
// committed order was booked, so a shipment that does not exist contradicts the payment's decision.
func (s saga) stop(ctx context.Context, in stepInput) (stopped, error) {
	err := s.carrier.Cancel(ctx, in.Order.OrderID)
	switch {
	case platform.CodeOf(err) == platform.Conflict:
		return stopped{Decision: stoppedTooLate}, s.records.Close(ctx, in.Order.OrderID)
	case err != nil:
		return stopped{}, contradiction(err, "the carrier has no shipment of a paid order", platform.NotFound)
	}
	return stopped{Decision: stoppedInTime}, s.records.Close(ctx, in.Order.OrderID)
}

// release hands a shipment over to the carrier. It is called for committed orders only; that such a shipment does not exist
// contradicts the payment's decision. One that is cancelled was stopped as the shopper wished, perhaps by a region that is lost with the wish: it stays so, the
// saga gives the money back, and it is an obligation until the order is cancelled, whoever booked it.
func release(ctx context.Context, c gateway, r records, orderID string, at time.Time) (stopped, error) {
	err := c.Release(ctx, orderID)
	switch {
	case platform.CodeOf(err) == platform.Conflict:
		return stopped{Decision: stoppedInTime}, r.Open(ctx, orderID, at)
	case err != nil:
		return stopped{}, contradiction(err, "a paid order cannot be handed over", platform.NotFound)
	}
	return stopped{Decision: notStopped}, r.Close(ctx, orderID)
}

// cancel takes a booking back. It is called only when the payment is void, so a shipment that was picked up contradicts it.
func cancel(ctx context.Context, c gateway, r records, orderID string) error {
	if err := c.Cancel(ctx, orderID); err != nil {
		return contradiction(err, "the goods of an order that was called off have left", platform.Conflict)
	}
	return r.Close(ctx, orderID)
}

// contradiction turns a refusal of the carrier that cannot be into an internal error.
func contradiction(err error, detail string, code platform.Code) error {
	if platform.CodeOf(err) == code {
		return &platform.Error{Code: platform.Internal, Detail: detail, Cause: err}
	}
	return err
}

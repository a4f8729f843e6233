package shipping

import (
	"context"
	"errors"
	"time"

	"twofold/internal/platform"
)

// saga books, releases and cancels an order's shipment.
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

// records keeps which shipments this region has to see through.
type records interface {
	Open(ctx context.Context, orderID string, at time.Time) error
	SetShipment(ctx context.Context, orderID, shipmentID string) error
	Close(ctx context.Context, orderID string, to State) error
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
	}
}

// book makes the label. The obligation is written before the call that it is about, so that a crash in between leaves
// an obligation without a shipment and never a shipment without an obligation.
func (s saga) book(ctx context.Context, in stepInput) (booked, error) {
	person, err := s.orders.Person(ctx, in.Order.OrderID)
	switch {
	case platform.CodeOf(err) == platform.NotFound: // the order is here and its person still on the way from the other region
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
	return booked{ShipmentID: shipment.ID}, s.records.SetShipment(ctx, in.Order.OrderID, shipment.ID)
}

func (s saga) release(ctx context.Context, in stepInput) (done, error) {
	return done{}, release(ctx, s.carrier, s.records, in.Order.OrderID)
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

// release hands a shipment over to the carrier. It is called for committed orders only; that such a shipment does not exist or is
// cancelled contradicts the payment's decision.
func release(ctx context.Context, c gateway, r records, orderID string) error {
	if err := c.Release(ctx, orderID); err != nil {
		return contradiction(err, "a paid order cannot be handed over", platform.NotFound, platform.Conflict)
	}
	return r.Close(ctx, orderID, Released)
}

// cancel takes a booking back. It is called only when the payment is void, so a shipment that was picked up contradicts it.
func cancel(ctx context.Context, c gateway, r records, orderID string) error {
	if err := c.Cancel(ctx, orderID); err != nil {
		return contradiction(err, "the goods of an order that was called off have left", platform.Conflict)
	}
	return r.Close(ctx, orderID, Cancelled)
}

// contradiction turns the carrier's refusals that cannot be into internal errors.
func contradiction(err error, detail string, codes ...platform.Code) error {
	for _, code := range codes {
		if platform.CodeOf(err) == code {
			return &platform.Error{Code: platform.Internal, Detail: detail, Cause: err}
		}
	}
	return err
}

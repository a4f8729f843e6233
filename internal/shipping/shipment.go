package shipping

import "twofold/internal/fact"

// Status is where a shipment stands at the carrier.
type Status string

// The statuses.
const (
	statusBooked     Status = "booked"
	statusReleased   Status = "released"
	statusDispatched Status = "dispatched"
	statusDelivered  Status = "delivered"
	statusCancelled  Status = "cancelled"
)

// Shipment is what the carrier keeps.
type Shipment struct {
	ID     string `json:"id"`
	Status Status `json:"status"`
}

// Address is where the goods go.
type Address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"country"`
}

// Booking is what the carrier is told of an order.
type Booking struct {
	Method  string   `json:"method"`
	Name    string   `json:"name"`
	Address Address  `json:"address"`
	Parcels []Parcel `json:"parcels"`
}

// Parcel is one box.
type Parcel struct {
	Units int64 `json:"units"`
}

// Person is who gets the goods, as the order service knows it; empty once it was erased.
type Person struct {
	Name    string  `json:"name"`
	Address Address `json:"address"`
}

// Outcome is what the order service says of an order.
type Outcome struct {
	Known bool       `json:"known"`
	State fact.State `json:"state"`
}

// verdict is what an outcome makes of a shipment that is booked, released or cancelled; false while there is none. Goods that have left were handed over by
// whoever committed the order, so here it does not matter whether that is seen yet.
func verdict(o Outcome) (Status, bool) {
	switch o.State {
	case fact.StateConfirmed, fact.StateDispatched, fact.StateDelivered:
		return statusReleased, true
	case fact.StateRejected, fact.StateCancelled:
		return statusCancelled, true
	default:
		return "", false
	}
}

// Package fact is what is known for good about an order, and how it adds up.
//
// A fact is immutable and written by one region under a key that names it; an order is
// the fold of the facts that a region has seen. [Fold] is pure and gives the same order
// for any order of arrival, any duplicate and, as more arrives, only ever moves forward:
// facts form a set, set union is commutative, associative and idempotent, and the
// fold looks at the set alone. It compares kinds by precedence and regions by name, never
// the clocks of two regions.
//
// Kinds and fields that this version does not know are kept and ignored: a newer version may
// run beside it. The package knows no database.
package fact

import (
	"cmp"
	"slices"
	"time"

	"twofold/internal/money"
)

// Kind is what a fact says.
type Kind string

// The kinds.
const (
	Placed          Kind = "placed"           // accepted: what was ordered, at which price, by whom
	ActionRequired  Kind = "action-required"  // the shopper must authenticate the payment
	CancelRequested Kind = "cancel-requested" // the shopper wants to cancel
	Confirmed       Kind = "confirmed"        // the payment was captured
	Rejected        Kind = "rejected"         // the payment was voided: stock, payment or carrier said no
	Cancelled       Kind = "cancelled"        // the payment was voided or refunded as the shopper wished
	CancelRefused   Kind = "cancel-refused"   // too late: the goods had left
	Dispatched      Kind = "dispatched"       // the carrier has the goods
	Delivered       Kind = "delivered"        // the shopper has the goods
	Refunded        Kind = "refunded"         // the money went back
	PaymentUpdated  Kind = "payment-updated"  // the payment provider told of a change: reason to look, and no more
)

// DetailType is the name of a kind's event.
func (k Kind) DetailType() string { return detailTypes[k] }

var detailTypes = map[Kind]string{
	Placed: "OrderPlaced", ActionRequired: "OrderActionRequired", CancelRequested: "OrderCancelRequested",
	Confirmed: "OrderConfirmed", Rejected: "OrderRejected", Cancelled: "OrderCancelled", CancelRefused: "OrderCancelRefused",
	Dispatched: "OrderDispatched", Delivered: "OrderDelivered", Refunded: "OrderRefunded",
	PaymentUpdated: "OrderPaymentUpdated",
}

// Kinds are all kinds that this version knows.
func Kinds() []Kind {
	return []Kind{Placed, ActionRequired, CancelRequested, Confirmed, Rejected, Cancelled, CancelRefused, Dispatched, Delivered, Refunded,
		PaymentUpdated}
}

// Fact is one fact. Which fields beyond the first block are set depends on the kind.
type Fact struct {
	OrderID string
	Kind    Kind
	Region  string    // who wrote it
	Home    string    // who acts for the order
	At      time.Time // the writer's clock; for people, never compared between regions

	// placed
	Customer        string
	Lines           []Line
	Amount          money.Money // what the shopper pays: all lines and the shipping; of confirmed: what was charged
	ShippingMethod  string
	ShippingAmount  int64 // what of the amount the shipping is, in minor units; facts of a version without fees have none
	PaymentMethod   string
	PaymentCustomer string
	PaymentVersion  int // how the intent's parameters are made of this fact

	// confirmed; cancelled after it was confirmed
	CommittedBy  string // the region whose capture decided
	PlacedRegion string // whose placed fact was charged

	// rejected, cancelled, cancel-refused
	Reason string
	// action-required
	URL string
	// confirmed, rejected, cancelled, refunded, action-required, payment-updated
	IntentID string
	// payment-updated
	EventID string // the provider's: a region writes one such fact for each event
}

// Line is one product of an order at the price it was sold for.
type Line struct {
	SKU        string `json:"sku"`
	Quantity   int64  `json:"quantity"`
	UnitAmount int64  `json:"unitAmount"` // minor units of the order's currency
}

// State is where an order stands.
type State string

// The states. Unknown is an order of which no placed fact has been seen yet.
const (
	StateUnknown        State = "UNKNOWN"
	StatePlaced         State = "PLACED"
	StateActionRequired State = "ACTION_REQUIRED"
	StateConfirmed      State = "CONFIRMED"
	StateRejected       State = "REJECTED"
	StateCancelled      State = "CANCELLED"
	StateDispatched     State = "DISPATCHED"
	StateDelivered      State = "DELIVERED"
)

// ladder lists the kinds that set the state, the strongest last. Rejected stands below confirmed: the payment intent
// lets only one of them be true, and if a fault of the provider made both, goods that were paid for are owed.
var ladder = []struct {
	kind  Kind
	state State
}{
	{Placed, StatePlaced}, {ActionRequired, StateActionRequired}, {Rejected, StateRejected}, {Confirmed, StateConfirmed},
	{Cancelled, StateCancelled}, {Dispatched, StateDispatched}, {Delivered, StateDelivered},
}

// Order is what a set of facts amounts to.
type Order struct {
	ID              string
	State           State
	Placed          Fact        // the placed fact that counts: the one that was charged, else that of the first region by name
	Amount          money.Money // what the shopper pays: by Placed, unless what was charged is of a placed fact that is not seen
	Home            string      // who acts for the order: the region of Placed
	CommittedBy     string
	Reason          string // why it was rejected or cancelled
	ActionURL       string
	CancelRequested bool // somebody asked
	CancelOpen      bool // ... and has no answer yet
	CancelRefused   bool // ... and was told that it is too late
	Refunded        bool
	Timeline        []Fact // all facts once each, known kinds first by precedence, then by region; not by time
}

// HasOutcome reports whether the payment intent's decision is written down. That the goods have left shows that it has decided, but not
// who has committed: what the carrier tells can arrive before the confirmed fact of a region that died since.
func (o Order) HasOutcome() bool {
	if o.State == StateUnknown {
		return false
	}
	return slices.ContainsFunc(o.Timeline, func(f Fact) bool { return f.Kind == Confirmed || f.Kind == Rejected || f.Kind == Cancelled })
}

// Fact is the order's fact of a kind; if both regions wrote one, that of the first region by name.
func (o Order) Fact(k Kind) (Fact, bool) { return first(o.Timeline, k) }

// Fold adds up the facts of one order.
func Fold(facts []Fact) Order {
	set := unique(facts)
	o := Order{State: StateUnknown, Timeline: set}
	if len(set) > 0 {
		o.ID = set[0].OrderID
	}
	for _, rung := range ladder {
		if _, ok := first(set, rung.kind); ok {
			o.State = rung.state
		}
	}
	if o.settlePlaced(set); o.Placed.Kind == "" {
		o.State = StateUnknown
	}
	o.settleDetails(set)
	return o
}

// settlePlaced chooses the placed fact that counts.
func (o *Order) settlePlaced(set []Fact) {
	o.Placed, _ = first(set, Placed)
	c, committed := commit(set)
	for _, f := range set {
		if committed && f.Kind == Placed && f.Region == c.PlacedRegion {
			o.Placed = f
		}
	}
	o.CommittedBy, o.Home, o.Amount = c.CommittedBy, o.Placed.Home, o.Placed.Amount
	if committed && o.Placed.Region != c.PlacedRegion && c.Amount.Amount > 0 { // the region that placed it may be lost for good
		o.Amount = c.Amount
	}
}

// commit is the fact that tells who committed the order and which placed fact was charged: confirmed, or cancelled, which may arrive
// before the confirmed one of the other region.
func commit(set []Fact) (Fact, bool) {
	for _, kind := range []Kind{Confirmed, Cancelled} {
		for _, f := range set {
			if f.Kind == kind && f.CommittedBy != "" {
				return f, true
			}
		}
	}
	return Fact{}, false
}

func (o *Order) settleDetails(set []Fact) {
	if f, ok := first(set, ActionRequired); ok && o.State == StateActionRequired {
		o.ActionURL = f.URL
	}
	switch o.State {
	case StateRejected:
		f, _ := first(set, Rejected)
		o.Reason = f.Reason
	case StateCancelled:
		f, _ := first(set, Cancelled)
		o.Reason = f.Reason
	}
	_, o.CancelRequested = first(set, CancelRequested)
	_, o.CancelRefused = first(set, CancelRefused)
	_, o.Refunded = first(set, Refunded)
	closed := o.State == StateRejected || o.State == StateCancelled || o.State == StateDispatched || o.State == StateDelivered
	o.CancelOpen = o.CancelRequested && !o.CancelRefused && !closed
}

// first is the fact of a kind that was written by the first region by name.
func first(set []Fact, k Kind) (Fact, bool) {
	i := slices.IndexFunc(set, func(f Fact) bool { return f.Kind == k })
	if i < 0 {
		return Fact{}, false
	}
	return set[i], true
}

// unique sorts by precedence, kind, region and event, and drops what says the same twice. A newer version may write several facts of a
// kind that this one does not know and cannot tell apart: then the earliest of its writer stands for them.
func unique(facts []Fact) []Fact {
	set := slices.Clone(facts)
	slices.SortStableFunc(set, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Region, b.Region),
			cmp.Compare(a.EventID, b.EventID), a.At.Compare(b.At))
	})
	return slices.CompactFunc(set, func(a, b Fact) bool { return a.Kind == b.Kind && a.Region == b.Region && a.EventID == b.EventID })
}

// rank is a kind's place in the life of an order; unknown kinds come last.
func rank(k Kind) int {
	if i := slices.Index(Kinds(), k); i >= 0 {
		return i
	}
	return len(Kinds())
}

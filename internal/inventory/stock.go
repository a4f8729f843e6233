package inventory

import (
	"fmt"
	"slices"
	"time"
)

// Ledger is one shard's part in a region's allotment of a SKU, in units, or the sum over its shards. What is taken is held or consumed: which of
// the two, each order's reservation says, so that a sale is one write and not two that stand together.
type Ledger struct {
	Received  int64 `dynamodbav:"received"`  // credited from receipts
	Got       int64 `dynamodbav:"got"`       // credited from the other region
	Available int64 `dynamodbav:"available"` // can be sold
	Taken     int64 `dynamodbav:"taken"`     // by reservations that are held or consumed
	Given     int64 `dynamodbav:"given"`     // given to the other region
}

// Counters are what a region tells of its stock of a SKU, in units.
type Counters struct {
	Received  int64 `json:"received" dynamodbav:"received"`
	Got       int64 `json:"got" dynamodbav:"got"`
	Available int64 `json:"available" dynamodbav:"available"`
	Held      int64 `json:"held" dynamodbav:"held"`         // reserved for orders without outcome
	Consumed  int64 `json:"consumed" dynamodbav:"consumed"` // sold
	Given     int64 `json:"given" dynamodbav:"given"`
}

// told are the counters of a ledger of which so many units are held. Both are not read at one moment: no more is held than is taken.
func (l Ledger) told(held int64) Counters {
	held = min(held, l.Taken)
	return Counters{Received: l.Received, Got: l.Got, Available: l.Available, Held: held, Consumed: l.Taken - held, Given: l.Given}
}

// ledger is what was told without the difference between held and consumed.
func (c Counters) ledger() Ledger {
	return Ledger{Received: c.Received, Got: c.Got, Available: c.Available, Taken: c.Held + c.Consumed, Given: c.Given}
}

// counter names one of a ledger's counters, as its attribute is named.
type counter string

const (
	received  counter = "received"
	got       counter = "got"
	available counter = "available"
	taken     counter = "taken"
	given     counter = "given"
)

func (l *Ledger) of(name counter) *int64 {
	switch name {
	case received:
		return &l.Received
	case got:
		return &l.Got
	case given:
		return &l.Given
	case available:
		return &l.Available
	default:
		return &l.Taken
	}
}

// Check answers nil if nothing is negative and all that came in is accounted for.
func (l Ledger) Check() error {
	if min(l.Received, l.Got, l.Available, l.Taken, l.Given) < 0 {
		return fmt.Errorf("a counter is negative: %+v", l)
	}
	if l.Received+l.Got != l.Available+l.Taken+l.Given {
		return fmt.Errorf("received + got differs from available + taken + given: %+v", l)
	}
	return nil
}

// Plus is the sum of two shards.
func (l Ledger) Plus(o Ledger) Ledger {
	return Ledger{
		Received: l.Received + o.Received, Got: l.Got + o.Got, Available: l.Available + o.Available, Taken: l.Taken + o.Taken, Given: l.Given + o.Given,
	}
}

// Move is the one way in which a ledger changes. It takes a quantity from a counter, which must have it, and gives it to
// another of the same side of the equation, or it gives it to both sides. So it keeps the equation whatever the quantity. ([leave] and [arrive]
// keep it together.)
// The store makes its update expressions of the same values that [Move.Apply] computes with.
type Move struct {
	from counter // "" when goods come from outside
	to   []counter
}

// The moves.
func credit() Move  { return Move{to: []counter{received, available}} }
func reserve() Move { return Move{from: available, to: []counter{taken}} }
func release() Move { return Move{from: taken, to: []counter{available}} }
func give() Move    { return Move{from: available, to: []counter{given}} }
func take() Move    { return Move{to: []counter{got, available}} }

// Between shards of one SKU, goods leave one and arrive at another in one transaction, so that the region's sum keeps the equation.
func leave() Move  { return Move{from: available} }
func arrive() Move { return Move{to: []counter{available}} }

// nothing is the move of what changes no counter.
func nothing() Move { return Move{} }

func (m Move) isNothing() bool { return m.from == "" && len(m.to) == 0 }

// Apply is a ledger after a move of a quantity; false, and no change, if the counter it takes from has less.
func (m Move) Apply(l Ledger, quantity int64) (Ledger, bool) {
	if m.from != "" {
		if *l.of(m.from) < quantity {
			return l, false
		}
		*l.of(m.from) -= quantity
	}
	for _, to := range m.to {
		*l.of(to) += quantity
	}
	return l, true
}

// State is where a reservation stands.
type State string

// A reservation is held until the order has an outcome: then it is released for good, or consumed by the region that committed
// the order. There it is returned if the order is called off afterwards.
const (
	Held     State = "held"
	Released State = "released"
	Consumed State = "consumed"
	Returned State = "returned"
)

// transitions are all that can become of a reservation, with what each does to the ledgers of its lines. A held reservation is
// returned without having been consumed when the order's cancellation is heard of before its confirmation.
var transitions = map[[2]State]Move{
	{Held, Released}:     release(),
	{Held, Consumed}:     nothing(),
	{Held, Returned}:     release(),
	{Consumed, Returned}: release(),
}

// settled reports whether a reservation has come to where an outcome wants it, or beyond: what was returned had been consumed.
func (s State) settled(to State) bool { return s == to || s == Returned && to == Consumed }

// Reservation is what one region keeps for one order.
type Reservation struct {
	OrderID string         `dynamodbav:"-"`
	State   State          `dynamodbav:"state"`
	Lines   []ReservedLine `dynamodbav:"lines"`
	At      time.Time      `dynamodbav:"at"`
}

// ReservedLine is a line of an order and the shard it was drawn from.
type ReservedLine struct {
	SKU      string `dynamodbav:"sku"`
	Shard    int    `dynamodbav:"shard"`
	Quantity int64  `dynamodbav:"quantity"`
}

// Line is a line of an order.
type Line struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

// covers reports whether the reservation is for these very lines.
func (r Reservation) covers(lines []Line) bool {
	return slices.EqualFunc(r.Lines, lines, func(a ReservedLine, b Line) bool { return a.SKU == b.SKU && a.Quantity == b.Quantity })
}

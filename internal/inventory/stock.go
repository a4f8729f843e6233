package inventory

import (
	"fmt"
	"slices"
	"time"
)

// Counters are one shard's part in a region's allotment of a SKU, in units, or the sum over its shards.
type Counters struct {
	Received  int64 `json:"received" dynamodbav:"received"`   // credited from receipts
	Got       int64 `json:"got" dynamodbav:"got"`             // credited from the other region
	Available int64 `json:"available" dynamodbav:"available"` // can be sold
	Held      int64 `json:"held" dynamodbav:"held"`           // reserved for orders without outcome
	Consumed  int64 `json:"consumed" dynamodbav:"consumed"`   // sold
	Given     int64 `json:"given" dynamodbav:"given"`         // given to the other region
}

// counter names one of the counters, as its attribute is named.
type counter string

const (
	received  counter = "received"
	got       counter = "got"
	available counter = "available"
	held      counter = "held"
	consumed  counter = "consumed"
	given     counter = "given"
)

func (c *Counters) of(name counter) *int64 {
	switch name {
	case received:
		return &c.Received
	case got:
		return &c.Got
	case given:
		return &c.Given
	case available:
		return &c.Available
	case held:
		return &c.Held
	default:
		return &c.Consumed
	}
}

// Check answers nil if nothing is negative and all that came in is accounted for.
func (c Counters) Check() error {
	if min(c.Received, c.Got, c.Available, c.Held, c.Consumed, c.Given) < 0 {
		return fmt.Errorf("a counter is negative: %+v", c)
	}
	if c.Received+c.Got != c.Available+c.Held+c.Consumed+c.Given {
		return fmt.Errorf("received + got differs from available + held + consumed + given: %+v", c)
	}
	return nil
}

// Plus is the sum of two shards.
func (c Counters) Plus(o Counters) Counters {
	return Counters{
		Received: c.Received + o.Received, Got: c.Got + o.Got, Available: c.Available + o.Available,
		Held: c.Held + o.Held, Consumed: c.Consumed + o.Consumed, Given: c.Given + o.Given,
	}
}

// Move is the one way in which counters change. It takes a quantity from a counter, which must have it, and gives it to
// another of the same side of the equation, or it gives it to both sides. So it keeps the equation whatever the quantity. ([leave] and [arrive]
// keep it together.)
// The store makes its update expressions of the same values that [Move.Apply] computes with.
type Move struct {
	from counter // "" when goods come from outside
	to   []counter
}

// The moves.
func credit() Move  { return Move{to: []counter{received, available}} }
func reserve() Move { return Move{from: available, to: []counter{held}} }
func release() Move { return Move{from: held, to: []counter{available}} }
func consume() Move { return Move{from: held, to: []counter{consumed}} }
func restock() Move { return Move{from: consumed, to: []counter{available}} }
func give() Move    { return Move{from: available, to: []counter{given}} }
func take() Move    { return Move{to: []counter{got, available}} }

// Between shards of one SKU, goods leave one and arrive at another in one transaction, so that the region's sum keeps the equation.
func leave() Move  { return Move{from: available} }
func arrive() Move { return Move{to: []counter{available}} }

// Apply is the counters after a move of a quantity; false, and no change, if the counter it takes from has less.
func (m Move) Apply(c Counters, quantity int64) (Counters, bool) {
	if m.from != "" {
		if *c.of(m.from) < quantity {
			return c, false
		}
		*c.of(m.from) -= quantity
	}
	for _, to := range m.to {
		*c.of(to) += quantity
	}
	return c, true
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

// transitions are all that can become of a reservation, with what each does to the counters of its lines. A held reservation is
// returned without having been consumed when the order's cancellation is heard of before its confirmation.
var transitions = map[[2]State]Move{
	{Held, Released}:     release(),
	{Held, Consumed}:     consume(),
	{Held, Returned}:     release(),
	{Consumed, Returned}: restock(),
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

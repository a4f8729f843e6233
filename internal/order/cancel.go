package order

import (
	"context"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// canceller takes the shoppers' wishes to cancel. A wish is a fact like any other: what becomes of it is the saga's, which it races.
type canceller struct {
	store    orderReader
	recorder recorder
}

// request writes that the shopper wants to cancel, once: the same request again is answered as the first was, after another try to have
// it stand in both regions. It is a Conflict once this region sees that there is nothing left to cancel.
func (c *canceller) request(ctx context.Context, customer, orderID string) (accepted, error) {
	rec, o, err := ownOrder(ctx, c.store, customer, orderID)
	if err != nil {
		return accepted{}, err
	}
	if detail := tooLate(o); detail != "" {
		return accepted{}, platform.Refuse(platform.Conflict, detail)
	}
	if stands := rec.standing(o, fact.CancelRequested, fact.Cancelled); stands != nil {
		return accepted{o, c.recorder.peer.Copy(ctx, stands)}, nil
	}
	f, durability, err := c.recorder.record(ctx, o, fact.Fact{Kind: fact.CancelRequested})
	if err != nil {
		return accepted{}, err
	}
	return accepted{fact.Fold(append(rec.facts, f)), durability}, nil
}

// tooLate says why an order cannot be cancelled any more; "" if it can be tried, or has been done.
func tooLate(o fact.Order) string {
	switch {
	case o.State == fact.StateDispatched, o.State == fact.StateDelivered, o.CancelRefused:
		return "the goods have left: send them back when they arrive"
	case o.State == fact.StateRejected:
		return "the order was not accepted: there is nothing to cancel, and nothing was charged"
	}
	return ""
}

// standing is the stored item of the order's first fact of one of these kinds; nil if there is none.
func (r record) standing(o fact.Order, kinds ...fact.Kind) platform.Item {
	for _, kind := range kinds {
		if f, ok := o.Fact(kind); ok {
			return r.items[keyPart(keyOfFact(f), "sk")]
		}
	}
	return nil
}

package inventory

import (
	"context"
	"errors"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// settler reads and settles reservations.
type settler interface {
	Reservation(ctx context.Context, orderID string) (Reservation, bool, error)
	Settle(ctx context.Context, r Reservation, to State, move Move) error
}

// Outcome is what the order service says of an order.
type Outcome struct {
	Known       bool       `json:"known"`
	State       fact.State `json:"state"`
	CommittedBy string     `json:"committedBy"`
}

// verdict is what an outcome means for a reservation in a region; false while there is none. Goods can be seen to have left before it is
// seen who committed the order: then nothing is settled, because this region may be the one whose stock they are.
func verdict(o Outcome, region string) (State, bool) {
	switch o.State {
	case fact.StateConfirmed, fact.StateDispatched, fact.StateDelivered:
		return committed(o.CommittedBy, region), o.CommittedBy != ""
	case fact.StateRejected:
		return Released, true
	case fact.StateCancelled:
		return calledOff(o.CommittedBy, region), true
	default:
		return "", false
	}
}

// committed is the state of a region's reservation for an order that some region has committed.
func committed(by, region string) State {
	if by == region {
		return Consumed
	}
	return Released
}

// calledOff is the state of a region's reservation for an order that was called off. If some region (by) had committed it, the
// goods come back to that region's shelf; what others hold for it, or all hold for an order that nobody committed, is released.
func calledOff(by, region string) State {
	if by == region {
		return Returned
	}
	return Released
}

// settle brings an order's reservation in this region to where an outcome wants it. Doing it again changes nothing, and the outcomes of one
// order lead to the same end in whatever order they are heard of. No reservation needs no release. That goods were sold which
// this region does not hold, or were never sold which it has sold, contradicts the payment's decision: it is an internal error and
// nothing is touched. Event and saga often settle one order at the same moment: who comes second looks again at once instead of
// failing, since its message would come back only after the queue's visibility time-out.
func settle(ctx context.Context, stock settler, orderID string, to State) error {
	var err error
	for range settleTries {
		if err = settleOnce(ctx, stock, orderID, to); !errors.Is(err, errRaced) {
			return err
		}
	}
	return err
}

// settleTries is more than the changes that a reservation can go through.
const settleTries = 4

func settleOnce(ctx context.Context, stock settler, orderID string, to State) error {
	r, found, err := stock.Reservation(ctx, orderID)
	switch {
	case err != nil:
		return err
	case !found && to == Released, found && r.State.settled(to):
		return nil
	case !found:
		return platform.Refuse(platform.Internal, "order "+orderID+" was committed by this region, which holds nothing for it")
	}
	move, possible := transitions[[2]State{r.State, to}]
	if !possible {
		return platform.Refuse(platform.Internal, "order "+orderID+" is "+string(r.State)+" and cannot become "+string(to))
	}
	return stock.Settle(ctx, r, to, move)
}

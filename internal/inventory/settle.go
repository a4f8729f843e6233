package inventory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

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

// errNothingHeld is a sold order that this region's books do not know.
var errNothingHeld = errors.New("committed by this region, which holds nothing for it")

// past tells of what this region's books were before it was wiped.
type past struct {
	region string
	fences interface {
		Of(ctx context.Context, region string) (platform.Fence, bool, error)
	}
	log *slog.Logger
}

// settle is the function of that name for a region that may have been given up, wiped and let back. Of what it had sold before, its books say
// nothing, and nothing is left to do: what was sold is gone, and the goods of an order that is called off now are not in its books but in its
// receipts, by which only another adopt counts them. It cannot tell such an order from one that was sold after, so the log names each. Kept says
// whether the books had the order.
func (p past) settle(ctx context.Context, stock settler, orderID string, to State) (kept bool, err error) {
	err = settle(ctx, stock, orderID, to)
	if !errors.Is(err, errNothingHeld) {
		return err == nil, err
	}
	f, stands, failed := p.fences.Of(ctx, p.region)
	if failed != nil || f.Epoch == 0 || stands {
		return false, errors.Join(err, failed)
	}
	p.log.Warn("an order of before this region was wiped was not settled", "order", orderID, "to", string(to), "epoch", f.Epoch)
	return false, nil
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
		return platform.Wrap(platform.Internal, fmt.Errorf("order %s was %w", orderID, errNothingHeld))
	}
	move, possible := transitions[[2]State{r.State, to}]
	if !possible {
		return platform.Refuse(platform.Internal, "order "+orderID+" is "+string(r.State)+" and cannot become "+string(to))
	}
	return stock.Settle(ctx, r, to, move)
}

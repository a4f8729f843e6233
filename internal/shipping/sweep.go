package shipping

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"twofold/internal/platform"
)

const (
	// openFor is how old an obligation is before the sweep looks at it: longer than any run of the saga, and than any call
	// that may book.
	openFor = 5 * time.Minute
	// sweepTime ends a sweep ahead of its function's time-out; the next one goes on.
	sweepTime = 40 * time.Second
)

// sweep sees through what runs of the saga have left.
type sweep struct {
	obligations interface {
		records
		Booked(ctx context.Context, before time.Time) (orderIDs []string, err error)
		CloseOlder(ctx context.Context, orderID string, before time.Time) (closed bool, err error)
	}
	round  platform.Place // over the obligations
	orders interface {
		Outcome(ctx context.Context, orderID string) (Outcome, error)
	}
	sagas interface {
		Start(ctx context.Context, orderID string) error
	}
	carrier gateway
	clock   platform.Clock
	log     *slog.Logger
}

// SweepResult is what a sweep did; the function answers it.
type SweepResult struct {
	Settled int `json:"settled"`
	Open    int `json:"open"`   // of orders that have no outcome yet, or not the one that their shipment has
	Failed  int `json:"failed"` // left to the next sweep; the log says why
}

func (s sweep) run(ctx context.Context, _ struct{}) (SweepResult, error) {
	var res SweepResult
	err := platform.InParts(ctx, s.clock, sweepTime, func(ctx context.Context) error { return s.settleBooked(ctx, &res) })
	s.log.Info("swept", "settled", res.Settled, "open", res.Open, "failed", res.Failed)
	return res, err
}

func (s sweep) settleBooked(ctx context.Context, res *SweepResult) error {
	old := s.clock.Now().Add(-openFor)
	orders, err := s.obligations.Booked(ctx, old)
	if err != nil {
		return err
	}
	return platform.Turns(ctx, s.clock, s.round, orders, func(orderID string) {
		settled, err := s.settle(ctx, orderID, old)
		switch {
		case err != nil && ctx.Err() != nil: // the time is up
		case err != nil:
			res.Failed++
			s.log.Error("a shipment was not settled", "order", orderID, "error", err.Error())
		case settled:
			res.Settled++
		default:
			res.Open++
		}
	})
}

// settle does what the order's outcome asks for. An order on the list is known here, because the run that put it there had read
// it and facts are not deleted; one that is not known is a fault, and nothing is settled by guess. A shipment that is not there is on its way if a run has
// begun to book since; the obligation is that run's then. A confirmed order whose shipment was stopped is for the saga to cancel, which gives the money back;
// it is an obligation anew, so that the saga has [openFor] for that before it is started again.
func (s sweep) settle(ctx context.Context, orderID string, old time.Time) (bool, error) {
	o, err := s.orders.Outcome(ctx, orderID)
	if err != nil {
		return false, err
	}
	if !o.Known {
		return false, errors.New("the order service does not know the order")
	}
	switch to, decided := verdict(o); {
	case !decided:
		return false, nil
	case to == statusReleased:
		what, err := release(ctx, s.carrier, s.obligations, orderID, s.clock.Now())
		if err == nil && what.Decision == stoppedInTime {
			return false, s.sagas.Start(ctx, orderID)
		}
		return true, err
	}
	err = cancel(ctx, s.carrier, s.obligations, orderID)
	if errors.Is(err, errNoShipment) {
		return s.obligations.CloseOlder(ctx, orderID, old)
	}
	return true, err
}

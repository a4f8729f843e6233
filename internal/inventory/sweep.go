package inventory

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"twofold/internal/platform"
)

const (
	// heldFor is how long a reservation may be held before the sweep asks what became of the order: longer than any run of the saga.
	heldFor = 5 * time.Minute
	// sweepTime ends a sweep ahead of its function's time-out; the next one goes on.
	sweepTime = 40 * time.Second
	// A step of the receipts' round is as many receipts as one BatchGetItem finds the markers of.
	receiptsPerStep = 100
	stepsPerSweep   = 10
)

// sweep makes good what events did not bring.
type sweep struct {
	region   string
	receipts receiptRound
	credit   creditor
	held     heldOrders
	stock    settler
	orders   outcomes
	clock    platform.Clock
	log      *slog.Logger
}

// receiptRound walks through all receipts of both regions, again and again.
type receiptRound interface {
	// Position is where the last sweep stopped; nil for the beginning.
	Position(ctx context.Context) (platform.Item, error)
	SetPosition(ctx context.Context, at platform.Item) error
	// Step are the receipts after a position that this region must credit and has not, and the next position; nil at the end.
	Step(ctx context.Context, after platform.Item, limit int32) (uncredited []Receipt, next platform.Item, err error)
}

// heldOrders lists the orders whose reservations have been held since before a time.
type heldOrders interface {
	Held(ctx context.Context, before time.Time, each func(orderID string) error) error
}

// outcomes asks the order service.
type outcomes interface {
	Outcome(ctx context.Context, orderID string) (Outcome, error)
}

// SweepResult is what a sweep did; the function answers it.
type SweepResult struct {
	Credited int `json:"credited"`
	Settled  int `json:"settled"`
	Open     int `json:"open"`   // held by orders that have no outcome yet
	Failed   int `json:"failed"` // left to the next sweep; the log says why
}

// run does both sweeps; one that fails does not keep the other from its work.
func (s sweep) run(ctx context.Context, _ struct{}) (SweepResult, error) {
	ctx, cancel := s.clock.WithTimeout(ctx, sweepTime)
	defer cancel()
	var res SweepResult
	err := errors.Join(unlessLate(s.creditReceipts(ctx, &res)), unlessLate(s.settleHeld(ctx, &res)))
	s.log.Info("swept", "credited", res.Credited, "settled", res.Settled, "open", res.Open, "failed", res.Failed)
	return res, err
}

// unlessLate drops the error of a sweep whose time was up: the next one goes on.
func unlessLate(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// creditReceipts goes some steps further on the round. The position is kept after the credits of its steps, so a sweep that
// dies repeats them. A receipt that cannot be credited is met again on the next round.
func (s sweep) creditReceipts(ctx context.Context, res *SweepResult) error {
	from, err := s.receipts.Position(ctx)
	if err != nil {
		return err
	}
	at := from
	for range stepsPerSweep {
		uncredited, next, err := s.receipts.Step(ctx, at, receiptsPerStep)
		if err != nil {
			return err
		}
		s.creditAll(ctx, uncredited, res)
		if at = next; at == nil {
			break
		}
	}
	if from == nil && at == nil {
		return nil // a whole round in one sweep: nothing to remember
	}
	return s.receipts.SetPosition(ctx, at)
}

func (s sweep) creditAll(ctx context.Context, receipts []Receipt, res *SweepResult) {
	for _, r := range receipts {
		if err := s.credit.once(ctx, r); err != nil {
			res.Failed++
			s.log.Error("a receipt was not credited", "sku", r.SKU, "receipt", r.ID, "error", err.Error())
			continue
		}
		res.Credited++
	}
}

func (s sweep) settleHeld(ctx context.Context, res *SweepResult) error {
	return s.held.Held(ctx, s.clock.Now().Add(-heldFor), func(orderID string) error {
		settled, err := s.settleOne(ctx, orderID)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			res.Failed++
			s.log.Error("a reservation was not settled", "order", orderID, "error", err.Error())
		case settled:
			res.Settled++
		default:
			res.Open++
		}
		return nil
	})
}

func (s sweep) settleOne(ctx context.Context, orderID string) (bool, error) {
	o, err := s.orders.Outcome(ctx, orderID)
	if err != nil {
		return false, err
	}
	if !o.Known {
		return false, errors.New("the order service does not know the order")
	}
	to, decided := verdict(o, s.region)
	if !decided {
		return false, nil
	}
	return true, settle(ctx, s.stock, orderID, to)
}

// isOwn reports whether a receipt's key in the sweep's index names a region as the one to credit it.
func isOwn(sweepKey, region string) bool { return strings.HasPrefix(sweepKey, region+"#") }

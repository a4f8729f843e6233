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
	// A step of the receipts' round is as many receipts as one BatchGetItem finds the markers of, a step of the snapshots' round
	// as many products as one Query of both regions' versions should bring.
	receiptsPerStep = batchLimit
	productsPerStep = 50
)

// sweep makes good what events did not bring.
type sweep struct {
	region    string
	receipts  round[Receipt] // those that this region must credit and has not
	credit    creditor
	held      heldOrders
	stock     settler
	orders    outcomes
	changed   round[stockOf] // those whose last snapshot is not of today's counters
	snapshots interface {
		PutSnapshot(ctx context.Context, s stockOf, at time.Time) error
	}
	clock platform.Clock
	log   *slog.Logger
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
	Credited  int `json:"credited"`
	Settled   int `json:"settled"`
	Open      int `json:"open"` // held by orders that have no outcome yet
	Published int `json:"published"`
	Failed    int `json:"failed"` // left to the next sweep; the log says why
}

// run does all three sweeps; one that fails does not keep the others from their work.
func (s sweep) run(ctx context.Context, _ struct{}) (SweepResult, error) {
	ctx, cancel := s.clock.WithTimeout(ctx, sweepTime)
	defer cancel()
	var res SweepResult
	err := errors.Join(unlessLate(s.creditReceipts(ctx, &res)), unlessLate(s.settleHeld(ctx, &res)), unlessLate(s.publish(ctx, &res)))
	s.log.Info("swept", "credited", res.Credited, "settled", res.Settled, "open", res.Open, "published", res.Published, "failed", res.Failed)
	return res, err
}

// unlessLate drops the error of a sweep whose time was up: the next one goes on.
func unlessLate(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// creditReceipts goes some steps further on the receipts' round. One that cannot be credited is met again on the next round.
func (s sweep) creditReceipts(ctx context.Context, res *SweepResult) error {
	return walk(ctx, s.receipts, func(r Receipt) {
		if err := s.credit.once(ctx, r); err != nil {
			res.Failed++
			s.log.Error("a receipt was not credited", "sku", r.SKU, "receipt", r.ID, "error", err.Error())
			return
		}
		res.Credited++
	})
}

// publish goes some steps further on the snapshots' round: what has changed here is told to the other region.
func (s sweep) publish(ctx context.Context, res *SweepResult) error {
	return walk(ctx, s.changed, func(c stockOf) {
		if err := s.snapshots.PutSnapshot(ctx, c, s.clock.Now()); err != nil {
			res.Failed++
			s.log.Error("a snapshot was not written", "sku", c.SKU, "error", err.Error())
			return
		}
		res.Published++
	})
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

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
	// sweepTime ends a sweep ahead of its function's time-out; its parts share it, and the next one goes on.
	sweepTime = 40 * time.Second
	// A step of the receipts' round is as many receipts as one BatchGetItem finds the markers of, a step of the snapshots' round
	// as many products as one Query of both regions' versions should bring, a step of the deals' round as many deals as one BatchGetItem brings
	// with what was done about each.
	receiptsPerStep = batchLimit
	productsPerStep = batchLimit / 2
	dealsPerStep    = batchLimit / 2
)

// sweep makes good what events did not bring.
type sweep struct {
	region string
	places interface { // where the last sweep stopped on each round
		Positions(ctx context.Context) (positions, error)
	}
	receipts  round[Receipt] // those that this region must credit and has not
	credit    creditor
	held      heldOrders
	stock     settler
	orders    outcomes
	dealt     round[deal] // what the other region has given and what it wants
	untold    round[deal] // what this region has given and not said
	products  round[look]
	partner   partner
	snapshots interface {
		PutSnapshot(ctx context.Context, s stockOf, at time.Time) error
	}
	clock platform.Clock
	log   *slog.Logger
}

// heldOrders lists the orders whose reservations have been held since before a time.
type heldOrders interface {
	Held(ctx context.Context, before time.Time) (orderIDs []string, err error)
	HeldUnits(ctx context.Context) (map[string]int64, error)
	platform.Place // of the round over them
}

// outcomes asks the order service.
type outcomes interface {
	Outcome(ctx context.Context, orderID string) (Outcome, error)
}

// SweepResult is what a sweep did; the function answers it.
type SweepResult struct {
	Credited  int `json:"credited"`
	Settled   int `json:"settled"`
	Open      int `json:"open"`  // held by orders that have no outcome yet
	Moved     int `json:"moved"` // credited from the other region, given to it, or told to it
	Published int `json:"published"`
	Failed    int `json:"failed"` // left to the next sweep; the log says why
}

// sweepInput is what an operator asks for: one SKU that is evened out at once. The schedule names none, and everything is swept.
type sweepInput struct {
	SKU string `json:"sku"`
}

// run does all sweeps; one that fails does not keep the others from their work.
func (s sweep) run(ctx context.Context, in sweepInput) (SweepResult, error) {
	if in.SKU != "" {
		return SweepResult{}, s.partner.level(ctx, in.SKU)
	}
	var res SweepResult
	from, err := s.places.Positions(ctx)
	if err != nil {
		return res, err
	}
	var parts []func(context.Context) error
	for _, part := range []func(context.Context, positions, *SweepResult) error{s.creditReceipts, s.settleHeld, s.tellGiven, s.deal, s.publish} {
		parts = append(parts, func(ctx context.Context) error { return part(ctx, from, &res) })
	}
	failed := platform.InParts(ctx, s.clock, sweepTime, parts...)
	s.log.Info("swept", "credited", res.Credited, "settled", res.Settled, "open", res.Open, "moved", res.Moved, "published", res.Published, "failed", res.Failed)
	return res, failed
}

// creditReceipts goes some steps further on the receipts' round. One that cannot be credited is met again on the next round.
func (s sweep) creditReceipts(ctx context.Context, from positions, res *SweepResult) error {
	return walk(ctx, s.clock, from[receiptsRound], s.receipts, func(r Receipt) {
		if err := s.credit.once(ctx, r); err != nil {
			res.Failed++
			s.log.Error("a receipt was not credited", "sku", r.SKU, "receipt", r.ID, "error", err.Error())
			return
		}
		res.Credited++
	})
}

// publish goes some steps further on the products' round: what has changed here is told to the other region, and what that sells more
// than it has is given to it.
func (s sweep) publish(ctx context.Context, from positions, res *SweepResult) error {
	var units map[string]int64
	held := func() (_ map[string]int64, err error) { // looked up once, and only if there is something to tell
		if units == nil {
			units, err = s.held.HeldUnits(ctx)
		}
		return units, err
	}
	return walk(ctx, s.clock, from[snapshotsRound], s.products, func(l look) {
		if l.tell {
			s.tell(ctx, res, l, held)
		}
		if l.level {
			s.count(&res.Moved, res, s.partner.level(ctx, l.sku), "stock was not evened out", l.sku)
		}
	})
}

// tell publishes what is new of a SKU.
func (s sweep) tell(ctx context.Context, res *SweepResult, l look, held func() (map[string]int64, error)) {
	units, err := held()
	news, differs := l.news(units[l.sku])
	if err == nil && differs {
		err = s.snapshots.PutSnapshot(ctx, news, s.clock.Now())
	}
	if err != nil || differs {
		s.count(&res.Published, res, err, "a snapshot was not written", l.sku)
	}
}

// tellGiven tells the other region of what was given by a run that died before it had said so.
func (s sweep) tellGiven(ctx context.Context, from positions, res *SweepResult) error {
	return walk(ctx, s.clock, from[givenRound], s.untold, func(d deal) {
		s.count(&res.Moved, res, s.partner.publish(ctx, d.sku, d.quantity), "a transfer was not told", d.sku)
	})
}

// deal credits what the other region has given, and gives what it wants, where the event did not come through.
func (s sweep) deal(ctx context.Context, from positions, res *SweepResult) error {
	return walk(ctx, s.clock, from[dealsRound], s.dealt, func(d deal) {
		do := s.partner.receive
		if d.wanted {
			do = s.partner.answer
		}
		s.count(&res.Moved, res, do(ctx, d.sku, d.quantity), "stock was not moved", d.sku)
	})
}

// count counts what was done, or that it failed.
func (s sweep) count(done *int, res *SweepResult, err error, failure, sku string) {
	if err != nil {
		res.Failed++
		s.log.Error(failure, "sku", sku, "error", err.Error())
		return
	}
	*done++
}

func (s sweep) settleHeld(ctx context.Context, _ positions, res *SweepResult) error {
	orders, err := s.held.Held(ctx, s.clock.Now().Add(-heldFor))
	if err != nil {
		return err
	}
	return platform.Turns(ctx, s.clock, s.held, orders, func(orderID string) {
		settled, err := s.settleOne(ctx, orderID)
		switch {
		case err != nil && ctx.Err() != nil: // the time is up
		case err != nil:
			res.Failed++
			s.log.Error("a reservation was not settled", "order", orderID, "error", err.Error())
		case settled:
			res.Settled++
		default:
			res.Open++
		}
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

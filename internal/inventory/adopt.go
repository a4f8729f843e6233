package inventory

import (
	"context"
	"log/slog"
	"time"

	"twofold/internal/platform"
)

// adopter takes over the stock of a region that is lost for good, and lets that region act again once it is wiped.
type adopter struct {
	region, peer string
	stock        stockTable
	catalogue    catalogueTable
	partner      partner
	fences       *platform.Fences
	orders       interface {
		Sold(ctx context.Context, region, after string) (soldPage, error)
	}
	clock platform.Clock
	log   *slog.Logger
}

// adoptInput is what an operator asks for. Action is fence, adopt or rejoin; without Apply nothing is changed and the answer tells what would be.
type adoptInput struct {
	Action string `json:"action"`
	Apply  bool   `json:"apply"`
}

// AdoptResult is what this call did, or would do.
type AdoptResult struct {
	platform.FenceReport
	More  bool  `json:"more"`  // the time was up: ask again, and it goes on
	Open  int   `json:"open"`  // orders of before the fence without outcome: nothing is adopted before they have one
	SKUs  int   `json:"skus"`  // whose stock is taken over
	Units int64 `json:"units"` // ... and how much
	Wrong int   `json:"wrong"` // SKUs of which more was sold or given than came in: the log names them
}

// soldPage is a part of what the order service knows a region to have sold: of so few SKUs that all go into one transaction.
type soldPage struct {
	Sold map[string]int64 `json:"sold"` // units by SKU
	Open int              `json:"open"`
	Next string           `json:"next"` // "" at the end
}

func (a adopter) run(ctx context.Context, in adoptInput) (res AdoptResult, err error) {
	switch in.Action {
	case "fence":
		res.FenceReport, err = a.fences.GiveUp(ctx, in.Apply)
		return res, err
	case "adopt":
		return a.adopt(ctx, in.Apply)
	case "rejoin":
		res.FenceReport, err = a.fences.Rejoin(ctx, a.stock.name, in.Apply)
		return res, err
	}
	return AdoptResult{}, platform.Refuse(platform.InvalidRequest, "action is fence, adopt or rejoin")
}

// adoptTime is how long one call goes on. Its last step may take some seconds more, and the function's time-out is a minute.
const adoptTime = 20 * time.Second

// adopt credits the dead region's stock to this one: what it received and got, less what it sold and gave away, all by the global
// tables alone, and less what was adopted before. So it can be run again: a receipt that shows later, or goods that come back because
// an order of the dead region is cancelled, are credited then. It goes in steps, each of which is kept, and what is left when the time is up the next
// call does.
func (a adopter) adopt(ctx context.Context, apply bool) (res AdoptResult, err error) {
	if res.FenceReport, err = a.fences.Report(ctx); err != nil || !res.Fenced {
		return res, err
	}
	until := a.clock.Now().Add(adoptTime)
	p, err := a.pass(ctx, res.Epoch, apply)
	for err == nil && p.Phase != phaseDone {
		if !a.clock.Now().Before(until) {
			res.More = true
			return res, nil
		}
		p, err = a.step(ctx, p, &res)
	}
	if p.Open > 0 {
		res.Open, res.Blocked = p.Open, "orders of before the fence have no outcome yet: the sweep ends them"
	}
	res.Applied = err == nil && apply && p.Open == 0
	return res, err
}

// step goes one step further: a page of orders is counted, or some SKUs are credited.
func (a adopter) step(ctx context.Context, p pass, res *AdoptResult) (pass, error) {
	if p.Phase == phaseCount {
		return a.count(ctx, p)
	}
	products, more, err := a.catalogue.Page(ctx, p.After, skusPerStep)
	if err != nil {
		return p, err
	}
	next := p
	for _, product := range products {
		sold, err := a.stock.Sold(ctx, a.peer, product.SKU, p.Number)
		if err != nil {
			return p, err
		}
		if err := a.adoptOne(ctx, product.SKU, sold, p.Apply, res); err != nil {
			return p, err
		}
		next.After = product.SKU
	}
	if !more {
		next.Phase = phaseDone
	}
	return a.keep(ctx, p, next)
}

// skusPerStep is how many SKUs are credited between two looks at the clock.
const skusPerStep = 10

package simulation

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"twofold/internal/fact"
	"twofold/local/core"
	"twofold/local/promises"
)

// watch checks what must hold at every moment, faults or not: after every write to a stock table the equation of its region.
func (r *run) watch() {
	r.world.Cloud().Faults.InterceptAfter(func(_ context.Context, call *core.Call) error {
		if call.Service == "dynamodb" && changesStock(call) {
			r.checkStock(call.Region)
		}
		return nil
	})
}

func changesStock(call *core.Call) bool {
	switch call.Operation {
	case "PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem", "DeleteItem":
		return bytes.Contains(call.Body, []byte("-stock\""))
	}
	return false
}

func (r *run) checkStock(region string) {
	r.checks++
	stock, _, err := r.world.Stock(region)
	if err != nil {
		r.history.violate("stock of %s: %v", region, err)
		return
	}
	for _, broken := range promises.StockEquation(region, stock) {
		r.history.violate("%s at %s", broken, r.now().Format("15:04:05.000"))
	}
}

// checkStored checks an answer that says that something is stored in both regions: it must be so at that moment.
func (r *run) checkStored(a answer, orderID string, kind fact.Kind) {
	if a.durability != "two-regions" {
		return
	}
	for _, region := range r.world.Regions() {
		if !slices.ContainsFunc(r.world.Facts(region), func(f string) bool {
			return strings.Contains(f, orderID) && strings.Contains(f, `"kind":{"S":"`+string(kind)+`"}`)
		}) {
			r.history.violate("%s said that %s of %s is stored in both regions, and it is not in %s", a.region, kind, orderID, region)
		}
	}
}

// checkFacts checks that every fact that was ever seen in a region is still there as it was.
func (r *run) checkFacts() {
	for _, region := range r.world.Regions() {
		now := map[string]bool{}
		for _, f := range r.world.Facts(region) {
			now[f] = true
		}
		for f := range r.facts[region] {
			if !now[f] {
				r.history.violate("a fact has changed or is gone in %s: %s", region, f)
			}
		}
		r.facts[region] = now
	}
}

package simulation

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"twofold/internal/fact"
	"twofold/local/core"
	"twofold/local/promises"
)

// watch checks what must hold at every moment, faults or not: after every write to a stock table the equation of its region.
func (r *run) watch() {
	r.world.Cloud().Faults.InterceptAfter(func(_ context.Context, call *core.Call) error {
		if call.Service == "dynamodb" && changesStock(call) {
			r.checkStock(call.Region)
			r.checkTransfers()
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

// checkTransfers checks that no region has credited more than the other has given: what is given is on its way until it is credited.
func (r *run) checkTransfers() {
	if r.gone != "" {
		return // see checkAdopted
	}
	given, got := map[string]int64{}, map[string]int64{}
	for _, region := range r.world.Regions() {
		stock, _, err := r.world.Stock(region)
		if err != nil {
			r.history.violate("stock of %s: %v", region, err)
		}
		for _, c := range stock {
			given[c.SKU], got[c.SKU] = given[c.SKU]+c.Given, got[c.SKU]+c.Got
		}
	}
	for _, sku := range slices.Sorted(maps.Keys(got)) {
		if got[sku] > given[sku] {
			r.history.violate("%s: the regions have credited %d and given %d", sku, got[sku], given[sku])
		}
	}
}

// takeover is how long after the loss of a region, or after an order that came later, the other one has finished it: the age at which its
// sweep looks at it, and the pauses between some tries that may fail.
const takeover = 30 * time.Minute

// checkTakeover checks, when a region comes back, that the other one has finished what it knew of, save for shoppers who have to authenticate, and for
// orders whose person has not arrived there: they were promised by the lost region alone. Nor for those of which the lost region met a server error that the other cannot
// be told.
func (r *run) checkTakeover(gone string, lost time.Time) {
	v, err := r.world.View(context.Background())
	if err != nil {
		r.history.violate("%v", err)
		return
	}
	for _, region := range r.world.Regions() {
		byOrder := map[string][]fact.Fact{}
		for _, f := range v.Facts[region] {
			byOrder[f.OrderID] = append(byOrder[f.OrderID], f)
		}
		for _, id := range slices.Sorted(maps.Keys(byOrder)) {
			o := fact.Fold(byOrder[id])
			late := o.State == fact.StatePlaced && r.now().Sub(r.placed(id, lost)) > takeover
			if region != gone && late && r.world.HasPerson(region, id) && !r.keyIsSpent(region, id, gone) {
				r.history.violate("%s was lost at %s, and %s has not finished %s", gone, lost.Format(time.TimeOnly), region, id)
			}
		}
	}
}

// placed is when an order was answered, or when the region was lost if that is later or nobody was told.
func (r *run) placed(id string, lost time.Time) time.Time {
	if e := r.history.orders[id]; e != nil && e.at.After(lost) {
		return e.at
	}
	return lost
}

// checkStored checks an answer that says that something is stored in both regions: it must be so at that moment.
func (r *run) checkStored(a answer, orderID string, kind fact.Kind) {
	if a.durability != stored {
		return
	}
	for _, region := range r.world.Regions() {
		if !r.world.HasFact(region, orderID, string(kind)) {
			r.history.violate("%s said that %s of %s is stored in both regions, and it is not in %s", a.region, kind, orderID, region)
		}
	}
}

// checkFacts checks that every fact that was ever seen in a region is still there as it was.
func (r *run) checkFacts() {
	for _, region := range r.alive() {
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

package simulation

import (
	"context"
	"fmt"
	"sort"
	"time"

	"twofold/internal/fact"
	"twofold/local/promises"
	"twofold/local/providers/carrier"
)

// Bound is how long after the last fault and the last request everything must have come to its end: half an hour for a bank's answer that never
// comes, and what the sweeps and the retries of webhooks and queues take after it.
const Bound = 75 * time.Minute

// A look comes so long after the one before. It is no minute: what is written every minute, as heartbeats are, would be on its way to the other
// region at every look that is in step with it.
const betweenLooks = 53 * time.Second

// calm is how long it must then stay so; whole minutes, so that the last look is in step with the one before.
const calm = 7 * time.Minute

// settle waits until nothing is left to do, and looks once more after some passes of the sweeps. It gives what is left when its time is over.
func (r *run) settle(ctx context.Context) ([]string, error) {
	deadline := r.now().Add(Bound)
	for {
		if err := r.sleep(ctx, betweenLooks); err != nil {
			return nil, err
		}
		left, err := r.left(ctx)
		if err != nil || len(left) > 0 && r.now().After(deadline) {
			return left, err
		}
		if len(left) == 0 {
			r.settledAfter = r.now().Sub(r.healed)
			if err := r.adopt(ctx); err != nil {
				return nil, err
			}
			if err := r.sleep(ctx, calm); err != nil {
				return nil, err
			}
			return r.left(ctx)
		}
	}
}

// left is what is not at its end, and which promise is not kept; empty when all is well.
func (r *run) left(ctx context.Context) ([]string, error) {
	v, err := r.view(ctx)
	if err != nil {
		return nil, err
	}
	v.Troubled, v.Accepted = true, r.known(v)
	var out []string
	for _, result := range promises.Check(v) {
		for _, b := range result.Broken {
			out = append(out, result.Name+": "+b)
		}
	}
	orders, received := r.ended(v)
	if r.gone == "" { // what the carrier told a region alone is gone with it
		out = append(out, untold(v.Shipments, orders)...)
	}
	return append(out, r.history.against(orders, received)...), nil
}

// known are the orders that somebody was told of, and those that a region took without its answer getting through.
func (r *run) known(v promises.View) []string {
	set := map[string]bool{}
	for _, id := range r.history.acceptedIDs() {
		set[id] = r.gone == "" || r.history.orders[id].twoRegions
	}
	for _, facts := range v.Facts {
		for _, f := range facts {
			set[f.OrderID] = true
		}
	}
	ids := make([]string, 0, len(set))
	for id, held := range set {
		if held {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	return ids
}

// ended are the orders as the first region sees them, and what was received of each SKU in each region.
func (r *run) ended(v promises.View) (map[string]fact.Order, map[string]int64) {
	byOrder := map[string][]fact.Fact{}
	for _, f := range v.Facts[v.Regions[0]] {
		byOrder[f.OrderID] = append(byOrder[f.OrderID], f)
	}
	orders := map[string]fact.Order{}
	for id, facts := range byOrder {
		orders[id] = fact.Fold(facts)
	}
	received := map[string]int64{}
	for _, region := range v.Regions {
		for _, c := range v.Stock[region] {
			received[c.SKU+" in "+region] += c.Received
		}
	}
	return orders, received
}

// untold are the shipments that are on their way, as the carrier told, and whose orders do not say so.
func untold(shipments []promises.Shipment, orders map[string]fact.Order) []string {
	says := map[string]fact.State{carrier.Dispatched: fact.StateDispatched, carrier.Delivered: fact.StateDelivered}
	var out []string
	for _, s := range shipments {
		if state, told := says[s.Status]; told && orders[s.OrderID].State != state {
			out = append(out, fmt.Sprintf("the carrier has told that the parcel of %s is %s, and the order is %s", s.OrderID, s.Status, orders[s.OrderID].State))
		}
	}
	return out
}

package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"twofold/internal/fact"
	"twofold/local/promises"
)

// loseForGood takes a region away with its stores. What only it knew nobody is held to any more.
func (r *run) loseForGood(region string) {
	r.checkFacts()
	r.gone, r.history.gone = region, region
	r.world.LoseRegionForGood(region)
}

// alive are the regions that are not lost for good.
func (r *run) alive() []string {
	return slices.DeleteFunc(slices.Clone(r.world.Regions()), func(region string) bool { return region == r.gone })
}

// view is what can be seen, without the stores, the queues and the mails of a region that is lost for good, and without payments for
// orders that only it knew: no answer said that those are stored in two regions. Nor are orders seen that wait for the fence, before it is there.
func (r *run) view(ctx context.Context) (promises.View, error) {
	v, err := r.world.View(ctx)
	if err == nil && r.outage() > streamAge { // what a stream had kept for longer is given up, and the sweeps have done it
		maps.DeleteFunc(v.DeadLetters, func(queue string, _ int) bool { return strings.Contains(queue, "-pipes-dead ") })
	}
	if r.gone == "" || err != nil {
		return v, err
	}
	v.Gone, v.Regions, v.Differences = r.gone, r.alive(), nil
	delete(v.Facts, r.gone)
	if !r.fenced {
		r.hide(&v)
	}
	delete(v.Stock, r.gone)
	delete(v.Held, r.gone)
	its := " in " + r.gone
	maps.DeleteFunc(v.DeadLetters, func(queue string, _ int) bool { return strings.HasSuffix(queue, its) })
	there := func(line string) bool { return strings.Contains(line, its+":") }
	v.Dropped, v.Failures = slices.DeleteFunc(v.Dropped, there), slices.DeleteFunc(v.Failures, there)
	orders, _ := r.ended(v)
	v.Nobody = map[string]bool{}
	for id := range orders {
		v.Nobody[id] = r.lacksPerson(id)
	}
	v.Intents = slices.DeleteFunc(v.Intents, func(i promises.Intent) bool {
		_, known := orders[i.OrderID]
		return !known
	})
	return v, nil
}

// streamAge is a little less than how old a record may be that a pipe still delivers (MaximumRecordAgeInSeconds in stacks/events.yaml).
const streamAge = 23 * time.Hour

// outage is the longest time from the loss of a region to its return in the plan.
func (r *run) outage() (longest time.Duration) {
	lost := map[string]time.Duration{}
	for _, e := range r.plan.Weather {
		switch e.Change {
		case LoseRegion:
			lost[e.Region] = e.At
		case RestoreRegion:
			longest = max(longest, e.At-lost[e.Region])
		}
	}
	return longest
}

// hide takes the orders out that wait for the fence, and what the survivor holds for them.
func (r *run) hide(v *promises.View) {
	survivor := v.Regions[0]
	waiting := map[string]bool{}
	for _, id := range r.world.Orders(survivor) {
		if waiting[id] = r.waits(id); waiting[id] && r.world.Holds(survivor, id) {
			v.Held[survivor]--
		}
	}
	v.Facts[survivor] = slices.DeleteFunc(v.Facts[survivor], func(f fact.Fact) bool { return waiting[f.OrderID] })
	v.Shipments = slices.DeleteFunc(v.Shipments, func(s promises.Shipment) bool { return waiting[s.OrderID] })
}

// waits reports whether the survivor can do nothing about an order before the lost region is fenced.
func (r *run) waits(orderID string) bool {
	return r.lacksPerson(orderID) || r.keyIsSpent(r.alive()[0], orderID, r.gone)
}

// lacksPerson reports whether the survivor has an order and not its person.
func (r *run) lacksPerson(orderID string) bool { return !r.world.HasPerson(r.alive()[0], orderID) }

// keyIsSpent reports whether the key for the payment of an order stands for a server error that a lost region met, and the other one cannot be told: it does not know
// what the lost one sent. An order that has its outcome needs no payment.
func (r *run) keyIsSpent(region, orderID, lost string) bool {
	ends := func(k fact.Kind) bool { return r.world.HasFact(region, orderID, string(k)) }
	if slices.ContainsFunc([]fact.Kind{fact.Confirmed, fact.Rejected, fact.Cancelled}, ends) || slices.Contains(r.world.PlacedIn(region, orderID), lost) {
		return false
	}
	return slices.ContainsFunc(r.world.Stripe().Failed(), func(sent map[string]string) bool {
		return sent["order_id"] == orderID && sent["placed_region"] == lost
	})
}

// adopt is what the operator does when all is quiet after a region was lost for good: they fence it, and have the other one take over what it
// had by the global tables.
func (r *run) adopt(ctx context.Context) error {
	if r.gone == "" {
		return nil
	}
	for _, call := range [][2]string{{"order", "fence"}, {"inventory", "fence"}, {"inventory", "adopt"}} {
		for more := true; more; {
			var err error
			if more, err = r.adopting(ctx, call[0], call[1]); err != nil {
				return fmt.Errorf("%s, %s of %s: %w", call[0], call[1], r.gone, err)
			}
		}
		if err := r.sleep(ctx, r.untilDone(call[1])); err != nil {
			return err
		}
	}
	r.count("operator adopts a region")
	return r.checkAdopted(ctx)
}

// untilDone is how long an operator waits after a call: until the fence is known everywhere, and, if there are orders that waited for it, until
// the sweep has come to them after its longest pause: a payment's key is passed over when ten minutes are gone.
func (r *run) untilDone(action string) time.Duration {
	if r.fenced = r.fenced || action == "fence"; slices.ContainsFunc(r.world.Orders(r.alive()[0]), r.waits) {
		return 30 * time.Minute
	}
	return 2 * time.Minute
}

// adopting is one call of the operator; more says that another has to follow.
func (r *run) adopting(ctx context.Context, service, action string) (more bool, err error) {
	region := r.alive()[0]
	raw, err := r.world.Invoke(ctx, region, "twofold-local-"+service+"-adopt", fmt.Appendf(nil, `{"action":%q,"apply":true}`, action))
	if err != nil {
		return false, err
	}
	var got struct {
		Fenced, More bool
		Open, Wrong  int
		Reason       string
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		return false, fmt.Errorf("%s: %w", raw, err)
	}
	if !got.Fenced || got.Open+got.Wrong > 0 || got.Reason != "" {
		r.history.violate("%s was to %s %s and the %s service answered %s", region, action, r.gone, service, raw)
	}
	return got.More, nil
}

// checkAdopted checks the sum of stock after a region was adopted: of what was booked for both regions everything is in the survivor, or was sold by
// either, and nothing twice.
func (r *run) checkAdopted(ctx context.Context) error {
	v, err := r.view(ctx)
	if err != nil {
		return err
	}
	sum := map[string]int64{}
	for _, c := range v.Stock[v.Regions[0]] {
		sum[c.SKU] += c.Available + c.Held + c.Consumed
	}
	orders, _ := r.ended(v)
	for _, o := range orders {
		if o.CommittedBy != r.gone || !slices.Contains(becomes[fact.StateConfirmed], o.State) || o.State == fact.StateCancelled {
			continue
		}
		for _, l := range o.Placed.Lines {
			sum[l.SKU] += l.Quantity
		}
	}
	least, most := r.history.booked(func(rc Receipt) string { return rc.SKU })
	for _, sku := range slices.Sorted(maps.Keys(most)) {
		if got := sum[sku]; got < least[sku] || got > most[sku] {
			r.history.violate("%s: %d are there or sold after %s was adopted, and between %d and %d were booked", sku, got, r.gone, least[sku], most[sku])
		}
	}
	return nil
}

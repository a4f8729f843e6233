// Package promises checks what Twofold promises against everything that can be seen of both regions: the tables, the
// provider's intents, the carrier's shipments, the mails, the queues and the journal of the local cloud.
//
// It looks at a moment when nothing is under way: every promise then holds exactly. It trusts no service's word; it reads the
// stores and the providers. It is used by the demo, the end-to-end tests and the benchmark alike.
package promises

import (
	"fmt"
	"sort"

	"twofold/internal/fact"
)

// View is what is looked at.
type View struct {
	Regions     []string
	Facts       map[string][]fact.Fact // by region: all facts that its replica of the orders table holds
	Nobody      map[string]bool        // orders whose person was lost with a region: there is nobody to be mailed
	Stock       map[string][]Counters  // by region
	Held        map[string]int         // by region: reservations that are neither consumed nor released
	Intents     []Intent
	Shipments   []Shipment
	Mails       []Mail
	DeadLetters map[string]int // by queue: how many messages wait in it, dead-letter queues only
	Denied      []string       // calls that IAM refused
	Dropped     []string       // deliveries given up with no queue to take them
	Conflicts   []string       // replicated writes that beat a different write
	Failures    []string       // what the local cloud itself could not do
	Invalid     []string       // events on the platform's buses that are not as their schemas say
	Events      int            // how many events crossed a bus
	Accepted    []string       // orders that a client was told are accepted
	Differences []string       // items of global tables that the replicas hold differently
	Gone        string         // a region that is lost for good, which is not among Regions; "" if none is. What it sold and mailed is not asked for
	Troubled    bool           // functions died on purpose: a mail may have been sent twice, by one that could not say so before it died
}

// Counters are one SKU's stock in one region, shards added up. Taken is what the ledger says is held or consumed; held and consumed are what the
// reservations say.
type Counters struct {
	SKU                                             string
	Received, Got, Available, Held, Consumed, Given int64
	Taken                                           int64
}

// Intent is a payment intent as the provider holds it.
type Intent struct {
	ID, OrderID, Status, CommittedBy string
	Captured, Refunded               int64
	Captures                         int // how often money was taken
}

// Shipment is a shipment as the carrier holds it.
type Shipment struct{ OrderID, Status string }

// Mail is a mail that a region sent; Kind is the closing fact it tells of.
type Mail struct{ OrderID, Kind, Region string }

// Result is one promise and what was found.
type Result struct {
	Name   string
	Broken []string // empty: it holds
	Count  int      // how many things were looked at
}

// Check looks at every promise.
func Check(v View) []Result {
	orders := foldAll(v)
	return []Result{
		accepted(v, orders),
		sameOutcome(v, orders),
		capturesEqualConfirmed(v, orders),
		stockEquation(v),
		soldEqualsConsumed(v, orders),
		nothingHeld(v),
		shipments(v, orders),
		mails(v, orders),
		list("no replicated write beat a different one", v.Conflicts),
		list("both replicas of the global tables are equal", v.Differences),
		deadLetters(v),
		list("no call was denied", v.Denied),
		list("no delivery was dropped", v.Dropped),
		events(v),
		list("the local cloud had no failure", v.Failures),
	}
}

// Held reports whether every promise holds.
func Held(results []Result) bool {
	for _, r := range results {
		if len(r.Broken) > 0 {
			return false
		}
	}
	return true
}

// foldAll gives each region's view of each order.
func foldAll(v View) map[string]map[string]fact.Order {
	out := map[string]map[string]fact.Order{}
	for region, facts := range v.Facts {
		byOrder := map[string][]fact.Fact{}
		for _, f := range facts {
			byOrder[f.OrderID] = append(byOrder[f.OrderID], f)
		}
		out[region] = map[string]fact.Order{}
		for id, fs := range byOrder {
			out[region][id] = fact.Fold(fs)
		}
	}
	return out
}

// first is the order as the first region sees it, for rules that hold in any.
func first(v View, orders map[string]map[string]fact.Order) map[string]fact.Order {
	return orders[v.Regions[0]]
}

func accepted(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "every accepted order exists and has an outcome", Count: len(v.Accepted)}
	for _, region := range v.Regions {
		for _, id := range v.Accepted {
			o := orders[region][id]
			if !o.HasOutcome() {
				r.Broken = append(r.Broken, fmt.Sprintf("%s is %s in %s", id, orUnknown(o.State), region))
			} else if owes(o.State) && o.CommittedBy == "" {
				r.Broken = append(r.Broken, fmt.Sprintf("%s is %s in %s, and no fact says who committed it", id, o.State, region))
			}
		}
	}
	return r
}

func orUnknown(s fact.State) fact.State {
	if s == "" {
		return fact.StateUnknown
	}
	return s
}

func sameOutcome(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "both regions see the same outcome"}
	for _, id := range orderIDs(orders) {
		r.Count++
		a := orders[v.Regions[0]][id]
		for _, region := range v.Regions[1:] {
			if b := orders[region][id]; a.State != b.State || a.CommittedBy != b.CommittedBy {
				r.Broken = append(r.Broken, fmt.Sprintf("%s is %s by %q in %s and %s by %q in %s", id, a.State, a.CommittedBy, v.Regions[0], b.State, b.CommittedBy, region))
			}
		}
	}
	return r
}

func orderIDs(orders map[string]map[string]fact.Order) []string {
	set := map[string]bool{}
	for _, byID := range orders {
		for id := range byID {
			set[id] = true
		}
	}
	ids := make([]string, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// owes reports whether the shop owes the goods, and so keeps the money.
func owes(s fact.State) bool {
	return s == fact.StateConfirmed || s == fact.StateDispatched || s == fact.StateDelivered
}

func capturesEqualConfirmed(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "charged once if confirmed, and not at all otherwise", Count: len(v.Intents)}
	kept, captures := map[string]int64{}, map[string]int{}
	for _, i := range v.Intents {
		kept[i.OrderID] += i.Captured - i.Refunded
		captures[i.OrderID] += i.Captures
	}
	for _, id := range orderIDs(orders) {
		o := first(v, orders)[id]
		var owed int64
		if owes(o.State) {
			owed = o.Amount.Amount
		}
		if kept[id] != owed {
			r.Broken = append(r.Broken, fmt.Sprintf("%s is %s: %d is owed and %d was kept", id, o.State, owed, kept[id]))
		}
		if captures[id] > 1 {
			r.Broken = append(r.Broken, fmt.Sprintf("%s was charged %d times", id, captures[id]))
		}
		delete(kept, id)
	}
	for id, amount := range kept {
		if amount != 0 {
			r.Broken = append(r.Broken, fmt.Sprintf("%d was kept for %s, an order that nobody knows", amount, id))
		}
	}
	return r
}

func stockEquation(v View) Result {
	r := Result{Name: "received + got = available + held + consumed + given"}
	for _, region := range v.Regions {
		r.Count += len(v.Stock[region])
		r.Broken = append(r.Broken, StockEquation(region, v.Stock[region])...)
	}
	return r
}

// StockEquation is the promise about stock that holds in each region at every moment, not only when nothing is under way. It gives what breaks it.
func StockEquation(region string, stock []Counters) []string {
	var broken []string
	for _, c := range stock {
		if c.Received+c.Got != c.Available+c.Held+c.Consumed+c.Given {
			broken = append(broken, fmt.Sprintf("%s in %s: %+v", c.SKU, region, c))
		}
		if c.Taken != c.Held+c.Consumed {
			broken = append(broken, fmt.Sprintf("%s in %s: the ledger and the reservations differ: %+v", c.SKU, region, c))
		}
		if min(c.Received, c.Got, c.Available, c.Held, c.Consumed, c.Given) < 0 {
			broken = append(broken, fmt.Sprintf("%s in %s has a negative term: %+v", c.SKU, region, c))
		}
	}
	return broken
}

func soldEqualsConsumed(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "units sold are units consumed, and no more than were received"}
	sold, consumed, received := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, o := range first(v, orders) {
		if !owes(o.State) || v.Gone != "" && o.CommittedBy == v.Gone {
			continue
		}
		for _, l := range o.Placed.Lines {
			sold[l.SKU] += l.Quantity
		}
	}
	for _, region := range v.Regions {
		for _, c := range v.Stock[region] {
			consumed[c.SKU] += c.Consumed
			received[c.SKU] += c.Received
			if v.Gone != "" { // what it was given is here for good
				received[c.SKU] += c.Got
			}
		}
	}
	skus := map[string]bool{}
	for _, counts := range []map[string]int64{sold, consumed, received} {
		for sku := range counts {
			skus[sku] = true
		}
	}
	for sku := range skus {
		r.Count++
		if sold[sku] != consumed[sku] || sold[sku] > received[sku] {
			r.Broken = append(r.Broken, fmt.Sprintf("%s: sold %d, consumed %d, received %d", sku, sold[sku], consumed[sku], received[sku]))
		}
	}
	return r
}

func nothingHeld(v View) Result {
	r := Result{Name: "no stock is held for a closed order", Count: len(v.Regions)}
	for _, region := range v.Regions {
		if n := v.Held[region]; n > 0 {
			r.Broken = append(r.Broken, fmt.Sprintf("%d reservations are held in %s", n, region))
		}
	}
	return r
}

func shipments(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "handed to the carrier if confirmed, and not otherwise", Count: len(v.Shipments)}
	status := map[string]string{}
	for _, s := range v.Shipments {
		status[s.OrderID] = s.Status
	}
	for _, id := range orderIDs(orders) {
		o := first(v, orders)[id]
		live := status[id] != "" && status[id] != "cancelled"
		switch {
		case owes(o.State) && (!live || status[id] == "booked"):
			r.Broken = append(r.Broken, fmt.Sprintf("%s is %s and its shipment is %q", id, o.State, status[id]))
		case !owes(o.State) && live:
			r.Broken = append(r.Broken, fmt.Sprintf("%s is %s and its shipment is %s", id, o.State, status[id]))
		}
	}
	return r
}

// mails: each closing fact is mailed once by the region that wrote it, which is twice only when both closed the order while they could not see
// each other; confirmed is mailed by the region that committed, and by no other.
func mails(v View, orders map[string]map[string]fact.Order) Result {
	r := Result{Name: "one mail for each closing fact", Count: len(v.Mails)}
	sent, due := map[Mail]int{}, map[Mail]bool{}
	for _, m := range v.Mails {
		if m.Region != v.Gone {
			sent[m]++
		}
	}
	for _, id := range orderIDs(orders) {
		for _, f := range first(v, orders)[id].Timeline {
			switch {
			case f.Kind == fact.Confirmed:
				due[Mail{id, string(f.Kind), f.CommittedBy}] = true
			case mailed[f.Kind]:
				due[Mail{id, string(f.Kind), f.Region}] = true
			}
		}
	}
	for m := range due {
		if n := sent[m]; m.Region != v.Gone && (n == 0 && !v.Nobody[m.OrderID] || n > 1 && !v.Troubled) {
			r.Broken = append(r.Broken, fmt.Sprintf("%s was mailed %d times by %s that it is %s, and it should be once", m.OrderID, n, m.Region, m.Kind))
		}
	}
	for m := range sent {
		if !due[m] {
			r.Broken = append(r.Broken, fmt.Sprintf("%s was mailed by %s that it is %s, which was not its to tell", m.OrderID, m.Region, m.Kind))
		}
	}
	sort.Strings(r.Broken)
	return r
}

// mailed are the kinds of fact that the shopper is told of.
var mailed = map[fact.Kind]bool{fact.Rejected: true, fact.Cancelled: true, fact.CancelRefused: true, fact.Dispatched: true, fact.Delivered: true, fact.Refunded: true}

func deadLetters(v View) Result {
	r := Result{Name: "dead-letter queues are empty", Count: len(v.DeadLetters)}
	for queue, n := range v.DeadLetters {
		if n > 0 {
			r.Broken = append(r.Broken, fmt.Sprintf("%d messages in %s", n, queue))
		}
	}
	return r
}

func events(v View) Result {
	r := list("every event on the buses is as its schema says", v.Invalid)
	r.Count = v.Events
	return r
}

// list is a promise that nothing was found; what was found several times is told once.
func list(name string, found []string) Result {
	r := Result{Name: name, Count: len(found)}
	times := map[string]int{}
	for _, f := range found {
		if times[f]++; times[f] == 1 {
			r.Broken = append(r.Broken, f)
		}
	}
	for i, f := range r.Broken {
		if times[f] > 1 {
			r.Broken[i] = fmt.Sprintf("%s (%d times)", f, times[f])
		}
	}
	return r
}

// Ended counts the orders of which a region's replica has an outcome.
func Ended(v View, region string, ids []string) int {
	orders, n := foldAll(v)[region], 0
	for _, id := range ids {
		if orders[id].HasOutcome() {
			n++
		}
	}
	return n
}

package simulation

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"twofold/internal/fact"
)

// history is what the clients asked and were told. It is held against what the platform came to in the end.
type history struct {
	orders  map[string]*heard  // by order id
	byKey   map[string]string  // order id of an idempotency key
	arrived map[Receipt]string // typed in, and where a clerk was told that it is stored: a region, or the durability stored; "" if nobody was told
	gone    string             // the region that is lost for good: what it alone said is not held against the other
	broken  []string
}

// heard is what was said of one order.
type heard struct {
	at         time.Time // when it was first answered
	twoRegions bool      // somebody was told that it is stored in both
	said       []saying  // told to somebody, each once
	wished     bool      // to be cancelled, whoever heard of it
	asked      bool      // ... and told that this is known
	tooLate    string    // the region that told that it cannot be cancelled any more; "" if none
}

// saying is a state of an order that a region told.
type saying struct {
	region string
	state  fact.State
}

// stored is the durability of an answer about what stands in both regions.
const stored = "two-regions"

func newHistory() *history {
	return &history{orders: map[string]*heard{}, byKey: map[string]string{}, arrived: map[Receipt]string{}}
}

func (h *history) violate(format string, args ...any) {
	h.broken = append(h.broken, fmt.Sprintf(format, args...))
}

// accepted is an answer 202 to an order.
func (h *history) accepted(p Purchase, a answer, o orderView, at time.Time) {
	if known, ok := h.byKey[p.Key]; ok && known != o.OrderID {
		h.violate("%s: one request became the orders %s and %s", p.Key, known, o.OrderID)
	}
	h.byKey[p.Key] = o.OrderID
	e := h.orders[o.OrderID]
	if e == nil {
		e = &heard{at: at}
		h.orders[o.OrderID] = e
	}
	e.twoRegions = e.twoRegions || a.durability == stored
	h.says(a.region, o.OrderID, o)
}

// refused is any other answer to an order. All orders of a plan are in order.
func (h *history) refused(p Purchase, a answer) {
	h.violate("%s: a good order was refused in %s: %d %s", p.Key, a.region, a.status, a.body)
}

// told is an answer about an order to a read or a request to cancel.
func (h *history) told(id string, q question, a answer) {
	switch {
	case q.method == http.MethodPost && a.status == http.StatusAccepted:
		h.orders[id].asked = true
	case q.method == http.MethodPost && a.status == http.StatusConflict:
		h.orders[id].tooLate = a.region
		return
	case a.status != http.StatusOK:
		h.violate("%s %s in %s: %d %s", q.method, q.path, a.region, a.status, a.body)
		return
	}
	var o orderView
	if err := a.into(&o); err != nil {
		h.violate("%s %s in %s: %v", q.method, q.path, a.region, err)
		return
	}
	h.says(a.region, id, o)
}

// wishes notes that a shopper is about to ask for an order to be cancelled.
func (h *history) wishes(id string) { h.orders[id].wished = true }

// unknown is an answer 404 about an accepted order.
func (h *history) unknown(id string, a answer) {
	if h.orders[id].twoRegions {
		h.violate("%s does not know %s, which is stored in both regions", a.region, id)
	}
}

func (h *history) says(region, id string, o orderView) {
	e, s := h.orders[id], saying{region, fact.State(o.State)}
	if !slices.Contains(e.said, s) {
		e.said = append(e.said, s)
	}
}

func (h *history) arrives(r Receipt) {
	r.At, r.Again = 0, nil
	h.arrived[r] += "" // it may have been stored
}

func (h *history) received(r Receipt, a answer) {
	r.At, r.Again = 0, nil
	switch was := h.arrived[r]; {
	case a.durability == stored:
		h.arrived[r] = stored
	case was == "" || was == h.gone:
		h.arrived[r] = a.region
	}
}

// acceptedIDs are the orders that somebody was told are accepted.
func (h *history) acceptedIDs() []string {
	ids := make([]string, 0, len(h.orders))
	for id := range h.orders {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// becomes lists what may become of an order that was told to be in a state.
var becomes = map[fact.State][]fact.State{
	fact.StateConfirmed:  {fact.StateConfirmed, fact.StateCancelled, fact.StateDispatched, fact.StateDelivered},
	fact.StateDispatched: {fact.StateDispatched, fact.StateDelivered},
	fact.StateDelivered:  {fact.StateDelivered},
	fact.StateRejected:   {fact.StateRejected},
	fact.StateCancelled:  {fact.StateCancelled},
}

// against holds the history against the orders as they ended and the stock that was received in each region.
func (h *history) against(orders map[string]fact.Order, received map[string]int64) []string {
	var out []string
	for _, id := range h.acceptedIDs() {
		if e := h.orders[id]; e.twoRegions || h.gone == "" || orders[id].State != fact.StateUnknown {
			out = append(out, e.against(id, orders[id], h.gone)...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(orders)) {
		if e := h.orders[id]; orders[id].State == fact.StateCancelled && (e == nil || !e.wished) {
			out = append(out, id+" was cancelled, and nobody had asked for that")
		}
	}
	return append(out, h.receipts(received)...)
}

func (e *heard) against(id string, o fact.Order, gone string) []string {
	var out []string
	for _, said := range e.said {
		if may := becomes[said.state]; may != nil && said.region != gone && !slices.Contains(may, o.State) {
			out = append(out, fmt.Sprintf("%s was told to be %s and ended %s", id, said.state, o.State))
		}
	}
	if e.tooLate != "" && e.tooLate != gone && !slices.Contains([]fact.State{fact.StateDispatched, fact.StateDelivered, fact.StateRejected}, o.State) {
		out = append(out, fmt.Sprintf("%s was told to be too late to cancel and ended %s", id, o.State))
	}
	if e.asked && o.CancelOpen {
		out = append(out, fmt.Sprintf("%s: a request to cancel has no answer", id))
	}
	return out
}

// receipts: what a clerk was told is stored was received once; what nobody answered once or not at all.
func (h *history) receipts(received map[string]int64) []string {
	least, most := h.booked(func(r Receipt) string { return r.SKU + " in " + r.Target })
	var out []string
	for where := range most {
		if strings.HasSuffix(where, " in "+h.gone) {
			continue
		}
		if got := received[where]; got < least[where] || got > most[where] {
			out = append(out, fmt.Sprintf("%s: received %d, and between %d and %d were booked", where, got, least[where], most[where]))
		}
	}
	sort.Strings(out)
	return out
}

// booked adds up what was typed in: at least what a clerk was told is stored, save by a region alone that is gone, and at most all.
func (h *history) booked(by func(r Receipt) string) (least, most map[string]int64) {
	least, most = map[string]int64{}, map[string]int64{}
	for r, where := range h.arrived {
		most[by(r)] += r.Quantity
		if where != "" && where != h.gone {
			least[by(r)] += r.Quantity
		}
	}
	return least, most
}

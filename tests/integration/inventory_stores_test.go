package integration_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

const tea = `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`

func put(sku, body string) request {
	return request{route: "PUT /v1/products/{sku}", path: map[string]string{"sku": sku}, body: body}
}

func receipt(sku, body string) request {
	return request{route: "POST /v1/products/{sku}/receipts", path: map[string]string{"sku": sku}, body: body}
}

func stockOf(sku string) request {
	return request{route: "GET /v1/products/{sku}/stock", path: map[string]string{"sku": sku}}
}

func received(sku, id, target string, quantity int) string {
	return onBus("twofold.inventory", "StockReceived", fmt.Sprintf(`{"sku":%q,"receiptId":%q,"region":"us-east-1","target":%q,"quantity":"%d"}`, sku, id, target, quantity))
}

func closed(detailType, orderID, committedBy string) string {
	return onBus("twofold.order", detailType, fmt.Sprintf(`{"orderId":%q,"committedBy":%q}`, orderID, committedBy))
}

// step is a saga step's input.
func step(name, orderID, committedBy string, quantities map[string]int) map[string]any {
	lines := []map[string]any{}
	for sku, q := range quantities {
		lines = append(lines, map[string]any{"sku": sku, "quantity": q, "unitAmount": 790})
	}
	slices.SortFunc(lines, func(a, b map[string]any) int { return strings.Compare(a["sku"].(string), b["sku"].(string)) })
	return map[string]any{"step": name, "order": map[string]any{"orderId": orderID, "committedBy": committedBy, "lines": lines}}
}

// shop is inventory's functions in a region.
type shop struct {
	*regions
	region string

	api, saga, events, sweep, query lambda.Handler
}

func openShop(r *regions, region string) *shop {
	return &shop{regions: r, region: region, api: r.build(region, "stock", inventory.NewAPI), saga: r.build(region, "stock", inventory.NewSaga),
		events: r.build(region, "stock", inventory.NewEvents), sweep: r.build(region, "stock", inventory.NewSweep),
		query: r.build(region, "stock", inventory.NewQuery)}
}

// counters reads a SKU's counters by the API and checks the equation.
func (s *shop) counters(sku string) inventory.Counters {
	s.t.Helper()
	a := s.send(s.api, stockOf(sku))
	n := func(name string) int64 { v, _ := a.body[name].(float64); return int64(v) }
	c := inventory.Counters{Received: n("received"), Got: n("got"), Available: n("available"), Held: n("held"), Consumed: n("consumed"), Given: n("given")}
	if a.status != 200 || c.Received+c.Got != c.Available+c.Held+c.Consumed+c.Given || min(c.Available, c.Held, c.Consumed, c.Given) < 0 {
		s.t.Fatalf("%s: %d %s", sku, a.status, a.raw)
	}
	return c
}

func (s *shop) want(sku string, want inventory.Counters) {
	s.t.Helper()
	if got := s.counters(sku); got != want {
		s.t.Errorf("%s: %+v, want %+v", sku, got, want)
	}
}

// run makes a saga step and fails unless its error has a name ("" for none).
func (s *shop) run(in map[string]any, name string) {
	s.t.Helper()
	if err := s.invoke(s.saga, in, new(map[string]any)); named(err) != name {
		s.t.Errorf("%v: %v, want %q", in, err, name)
	}
}

func (s *shop) sweepOnce() inventory.SweepResult {
	s.t.Helper()
	var res inventory.SweepResult
	if err := s.invoke(s.sweep, struct{}{}, &res); err != nil {
		s.t.Fatal(err)
	}
	return res
}

func TestAProductIsAVersionOfItsRegionAndEditsAreConditional(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openShop(r, east), openShop(r, west)
		if a := e.send(e.api, put("TEA", tea)); a.status != 201 || a.header["ETag"] != `"1.us-east-1"` {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		r.replicate("catalogue", east, west)
		change := put("TEA", strings.Replace(tea, "790", "800", 1))
		change.header = map[string]string{"If-Match": `"1.us-east-1"`}
		if a := w.send(w.api, change); a.status != 200 || a.header["ETag"] != `"2.us-west-2"` {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		r.replicate("catalogue", west, east)
		before := r.items(east, "catalogue")
		late := put("TEA", strings.Replace(tea, "790", "810", 1))
		late.header = change.header
		if a := e.send(e.api, late); a.status != 412 {
			t.Errorf("a stale edit: %d %s", a.status, a.raw)
		}
		r.wantSame("a refused edit", before, east, "catalogue")
		if got := read[map[string]any](t, before, "sku#TEA product#us-west-2"); got["type"] != "ProductChanged" || got["version"] != 2.0 || got["active"] != "true" {
			t.Errorf("the item is %v", got)
		}
	})
}

func TestTheListOfProductsPagesThroughTheIndex(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openShop(r, east), openShop(r, west)
		var want []string
		for i := range 7 {
			sku := fmt.Sprintf("TEA-%d", i)
			want = append(want, sku)
			for _, s := range []*shop{e, w}[:1+i%2] { // every other product has versions of both regions
				if a := s.send(s.api, put(sku, tea)); a.status != 201 {
					t.Fatalf("%d %s", a.status, a.raw)
				}
			}
		}
		r.replicate("catalogue", west, east)
		e.deliver(e.events, received("TEA-3", "asn-1", east, 5))
		var got []string
		query := map[string]string{"limit": "3"}
		for {
			a := e.send(e.api, request{route: "GET /v1/products", query: query})
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			for _, item := range a.body["items"].([]any) {
				p := item.(map[string]any)
				got = append(got, p["sku"].(string))
				if available := p["available"] == 5.0; available != (p["sku"] == "TEA-3") {
					t.Errorf("got %v", p)
				}
			}
			next, more := a.body["nextCursor"].(string)
			if !more {
				break
			}
			query["cursor"] = next
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestAReceiptStandsInBothRegionsAndIsCreditedOnceByItsTarget(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openShop(r, east), openShop(r, west)
		e.send(e.api, put("TEA", tea))
		r.replicate("catalogue", east, west)
		body := `{"receiptId":"asn-1","quantity":5,"target":"us-west-2"}`
		r.calls.lose(west, true)
		if a := e.send(e.api, receipt("TEA", body)); a.status != 202 || a.header[platform.DurabilityHeader] != "one-region" {
			t.Fatalf("%d %v %s", a.status, a.header, a.raw)
		}
		r.calls.lose(west, false)
		for range 2 {
			if a := e.send(e.api, receipt("TEA", body)); a.status != 202 || a.header[platform.DurabilityHeader] != "two-regions" {
				t.Fatalf("%d %v %s", a.status, a.header, a.raw)
			}
		}
		const key = "sku#TEA receipt#asn-1#us-east-1"
		if here, there := r.items(east, "catalogue")[key], r.items(west, "catalogue")[key]; here == nil || !reflect.DeepEqual(here, there) {
			t.Errorf("the regions hold %v and %v", here, there)
		}
		if a := w.send(w.api, receipt("TEA", strings.Replace(body, "5", "6", 1))); a.status != 422 {
			t.Errorf("other goods under the same id: %d %s", a.status, a.raw)
		}
		if res := e.sweepOnce(); res.Credited != 0 {
			t.Errorf("the sweep of the wrong region credited: %+v", res)
		}
		if res := w.sweepOnce(); res.Credited != 1 || res.Failed != 0 {
			t.Errorf("the sweep of the target: %+v", res)
		}
		w.deliver(w.events, received("TEA", "asn-1", west, 5), received("TEA", "asn-1", west, 5))
		if res := w.sweepOnce(); res.Credited != 0 {
			t.Errorf("the sweep credited again: %+v", res)
		}
		w.want("TEA", inventory.Counters{Received: 5, Available: 5})
		e.want("TEA", inventory.Counters{})
	})
}

func TestABadMessageIsGivenBackAndTheRestGoesOn(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		e.send(e.api, put("TEA", tea))
		failed := r.deliverAll(e.events, received("TEA", "asn-1", east, 2), `{"detail-type":"Nonsense"}`, `no JSON`, received("TEA", "asn-2", east, 3))
		if !slices.Equal(failed, []string{"1", "2"}) {
			t.Errorf("given back: %v", failed)
		}
		e.want("TEA", inventory.Counters{Received: 5, Available: 5})
	})
}

func TestReservationsAreTransactionsOverAllLines(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		for _, sku := range []string{"CUP", "TEA"} {
			e.send(e.api, put(sku, tea))
			e.deliver(e.events, received(sku, "asn-1", east, 5))
		}
		before := r.items(east, "stock")
		e.run(step("ReserveStock", "ord_1", "", map[string]int{"TEA": 2, "CUP": 6}), "InsufficientStock")
		r.wantSame("a refused reservation", before, east, "stock")
		lines := map[string]int{"TEA": 2, "CUP": 5}
		for range 2 {
			e.run(step("ReserveStock", "ord_1", "", lines), "")
		}
		e.want("CUP", inventory.Counters{Received: 5, Held: 5})
		e.want("TEA", inventory.Counters{Received: 5, Available: 3, Held: 2})
		if got := read[map[string]any](t, r.items(east, "stock"), "order#ord_1 reservation"); got["state"] != "held" || got["heldShard"] == nil {
			t.Errorf("the reservation is %v", got)
		}
		e.deliver(e.events, closed("OrderConfirmed", "ord_1", east), closed("OrderConfirmed", "ord_1", east))
		e.want("CUP", inventory.Counters{Received: 5, Consumed: 5})
		if got := read[map[string]any](t, r.items(east, "stock"), "order#ord_1 reservation"); got["state"] != "consumed" || got["heldShard"] != nil || got["heldAt"] != nil {
			t.Errorf("the reservation is %v", got)
		}
		e.run(step("ReleaseStock", "ord_1", "", lines), "Internal") // sold and called off at once: a person must look
		for range 2 {
			e.run(step("ReturnStock", "ord_1", east, lines), "")
		}
		e.deliver(e.events, closed("OrderCancelled", "ord_1", east), closed("OrderConfirmed", "ord_1", east))
		e.want("CUP", inventory.Counters{Received: 5, Available: 5})
		e.want("TEA", inventory.Counters{Received: 5, Available: 5})
	})
}

func TestEveryEndOfAReservationIsTheSameInAnyOrderOfItsEvents(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		confirmed, cancelled := "OrderConfirmed", "OrderCancelled"
		cases := []struct {
			name, committedBy string
			events            []string
			want              inventory.Counters
		}{
			{"sold", east, []string{confirmed, confirmed}, inventory.Counters{Received: 5, Available: 3, Consumed: 2}},
			{"sold there", west, []string{confirmed, confirmed}, inventory.Counters{Received: 5, Available: 5}},
			{"called off", east, []string{confirmed, cancelled}, inventory.Counters{Received: 5, Available: 5}},
			{"called off, which is heard of first", east, []string{cancelled, confirmed}, inventory.Counters{Received: 5, Available: 5}},
			{"called off there", west, []string{cancelled, confirmed}, inventory.Counters{Received: 5, Available: 5}},
			{"cancelled before the commit", "", []string{cancelled, cancelled}, inventory.Counters{Received: 5, Available: 5}},
			{"rejected", "", []string{"OrderRejected", "OrderRejected"}, inventory.Counters{Received: 5, Available: 5}},
		}
		e := openShop(r, east)
		for i, c := range cases {
			sku, order := fmt.Sprintf("TEA-%d", i), fmt.Sprintf("ord_%d", i)
			e.send(e.api, put(sku, tea))
			e.deliver(e.events, received(sku, "asn-1", east, 5))
			e.run(step("ReserveStock", order, "", map[string]int{sku: 2}), "")
			for _, what := range c.events {
				e.deliver(e.events, closed(what, order, c.committedBy))
			}
			if got := e.counters(sku); got != c.want {
				t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
	})
}

func TestAnOrderOf50LinesIsReserved(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		lines := map[string]int{}
		for i := range 50 {
			sku := fmt.Sprintf("TEA-%02d", i)
			lines[sku] = 1
			e.deliver(e.events, received(sku, "asn-1", east, 1))
		}
		e.run(step("ReserveStock", "ord_1", "", lines), "")
		e.run(step("ReserveStock", "ord_2", "", lines), "InsufficientStock")
		e.run(step("ReleaseStock", "ord_1", "", lines), "")
		e.run(step("ReserveStock", "ord_2", "", lines), "")
	})
}

func TestRunsAtTheSameMomentNeverSellMoreThanThereIs(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		e.send(e.api, put("TEA", tea))
		e.deliver(e.events, received("TEA", "asn-1", east, 5))
		names := make([]string, 24)
		var wg sync.WaitGroup
		for i := range names {
			saga := r.build(east, "stock", inventory.NewSaga) // an instance of its own, as Lambda would have
			wg.Go(func() {
				for names[i] = "Unavailable"; names[i] == "Unavailable"; { // a conflict, which Step Functions tries again
					names[i] = named(r.invoke(saga, step("ReserveStock", fmt.Sprintf("ord_%d", i%12), "", map[string]int{"TEA": 1}), new(map[string]any)))
				}
			})
		}
		wg.Wait()
		e.want("TEA", inventory.Counters{Received: 5, Held: 5})
		for i, name := range names {
			if name != "" && name != "InsufficientStock" || name != names[i%12] {
				t.Errorf("the runs of order %d ended with %q and %q", i%12, names[i%12], name)
			}
		}
	})
}

func TestTheSweepSettlesHeldReservationsAndPublishesSnapshots(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openShop(r, east), openShop(r, west)
		e.send(e.api, put("TEA", tea))
		r.replicate("catalogue", east, west)
		e.deliver(e.events, received("TEA", "asn-1", east, 9))
		outcomes := map[string]string{"ord_sold": "CONFIRMED", "ord_off": "REJECTED", "ord_back": "CANCELLED", "ord_open": "PLACED"}
		r.calls.functions[east+"/order-query"] = lambda.NewHandler(func(in struct{ OrderID, Want string }) (map[string]any, error) {
			if in.Want != "outcome" || outcomes[in.OrderID] == "" {
				return nil, errors.New("no such order")
			}
			by := map[string]string{"CONFIRMED": east, "CANCELLED": east}[outcomes[in.OrderID]]
			return map[string]any{"orderId": in.OrderID, "known": true, "state": outcomes[in.OrderID], "committedBy": by}, nil
		})
		for id := range outcomes {
			e.run(step("ReserveStock", id, "", map[string]int{"TEA": 2}), "")
		}
		if res := e.sweepOnce(); res != (inventory.SweepResult{Published: 1}) {
			t.Errorf("while all is young: %+v", res)
		}
		r.clock.Add(6 * time.Minute)
		if res := e.sweepOnce(); res != (inventory.SweepResult{Settled: 3, Open: 1, Published: 1}) {
			t.Errorf("of age: %+v", res)
		}
		e.want("TEA", inventory.Counters{Received: 9, Available: 5, Held: 2, Consumed: 2})
		if res := e.sweepOnce(); res != (inventory.SweepResult{Open: 1, Published: 1}) { // the demand has sunk
			t.Errorf("again: %+v", res)
		}
		r.replicate("catalogue", east, west)
		want := `"others":[{"region":"us-east-1","at":"2026-03-01T12:06:00Z","received":9,"got":0,"available":5,"held":2,"consumed":2,"given":0}]}`
		if a := w.send(w.api, stockOf("TEA")); !strings.HasSuffix(a.raw, want) {
			t.Errorf("the other region shows %s\nwant ...%s", a.raw, want)
		}
	})
}

func TestARoundOfSnapshotsGoesOnWhereTheLastSweepStopped(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		const products = 510 // more than one sweep looks at
		for i := range products {
			sku := fmt.Sprintf("TEA-%03d", i)
			e.send(e.api, put(sku, tea))
			e.deliver(e.events, received(sku, "asn-1", east, 1))
			e.run(step("ReserveStock", "ord_"+sku, "", map[string]int{sku: 1}), "") // of which nobody is told at once
		}
		r.clock.Add(time.Second)
		var published []int
		for range 5 { // the second round tells that the demand has sunk
			published = append(published, e.sweepOnce().Published)
			r.clock.Add(time.Second)
		}
		if !slices.Equal(published, []int{500, 10, 500, 10, 0}) {
			t.Errorf("five sweeps published %v", published)
		}
	})
}

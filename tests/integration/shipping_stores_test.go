package integration_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"pgregory.net/rapid"

	"twofold/internal/shipping"
	"twofold/local/providers/carrier"
)

// dock is shipping's functions in the east.
type dock struct {
	*regions
	orders      *orderBook
	carrier     *carrier.Provider
	saga, sweep lambda.Handler
}

func openDock(r *regions) *dock {
	return &dock{regions: r, orders: r.openOrderBook(), carrier: r.openCarrier(),
		saga: r.build(east, "shipments", shipping.NewSaga), sweep: r.build(east, "shipments", shipping.NewSweep)}
}

// ship makes a saga step and gives the name of its error.
func (d *dock) ship(step, order string) string {
	d.t.Helper()
	in := map[string]any{"step": step, "order": map[string]any{"orderId": order, "lines": []map[string]any{{"quantity": 2}}, "shipping": map[string]string{"method": "standard"}}}
	return named(d.invoke(d.saga, in, new(map[string]any)))
}

func (d *dock) sweepOnce() shipping.SweepResult {
	d.t.Helper()
	var res shipping.SweepResult
	if err := d.invoke(d.sweep, struct{}{}, &res); err != nil {
		d.t.Fatal(err)
	}
	return res
}

// obligations are the orders on the list, by their times.
func (d *dock) obligations() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	for key, item := range d.items(east, "shipments") {
		if strings.HasPrefix(key, "booked#") {
			out[str(item, "sk")] = str(item, "bookedAt")
		}
	}
	return out
}

func TestABookingIsAnObligationUntilItIsDecided(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		for _, order := range []string{"ord_1", "ord_2"} {
			d.orders.set(order, "PLACED")
			if name := d.ship("BookShipment", order); name != "" {
				t.Fatal(name)
			}
		}
		r.clock.Add(time.Minute)
		d.ship("BookShipment", "ord_2") // it is as old as its youngest booking
		if got := d.obligations(); !maps.Equal(got, map[string]string{"ord_1": "2026-03-01T12:00:00.000Z", "ord_2": "2026-03-01T12:01:00.000Z"}) {
			t.Errorf("%q", got)
		}
		r.clock.Add(-time.Minute)
		d.ship("BookShipment", "ord_2") // by a clock that is behind
		if got := d.obligations()["ord_2"]; got != "2026-03-01T12:01:00.000Z" {
			t.Errorf("%q", got)
		}
		for range 2 {
			d.ship("ReleaseShipment", "ord_1")
			d.ship("CancelShipment", "ord_2")
			if got := d.obligations(); len(got) != 0 || len(d.items(east, "shipments")) != 0 {
				t.Errorf("%q", got)
			}
		}
		for _, s := range d.carrier.Shipments() {
			if want := map[string]string{"ord_1": carrier.Released, "ord_2": carrier.Cancelled}[s.Reference]; s.Status != want {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestARegionThatBookedNothingKeepsNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		d.orders.set("ord_1", "PLACED")
		d.ship("BookShipment", "ord_1")
		west := r.build(west, "shipments", shipping.NewSaga)
		if err := r.invoke(west, map[string]any{"step": "CancelShipment", "order": map[string]any{"orderId": "ord_1"}}, new(map[string]any)); err != nil {
			t.Fatal(err)
		}
		if n := len(r.items("us-west-2", "shipments")); n != 0 || d.carrier.Shipments()[0].Status != carrier.Cancelled {
			t.Errorf("%d items, %v", n, d.carrier.Shipments())
		}
		d.orders.set("ord_1", "REJECTED") // the region that booked has an obligation still, and sees it through
		r.clock.Add(6 * time.Minute)
		if res := d.sweepOnce(); res.Settled != 1 || len(d.obligations()) != 0 {
			t.Errorf("%+v, %q", res, d.obligations())
		}
	})
}

func TestBookingsAtTheSameMomentAreOneShipment(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		d.orders.set("ord_1", "PLACED")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if name := d.ship("BookShipment", "ord_1"); name != "" {
					t.Error(name)
				}
			})
		}
		wg.Wait()
		if shipments := d.carrier.Shipments(); len(shipments) != 1 || len(d.obligations()) != 1 {
			t.Errorf("%v, %q", shipments, d.obligations())
		}
	})
}

func TestTheSweepSeesThroughWhatIsOldByItsOrdersOutcome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		const n = 36 // over all parts of the list
		states := []string{"CONFIRMED", "REJECTED", "PLACED"}
		for i := range n {
			d.orders.set(fmt.Sprint("ord_", i), "PLACED")
			d.ship("BookShipment", fmt.Sprint("ord_", i))
		}
		r.clock.Add(5 * time.Minute)
		if res := d.sweepOnce(); res != (shipping.SweepResult{}) {
			t.Errorf("of what is young: %+v", res)
		}
		for i := range n {
			d.orders.set(fmt.Sprint("ord_", i), states[i%3])
		}
		r.clock.Add(time.Second)
		if res := d.sweepOnce(); res != (shipping.SweepResult{Settled: 24, Open: 12}) || len(d.obligations()) != 12 {
			t.Errorf("%+v, %d left", res, len(d.obligations()))
		}
		for i, s := range d.carrier.Shipments() {
			if want := []string{carrier.Released, carrier.Cancelled, carrier.Booked}[i%3]; s.Status != want {
				t.Errorf("%+v, want %s", s, want)
			}
		}
	})
}

// both are the table and the carrier, behind one function that may die.
type both struct{ table, carrier http.RoundTripper }

func (b both) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "carrier.test" {
		return b.carrier.RoundTrip(r)
	}
	return b.table.RoundTrip(r)
}

// Runs of an order die before, between and after their calls. What is booked at the carrier is always an obligation, and the sweep ends it as the order ended.
func TestNothingBookedIsForgottenWhateverDies(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		calls := &crashing{RoundTripper: both{r.calls.dynamodb, r.calls.hosts["carrier.test"]}, left: -1}
		r.calls.dynamodb, r.calls.hosts["carrier.test"] = calls, calls
		r.property(t, func(rt *rapid.T, n int) {
			order, outcome := fmt.Sprint("ord_", n), rapid.SampledFrom([]string{"CONFIRMED", "REJECTED", "CANCELLED"}).Draw(rt, "outcome")
			d.orders.set(order, "PLACED")
			steps := map[string][]string{"CONFIRMED": {"BookShipment", "ReleaseShipment"}, "REJECTED": {"BookShipment", "CancelShipment"},
				"CANCELLED": {"BookShipment", "ReleaseShipment", "StopShipment"}}[outcome]
			status := func() string {
				for _, s := range d.carrier.Shipments() {
					if s.Reference == order {
						return s.Status
					}
				}
				return ""
			}
			d.ship("BookShipment", order)
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				if rapid.Bool().Draw(rt, "dies") {
					calls.left, calls.after = rapid.IntRange(0, 1).Draw(rt, "at call"), rapid.Bool().Draw(rt, "after it")
				}
				d.ship(rapid.SampledFrom(steps).Draw(rt, "step"), order)
				calls.left = -1
				if _, owed := d.obligations()[order]; status() == carrier.Booked && !owed {
					rt.Fatal("it is booked and no obligation")
				}
			}
			d.orders.set(order, outcome)
			r.clock.Add(6 * time.Minute)
			d.sweepOnce()
			want := map[string][]string{"CONFIRMED": {carrier.Released}, "REJECTED": {carrier.Cancelled}, "CANCELLED": {carrier.Cancelled, carrier.Released}}[outcome]
			if left := d.obligations(); len(left) != 0 || !slices.Contains(want, status()) {
				rt.Fatalf("%s: %q is left, and the shipment is %s", outcome, left, status())
			}
		})
	})
}

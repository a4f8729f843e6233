package integration_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"twofold/internal/platform"
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

func (d *dock) record(order string) platform.Item {
	return d.items(east, "shipments")["order#"+order+" shipment"]
}

// obligations are the records that the index holds.
func (d *dock) obligations() (keys []string) {
	d.t.Helper()
	for pages := dynamodb.NewScanPaginator(d.db(east), &dynamodb.ScanInput{TableName: aws.String(d.table("shipments")), IndexName: aws.String("booked"), Limit: aws.Int32(2)}); pages.HasMorePages(); {
		page, err := pages.NextPage(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		for _, item := range page.Items {
			keys = append(keys, str(item, "pk"))
		}
	}
	slices.Sort(keys)
	return keys
}

func TestABookingIsAnObligationUntilItIsDecided(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		for _, order := range []string{"ord_1", "ord_2"} {
			d.orders.set(order, "PLACED")
			for range 2 {
				if name := d.ship("BookShipment", order); name != "" {
					t.Fatal(name)
				}
			}
		}
		if got := d.record("ord_1"); str(got, "state") != "booked" || str(got, "bookedAt") != "2026-03-01T12:00:00.000Z" || str(got, "shipmentId") == "" {
			t.Errorf("%v", got)
		}
		if got := d.obligations(); !slices.Equal(got, []string{"order#ord_1", "order#ord_2"}) {
			t.Errorf("%q", got)
		}
		d.ship("ReleaseShipment", "ord_1")
		d.ship("CancelShipment", "ord_2")
		for range 2 {
			if one, two := str(d.record("ord_1"), "state"), str(d.record("ord_2"), "state"); one != "released" || two != "cancelled" || len(d.obligations()) != 0 {
				t.Errorf("%q, %q, %q", one, two, d.obligations())
			}
			d.ship("BookShipment", "ord_1") // a run that is late: what was released stays so
		}
		if n := len(d.carrier.Shipments()); n != 2 {
			t.Errorf("%d shipments", n)
		}
	})
}

func TestARegionWithoutARecordKeepsNone(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		d.orders.set("ord_1", "PLACED")
		d.ship("BookShipment", "ord_1")
		west := r.build(west, "shipments", shipping.NewSaga)
		if err := r.invoke(west, map[string]any{"step": "CancelShipment", "order": map[string]any{"orderId": "ord_1"}}, new(map[string]any)); err != nil {
			t.Fatal(err)
		}
		if n := len(r.items("us-west-2", "shipments")); n != 0 || d.carrier.Shipments()[0].Status != carrier.Cancelled {
			t.Errorf("%d records, %v", n, d.carrier.Shipments())
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
		if shipments := d.carrier.Shipments(); len(shipments) != 1 || str(d.record("ord_1"), "shipmentId") != shipments[0].ID {
			t.Errorf("%v, %v", shipments, d.record("ord_1"))
		}
	})
}

func TestTheSweepSeesThroughWhatIsOldByItsOrdersOutcome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		const n = 18 // over all shards of the index
		for i := range n {
			d.orders.set(fmt.Sprint("ord_", i), "PLACED")
			d.ship("BookShipment", fmt.Sprint("ord_", i))
		}
		r.clock.add(5 * time.Minute)
		if res := d.sweepOnce(); res != (shipping.SweepResult{}) {
			t.Errorf("of what is young: %+v", res)
		}
		for i := range n {
			d.orders.set(fmt.Sprint("ord_", i), []string{"CONFIRMED", "REJECTED", "PLACED"}[i%3])
		}
		r.clock.add(time.Second)
		if res := d.sweepOnce(); res != (shipping.SweepResult{Settled: 12, Open: 6}) || len(d.obligations()) != 6 {
			t.Errorf("%+v, %d left", res, len(d.obligations()))
		}
		for i := range n {
			if want := []string{"released", "cancelled", "booked"}[i%3]; str(d.record(fmt.Sprint("ord_", i)), "state") != want {
				t.Errorf("ord_%d: %v, want %s", i, d.record(fmt.Sprint("ord_", i)), want)
			}
		}
	})
}

func TestTheIndexHoldsWhatIsBookedAndWhatIsReleasedIsNotBookedAgain(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		engine := &crashing{RoundTripper: r.calls.dynamodb, left: -1}
		r.calls.dynamodb = engine
		d := openDock(r)
		r.property(t, func(rt *rapid.T, n int) {
			was := map[string]string{} // states
			for range rapid.IntRange(1, 10).Draw(rt, "steps") {
				order := fmt.Sprint("ord_", n, "_", rapid.IntRange(1, 2).Draw(rt, "order"))
				d.orders.set(order, "PLACED")
				if rapid.IntRange(0, 3).Draw(rt, "dies") == 0 {
					engine.left, engine.after = 0, rapid.Bool().Draw(rt, "after it")
				}
				d.ship(rapid.SampledFrom([]string{"BookShipment", "ReleaseShipment", "CancelShipment", "StopShipment"}).Draw(rt, "step"), order)
				engine.left = -1
				var booked []string
				for _, item := range d.items(east, "shipments") {
					pk, state := str(item, "pk"), str(item, "state")
					if state == "booked" {
						booked = append(booked, pk)
					}
					if was[pk] == "released" && state == "booked" {
						rt.Fatalf("%s was released and is booked", pk)
					}
					was[pk] = state
				}
				if slices.Sort(booked); !slices.Equal(booked, d.obligations()) {
					rt.Fatalf("booked are %q, the index holds %q", booked, d.obligations())
				}
			}
		})
	})
}

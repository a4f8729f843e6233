package integration_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"pgregory.net/rapid"

	"twofold/internal/order"
)

func (r *regions) facts(region string) lambda.Handler {
	return r.build(region, "order-work", order.NewFacts)
}

// tell hands a notice of an order to order-facts.
func (r *regions) tell(h lambda.Handler, id, kind, event string) (durability, problem string) {
	r.t.Helper()
	var out struct{ Durability string }
	err := r.invoke(h, map[string]string{"orderId": id, "kind": kind, "eventId": event}, &out)
	return out.Durability, named(err)
}

// factsOf counts an order's facts of a kind.
func (r *regions) factsOf(region, id, kind string) (n int) {
	r.t.Helper()
	for key := range r.items(region, "orders") {
		if strings.HasPrefix(key, "order#"+id+" fact#"+kind) {
			n++
		}
	}
	return n
}

func TestANoticeIsOneFactInBothRegions(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		id := openDesk(r, east).place("k")
		if _, problem := r.tell(r.facts(east), "ord_00000000000000000000000000", "dispatched", "evt_1"); problem == "" {
			t.Error("a notice of an order that nobody knows was taken")
		}
		r.calls.lose(west, true)
		if where, problem := r.tell(r.facts(east), id, "dispatched", "evt_1"); where != "one-region" || problem != "" {
			t.Errorf("%q %q", where, problem)
		}
		r.calls.lose(west, false)
		first := r.items(east, "orders")
		r.clock.Add(time.Minute)
		for _, event := range []string{"evt_1", "evt_2"} { // the carrier tells twice
			if where, problem := r.tell(r.facts(east), id, "dispatched", event); where != "two-regions" || problem != "" {
				t.Errorf("%q %q", where, problem)
			}
		}
		if where, problem := r.tell(r.facts(west), id, "dispatched", "evt_1"); where != "two-regions" || problem != "" {
			t.Errorf("told in the west: %q %q", where, problem)
		}
		r.wantSame("a notice again", first, east, "orders")
		if there := r.items(west, "orders"); !reflect.DeepEqual(first, there) {
			t.Errorf("the regions hold\n%v\n%v", first, there)
		}
	})
}

func TestTheProvidersNoticesAreKeptWhileTheOrderIsOpen(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDesk(r, east)
		id := d.place("k")
		for _, event := range []string{"evt_1", "evt_1", "evt_2"} {
			if where, problem := r.tell(r.facts(east), id, "payment-updated", event); where != "two-regions" || problem != "" {
				t.Errorf("%q %q", where, problem)
			}
		}
		if n := r.factsOf(west, id, "webhook#"); n != 2 {
			t.Errorf("%d facts of two events", n)
		}
		d.conclude("ConfirmOrder", id, captured(east))
		before := r.items(east, "orders")
		if where, problem := r.tell(r.facts(east), id, "payment-updated", "evt_3"); where != "" || problem != "" {
			t.Errorf("of a closed order: %q %q", where, problem)
		}
		r.wantSame("a notice that nothing waits for", before, east, "orders")
	})
}

func TestNoticesAtTheSameMomentAreOneFact(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		id := openDesk(r, east).place("k")
		var wg sync.WaitGroup
		for i := range 8 {
			h := r.facts(east)
			wg.Go(func() {
				if where, problem := r.tell(h, id, "delivered", fmt.Sprint("evt_", i)); where != "two-regions" {
					t.Errorf("%q %q", where, problem)
				}
			})
		}
		wg.Wait()
		if e, w := r.factsOf(east, id, "delivered"), r.factsOf(west, id, "delivered"); e != 1 || w != 1 {
			t.Errorf("%d facts here, %d there", e, w)
		}
	})
}

func TestAFactOnceWrittenNeverChanges(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDesk(r, east)
		r.property(t, func(rt *rapid.T, n int) {
			id := d.place(fmt.Sprint("k", n))
			before := r.items(east, "orders")
			for range rapid.IntRange(1, 6).Draw(rt, "notices") {
				r.calls.lose(west, rapid.Bool().Draw(rt, "the other region is lost"))
				r.clock.Add(20 * time.Second)
				r.tell(r.facts(east), id, rapid.SampledFrom([]string{"dispatched", "delivered", "payment-updated"}).Draw(rt, "kind"),
					fmt.Sprint("evt_", rapid.IntRange(1, 3).Draw(rt, "event")))
				after := r.items(east, "orders")
				for key, item := range before {
					if !reflect.DeepEqual(after[key], item) {
						rt.Fatalf("%s was %v and is %v", key, item, after[key])
					}
				}
				before = after
			}
			r.calls.lose(west, false)
		})
	})
}

func TestAProductIsAnsweredByTheVersionThatCounts(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openShop(r, east), openShop(r, west)
		ask := func(want, sku string) (out map[string]any, problem string) {
			return out, named(r.invoke(e.query, map[string]string{"want": want, "sku": sku}, &out))
		}
		if out, problem := ask("product", "TEA"); out["found"] != false || problem != "" {
			t.Errorf("of no product: %v %q", out, problem)
		}
		e.send(e.api, put("TEA", tea))
		r.replicate("catalogue", east, west)
		w.send(w.api, put("TEA", strings.Replace(tea, "790", "800", 1)))
		r.replicate("catalogue", west, east)
		out, problem := ask("product", "TEA")
		price, ok := out["price"].(map[string]any)
		if problem != "" || !ok || price["amount"] != 800.0 || out["version"] != 2.0 || out["region"] != west {
			t.Errorf("%v %q", out, problem)
		}
		if _, problem := ask("price", "TEA"); problem == "" {
			t.Error("a question that is none was answered")
		}
	})
}

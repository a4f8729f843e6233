package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// asked counts what the order service's answers are about.
type asked map[string]int

// slowOrders has every order open, and each answer about one take some seconds.
func (r *regions) slowOrders(takes time.Duration) asked {
	seen := asked{}
	answer := r.calls.functions[east+"/order-query"]
	r.calls.functions[east+"/order-query"] = lambda.NewHandler(func(ctx context.Context, in map[string]string) (json.RawMessage, error) {
		if in["want"] != "outcome" {
			raw, err := json.Marshal(in)
			if err != nil {
				return nil, err
			}
			return answer.Invoke(ctx, raw)
		}
		r.clock.Add(takes)
		seen[in["orderId"]]++
		return json.RawMessage(`{"known":true,"state":"PLACED","committedBy":""}`), nil
	})
	return seen
}

// Of ten that are waiting a run has time for some; so many runs in a row see all.
func (a asked) wantAll(t *testing.T, run func(), runs int) {
	t.Helper()
	for i := range runs {
		run()
		if i == 0 && len(a) >= 10 {
			t.Fatal("one run had time for all: the test shows nothing")
		}
	}
	if len(a) != 10 {
		t.Errorf("%d runs asked for %v", runs, a)
	}
}

func TestTheShippingSweepGoesOnWhereItsTimeWasUp(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		d := openDock(r)
		for i := range 10 {
			d.orders.set(fmt.Sprint("ord_", i), "PLACED")
			d.ship("BookShipment", fmt.Sprint("ord_", i))
		}
		r.clock.Add(10 * time.Minute)
		r.slowOrders(10*time.Second).wantAll(t, func() { d.sweepOnce() }, 4)
	})
}

func TestTheInventorySweepGoesOnWhereItsTimeWasUp(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openShop(r, east)
		e.send(e.api, put("TEA", tea))
		e.deliver(e.events, received("TEA", "asn-1", east, 20))
		r.openOrderBook()
		for i := range 10 {
			e.run(step("ReserveStock", fmt.Sprint("ord_", i), "", map[string]int{"TEA": 1}), "")
		}
		r.clock.Add(10 * time.Minute)
		r.slowOrders(3*time.Second).wantAll(t, func() { e.sweepOnce() }, 5)
	})
}

func TestTheReconcilerGoesOnWhereItsTimeWasUp(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		b := openBooks(r)
		for i := range 10 {
			b.orders.set(fmt.Sprint("ord_", i), "PLACED")
			if _, _, err := b.pay(east, "AuthorizePayment", fmt.Sprint("ord_", i)); err != nil {
				t.Fatal(err)
			}
		}
		r.clock.Add(10 * time.Minute)
		seen := r.slowOrders(5 * time.Second)
		seen.wantAll(t, func() { b.reconcile() }, 4)
		if len(b.again()) != 10 {
			t.Errorf("listed again: %v", b.again())
		}
		for id := range seen {
			delete(seen, id)
		}
		seen.wantAll(t, func() { b.reconcile() }, 4) // of those that are listed
	})
}

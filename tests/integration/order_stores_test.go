package integration_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/order"
	"twofold/internal/platform"
)

const newOrder = `{"lines":[{"sku":"TEA","quantity":2}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard",
"name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`

// desk is order's functions in a region.
type desk struct {
	*regions
	region string

	api, query, saga, sweep, prices, erase lambda.Handler
}

func openDesk(r *regions, region string) *desk {
	d := &desk{regions: r, region: region, api: r.build(region, "order-work", order.NewAPI), query: r.build(region, "order-work", order.NewQuery),
		saga: r.build(region, "order-work", order.NewSaga), sweep: r.build(region, "order-work", order.NewSweep),
		prices: r.build(region, "order-work", order.NewPrices), erase: r.build(region, "order-work", order.NewErase)}
	d.deliver(d.prices, priced("TEA", 1, east, 790))
	return d
}

func priced(sku string, version int, region string, amount int) string {
	return onBus("twofold.inventory", "ProductChanged", fmt.Sprintf(`{"sku":%q,"region":%q,"version":"%d","title":"Tea","amount":"%d","currency":"EUR","active":"true"}`,
		sku, region, version, amount))
}

func place(key, body string) request {
	return request{route: "POST /v1/orders", header: map[string]string{"Idempotency-Key": key}, body: body}
}

// place takes an order and gives its id.
func (d *desk) place(key string) string {
	d.t.Helper()
	a := d.send(d.api, place(key, newOrder))
	if a.status != 202 {
		d.t.Fatalf("%d %s", a.status, a.raw)
	}
	return a.body["orderId"].(string)
}

// ask puts a question of another service.
func (d *desk) ask(id, want string) (map[string]any, string) {
	d.t.Helper()
	var out map[string]any
	err := d.invoke(d.query, map[string]string{"orderId": id, "want": want}, &out)
	return out, named(err)
}

// conclude makes the saga's step that writes an outcome.
func (d *desk) conclude(name, id string, payment map[string]any) {
	d.t.Helper()
	in := map[string]any{"step": name, "order": map[string]any{"orderId": id, "home": d.region, "placedRegion": d.region}, "payment": payment}
	if err := d.invoke(d.saga, in, new(any)); err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
}

func captured(by string) map[string]any {
	return map[string]any{"decision": "captured", "intentId": "pi_1", "committedBy": by, "placedRegion": by}
}

// sweepOnce is a run of the sweep.
func (d *desk) sweepOnce() (started []string) {
	d.t.Helper()
	if err := d.invoke(d.sweep, struct{}{}, new(map[string]any)); err != nil {
		d.t.Fatal(err)
	}
	return d.calls.takeStarted()
}

func TestAnOrderStandsInBothRegionsOrIsSaidNotTo(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		r.calls.lose(west, true)
		a := e.send(e.api, place("k", newOrder))
		if a.status != 202 || a.header["Twofold-Durability"] != "one-region" || len(r.items(east, "orders")) != 2 {
			t.Fatalf("%d %v %s", a.status, a.header, a.raw)
		}
		r.calls.lose(west, false)
		if len(r.items(west, "orders")) != 0 {
			t.Fatal("a lost region took the order")
		}
		b := e.send(e.api, place("k", newOrder))
		if b.status != 202 || b.header["Twofold-Durability"] != "two-regions" || b.body["orderId"] != a.body["orderId"] {
			t.Fatalf("again: %d %v %s", b.status, b.header, b.raw)
		}
		here, there := r.items(east, "orders"), r.items(west, "orders")
		if len(here) != 2 || !reflect.DeepEqual(here, there) {
			t.Errorf("the regions hold\n%v\n%v", here, there)
		}
		for key := range here {
			if !strings.HasSuffix(key, "#"+east) {
				t.Errorf("the key %q does not name the region that wrote it", key)
			}
		}
		fact := here["order#"+a.body["orderId"].(string)+" fact#placed#"+east]
		if !strings.HasPrefix(str(fact, "sweep"), "us-east-1#") || str(fact, "type") != "OrderPlaced" {
			t.Errorf("the placed fact is %v", fact)
		}
		for name, text := range map[string]string{"name": "Ada Byron", "email": "ada@shop.example", "line1": "Square"} {
			if strings.Contains(fmt.Sprint(fact), text) {
				t.Errorf("the fact tells the %s", name)
			}
		}
	})
}

func TestAKeyIsOneOrderInEitherRegion(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openDesk(r, east), openDesk(r, west)
		id := e.place("k")
		if again := w.place("k"); again != id {
			t.Errorf("%s in the other region", again)
		}
		before := r.items(east, "orders")
		if a := e.send(e.api, place("k", strings.Replace(newOrder, `"quantity":2`, `"quantity":3`, 1))); a.status != 422 || a.body["code"] != "IdempotencyMismatch" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		r.wantSame("another body under the key", before, east, "orders")
		mine := request{route: "GET /v1/orders/{orderId}", path: map[string]string{"orderId": id}, customer: "eve"}
		if a := e.send(e.api, mine); a.status != 404 {
			t.Errorf("somebody else reads %d %s", a.status, a.raw)
		}
	})
}

func TestTheSameRequestAtTheSameMomentIsOneOrder(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		openDesk(r, east) // the price
		replies := make([]reply, 8)
		var wg sync.WaitGroup
		for i := range replies {
			api := r.build(east, "order-work", order.NewAPI)
			wg.Go(func() { replies[i] = r.send(api, place("k", newOrder)) })
		}
		wg.Wait()
		for _, a := range replies {
			if a.status != 202 || a.body["orderId"] != replies[0].body["orderId"] {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}
		if n := len(r.items(east, "orders")); n != 2 {
			t.Errorf("%d items", n)
		}
	})
}

// An order whose person the other region was still to bring waits for it, unless that region was given up since: then it has to do without.
func TestAnOrderWaitsForItsPersonUnlessTheRegionThatHasItWasGivenUp(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openDesk(r, east), openDesk(r, west)
		id := e.place("k")
		if _, err := r.db(west).DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(r.table("orders")),
			Key: platform.Item{"pk": attr("order#" + id), "sk": attr("person#" + east)}}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"saga", "person"} {
			if _, name := w.ask(id, want); name != "Unavailable" {
				t.Errorf("%s: %q", want, name)
			}
		}
		r.clock.Add(time.Minute)
		if _, err := r.fences(west).Set(t.Context()); err != nil {
			t.Fatal(err)
		}
		if order, name := w.ask(id, "saga"); order["orderId"] != id || name != "" {
			t.Errorf("after the loss: %v %q", order, name)
		}
		if person, name := w.ask(id, "person"); person["email"] != "" || name != "" {
			t.Errorf("after the loss: %v %q", person, name)
		}
	})
}

func TestThePriceOfTheHighestVersionCounts(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		type price struct {
			Amount, Version int64
			Region          string
		}
		e.deliver(e.prices, priced("TEA", 3, east, 300), priced("TEA", 2, west, 200), priced("TEA", 3, west, 301), priced("TEA", 3, east, 300))
		if got := read[price](t, r.items(east, "order-work"), "price#TEA price"); got != (price{301, 3, west}) {
			t.Errorf("got %+v", got)
		}
		if failed := r.deliverAll(e.prices, priced("tea!", 4, east, 1), priced("CUP", 1, east, 1)); !slices.Equal(failed, []string{"0"}) {
			t.Errorf("given back: %v", failed)
		}
	})
}

func TestAnOutcomeIsWrittenOnceAndAnswersEveryQuestion(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		id := e.place("k")
		if _, name := e.ask("ord_unknown", "saga"); name != "NotFound" {
			t.Errorf("an unknown order: %q", name)
		}
		if out, _ := e.ask("ord_unknown", "outcome"); out["known"] != false {
			t.Errorf("an unknown order: %v", out)
		}
		if out, _ := e.ask(id, "saga"); out["state"] != "PLACED" || out["home"] != east || len(out["lines"].([]any)) != 1 {
			t.Errorf("saga: %v", out)
		}
		if out, _ := e.ask(id, "person"); out["email"] != "ada@shop.example" {
			t.Errorf("person: %v", out)
		}
		e.conclude("ConfirmOrder", id, captured(east))
		first := r.items(east, "orders")
		r.clock.Add(time.Minute)
		e.conclude("ConfirmOrder", id, captured(east))
		r.wantSame("confirming again", first, east, "orders")
		if out, _ := e.ask(id, "outcome"); out["state"] != "CONFIRMED" || out["committedBy"] != east {
			t.Errorf("outcome: %v", out)
		}
	})
}

func TestOwnOrdersAreListedNewestFirst(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		var want []string
		for i := range 5 {
			want = append(want, e.place(fmt.Sprint("k", i)))
			r.clock.Add(time.Second)
		}
		slices.Reverse(want)
		e.send(e.api, request{route: "POST /v1/orders", header: map[string]string{"Idempotency-Key": "k"}, body: newOrder, customer: "eve"})
		var got []string
		for query := map[string]string{"limit": "2"}; ; {
			a := e.send(e.api, request{route: "GET /v1/orders", query: query})
			items, ok := a.body["items"].([]any)
			if a.status != 200 || !ok {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			for _, o := range items {
				got = append(got, o.(map[string]any)["orderId"].(string))
			}
			next, more := a.body["nextCursor"].(string)
			if !more {
				break
			}
			query["cursor"] = next
			if a := e.send(e.api, request{route: "GET /v1/orders", query: maps.Clone(query), customer: "eve"}); a.status != 400 {
				t.Errorf("another's cursor: %d %s", a.status, a.raw)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestACancelRequestIsOneFactInBothRegions(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		id := e.place("k")
		cancel := request{route: "POST /v1/orders/{orderId}/cancellation", path: map[string]string{"orderId": id}}
		for range 2 {
			if a := e.send(e.api, cancel); a.status != 202 || a.header["Twofold-Durability"] != "two-regions" || a.body["cancelRequested"] != true {
				t.Fatalf("%d %v %s", a.status, a.header, a.raw)
			}
			r.clock.Add(time.Minute)
		}
		if here, there := r.items(east, "orders"), r.items(west, "orders"); len(here) != 3 || !reflect.DeepEqual(here, there) {
			t.Errorf("the regions hold\n%v\n%v", here, there)
		}
		e.conclude("CloseOrder", id, map[string]any{"decision": "cancelled", "intentId": "pi_1", "outcome": "rejected", "code": "PaymentDeclined"})
		before := r.items(east, "orders")
		if a := e.send(e.api, cancel); a.status != 409 {
			t.Errorf("of a rejected order: %d %s", a.status, a.raw)
		}
		r.wantSame("a refused cancellation", before, east, "orders")
	})
}

func TestTheSweepStartsOnlyWhatIsOldAndHasNoOutcome(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		e.sweepOnce() // the first run ever sets the cursors
		r.clock.Add(2 * time.Minute)
		open, done := e.place("open"), e.place("done")
		e.conclude("ConfirmOrder", done, captured(east))
		if started := e.sweepOnce(); len(started) != 0 {
			t.Errorf("started %q while all is young", started)
		}
		r.clock.Add(4 * time.Minute)
		if started := e.sweepOnce(); !slices.Equal(started, []string{fmt.Sprintf(`{"orderId":%q}`, open)}) {
			t.Errorf("started %q, want %s", started, open)
		}
		if _, listed := r.items(east, "order-work")["retry#us-east-1 "+open]; !listed {
			t.Error("the order is not on the list")
		}
		if started := e.sweepOnce(); len(started) != 0 {
			t.Errorf("started %q again at once", started)
		}
		e.conclude("CloseOrder", open, map[string]any{"decision": "cancelled", "intentId": "pi_1", "outcome": "rejected", "code": "PaymentDeclined"})
		r.clock.Add(10 * time.Minute)
		if started := e.sweepOnce(); len(started) != 0 {
			t.Errorf("started %q after its outcome", started)
		}
		if _, listed := r.items(east, "order-work")["retry#us-east-1 "+open]; listed {
			t.Error("an order with an outcome is on the list")
		}
	})
}

func TestThePeersOrdersAreSweptLater(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openDesk(r, east), openDesk(r, west)
		w.sweepOnce()
		r.clock.Add(6 * time.Minute)
		id := e.place("k") // the west has it by the second write alone
		r.clock.Add(4 * time.Minute)
		if started := w.sweepOnce(); len(started) != 0 {
			t.Errorf("the peer started %q too early", started)
		}
		r.clock.Add(4 * time.Minute)
		if started := w.sweepOnce(); len(started) != 1 || !strings.Contains(started[0], id) {
			t.Errorf("the peer started %q, want %s", started, id)
		}
	})
}

func TestASweepsCursorNeverGoesBack(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		e.sweepOnce()
		r.clock.Add(30 * time.Minute)
		e.sweepOnce()
		cursors := func() map[string]platform.Item {
			out := map[string]platform.Item{}
			for key, item := range r.items(east, "order-work") {
				if strings.HasPrefix(key, "cursor#") {
					places, _ := item["places"].(*types.AttributeValueMemberM)
					out[key] = places.Value
				}
			}
			return out
		}
		before := cursors()
		if at := str(before["cursor#us-east-1 places"], "placed#0#0"); at < "2026-03-01T12:2" { // the first pass is close behind the clock
			t.Errorf("the first pass stands at %q", at)
		}
		r.clock.Add(-20 * time.Minute) // a run on a machine whose clock is late
		e.sweepOnce()
		if after := cursors(); len(before) == 0 || !reflect.DeepEqual(before, after) {
			t.Errorf("the cursors went from %v to %v", before, after)
		}
	})
}

func TestAnErasedPersonIsGoneWhereItsRegionWroteIt(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e := openDesk(r, east)
		id := e.place("k")
		for range 2 {
			if err := r.invoke(e.erase, map[string]string{"customer": "ada"}, new(map[string]any)); err != nil {
				t.Fatal(err)
			}
		}
		for key, item := range r.items(east, "orders") {
			if text := fmt.Sprint(item); strings.Contains(text, "Ada Byron") || strings.Contains(text, "ada@shop.example") {
				t.Errorf("%s tells who it is", key)
			}
		}
		if _, name := e.ask(id, "saga"); name != "" {
			t.Errorf("the order has gone with the person: %s", name)
		}
	})
}

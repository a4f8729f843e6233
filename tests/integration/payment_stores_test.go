package integration_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"twofold/internal/payment"
	"twofold/internal/platform"
	"twofold/local/providers/stripe"
)

// till is payment's saga in both regions, with the provider's stand-in.
type till struct {
	*regions
	provider *stripe.Provider
	sagas    map[string]lambda.Handler
}

func openTill(r *regions) *till {
	x := &till{regions: r, provider: r.openStripe(), sagas: map[string]lambda.Handler{}}
	for _, region := range []string{east, west} {
		x.sagas[region] = r.build(region, "payments", payment.NewSaga)
	}
	return x
}

// pay makes a saga step of an order that was placed just now in the east.
func (x *till) pay(region, step, order string) (decision, intent string, err error) {
	x.t.Helper()
	var out struct{ Decision, IntentID string }
	err = x.invoke(x.sagas[region], map[string]any{"step": step, "reason": map[string]string{"outcome": "rejected", "code": "InsufficientStock"},
		"order": map[string]any{"orderId": order, "placedRegion": east, "placedAt": "2026-03-01T12:00:00Z", "amount": map[string]any{"amount": 4200, "currency": "EUR"},
			"payment": map[string]any{"customer": "cus_ada", "method": "pm_card_visa", "version": 1}}}, &out)
	return out.Decision, out.IntentID, err
}

// recorded is the intent that a region's table names for an order.
func (x *till) recorded(region, order string) string {
	x.t.Helper()
	return str(x.items(region, "payments")["order#"+order+" intent"], "intentId")
}

func TestAnOrderHasOneIntentWhichBothRegionsRecord(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		for _, region := range []string{east, west, east} {
			decision, intent, err := x.pay(region, "AuthorizePayment", "ord_1")
			if err != nil || decision != "authorized" || intent != x.recorded(region, "ord_1") {
				t.Fatalf("%s: %q %q %v", region, decision, intent, err)
			}
		}
		if x.recorded(east, "ord_1") != x.recorded(west, "ord_1") || len(x.provider.Intents()) != 1 {
			t.Errorf("the regions know %q and %q of %d", x.recorded(east, "ord_1"), x.recorded(west, "ord_1"), len(x.provider.Intents()))
		}
		before := r.items(east, "payments")
		r.clock.add(time.Minute)
		if decision, _, err := x.pay(east, "CapturePayment", "ord_1"); decision != "captured" {
			t.Errorf("%q %v", decision, err)
		}
		r.wantSame("capturing", before, east, "payments")
	})
}

func TestRunsAtTheSameMomentRecordTheSameIntent(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		var wg sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wg.Go(func() { _, _, errs[i] = x.pay([]string{east, west}[i%2], "AuthorizePayment", "ord_1") })
		}
		wg.Wait()
		for _, err := range errs {
			if name := named(err); name != "" && name != "Undecided" { // a key that is under way is refused, and the step made again
				t.Error(err)
			}
		}
		for _, region := range []string{east, west} {
			if _, intent, err := x.pay(region, "AuthorizePayment", "ord_1"); err != nil || intent != x.recorded(region, "ord_1") {
				t.Errorf("%q %v", intent, err)
			}
		}
		if n := len(x.provider.Intents()); n != 1 {
			t.Errorf("%d intents", n)
		}
	})
}

// interfering writes another intent's record while the provider makes one.
type interfering struct {
	*till
	http.RoundTripper
}

func (i interfering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/payment_intents") {
		if _, err := i.db(east).PutItem(r.Context(), &dynamodb.PutItemInput{TableName: aws.String(i.table("payments")),
			Item: platform.Item{"pk": attr("order#ord_1"), "sk": attr("intent"), "intentId": attr("pi_other")}}); err != nil {
			return nil, err
		}
	}
	return i.RoundTripper.RoundTrip(r)
}

func TestASecondIntentOfAnOrderIsRefusedLoudly(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		r.calls.hosts["stripe.test"] = interfering{x, r.calls.hosts["stripe.test"]}
		if _, _, err := x.pay(east, "AuthorizePayment", "ord_1"); named(err) != "Internal" {
			t.Errorf("%v", err)
		}
		if got := x.recorded(east, "ord_1"); got != "pi_other" {
			t.Errorf("the record says %q", got)
		}
	})
}

func TestAnIntentIsRecordedOnceWhateverDies(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		engine := &crashing{RoundTripper: r.calls.dynamodb, left: -1}
		r.calls.dynamodb = engine
		x := openTill(r)
		r.property(t, func(rt *rapid.T, n int) {
			order, seen := fmt.Sprint("ord_", n), map[string]string{}
			look := func() {
				engine.left = -1
				for _, region := range []string{east, west} {
					now := x.recorded(region, order)
					if before := seen[region]; before != "" && now != before {
						rt.Fatalf("%s recorded %q and then %q", region, before, now)
					}
					seen[region] = now
				}
				if e, w := seen[east], seen[west]; e != "" && w != "" && e != w {
					rt.Fatalf("the regions recorded %q and %q", e, w)
				}
			}
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				if rapid.Bool().Draw(rt, "dies") {
					engine.left, engine.after = rapid.IntRange(0, 1).Draw(rt, "at call"), rapid.Bool().Draw(rt, "after it")
				}
				_, _, err := x.pay(rapid.SampledFrom([]string{east, west}).Draw(rt, "region"), rapid.SampledFrom([]string{"AuthorizePayment", "CapturePayment", "VoidPayment"}).Draw(rt, "step"), order)
				if named(err) == "Internal" && seen[east]+seen[west] != "" && !strings.Contains(err.Error(), "no intent") {
					rt.Fatal(err)
				}
				look()
			}
		})
	})
}

// books is the reconciler of a region.
type books struct {
	*till
	orders *orderBook
	handle lambda.Handler
}

func openBooks(r *regions) *books {
	x := openTill(r)
	for _, region := range []string{east, west} {
		r.calls.functions[region+"/shipping-saga"] = lambda.NewHandler(func() (map[string]any, error) { return map[string]any{}, nil })
	}
	return &books{till: x, orders: r.openOrderBook(), handle: r.build(east, "payments", payment.NewReconcile)}
}

func (b *books) reconcile() payment.ReconcileResult {
	b.t.Helper()
	var res payment.ReconcileResult
	if err := b.invoke(b.handle, struct{}{}, &res); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// again are the intents on the reconciler's list.
func (b *books) again() (ids []string) {
	b.t.Helper()
	for key := range b.items(east, "payments") {
		if id, listed := strings.CutPrefix(key, "reconcile#again "); listed {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestTheReconcilerListsWhatIsOpenAndGoesOnWhereItWas(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		b := openBooks(r)
		var open []string
		for i := range 25 { // more than a page of the provider's list
			order := fmt.Sprint("ord_", i)
			_, intent, err := b.pay(east, "AuthorizePayment", order)
			if err != nil {
				t.Fatal(err)
			}
			if b.orders.set(order, "PLACED"); i%5 == 0 {
				b.orders.set(order, "REJECTED")
			} else {
				open = append(open, intent)
			}
		}
		slices.Sort(open)
		r.clock.add(10 * time.Minute)
		if res := b.reconcile(); res.Seen != 25 || res.Voided != 5 || res.Waiting != 20 || !slices.Equal(b.again(), open) {
			t.Fatalf("%+v, %d listed", res, len(b.again()))
		}
		place := b.items(east, "payments")["reconcile#us-east-1 place"]
		if str(place, "from") != "2026-03-01T12:05:00Z" || str(place, "after") != "" {
			t.Errorf("the place is %v", place)
		}
		r.clock.add(5 * time.Minute)
		if res := b.reconcile(); res.Seen != 0 || res.Waiting != 20 {
			t.Errorf("looked again: %+v", res)
		}
		for i := range 25 {
			b.orders.set(fmt.Sprint("ord_", i), "REJECTED")
		}
		if res := b.reconcile(); res.Voided != 20 || len(b.again()) != 0 {
			t.Errorf("%+v, %d listed", res, len(b.again()))
		}
	})
}

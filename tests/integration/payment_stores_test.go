package integration_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"pgregory.net/rapid"

	"twofold/internal/payment"
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

func TestAnOrderHasOneIntentInBothRegionsAndNoRecordInEither(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		for _, region := range []string{east, west, east} {
			if decision, intent, err := x.pay(region, "AuthorizePayment", "ord_1"); err != nil || decision != "authorized" || intent != x.provider.Intents()[0].ID {
				t.Fatalf("%s: %q %q %v", region, decision, intent, err)
			}
		}
		for _, region := range []string{west, east} {
			if decision, _, err := x.pay(region, "CapturePayment", "ord_1"); decision != "captured" {
				t.Errorf("%q %v", decision, err)
			}
		}
		if all := x.provider.Intents(); len(all) != 1 || all[0].Captures != 1 || all[0].CommittedBy != west {
			t.Errorf("%+v", all)
		}
		if n := len(r.items(east, "payments")) + len(r.items(west, "payments")); n != 0 {
			t.Errorf("%d items were written", n)
		}
	})
}

func TestRunsAtTheSameMomentHaveTheSameIntent(t *testing.T) {
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
		if n := len(x.provider.Intents()); n != 1 {
			t.Errorf("%d intents", n)
		}
	})
}

func TestASecondIntentOfAnOrderIsRefusedLoudly(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		if _, _, err := x.pay(east, "AuthorizePayment", "ord_1"); err != nil {
			t.Fatal(err)
		}
		byHand := url.Values{"amount": {"4200"}, "currency": {"eur"}, "customer": {"cus_ada"}, "metadata[order_id]": {"ord_1"}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://stripe.test/v1/payment_intents", strings.NewReader(byHand.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+providerKey)
		res, err := r.calls.hosts["stripe.test"].RoundTrip(req)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%+v %v", res, err)
		}
		for _, step := range []string{"AuthorizePayment", "CapturePayment", "VoidPayment"} {
			if _, _, err := x.pay(west, step, "ord_1"); named(err) != "Internal" || !strings.Contains(err.Error(), "several payment intents") {
				t.Errorf("%s: %v", step, err)
			}
		}
	})
}

// The gateway and the stand-in, with runs of both regions that die between any two calls, and after a call before they have read its answer.
func TestAnOrderHasOneIntentWhateverDies(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		x := openTill(r)
		wire := &crashing{RoundTripper: r.calls.hosts["stripe.test"], left: -1}
		r.calls.hosts["stripe.test"] = wire
		r.property(t, func(rt *rapid.T, n int) {
			order, wanted, decided := fmt.Sprint("ord_", n), false, ""
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				if rapid.Bool().Draw(rt, "dies") {
					wire.left, wire.after = rapid.IntRange(0, 3).Draw(rt, "at call"), rapid.Bool().Draw(rt, "after it")
				}
				step := rapid.SampledFrom([]string{"AuthorizePayment", "CapturePayment", "VoidPayment"}).Draw(rt, "step")
				decision, _, err := x.pay(rapid.SampledFrom([]string{east, west}).Draw(rt, "region"), step, order)
				wire.left = -1
				wanted = wanted || step == "AuthorizePayment"
				if named(err) == "Internal" && !strings.Contains(err.Error(), "no intent") {
					rt.Fatal(err)
				}
				if decision == "captured" || decision == "cancelled" {
					if decided != "" && decided != decision {
						rt.Fatalf("told %s and then %s", decided, decision)
					}
					decided = decision
				}
				of := slices.DeleteFunc(x.provider.Intents(), func(i stripe.Intent) bool { return i.Order != order })
				if len(of) > 1 || len(of) == 1 && (of[0].Captures > 1 || !wanted && of[0].Authorized) {
					rt.Fatalf("%s left %+v", step, of)
				}
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
		r.clock.Add(10 * time.Minute)
		if res := b.reconcile(); res.Seen != 25 || res.Voided != 5 || res.Waiting != 20 || !slices.Equal(b.again(), open) {
			t.Fatalf("%+v, %d listed", res, len(b.again()))
		}
		place := b.items(east, "payments")["reconcile#us-east-1 place"]
		if str(place, "from") != "2026-03-01T12:05:00Z" || str(place, "after") != "" {
			t.Errorf("the place is %v", place)
		}
		r.clock.Add(5 * time.Minute)
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

package world_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/promises"
	"twofold/local/world"
)

// lag is how long replication takes in these tests.
const lag = 800 * time.Millisecond

const (
	goodCard     = "pm_card_visa"
	declinedCard = "pm_card_chargeDeclined"
)

// shop is a simulated world and a client of it.
type shop struct {
	*world.World
	t          testing.TB
	east, west string
	accepted   []string
}

func simulate(t testing.TB, seed uint64) *shop {
	t.Helper()
	w, err := world.Simulate(world.Options{Root: "../..", Seed: seed, Lag: lag})
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	s := &shop{t: t, World: w, east: w.Regions()[0], west: w.Regions()[1]}
	t.Cleanup(func() {
		for _, e := range w.Cloud().Journal.Entries(core.KindDenied) {
			t.Errorf("denied: %s %s", e.Subject, e.Detail)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// do runs a client's errand and stops the test if it fails.
func (s *shop) do(label string, f func(ctx context.Context) error) {
	s.t.Helper()
	if err := s.Do(context.Background(), label, f); err != nil {
		s.t.Fatalf("%s: %v", label, err)
	}
}

// wait lets time pass.
func (s *shop) wait(d time.Duration) {
	s.t.Helper()
	s.do("wait", func(ctx context.Context) error { return s.Cloud().Sleep(ctx, d) })
}

// request is what a client sends.
type request struct{ region, method, path, customer, scope, key, body string }

// send gives the status of the answer and its body.
func (s *shop) send(ctx context.Context, r request) (int, map[string]any, error) {
	token, err := s.Token(r.customer, r.scope)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, s.APIURL(r.region)+r.path, strings.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	res, err := (&http.Client{Transport: s.Transport()}).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		return res.StatusCode, nil, fmt.Errorf("%s: %w", raw, err)
	}
	return res.StatusCode, body, nil
}

// expect is send with the status that it must have.
func (s *shop) expect(ctx context.Context, status int, r request) (map[string]any, error) {
	got, body, err := s.send(ctx, r)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s in %s: %d %v", r.method, r.path, r.region, got, body)
	}
	return body, err
}

// stock puts a product into the catalogue and n units into each region, and waits until they are there.
func (s *shop) stock(sku string, n int) {
	s.t.Helper()
	staff := request{region: s.east, customer: "staff", scope: "catalogue:admin orders:read"}
	s.do("stock", func(ctx context.Context) error {
		r := staff
		r.method, r.path, r.body = "PUT", "/v1/products/"+sku, `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`
		if _, err := s.expect(ctx, http.StatusCreated, r); err != nil {
			return err
		}
		for _, region := range s.Regions() {
			r := staff
			r.method, r.path = "POST", "/v1/products/"+sku+"/receipts"
			r.body = fmt.Sprintf(`{"receiptId":"open-%s-%s","quantity":%d,"target":%q}`, sku, region, n, region)
			if _, err := s.expect(ctx, http.StatusAccepted, r); err != nil {
				return err
			}
		}
		return nil
	})
	s.wait(5 * time.Second)
}

// order is one order of the tests.
type order struct {
	region, sku, card string
	quantity, number  int
}

func (s *shop) place(ctx context.Context, o order) (string, error) {
	body := fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":%d}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard","name":"Ada Byron",`+
		`"email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`, o.sku, o.quantity, o.card)
	got, err := s.expect(ctx, http.StatusAccepted, request{region: o.region, method: "POST", path: "/v1/orders", customer: fmt.Sprintf("customer-%d", o.number),
		scope: "orders:read orders:write", key: fmt.Sprintf("order-%d", o.number), body: body})
	id, _ := got["orderId"].(string)
	return id, err
}

// buy places orders, each as a client of its own, so that they run at once.
func (s *shop) buy(orders ...order) []string {
	s.t.Helper()
	ids := make([]string, len(orders))
	s.do("buy", func(ctx context.Context) error {
		done := s.Cloud().NewSignal()
		var failed error
		left := len(orders)
		for i, o := range orders {
			s.Cloud().Go(ctx, fmt.Sprintf("client-%d", i), func(ctx context.Context) {
				id, err := s.place(ctx, o)
				if ids[i] = id; err != nil {
					failed = err
				}
				left--
				done.Set()
			})
		}
		for left > 0 {
			if err := done.Wait(ctx); err != nil {
				return err
			}
		}
		return failed
	})
	s.accepted = append(s.accepted, ids...)
	return ids
}

// sixOrders are orders of every fate: four are paid, one is declined, one asks for more than there is.
func (s *shop) sixOrders(sku string) []order {
	return []order{
		{s.east, sku, goodCard, 1, 0}, {s.west, sku, goodCard, 2, 1}, {s.east, sku, goodCard, 2, 2},
		{s.west, sku, goodCard, 1, 3}, {s.east, sku, declinedCard, 1, 4}, {s.west, sku, goodCard, 900, 5},
	}
}

// states are the orders' states as one region sees them.
func (s *shop) states(region string) map[string]int {
	s.t.Helper()
	out := map[string]int{}
	for _, state := range s.stateOf(region) {
		out[state]++
	}
	return out
}

func (s *shop) stateOf(region string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	s.do("read", func(ctx context.Context) error {
		for i, id := range s.accepted {
			got, err := s.expect(ctx, http.StatusOK, request{region: region, method: "GET", path: "/v1/orders/" + id, customer: fmt.Sprintf("customer-%d", i), scope: "orders:read"})
			if err != nil {
				return err
			}
			out[id], _ = got["state"].(string)
		}
		return nil
	})
	return out
}

// mailsOnce is the promise that does not hold when regions were cut off from each other.
const mailsOnce = "one mail for each outcome"

// kept checks every promise but those named, once nothing is under way.
func (s *shop) kept(except ...string) promises.View {
	s.t.Helper()
	if err := s.Quiet(context.Background()); err != nil {
		s.t.Error(err)
	}
	v, err := s.View(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	v.Accepted = s.accepted
	for _, r := range promises.Check(v) {
		if slices.Contains(except, r.Name) {
			continue
		}
		for _, b := range r.Broken {
			s.t.Errorf("%s: %s", r.Name, b)
		}
	}
	return v
}

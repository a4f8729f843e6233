//go:build pact

package providers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/providers/webhook"
	"twofold/local/world"
)

// What the pacts call their product and order. The product is there under its own name, orders get the names that they have.
const (
	pactOrder = "ord_mfzwizlooqqho3tpnvqxi2lomq"
	pactSKU   = "TEA-EARL-GREY"
	noSuchSKU = "NO-SUCH-TEA"
)

// shop is the whole platform on a virtual clock, and the order and product that the state of the moment is about.
type shop struct {
	*world.World
	t          *testing.T
	region     string // where everything is asked
	count      int
	customer   string
	order, sku string
	taps       taps
}

func openShop(t *testing.T) *shop {
	t.Helper()
	w, err := world.Simulate(world.Options{Root: "../../..", Seed: 1, Lag: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &shop{World: w, t: t, region: w.Regions()[0], sku: pactSKU, order: pactOrder}
	if err := s.tapRules(); err != nil {
		t.Fatal(err)
	}
	if err := s.stock(); err != nil {
		t.Fatal(err)
	}
	return s
}

// states are the states of everything in the shop; each makes an order of its own.
func (s *shop) states() map[string]state {
	order := func(card string, then ...func(ctx context.Context) error) state {
		return func() (map[string]any, error) {
			err := s.make(s.offer, append([]func(ctx context.Context) error{func(ctx context.Context) error { return s.place(ctx, card, 2) }}, then...)...)
			return map[string]any{"order": s.order}, err
		}
	}
	cancel := func(ctx context.Context) error {
		_, err := s.send(ctx, "POST", "/v1/orders/"+s.order+"/cancellation", "", http.StatusAccepted)
		return err
	}
	dispatch := func(context.Context) error { return s.Carrier().Dispatch(s.order) }
	deliver := func(context.Context) error { return s.Carrier().Deliver(s.order) }
	erase := func(ctx context.Context) error {
		_, err := s.Invoke(ctx, s.region, "twofold-local-order-erase", fmt.Appendf(nil, `{"orderId":%q}`, s.order))
		return err
	}
	authenticate := func(context.Context) error {
		for _, i := range s.Stripe().Intents() {
			if i.Order == s.order {
				return s.Stripe().Authenticate(i.ID, true)
			}
		}
		return fmt.Errorf("there is no intent of %s", s.order)
	}
	late := func(context.Context) error { // the carrier has the goods, and nobody here knows
		s.CarrierWebhooks().Inject(webhook.Fault{Delay: time.Minute, Times: 1})
		return s.Carrier().Dispatch(s.order)
	}
	lend := func(ctx context.Context) error { // what is ordered here is in the other region only
		s.sku = fmt.Sprintf("TEA-LENT-%d", s.count)
		if err := s.offer(ctx); err != nil {
			return err
		}
		if err := s.receiveIn(ctx, s.Regions()[1]); err != nil {
			return err
		}
		if err := s.Cloud().Sleep(ctx, 20*time.Second); err != nil {
			return err
		}
		return s.place(ctx, goodCard, 2)
	}
	fence := func(ctx context.Context) error {
		_, err := s.Invoke(ctx, s.region, prefix+"order-adopt", []byte(`{"action":"fence","apply":true}`))
		return err
	}
	elsewhere := func(ctx context.Context) error {
		if err := s.receiveIn(ctx, s.Regions()[1]); err != nil {
			return err
		}
		if err := s.Cloud().Sleep(ctx, 20*time.Second); err != nil {
			return err
		}
		s.region = s.Regions()[1]
		defer func() { s.region = s.Regions()[0] }()
		return s.place(ctx, goodCard, 2)
	}
	byTheOther := func(step, known, payment string) state { // of an order that waits for its shopper, which this region took
		return order(askingCard, func(ctx context.Context) error {
			home := s.Regions()[0]
			_, err := s.Invoke(ctx, s.Regions()[1], prefix+"order-saga", fmt.Appendf(nil,
				`{"step":%q,"order":{"orderId":%q,"home":%q,"placedRegion":%q%s},"payment":{%s}}`, step, s.order, home, home, known, payment))
			return err
		})
	}
	nothing := func() (map[string]any, error) {
		s.order, s.sku = pactOrder, noSuchSKU
		return map[string]any{}, nil
	}
	return map[string]state{
		"no order":                            nothing,
		"no product":                          nothing,
		"a product is for sale":               func() (map[string]any, error) { s.sku = pactSKU; return map[string]any{}, nil },
		"a product is put into the catalogue": func() (map[string]any, error) { return map[string]any{}, s.make(s.offer) },
		"goods are received":                  func() (map[string]any, error) { return map[string]any{}, s.make(s.receive) },
		"a region lends to the other":         func() (map[string]any, error) { return map[string]any{}, s.make(lend) },
		"the other region is fenced":          func() (map[string]any, error) { return map[string]any{}, s.make(fence) },
		"the other region has sold":           func() (map[string]any, error) { return map[string]any{}, s.make(s.offer, elsewhere, fence) },
		"an order is placed":                  order(goodCard),
		"an order is confirmed":               order(goodCard),
		"an order is rejected":                order(badCard),
		"the other region confirms an order": byTheOther("ConfirmOrder", "",
			`"decision":"captured","intentId":"pi_1","committedBy":"us-east-1","placedRegion":"us-east-1"`),
		"the other region rejects an order":            byTheOther("CloseOrder", "", `"decision":"cancelled","intentId":"pi_1","outcome":"rejected","code":"PaymentDeclined"`),
		"the other region calls a confirmed order off": byTheOther("CancelOrder", `,"committedBy":"us-east-1"`, ""),
		"an order whose person was erased":             order(goodCard, erase),
		"an order whose shopper must act":              order(askingCard),
		"the payment provider tells of an order":       order(askingCard, authenticate),
		"a confirmed order is cancelled":               order(goodCard, cancel),
		"a cancellation comes too late":                order(goodCard, late, cancel),
		"the goods are picked up":                      order(goodCard, dispatch),
		"the goods are delivered":                      order(goodCard, dispatch, deliver),
	}
}

// make does one thing after another, lets each run its course, and gathers what the rules delivered.
func (s *shop) make(first func(ctx context.Context) error, then ...func(ctx context.Context) error) error {
	s.sku, s.taps.got = pactSKU, nil
	for _, do := range append([]func(ctx context.Context) error{first}, then...) {
		err := s.Do(context.Background(), "contract", func(ctx context.Context) error {
			if err := do(ctx); err != nil {
				return err
			}
			return s.Cloud().Sleep(ctx, 20*time.Second)
		})
		if err != nil {
			return err
		}
	}
	return s.drain()
}

// stock opens the shop.
func (s *shop) stock() error { return s.make(s.offer, s.receive) }

func (s *shop) offer(ctx context.Context) error {
	return s.list(ctx, true)
}

// list puts the product into the catalogue, each time as a new version.
func (s *shop) list(ctx context.Context, active bool) error {
	s.count++
	_, err := s.send(ctx, "PUT", "/v1/products/"+s.sku, fmt.Sprintf(`{"title":"Earl Grey, edition %d","price":{"amount":790,"currency":"EUR"},"active":%t}`, s.count, active), 0)
	return err
}

func (s *shop) receive(ctx context.Context) error { return s.receiveIn(ctx, s.region) }

func (s *shop) receiveIn(ctx context.Context, target string) error {
	s.count++
	_, err := s.send(ctx, "POST", "/v1/products/"+s.sku+"/receipts", fmt.Sprintf(`{"receiptId":"asn-%d","quantity":500,"target":%q}`, s.count, target), http.StatusAccepted)
	return err
}

// welcome makes a customer whom nobody knows.
func (s *shop) welcome() {
	s.count++
	s.customer = fmt.Sprintf("customer-%d", s.count)
}

func (s *shop) place(ctx context.Context, card string, quantity int) error {
	s.welcome()
	got, err := s.send(ctx, "POST", "/v1/orders", newOrder(s.sku, card, quantity), http.StatusAccepted)
	s.order = got.OrderID
	return err
}

// newOrder is the body of an order of one product.
func newOrder(sku, card string, quantity int) string {
	return fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":%d}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard","name":"Ada Byron",`+
		`"email":"ada@shop.example","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`, sku, quantity, card)
}

// placed is what is read of an answer of the API.
type placed struct {
	OrderID string `json:"orderId"`
	State   string `json:"state"`
}

// send is a request to the API in the name of the customer of the moment, or of the staff. A status of 0 is any below 300.
func (s *shop) send(ctx context.Context, method, path, body string, status int) (out placed, err error) {
	customer, scope := s.customer, "orders:read orders:write"
	if strings.HasPrefix(path, "/v1/products") {
		customer, scope = "staff", "catalogue:admin orders:read"
	}
	token, err := s.Token(customer, scope)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.APIURL(s.region)+path, strings.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "Idempotency-Key": {s.key()}}
	res, err := (&http.Client{Transport: s.Transport()}).Do(req)
	if err != nil {
		return out, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end below
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return out, err
	}
	if res.StatusCode != status && (status != 0 || res.StatusCode >= http.StatusMultipleChoices) {
		return out, fmt.Errorf("%s %s answered %d %s", method, path, res.StatusCode, raw)
	}
	err = json.Unmarshal(raw, &out)
	return out, err
}

// key is the idempotency key of the moment.
func (s *shop) key() string { return fmt.Sprintf("contract-%04d", s.count) }

// do is an operation of an AWS service of a region, as an operator calls it.
func (s *shop) do(ctx context.Context, region, service, operation string, in map[string]any, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	res, err := s.Cloud().Do(ctx, &core.Call{Region: region, Service: service, Operation: operation, Body: body})
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if out == nil {
		return nil
	}
	if body, err = json.Marshal(res.Body); err != nil {
		return err
	}
	return json.Unmarshal(body, out)
}

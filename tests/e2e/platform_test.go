// Package e2e tests the platform as a whole: both regions on this machine, deployed from the files that are deployed to AWS, the
// compiled functions in processes of their own, everything through HTTP.
//
// It needs the functions' binaries: run it with `make e2e`.
package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	twofold "twofold/client/go"
	"twofold/local/promises"
	"twofold/local/world"
)

// lag is how long replication takes in these tests: long enough that a wrong assumption about it shows.
const lag = 50 * time.Millisecond

// functions is where `make build` put the binaries.
func functions(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TWOFOLD_FUNCTIONS")
	if dir == "" {
		t.Fatal("TWOFOLD_FUNCTIONS is not set: run these tests with `make e2e`")
	}
	return dir
}

// repository is the root of the repository.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// start brings a platform up and takes it down when the test ends.
func start(t *testing.T, change func(*world.Options)) *platform {
	t.Helper()
	opts := world.Options{Root: repository(t), Functions: functions(t), Lag: lag, Logs: t.TempDir()}
	if change != nil {
		change(&opts)
	}
	w, err := world.Start(context.Background(), opts)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &platform{t: t, World: w, east: w.Regions()[0], west: w.Regions()[len(w.Regions())-1]}
}

// platform is a running platform and what the tests do with it.
type platform struct {
	*world.World
	t          *testing.T
	east, west string
}

// answer is an HTTP answer, its JSON body read into Body.
type answer struct {
	Status int
	Header http.Header
	Raw    string
	Body   map[string]any
}

func (a answer) text(key string) string { s, _ := a.Body[key].(string); return s }

// request is what a test sends.
type request struct {
	method, path, body string
	token              string // "" sends none
	key                string // Idempotency-Key; "" sends none
	header             http.Header
}

func (p *platform) send(region string, r request) answer {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), r.method, p.APIURL(region)+r.path, strings.NewReader(r.body))
	if err != nil {
		p.t.Fatal(err)
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	if r.body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s in %s: %v", r.method, r.path, region, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{Status: res.StatusCode, Header: res.Header, Raw: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.Body); err != nil {
			p.t.Fatalf("%s %s answered %d with %q, which is no JSON", r.method, r.path, a.Status, raw)
		}
	}
	return a
}

func (p *platform) token(customer, scope string) string {
	p.t.Helper()
	token, err := p.Token(customer, scope)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func (p *platform) staff() string { return p.token("staff", "catalogue:admin orders:read") }

func (p *platform) shopper(customer string) string {
	return p.token(customer, "orders:read orders:write")
}

// stock puts a product into the catalogue and n units of it into each region, and waits until both know it.
func (p *platform) stock(sku string, price, n int64) {
	p.t.Helper()
	staff := p.staff()
	put := p.send(p.east, request{method: "PUT", path: "/v1/products/" + sku, token: staff,
		body: fmt.Sprintf(`{"title":"Test %s","price":{"amount":%d,"currency":"EUR"},"active":true}`, sku, price)})
	if put.Status != http.StatusCreated && put.Status != http.StatusOK {
		p.t.Fatalf("put product: %d %s", put.Status, put.Raw)
	}
	for _, region := range []string{p.east, p.west} {
		got := p.send(p.east, request{method: "POST", path: "/v1/products/" + sku + "/receipts", token: staff,
			body: fmt.Sprintf(`{"receiptId":"open-%s-%s","quantity":%d,"target":%q}`, sku, region, n, region)})
		if got.Status != http.StatusAccepted {
			p.t.Fatalf("receive: %d %s", got.Status, got.Raw)
		}
	}
	for _, region := range []string{p.east, p.west} {
		p.await(sku+" is in stock in "+region, func() bool {
			s := p.send(region, request{method: "GET", path: "/v1/products/" + sku + "/stock", token: staff})
			return s.Body["available"] == float64(n)
		})
	}
}

// await tries until it is so, for half a minute.
func (p *platform) await(what string, done func() bool) {
	p.t.Helper()
	p.awaitFor(30*time.Second, what, done)
}

func (p *platform) awaitFor(patience time.Duration, what string, done func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			p.t.Fatalf("did not happen within %s: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// newOrder is the body of an order of one line.
func newOrder(sku string, quantity int, card string) string {
	return fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":%d}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard",`+
		`"name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`,
		sku, quantity, card)
}

const goodCard = "pm_card_visa"

// place places an order and gives its id.
func (p *platform) place(region, customer, key, body string) string {
	p.t.Helper()
	once := func(r *twofold.Resilient) { r.Attempts = 1 } // a failure is to be seen here
	res, err := p.client(customer, once, region).PlaceOrderWithBodyWithResponse(p.t.Context(), &twofold.PlaceOrderParams{IdempotencyKey: key},
		"application/json", strings.NewReader(body))
	if err != nil {
		p.t.Fatalf("place order: %v", err)
	}
	if res.JSON202 == nil {
		p.t.Fatalf("place order: %s %s", res.Status(), res.Body)
	}
	return res.JSON202.OrderId
}

// awaitState waits until both regions see an order in a state.
func (p *platform) awaitState(customer, orderID, state string) {
	p.t.Helper()
	p.awaitStateFor(30*time.Second, customer, orderID, state)
}

func (p *platform) awaitStateFor(patience time.Duration, customer, orderID, state string) {
	p.t.Helper()
	for _, region := range []string{p.east, p.west} {
		p.awaitFor(patience, fmt.Sprintf("%s is %s in %s", orderID, state, region), func() bool {
			return p.send(region, request{method: "GET", path: "/v1/orders/" + orderID, token: p.shopper(customer)}).text("state") == state
		})
	}
}

// promisesKept waits until the platform is quiet and checks every promise.
func (p *platform) promisesKept(accepted ...string) {
	p.t.Helper()
	if err := p.Quiet(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	view, err := p.View(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	view.Accepted = accepted
	for _, r := range promises.Check(view) {
		for _, b := range r.Broken {
			p.t.Errorf("%s: %s", r.Name, b)
		}
	}
}

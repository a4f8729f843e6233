package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/local/providers/issuer"
	"twofold/local/providers/webhook"
)

// badInput is a request that must be refused. The lowest order that the shop's fees allow is above what the provider takes at least, so that
// such an amount is tested where fees can be changed, in internal/order.
type badInput struct {
	name    string
	request request
	status  int
	code    string
	pointer string // one of the problem's errors points there; "-" when it has none, and then a detail says what to do
}

// lines gives n lines of different SKUs.
func lines(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"sku":"TEA-%d","quantity":1}`, i))
	}
	return strings.Join(all, ",")
}

// stored counts what stands in the tables that requests write to, in both regions.
func (p *platform) stored() (n int32) {
	p.t.Helper()
	for _, region := range p.Regions() {
		client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String(p.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")})
		for _, table := range []string{"twofold-local-orders", "twofold-local-catalogue"} {
			out, err := client.Scan(p.t.Context(), &dynamodb.ScanInput{TableName: &table, Select: types.SelectCount})
			if err != nil {
				p.t.Fatal(err)
			}
			n += out.Count
		}
	}
	return n
}

// refuses sends every bad input and checks the answer, and that nothing is stored.
func (p *platform) refuses(t *testing.T, cases []badInput) {
	t.Helper()
	if err := p.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := p.stored()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := p.send(p.east, c.request)
			if a.Status != c.status || a.text("code") != c.code || a.Header.Get("Content-Type") != "application/problem+json" || a.Body["status"] != float64(c.status) {
				t.Errorf("%d %s %.500s, want %d %s", a.Status, a.Header.Get("Content-Type"), a.Raw, c.status, c.code)
			}
			if !pointsAt(a, c.pointer) {
				t.Errorf("does not point at %q and say what to do: %.500s", c.pointer, a.Raw)
			}
			if after := p.stored(); after != before {
				t.Errorf("%d items became %d", before, after)
			}
		})
	}
}

func pointsAt(a answer, pointer string) bool {
	if pointer == "-" {
		return a.text("detail") != ""
	}
	errs, _ := a.Body["errors"].([]any)
	for _, e := range errs {
		if v, _ := e.(map[string]any); v["pointer"] == pointer && v["detail"] != "" {
			return true
		}
	}
	return false
}

// TestBadInput has a line for each line of what a shopper can get wrong in an order.
func TestBadInput(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	good := newOrder("TEA", 1, goodCard)
	swap := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in the order", old)
		}
		return strings.Replace(good, old, replacement, 1)
	}
	const line = `{"sku":"TEA","quantity":1}`
	order := func(body string) request {
		return request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "bad-input", body: body}
	}
	bad := func(name, body, pointer string) badInput {
		return badInput{name, order(body), 400, "InvalidRequest", pointer}
	}
	p.refuses(t, []badInput{
		bad("malformed JSON", `{"lines":`, ""),
		bad("malformed JSON: text behind it", good+`{}`, ""),
		bad("wrong types: an array", `[]`, ""),
		bad("wrong types: text for a number", swap(`"quantity":1`, `"quantity":"one"`), "/lines/0/quantity"),
		bad("wrong types: a fraction", swap(`"quantity":1`, `"quantity":1.5`), "/lines/0/quantity"),
		bad("extra fields", swap(`"currency"`, `"price":1,"currency"`), "/price"),
		bad("empty lines", swap(line, ``), "/lines"),
		bad("51 lines", swap(line, lines(51)), "/lines"),
		bad("duplicate SKU lines", swap(line, line+","+line), "/lines/1/sku"),
		bad("quantity 0", swap(`"quantity":1`, `"quantity":0`), "/lines/0/quantity"),
		bad("quantity negative", swap(`"quantity":1`, `"quantity":-1`), "/lines/0/quantity"),
		bad("quantity huge", swap(`"quantity":1`, `"quantity":1001`), "/lines/0/quantity"),
		bad("quantity huge (overflow)", swap(`"quantity":1`, `"quantity":9223372036854775808`), "/lines/0/quantity"),
		bad("malformed SKU", swap(`"TEA"`, `"tea!"`), "/lines/0/sku"),
		{"unknown SKU", order(swap(`"TEA"`, `"COFFEE"`)), 422, "Unprocessable", "/lines/0/sku"},
		{"mixed currency", order(swap(`"EUR"`, `"USD"`)), 422, "Unprocessable", "/lines/0/sku"},
		bad("unknown currency", swap(`"EUR"`, `"XXX"`), "/currency"),
		bad("bad country", swap(`"GB"`, `"ZZ"`), "/shipping/address/country"),
		bad("no email", swap(`"email":"ada@shop.example",`, ``), "/shipping/email"),
		bad("payment method that is none", swap(goodCard, `4242424242424242`), "/payment/method"),
		{"oversized body: above the function's limit", order(swap("Ada Byron", strings.Repeat("x", 64<<10))), 413, "PayloadTooLarge", ""},
		{"oversized body: above Lambda's limit", order(strings.Repeat("x", 7<<20)), 413, "PayloadTooLarge", ""},
		{"oversized body: above API Gateway's limit", order(strings.Repeat("x", 10<<20+1)), 413, "PayloadTooLarge", ""},
		{"bad cursor", request{method: "GET", path: "/v1/orders?cursor=nonsense", token: p.shopper("ada")}, 400, "InvalidRequest", "cursor"},
		{"bad cursor: of products", request{method: "GET", path: "/v1/products?cursor=nonsense", token: p.shopper("ada")}, 400, "InvalidRequest", "cursor"},
		{"unknown route", request{method: "GET", path: "/v2/orders", token: p.shopper("ada")}, 404, "NotFound", "-"},
		{"unknown route: none", request{method: "GET", path: "/", token: p.shopper("ada")}, 404, "NotFound", "-"},
		{"unknown method", request{method: "DELETE", path: "/v1/orders", token: p.shopper("ada")}, 404, "NotFound", "-"},
	})
	p.promisesKept(p.place(p.east, "ada", "bad-input", good)) // the key is still free, and nothing else is there
}

// TestBadKeyOrToken has a line for each line of what can be wrong about who asks, and about which request it is.
func TestBadKeyOrToken(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	good := p.shopper("ada")
	first := p.place(p.east, "ada", "used", newOrder("TEA", 2, goodCard))
	p.awaitState("ada", first, "CONFIRMED")
	claims := func(c issuer.Claims) string {
		c.Customer = "ada"
		if c.Scope == "" {
			c.Scope = "orders:read orders:write"
		}
		token, err := p.TokenOf(c)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	order := func(token, key string) request {
		return request{method: "POST", path: "/v1/orders", token: token, key: key, body: newOrder("TEA", 1, goodCard)}
	}
	head, rest, _ := strings.Cut(good, ".")
	payload, _, _ := strings.Cut(rest, ".")
	p.refuses(t, []badInput{
		{"missing key", order(good, ""), 400, "InvalidRequest", "-"},
		{"reused key", order(good, "used"), 422, "IdempotencyMismatch", "Idempotency-Key"},
		{"overlong key", order(good, strings.Repeat("k", 65)), 400, "InvalidRequest", "Idempotency-Key"},
		{"key of other characters", order(good, "k k"), 400, "InvalidRequest", "Idempotency-Key"},
		{"missing token", order("", "k"), 401, "Unauthorized", "-"},
		{"token that is none", order("nonsense", "k"), 401, "Unauthorized", "-"},
		{"expired token", order(claims(issuer.Claims{Lifetime: -time.Minute}), "k"), 401, "Unauthorized", "-"},
		{"forged token", order(head+"."+payload+".AAAA", "k"), 401, "Unauthorized", "-"},
		{"wrong-audience token", order(claims(issuer.Claims{Audience: "another"}), "k"), 401, "Unauthorized", "-"},
		{"alg=none token", order("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0."+payload+".", "k"), 401, "Unauthorized", "-"},
		{"missing scope", order(claims(issuer.Claims{Scope: "orders:read"}), "k"), 403, "Forbidden", "-"},
	})
	p.promisesKept(first)
}

// TestBadWebhook has a line for each line of what nobody but provider and carrier may tell.
func TestBadWebhook(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	id := p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	p.awaitState("ada", id, "CONFIRMED")
	dispatched := fmt.Sprintf(`{"id":"evt_1","type":"shipment.dispatched","reference":%q}`, id)
	intent := fmt.Sprintf(`{"id":"evt_2","type":"payment_intent.canceled","data":{"object":{"id":"pi_1","metadata":{"order":%q}}}}`, id)
	signed := func(path, header, signature, body string) request {
		r := request{method: "POST", path: path, body: body, header: http.Header{}}
		if signature != "" {
			r.header.Set(header, signature)
		}
		return r
	}
	carrier := func(signature, body string) request {
		return signed("/v1/webhooks/carrier", "Carrier-Signature", signature, body)
	}
	payment := func(signature string) request {
		return signed("/v1/webhooks/payments", "Stripe-Signature", signature, intent)
	}
	const carrierSecret, stripeSecret = "carrier_webhook_local", "whsec_local"
	now := time.Now()
	stale := now.Add(-6 * time.Minute)
	p.refuses(t, []badInput{
		{"unsigned webhook", carrier("", dispatched), 401, "BadSignature", "-"},
		{"unsigned webhook: of payments", payment(""), 401, "BadSignature", "-"},
		{"forged webhook", carrier(webhook.Sign([]byte(dispatched), "guess", now), dispatched), 401, "BadSignature", "-"},
		{"forged webhook: of payments", payment(webhook.Sign([]byte(intent), "guess", now)), 401, "BadSignature", "-"},
		{"forged webhook: another body", carrier(webhook.Sign([]byte(intent), carrierSecret, now), dispatched), 401, "BadSignature", "-"},
		{"stale webhook", carrier(webhook.Sign([]byte(dispatched), carrierSecret, stale), dispatched), 401, "BadSignature", "-"},
		{"stale webhook: of payments", payment(webhook.Sign([]byte(intent), stripeSecret, stale)), 401, "BadSignature", "-"},
		{"malformed webhook", carrier(webhook.Sign([]byte(`{"id":`), carrierSecret, now), `{"id":`), 400, "InvalidRequest", ""},
	})

	t.Run("replayed webhook", func(t *testing.T) {
		again := carrier(webhook.Sign([]byte(dispatched), carrierSecret, now), dispatched)
		if a := p.send(p.east, again); a.Status != http.StatusOK || a.Body["stored"] != true {
			t.Fatalf("%d %s", a.Status, a.Raw)
		}
		p.awaitState("ada", id, "DISPATCHED")
		if err := p.Quiet(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := p.stored()
		if a := p.send(p.east, again); a.Status != http.StatusOK {
			t.Errorf("%d %s", a.Status, a.Raw)
		}
		if after := p.stored(); after != before {
			t.Errorf("%d items became %d", before, after)
		}
		old := carrier(webhook.Sign([]byte(dispatched), carrierSecret, stale), dispatched)
		if a := p.send(p.west, old); a.Status != http.StatusUnauthorized || a.text("code") != "BadSignature" {
			t.Errorf("replayed after its time: %d %s", a.Status, a.Raw)
		}
	})
}

func TestAnotherCustomersOrderDoesNotExist(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	id := p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	unknown := p.send(p.east, request{method: "GET", path: "/v1/orders/ord_" + strings.Repeat("a", 26), token: p.shopper("eve")})
	others := p.send(p.east, request{method: "GET", path: "/v1/orders/" + id, token: p.shopper("eve")})
	if others.Status != http.StatusNotFound || others.Raw != unknown.Raw {
		t.Errorf("another's order: %d %s\nan unknown order: %d %s", others.Status, others.Raw, unknown.Status, unknown.Raw)
	}
}

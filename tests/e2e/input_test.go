package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"twofold/local/providers/issuer"
)

// lines gives n lines of different SKUs.
func lines(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"sku":"TEA-%d","quantity":1}`, i))
	}
	return strings.Join(all, ",")
}

func TestBadInputIsAProblemWithAPointerAndChangesNothing(t *testing.T) {
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
	line := `{"sku":"TEA","quantity":1}`
	cases := map[string]struct {
		body    string
		status  int
		pointer string
	}{
		"malformed JSON":                {`{"lines":`, 400, ""},
		"text behind the JSON":          {good + `{}`, 400, ""},
		"an array":                      {`[]`, 400, ""},
		"a wrong type":                  {swap(`"quantity":1`, `"quantity":"one"`), 400, "/lines/0/quantity"},
		"a fraction":                    {swap(`"quantity":1`, `"quantity":1.5`), 400, "/lines/0/quantity"},
		"an extra field":                {swap(`"currency"`, `"price":1,"currency"`), 400, "/price"},
		"no lines":                      {swap(line, ``), 400, "/lines"},
		"51 lines":                      {swap(line, lines(51)), 400, "/lines"},
		"a SKU twice":                   {swap(line, line+","+line), 400, "/lines/1/sku"},
		"quantity 0":                    {swap(`"quantity":1`, `"quantity":0`), 400, "/lines/0/quantity"},
		"quantity negative":             {swap(`"quantity":1`, `"quantity":-1`), 400, "/lines/0/quantity"},
		"quantity huge":                 {swap(`"quantity":1`, `"quantity":9223372036854775808`), 400, "/lines/0/quantity"},
		"a malformed SKU":               {swap(`"TEA"`, `"tea!"`), 400, "/lines/0/sku"},
		"an unknown SKU":                {swap(`"TEA"`, `"COFFEE"`), 422, "/lines/0/sku"},
		"an unknown currency":           {swap(`"EUR"`, `"XXX"`), 400, "/currency"},
		"another currency":              {swap(`"EUR"`, `"USD"`), 422, "/lines/0/sku"},
		"a bad country":                 {swap(`"GB"`, `"ZZ"`), 400, "/shipping/address/country"},
		"no email":                      {swap(`"email":"ada@shop.example",`, ``), 400, "/shipping/email"},
		"a payment method that is none": {swap(goodCard, `4242424242424242`), 400, "/payment/method"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := p.send(p.east, request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "bad-input", body: c.body})
			if a.Status != c.status || a.Header.Get("Content-Type") != "application/problem+json" || a.text("code") == "" {
				t.Fatalf("%d %s %s, want %d", a.Status, a.Header.Get("Content-Type"), a.Raw, c.status)
			}
			errs, _ := a.Body["errors"].([]any)
			found := false
			for _, e := range errs {
				v, _ := e.(map[string]any)
				found = found || v["pointer"] == c.pointer && v["detail"] != ""
			}
			if !found {
				t.Errorf("no error points at %q: %s", c.pointer, a.Raw)
			}
		})
	}
	if t.Failed() {
		return
	}
	p.promisesKept(p.place(p.east, "ada", "bad-input", good)) // the key is still free, and nothing else is there
}

func TestARequestWithoutAGoodKeyOrTokenIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	body := newOrder("TEA", 1, goodCard)
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
	good := p.shopper("ada")
	head, rest, _ := strings.Cut(good, ".")
	payload, _, _ := strings.Cut(rest, ".")
	cases := map[string]struct {
		token, key string
		status     int
	}{
		"no key":                    {good, "", 400},
		"an overlong key":           {good, strings.Repeat("k", 65), 400},
		"a key of other characters": {good, "k k", 400},
		"no token":                  {"", "k", 401},
		"no JWT":                    {"nonsense", "k", 401},
		"an expired token":          {claims(issuer.Claims{Lifetime: -time.Minute}), "k", 401},
		"another audience":          {claims(issuer.Claims{Audience: "another"}), "k", 401},
		"a forged signature":        {head + "." + payload + ".AAAA", "k", 401},
		"alg none":                  {"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + payload + ".", "k", 401},
		"a missing scope":           {claims(issuer.Claims{Scope: "orders:read"}), "k", 403},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := p.send(p.east, request{method: "POST", path: "/v1/orders", token: c.token, key: c.key, body: body})
			if a.Status != c.status || a.Header.Get("Content-Type") != "application/problem+json" || a.text("detail") == "" && a.Body["errors"] == nil {
				t.Errorf("%d %s %s, want %d and what to do", a.Status, a.Header.Get("Content-Type"), a.Raw, c.status)
			}
		})
	}
	p.promisesKept()
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

func TestAnUnknownRouteOrMethodIsAProblem(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	for _, r := range []request{{method: "GET", path: "/v2/orders"}, {method: "DELETE", path: "/v1/orders"}, {method: "GET", path: "/"}} {
		r.token = p.shopper("ada")
		a := p.send(p.east, r)
		if a.Status != http.StatusNotFound || a.text("code") != "NotFound" || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s", r.method, r.path, a.Status, a.Raw)
		}
	}
}

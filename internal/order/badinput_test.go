package order

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/platform"
)

// badLines gives n lines of different SKUs.
func badLines(n int) string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf(`{"sku":"MUG-%d","quantity":1}`, i)
	}
	return `[` + strings.Join(lines, ",") + `]`
}

// Each case is named after its line of the list of bad input. Tokens that are forged, or for somebody else, do not come as far as here: the
// authorizer's tests have them.
func TestBadInputIsAProblemWithAPointerAndChangesNothing(t *testing.T) {
	good := goodBody(t)
	swap := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in the order", old)
		}
		return strings.Replace(good, old, replacement, 1)
	}
	goodLines := `[{"sku":"MUG","quantity":2},{"sku":"TEA-250","quantity":1}]`
	header := func(key string) func(*events.APIGatewayProxyRequest) {
		return func(r *events.APIGatewayProxyRequest) { r.Headers["idempotency-key"] = key }
	}
	cases := []struct {
		name     string
		body     string
		change   func(*events.APIGatewayProxyRequest)
		status   int
		code     string
		pointers []string
	}{
		{"malformed JSON", `{"lines":`, asIs, 400, "InvalidRequest", []string{""}},
		{"malformed JSON: two objects", good + "{}", asIs, 400, "InvalidRequest", []string{""}},
		{"wrong types: no object", `[]`, asIs, 400, "InvalidRequest", []string{""}},
		{"wrong types: text for a number", swap(`"quantity":1`, `"quantity":"1"`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"wrong types: a fraction", swap(`"quantity":1`, `"quantity":1.5`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"extra fields", swap(`{"lines"`, `{"price":1,"lines"`), asIs, 400, "InvalidRequest", []string{"/price"}},
		{"extra fields: within", swap(`"sku":"MUG"`, `"unitAmount":1,"sku":"MUG"`), asIs, 400, "InvalidRequest", []string{"/lines/0/unitAmount"}},
		{"empty lines", swap(goodLines, `[]`), asIs, 400, "InvalidRequest", []string{"/lines"}},
		{"51 lines", swap(goodLines, badLines(51)), asIs, 400, "InvalidRequest", []string{"/lines"}},
		{"duplicate SKU lines", swap(`"TEA-250"`, `"MUG"`), asIs, 400, "InvalidRequest", []string{"/lines/1/sku"}},
		{"quantity 0", swap(`"quantity":1`, `"quantity":0`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"quantity negative", swap(`"quantity":1`, `"quantity":-1`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"quantity huge", swap(`"quantity":1`, `"quantity":1001`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"quantity huge (overflow)", swap(`"quantity":1`, `"quantity":9223372036854775808`), asIs, 400, "InvalidRequest", []string{"/lines/1/quantity"}},
		{"mixed currency", swap(`"EUR"`, `"GBP"`), asIs, 422, "Unprocessable", []string{"/shipping/method", "/lines/0/sku", "/lines/1/sku"}},
		{"unknown currency", swap(`"EUR"`, `"XXX"`), asIs, 400, "InvalidRequest", []string{"/currency"}},
		{"bad country", swap(`"GB"`, `"ZZ"`), asIs, 400, "InvalidRequest", []string{"/shipping/address/country"}},
		{"amounts below what the provider takes", swap(goodLines, `[{"sku":"CENT","quantity":1}]`), func(r *events.APIGatewayProxyRequest) {
			r.Body = strings.Replace(r.Body, `"method":"standard"`, `"method":"express"`, 1) // which costs nothing here
		}, 422, "Unprocessable", []string{"/lines"}},
		{"oversized body", `{"currency":"` + strings.Repeat("x", platform.MaxBody) + `"}`, asIs, 413, "PayloadTooLarge", []string{""}},
		{"missing key", good, func(r *events.APIGatewayProxyRequest) { r.Headers = nil }, 400, "InvalidRequest", []string{"Idempotency-Key"}},
		{"overlong key", good, header(strings.Repeat("k", 65)), 400, "InvalidRequest", []string{"Idempotency-Key"}},
		{"key of other characters", good, header("a key"), 400, "InvalidRequest", []string{"Idempotency-Key"}},
		{"reused key", good, header("used"), 422, "IdempotencyMismatch", []string{"Idempotency-Key"}},
		{"unknown SKU", swap("MUG", "NONE"), asIs, 422, "Unprocessable", []string{"/lines/0/sku"}},
		{"no customer at the provider", good, func(r *events.APIGatewayProxyRequest) { delete(r.RequestContext.Authorizer, "stripeCustomer") }, 422, "Unprocessable", nil},
		{"missing scope", good, func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["scope"] = "orders:read" }, 403, "Forbidden", nil},
		{"expired token", good, func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["expires"] = "1" }, 401, "Unauthorized", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(east, west, newTestTable(), newTestTable())
			s.sell("CENT", 1)
			s.own.put(requestItem(keyDigest("cust-1", "used"), "ord_other"))
			res, problem := call(t, s, "POST", "/v1/orders", c.body, c.change)
			if res.StatusCode != c.status || problem["code"] != c.code || res.Headers["Content-Type"] != "application/problem+json" {
				t.Fatalf("%d %s, want %d %s", res.StatusCode, res.Body, c.status, c.code)
			}
			if n := s.own.writes + s.peers.writes; n != 0 {
				t.Errorf("%d writes", n)
			}
			if got := pointersOf(t, problem); !slices.Equal(got, c.pointers) {
				t.Errorf("points at %q, want %q", got, c.pointers)
			}
			if problem["detail"] == nil && problem["errors"] == nil {
				t.Errorf("says nothing of what to do: %s", res.Body)
			}
		})
	}
}

// pointersOf are the places that a problem points at, each with something to do.
func pointersOf(t *testing.T, problem map[string]any) (pointers []string) {
	t.Helper()
	errs, _ := problem["errors"].([]any)
	for _, e := range errs {
		v := e.(map[string]any)
		if v["detail"] == "" {
			t.Errorf("nothing to do at %v", v["pointer"])
		}
		pointers = append(pointers, v["pointer"].(string))
	}
	return pointers
}

func TestBadInputOfTheOtherRoutesIsAProblemAndChangesNothing(t *testing.T) {
	cases := []struct {
		name, method, resource, body string
		change                       func(*events.APIGatewayProxyRequest)
		status                       int
		code                         string
	}{
		{"extra fields of a cancellation", "POST", cancellation, `{"refund":false}`, asIs, 400, "InvalidRequest"},
		{"malformed JSON of a cancellation", "POST", cancellation, `{`, asIs, 400, "InvalidRequest"},
		{"missing scope to cancel", "POST", cancellation, ``, func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["scope"] = "orders:read" }, 403, "Forbidden"},
		{"missing scope to list", "GET", "/v1/orders", ``, func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["scope"] = "orders:write" }, 403, "Forbidden"},
		{"expired token to list", "GET", "/v1/orders", ``, func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["expires"] = "1" }, 401, "Unauthorized"},
		{"unknown route", "GET", "/v1/carts", ``, asIs, 404, "NotFound"},
		{"unknown method", "DELETE", "/v1/orders", ``, asIs, 404, "NotFound"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(east, west, newTestTable(), newTestTable())
			id := take(t, s, goodApplication()).order.ID
			before := len(s.own.items)
			res, problem := call(t, s, c.method, c.resource, c.body, func(r *events.APIGatewayProxyRequest) { of(id)(r); c.change(r) })
			if res.StatusCode != c.status || problem["code"] != c.code || len(s.own.items) != before {
				t.Errorf("%d %s, want %d %s", res.StatusCode, res.Body, c.status, c.code)
			}
		})
	}
}

func TestOverloadIsAnsweredBeforeWorkIsAccepted(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	s.own.down = throttled{}
	res, problem := call(t, s, "POST", "/v1/orders", goodBody(t), asIs)
	if res.StatusCode != http.StatusTooManyRequests || problem["code"] != "Throttled" || res.Headers["Retry-After"] == "" || s.own.writes+s.peers.writes != 0 {
		t.Errorf("%d %v %s after %d writes", res.StatusCode, res.Headers, res.Body, s.own.writes+s.peers.writes)
	}
}

package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/platform"
)

// call sends a request through the handler as API Gateway would, after the authorizer.
func call(t *testing.T, s *shop, method, resource, body string, change func(*events.APIGatewayProxyRequest)) (events.APIGatewayProxyResponse, map[string]any) {
	t.Helper()
	r := events.APIGatewayProxyRequest{
		HTTPMethod: method, Resource: resource, Path: resource, Body: body, Headers: map[string]string{"idempotency-key": "key-1"},
		RequestContext: events.APIGatewayProxyRequestContext{Path: "/local" + resource, Authorizer: map[string]any{
			"customer": "cust-1", "scope": "orders:read orders:write", "stripeCustomer": "cus_1", "expires": "99999999999",
		}},
	}
	change(&r)
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	a := &api{intake: s.intake, store: s.tables(), lister: lister{store: s.tables()}, canceller: canceller{store: s.tables(), recorder: s.recorder()}}
	h := a.routes().Handler(platform.Runtime{Clock: s.clock, Log: slog.New(slog.DiscardHandler)})
	raw, err = h.Invoke(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var res events.APIGatewayProxyResponse
	var out map[string]any
	if err := json.Unmarshal(raw, &res); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(res.Body), &out); err != nil {
		t.Fatal(err)
	}
	return res, out
}

func asIs(*events.APIGatewayProxyRequest) {}

func goodBody(t *testing.T) string {
	t.Helper()
	raw, err := json.Marshal(goodRequest())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestPlacingAndReadingShowTheSameOrderWithoutThePerson(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	res, placed := call(t, s, "POST", "/v1/orders", goodBody(t), asIs)
	id, _ := placed["orderId"].(string)
	if res.StatusCode != http.StatusAccepted || res.Headers["Location"] != "/local/v1/orders/"+id || res.Headers[platform.DurabilityHeader] != "two-regions" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Headers, res.Body)
	}
	for _, personal := range []string{"Ada", "ada@example.com", "St James", "London", "SW1Y"} {
		if strings.Contains(res.Body, personal) {
			t.Errorf("the answer tells %q", personal)
		}
	}
	res, read := call(t, s, "GET", "/v1/orders/{orderId}", "", func(r *events.APIGatewayProxyRequest) {
		r.PathParameters = map[string]string{"orderId": id}
	})
	if res.StatusCode != http.StatusOK || !reflect.DeepEqual(read, placed) {
		t.Errorf("%d %v\nwant %v", res.StatusCode, read, placed)
	}
	want := `{"orderId":"` + id + `","state":"PLACED","home":"us-east-1","placedAt":"2026-03-04T12:00:00.000Z",` +
		`"lines":[{"sku":"MUG","quantity":2,"unitAmount":1250},{"sku":"TEA-250","quantity":1,"unitAmount":899}],` +
		`"amount":{"amount":3889,"currency":"EUR"},"shippingMethod":"standard","shippingAmount":{"amount":490,"currency":"EUR"},"cancelRequested":false,` +
		`"facts":[{"kind":"placed","region":"us-east-1","at":"2026-03-04T12:00:00.000Z"}]}`
	if res.Body != want {
		t.Errorf("got  %s\nwant %s", res.Body, want)
	}
}

func TestAnotherCustomersOrderCannotBeToldFromNone(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	_, placed := call(t, s, "POST", "/v1/orders", goodBody(t), asIs)
	read := func(id, customer string) events.APIGatewayProxyResponse {
		res, _ := call(t, s, "GET", "/v1/orders/{orderId}", "", func(r *events.APIGatewayProxyRequest) {
			r.PathParameters = map[string]string{"orderId": id}
			r.RequestContext.Authorizer["customer"] = customer
		})
		return res
	}
	none := read("ord_"+strings.Repeat("a", 26), "cust-2")
	if none.StatusCode != http.StatusNotFound {
		t.Fatalf("%d %s", none.StatusCode, none.Body)
	}
	for name, got := range map[string]events.APIGatewayProxyResponse{
		"another customer's": read(placed["orderId"].(string), "cust-2"), "no id at all": read("person#us-east-1", "cust-2"),
	} {
		if !reflect.DeepEqual(got, none) {
			t.Errorf("%s: %+v\nwant %+v", name, got, none)
		}
	}
}

package apigateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func TestAFunctionGetsTheWholeRequest(t *testing.T) {
	b := start(t, nil)
	w := b.send("POST", "/v1/orders?a=1&a=2&b=%C3%A9", order, "Authorization", "Bearer t1", "Idempotency-Key", "k1", "X-Two", "1", "X-Two", "2", "User-Agent", "test")
	b.expect(w, 202, `{"ok":true}`)
	if w.Header().Get("Location") != "/v1/orders/o1" || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Amzn-Requestid") == "" {
		t.Errorf("headers: %v", w.Header())
	}
	in := b.calls["orders"][0]
	if in.FunctionARN != "arn:aws:lambda:us-east-1:000000000000:function:orders:live" || in.Principal.Service != "apigateway.amazonaws.com" ||
		in.SourceARN != "arn:aws:execute-api:us-east-1:000000000000:"+b.id+"/live/POST/v1/orders" {
		t.Errorf("invocation: %+v", in)
	}
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal(in.Payload, &e); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(e.Resource, e.Path, e.HTTPMethod, e.Headers["X-Two"], e.MultiValueHeaders["X-Two"], e.QueryStringParameters,
		e.MultiValueQueryStringParameters["a"], e.StageVariables, e.Body == order, e.RequestContext.Path, e.RequestContext.Stage, e.RequestContext.OperationName,
		e.RequestContext.Authorizer["customer"], e.RequestContext.Authorizer["expires"], e.RequestContext.Authorizer["admin"], e.RequestContext.Authorizer["principalId"],
		e.RequestContext.APIID == b.id, e.RequestContext.Identity.UserAgent, e.Headers["Host"])
	want := "/v1/orders/v1/ordersPOST2[1 2]map[a:2 b:é][1 2]map[colour:blue]true/live/v1/ordersliveplaceOrderada17trueadatruetestshop.test"
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("event:\n%s\n%s", got, want)
	}
	if n := meter(b); n != 1 {
		t.Errorf("%v requests metered", n)
	}
}

func meter(b *bench) float64 {
	for _, r := range b.cloud.Meter.Read() {
		if r.Unit == "apigateway:Request" {
			return r.N
		}
	}
	return 0
}

func TestNothingIsNull(t *testing.T) {
	b := start(t, nil)
	b.expect(b.send("GET", "/v1/orders/ord%2F1", "", "Authorization", "Bearer t1"), 202, "ok")
	var e map[string]any
	if err := json.Unmarshal(b.calls["orders"][0].Payload, &e); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"body", "queryStringParameters", "multiValueQueryStringParameters"} {
		if v, there := e[name]; v != nil || !there {
			t.Errorf("%s is %v (%v), want null", name, v, there)
		}
	}
	if p := e["pathParameters"].(map[string]any)["orderId"]; p != "ord/1" {
		t.Errorf("path parameter is %v", p)
	}
	if e["isBase64Encoded"] != false {
		t.Errorf("isBase64Encoded is %v", e["isBase64Encoded"])
	}
}

func TestRoutes(t *testing.T) {
	b := start(t, nil)
	auth := []string{"Authorization", "Bearer t1"}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/v1/orders/o1", 202}, {"GET", "/live/v1/orders/o1", 202}, {"GET", "/v1/orders/o1/", 202},
		{"GET", "/v1/nothing", 403}, {"DELETE", "/v1/orders/o1", 403}, {"GET", "/v1/orders", 403}, {"GET", "/", 403},
		{"PATCH", "/v1/files/a/b/c", 202}, {"GET", "/v1/files", 403}, {"GET", "/v1/orders/o1/lines", 403},
	} {
		w := b.send(c.method, c.path, "", auth...)
		if w.Code != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		if c.status == 403 {
			b.expect(w, 403, "MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
		}
	}
}

func TestRequestsThatAreNotValid(t *testing.T) {
	b := start(t, nil)
	for body, why := range map[string]string{
		``:                              `instance type (null) does not match any allowed primitive type (allowed: [\"object\"])`,
		`{`:                             `Unable to parse`,
		`[]`:                            `instance type (array)`,
		`{"x":1}`:                       `[object has missing required properties ([\"currency\",\"lines\"])]`,
		`{"currency":"GBP","lines":[]}`: `instance value (\"GBP\") not found in enum (possible values: [\"EUR\",\"USD\"])`,
		`{"currency":"EUR","lines":[{"sku":"TEA","quantity":0}]}`:       `numeric instance is lower than the required minimum (minimum: 1, found: 0)`,
		`{"currency":"EUR","lines":[{"sku":"TEA","quantity":1001}]}`:    `greater than the required maximum (maximum: 1000, found: 1001)`,
		`{"currency":"EUR","lines":[{"sku":"TEA","quantity":"2"}]}`:     `instance type (string) does not match any allowed primitive type (allowed: [\"integer\"])`,
		`{"currency":"EUR","lines":[{"sku":"tea","quantity":2}]}`:       `ECMA 262 regex \"^[A-Z0-9-]+$\" does not match input string \"tea\"`,
		`{"currency":"EUR","lines":[{"sku":"TEATEATEA","quantity":2}]}`: `is too long (length: 9, maximum allowed: 8)`,
		`{"currency":"EUR","lines":[{"sku":"TEA"}]}`:                    `missing required properties ([\"quantity\"])`,
	} {
		w := b.place(body)
		b.expect(w, 422, why, `"title":"Invalid request body"`)
		if !json.Valid(w.Body.Bytes()) || w.Header().Get("X-Was") != "t" || w.Header().Get("X-Amzn-Errortype") != "BadRequestException" {
			t.Errorf("%s: %s %v", body, w.Body, w.Header())
		}
	}
	if n := len(b.calls["orders"]); n != 0 {
		t.Errorf("the function ran %d times", n)
	}
	w := b.send("POST", "/v1/orders", order, "Authorization", "Bearer t1")
	b.expect(w, 400, "BAD_REQUEST_PARAMETERS", "Missing required request parameters: [Idempotency-Key]")
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %s", ct)
	}
	b.expect(b.send("GET", "/v1/open", ""), 400, "[page]")
	b.expect(b.send("GET", "/v1/open?page=", ""), 400, "[page]")
	b.expect(b.send("GET", "/v1/open?page=1", ""), 202, "ok")
}

func TestWhatAPIGatewayDoesNotCheckPasses(t *testing.T) {
	b := start(t, nil)
	b.expect(b.place(`{"currency":"EUR","lines":[],"more":1}`), 202, "ok")
	b.expect(b.place(`<order/>`, "Content-Type", "application/xml"), 202, "ok")
	b.expect(b.place(order, "Content-Type", "application/json; charset=utf-8"), 202, "ok")
}

func TestLargeRequests(t *testing.T) {
	b := start(t, nil)
	b.expect(b.place(strings.Repeat("x", maxBody+1)), 413, "REQUEST_TOO_LARGE")
}

func TestThrottling(t *testing.T) {
	b := start(t, map[string]any{"MethodSettings": []any{
		map[string]any{"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": "1000", "ThrottlingBurstLimit": 1000, "MetricsEnabled": true},
		map[string]any{"HttpMethod": "GET", "ResourcePath": "/~1v1~1open", "ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 3}}})
	count := func() (ok int) {
		for range 10 {
			w := b.send("GET", "/v1/open?page=1", "")
			if w.Code == 202 {
				ok++
			} else if w.Code != 429 || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
		}
		return ok
	}
	if n := count(); n != 3 {
		t.Errorf("%d of 10 at once passed, want the burst of 3", n)
	}
	b.clock.advance(time.Second)
	if n := count(); n != 2 {
		t.Errorf("%d passed a second later, want 2", n)
	}
	b.expect(b.place(order), 202, "ok")
}

func BenchmarkRequest(b *testing.B) {
	s := start(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if w := s.place(order); w.Code != 202 {
			b.Fatal(w.Body)
		}
		s.mu.Lock()
		s.calls = map[string][]Invocation{}
		s.mu.Unlock()
	}
}

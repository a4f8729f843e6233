package apigateway

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func TestAuthorizerAnswersAreKept(t *testing.T) {
	b := start(t, nil)
	get := func(token string) int {
		return b.send("GET", "/v1/orders/o1", "", "Authorization", token).Code
	}
	first, second, other := get("Bearer t1"), get("Bearer t1"), b.place(order).Code
	if first != 202 || second != 202 || other != 202 || len(b.calls["auth"]) != 1 {
		t.Fatalf("%d %d %d, asked %d times for one token", first, second, other, len(b.calls["auth"]))
	}
	var e events.APIGatewayCustomAuthorizerRequest
	in := b.calls["auth"][0]
	if err := json.Unmarshal(in.Payload, &e); err != nil || e.Type != "TOKEN" || e.AuthorizationToken != "Bearer t1" ||
		e.MethodArn != "arn:aws:execute-api:us-east-1:000000000000:"+b.id+"/live/GET/v1/orders/o1" ||
		!strings.HasPrefix(in.SourceARN, "arn:aws:execute-api:us-east-1:000000000000:"+b.id+"/authorizers/") {
		t.Errorf("%+v %+v %v", e, in, err)
	}
	if get("Bearer t2") != 202 || len(b.calls["auth"]) != 2 {
		t.Error("another token was not asked about")
	}
	b.clock.advance(61 * time.Second)
	if get("Bearer t1") != 202 || len(b.calls["auth"]) != 3 {
		t.Error("an old answer was used")
	}
}

func TestAuthorizerRefusals(t *testing.T) {
	failing := func(payload string) func(Invocation) (Result, error) {
		return func(Invocation) (Result, error) {
			return Result{Payload: []byte(payload), FunctionError: "Unhandled"}, nil
		}
	}
	cases := map[string]struct {
		token    string
		auth     func(Invocation) (Result, error)
		status   int
		contains string
	}{
		"no token":       {"", nil, 401, "UNAUTHORIZED"},
		"shape of token": {"Basic abc", nil, 401, "UNAUTHORIZED"},
		"Unauthorized":   {"Bearer x", failing(`{"errorMessage":"Unauthorized"}`), 401, "UNAUTHORIZED"},
		"crash":          {"Bearer x", failing(`{"errorMessage":"nil pointer"}`), 500, `{"message":null}`},
		"not permitted":  {"Bearer x", func(Invocation) (Result, error) { return Result{}, errors.New("AccessDenied") }, 500, "null"},
		"not JSON":       {"Bearer x", answers(`yes`), 500, "null"},
		"no principal":   {"Bearer x", answers(`{"policyDocument":{"Statement":"allow *"}}`), 500, "null"},
		"bad policy":     {"Bearer x", answers(`{"principalId":"a","policyDocument":{}}`), 500, "null"},
		"nested context": {"Bearer x", answers(`{"principalId":"a","policyDocument":{"Statement":"allow *"},"context":{"a":[1]}}`), 500, "null"},
		"explicit deny":  {"Bearer x", answers(`{"principalId":"a","policyDocument":{"Statement":"deny *"}}`), 403, "explicit deny"},
		"another method": {"Bearer x", answers(`{"principalId":"a","policyDocument":{"Statement":"allow POST/"}}`), 403, "User is not authorized to access this resource"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := start(t, nil)
			if c.auth != nil {
				b.auth = c.auth
			}
			w := b.send("GET", "/v1/orders/o1", "", "Authorization", c.token)
			b.TB = t
			b.expect(w, c.status, c.contains)
			if len(b.calls["orders"]) != 0 {
				t.Error("the function ran")
			}
			if (c.auth == nil) != (len(b.calls["auth"]) == 0) {
				t.Errorf("the authorizer ran %d times", len(b.calls["auth"]))
			}
		})
	}
}

func TestRequestAuthorizer(t *testing.T) {
	b := empty(t)
	doc := document(t)
	scheme := doc["components"].(map[string]any)["securitySchemes"].(map[string]any)["bearer"].(map[string]any)
	auth := scheme[vendor+"authorizer"].(map[string]any)
	auth["type"], auth["identitySource"] = "request", "method.request.header.Authorization, method.request.querystring.tenant"
	delete(auth, "identityValidationExpression")
	b.deploy(doc, nil)
	b.expect(b.send("GET", "/v1/orders/o1", "", "Authorization", "Bearer t1"), 401, "UNAUTHORIZED")
	b.expect(b.send("GET", "/v1/orders/o1?tenant=a", "", "Authorization", "Bearer t1"), 202, "ok")
	var e map[string]any
	if err := json.Unmarshal(b.calls["auth"][0].Payload, &e); err != nil {
		t.Fatal(err)
	}
	if _, body := e["body"]; body || e["type"] != "REQUEST" || e["resource"] != "/v1/orders/{orderId}" || e["methodArn"] == nil || e["requestContext"] == nil {
		t.Errorf("%v", e)
	}
}

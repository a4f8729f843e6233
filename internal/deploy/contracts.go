package deploy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/platform"
)

// check is a request whose answer is known, and which changes nothing.
type check struct {
	name  string
	event []byte
	want  func(answer) error
}

// answer is what a version answered: an error of the function, if it failed.
type answer struct {
	payload []byte
	failed  bool
}

// takesOrders is the function that an order is placed with.
const takesOrders = "order-api"

// contracts are the checks of each function that gets its traffic step by step.
func contracts() map[string][]check {
	const order = "/v1/orders/{orderId}"
	unknown := map[string]string{"orderId": "ord_deploycheckdeploycheckdepl"}
	refuses := []check{{"a step that does not exist is refused", []byte(`{"step":"Rehearse"}`), refusal(platform.InvalidRequest)}}
	return map[string][]check{
		takesOrders: {
			{"an order that does not exist is not found", request(http.MethodGet, order, unknown, "", ""), status(http.StatusNotFound)},
			{"an order without content is refused", request(http.MethodPost, "/v1/orders", nil, "deploy-check", "{}"), status(http.StatusBadRequest)},
			{"a shopper's orders are listed", request(http.MethodGet, "/v1/orders", nil, "", ""), status(http.StatusOK)},
		},
		"inventory-api":    {{"the products are listed", request(http.MethodGet, "/v1/products", nil, "", ""), status(http.StatusOK)}},
		"api-health":       {{"health is told", request(http.MethodGet, "/health", nil, "", ""), status(http.StatusOK, http.StatusServiceUnavailable)}},
		"payment-webhook":  {{"a webhook without signature is refused", request(http.MethodPost, "/v1/webhooks/payments", nil, "", "{}"), status(http.StatusBadRequest, http.StatusUnauthorized)}},
		"shipping-webhook": {{"a webhook without signature is refused", request(http.MethodPost, "/v1/webhooks/carrier", nil, "", "{}"), status(http.StatusBadRequest, http.StatusUnauthorized)}},
		"api-authorizer":   {{"a token that is none is refused", []byte(`{"type":"REQUEST","headers":{"Authorization":"Bearer none"}}`), unauthorized}},
		"order-query":      {{"a question that does not exist is refused", []byte(`{"want":"rehearsal"}`), refusal(platform.InvalidRequest)}},
		"order-saga":       refuses,
		"inventory-saga":   refuses,
		"payment-saga":     refuses,
		"shipping-saga":    refuses,
	}
}

// CheckCustomer is whose the orders are that a deployment places.
const CheckCustomer = "deploy-check"

// request is an API request after the authorizer, in the name of CheckCustomer.
func request(method, resource string, path map[string]string, key, body string) []byte {
	const endOfTime = 4102444800 // 2100: the request never leaves AWS, so the token that it stands for need not end
	r := events.APIGatewayProxyRequest{
		Resource: resource, Path: resource, HTTPMethod: method, PathParameters: path, Body: body,
		Headers: map[string]string{"Accept": "application/json", "Content-Type": "application/json"},
	}
	if key != "" {
		r.Headers["Idempotency-Key"] = key
	}
	r.RequestContext.Authorizer = map[string]any{
		"principalId": CheckCustomer, "customer": CheckCustomer, "stripeCustomer": "cus_deploycheck",
		"scope": "orders:read orders:write", "expires": strconv.Itoa(endOfTime),
	}
	return encoded(r)
}

// encoded is JSON of a value that has nothing in it which JSON does not know.
func encoded(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// status wants an API response of one of these statuses.
func status(codes ...int) func(answer) error {
	return func(a answer) error {
		res, err := a.response()
		if err == nil && !slices.Contains(codes, res.StatusCode) {
			err = fmt.Errorf("it answered %d, not one of %v: %.200s", res.StatusCode, codes, res.Body)
		}
		return err
	}
}

func (a answer) response() (events.APIGatewayProxyResponse, error) {
	var res events.APIGatewayProxyResponse
	if a.failed {
		return res, fmt.Errorf("it failed: %.200s", a.payload)
	}
	err := json.Unmarshal(a.payload, &res)
	return res, err
}

// refusal wants the function's error of this code.
func refusal(code platform.Code) func(answer) error {
	return func(a answer) error {
		if kind, _ := a.failure(); !a.failed || kind != string(code) {
			return fmt.Errorf("it answered no %s: %.200s", code, a.payload)
		}
		return nil
	}
}

// unauthorized wants the error that API Gateway answers with 401.
func unauthorized(a answer) error {
	if _, message := a.failure(); !a.failed || message != "Unauthorized" {
		return fmt.Errorf("it did not answer Unauthorized: %.200s", a.payload)
	}
	return nil
}

func (a answer) failure() (kind, message string) {
	var e struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(a.payload, &e) != nil {
		return "", ""
	}
	return e.Type, e.Message
}

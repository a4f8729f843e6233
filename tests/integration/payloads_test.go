package integration_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
)

// request is an API request after API Gateway and the authorizer.
type request struct {
	route    string // "GET /v1/orders/{orderId}"
	path     map[string]string
	query    map[string]string
	header   map[string]string
	body     string
	customer string
}

// reply is an API answer.
type reply struct {
	status int
	header map[string]string
	raw    string
	body   map[string]any
}

// send calls an API function as API Gateway does.
func (r *regions) send(h lambda.Handler, in request) reply {
	r.t.Helper()
	method, resource, _ := strings.Cut(in.route, " ")
	e := events.APIGatewayProxyRequest{HTTPMethod: method, Resource: resource, Path: resource, PathParameters: in.path, QueryStringParameters: in.query, Headers: in.header, Body: in.body}
	customer := in.customer
	if customer == "" {
		customer = "ada"
	}
	e.RequestContext.Authorizer = map[string]any{"customer": customer, "stripeCustomer": "cus_" + customer, "expires": "9999999999",
		"scope": "orders:read orders:write catalogue:admin"}
	var res events.APIGatewayProxyResponse
	if err := r.invoke(h, e, &res); err != nil {
		r.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Headers, raw: res.Body}
	if err := json.Unmarshal([]byte(res.Body), &out.body); err != nil {
		r.t.Fatalf("%v in %s", err, res.Body)
	}
	return out
}

// invoke calls a function with a payload and reads its answer into out. An error is one that the function named.
func (r *regions) invoke(h lambda.Handler, in, out any) error {
	r.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		r.t.Fatal(err)
	}
	answer, err := h.Invoke(r.t.Context(), raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		r.t.Fatalf("%v in %s", err, answer)
	}
	return nil
}

// deliver hands a function a batch of messages with events of the bus and fails if it gives one back.
func (r *regions) deliver(h lambda.Handler, bodies ...string) {
	r.t.Helper()
	if failed := r.deliverAll(h, bodies...); len(failed) > 0 {
		r.t.Fatalf("the messages %v failed", failed)
	}
}

// deliverAll is deliver for batches of which some messages are to fail: it tells which, by their place.
func (r *regions) deliverAll(h lambda.Handler, bodies ...string) []string {
	r.t.Helper()
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: body})
	}
	var res events.SQSEventResponse
	if err := r.invoke(h, batch, &res); err != nil {
		r.t.Fatal(err)
	}
	var failed []string
	for _, f := range res.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

// onBus is an event as a rule puts it into a queue.
func onBus(source, detailType, detail string) string {
	return fmt.Sprintf(`{"version":"0","id":"e","account":"000000000000","region":"us-east-1","resources":[],"time":"2026-03-01T12:00:00Z","source":%q,"detail-type":%q,"detail":%s}`,
		source, detailType, detail)
}

// named is the name of a function's error, as Step Functions sees it; "" for none.
func named(err error) string {
	var e messages.InvokeResponse_Error
	if err != nil && !errors.As(err, &e) {
		return err.Error()
	}
	return e.Type
}

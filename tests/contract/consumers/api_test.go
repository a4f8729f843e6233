//go:build pact

package consumers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"

	twofold "twofold/client/go"
)

// exchange is one call of the generated client: the request that it makes, and what of the answer a shop reads through it.
type exchange struct {
	does, given, as string // as is whose token is sent: shopper, staff or nobody
	method, path    string // {order} is the order of the state
	query           map[string]string
	key             bool // whether an Idempotency-Key comes with it
	body            any
	status          int
	header          map[string]matchers.Matcher
	answer          detail
	call            func(c *twofold.ClientWithResponses) error
}

func TestWhatTheClientNeedsOfTheAPI(t *testing.T) {
	for _, x := range append(append(ordering(), readingOrders()...), append(cancelling(), browsing()...)...) {
		t.Run(x.does, func(t *testing.T) { x.agree(t) })
	}
}

func (x exchange) agree(t *testing.T) {
	pact, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: "client-go", Provider: "api", PactDir: pactDir(t), Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	err = pact.AddInteraction().Given(x.given).UponReceiving(x.does).WithRequestPathMatcher(consumer.Method(x.method), withOrder(x.path), x.request).
		WillRespondWith(x.status, func(b *consumer.V4ResponseBuilder) {
			b.JSONBody(x.answer)
			b.Header("Content-Type", x.contentType())
			for name, m := range x.header {
				b.Header(name, m)
			}
		}).ExecuteTest(t, func(m consumer.MockServerConfig) error {
		c, err := twofold.NewClientWithResponses(fmt.Sprintf("http://%s:%d", m.Host, m.Port), twofold.WithRequestEditorFn(x.authorize))
		if err != nil {
			return err
		}
		return x.call(c)
	})
	if err != nil {
		t.Error(err)
	}
}

func (x exchange) request(b *consumer.V4RequestBuilder) {
	if x.as != "" {
		b.Header("Authorization", matchers.String("Bearer "+x.as))
	}
	for name, value := range x.query {
		b.Query(name, matchers.String(value))
	}
	if x.key {
		b.Header("Idempotency-Key", matchers.Regex("order-0001", "^[A-Za-z0-9-]+$"))
	}
	if x.body != nil {
		b.JSONBody(x.body)
	}
}

func (x exchange) contentType() matchers.Matcher {
	if x.status >= http.StatusBadRequest {
		return matchers.String("application/problem+json")
	}
	return matchers.String("application/json")
}

func (x exchange) authorize(_ context.Context, r *http.Request) error {
	if x.as != "" {
		r.Header.Set("Authorization", "Bearer "+x.as)
	}
	return nil
}

// told fails unless the client understood the answer: the value of the status's shape is there and is so.
func told[T any](got *T, err error, so func(v T) bool) error {
	switch {
	case err != nil:
		return err
	case got == nil:
		return errors.New("the client does not know this answer's shape")
	case !so(*got):
		return fmt.Errorf("the client reads %+v", *got)
	}
	return nil
}

// withCode is told of a problem.
func withCode(got *twofold.Problem, err error, code string) error {
	return told(got, err, func(p twofold.Problem) bool { return p.Code == code && p.Status >= 400 && p.Title != "" })
}

func problem(status int, code string) detail {
	return detail{"type": matchers.Regex("https://twofold.example/problems/x", "^https://.+$"), "title": matchers.Like("What is wrong"), "status": matchers.Equality(status), "code": matchers.Equality(code)}
}

func amount(example int) detail {
	return detail{"amount": matchers.Integer(example), "currency": matchers.Regex("EUR", "^[A-Z]{3}$")}
}

const aTime = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`

// anOrder is an order in a state, which the given facts made.
func anOrder(state string, more detail) detail {
	out := detail{
		"orderId": anOrderID(), "state": matchers.Regex(state, "^("+state+")$"), "home": aRegion(), "placedAt": matchers.Regex("2026-03-04T12:00:00.000Z", aTime),
		"lines":  matchers.EachLike(detail{"sku": aSKU(), "quantity": matchers.Integer(2), "unitAmount": matchers.Integer(790)}, 1),
		"amount": amount(2070), "shippingMethod": matchers.Equality("standard"), "shippingAmount": amount(490), "cancelRequested": matchers.Like(false),
		"facts": matchers.EachLike(detail{"kind": matchers.Like("placed"), "region": aRegion(), "at": matchers.Regex("2026-03-04T12:00:00.000Z", aTime)}, 1),
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func aProduct() detail {
	return detail{"sku": matchers.Equality(sku), "title": matchers.Like("Earl Grey, 100 g"), "price": amount(790), "active": matchers.Equality(true),
		"version": matchers.Integer(1), "available": matchers.Integer(498)}
}

// withOrder puts the order of the state into a path.
func withOrder(path string) matchers.Matcher {
	before, after, found := cutOrder(path)
	if !found {
		return matchers.String(path)
	}
	return matchers.FromProviderState(before+"${order}"+after, before+orderID+after)
}

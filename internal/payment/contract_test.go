//go:build pact

package payment

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pact-foundation/pact-go/v2/consumer"
	"github.com/pact-foundation/pact-go/v2/matchers"
	"github.com/stripe/stripe-go/v85"

	"twofold/internal/money"

	"twofold/internal/platform/clocktest"
)

// What the contract's example calls its intent, customer and order; the provider's test puts its own in their places.
const (
	exampleIntent   = "pi_contract"
	exampleCustomer = "cus_contract"
	exampleOrder    = "ord_contract"
)

// agreement is one call of the gateway: what the provider must have made so before, what is sent, and what of the answer is looked at.
type agreement struct {
	does, given string
	method      consumer.Method
	path        string // after /v1; {intent} is the intent of the state
	form        string // of a POST
	query       map[string]string
	key         string // the secret key, if it is not the usual
	status      int
	replayed    bool // the answer is one that was kept; the intent is read anew then
	answer      map[string]any
	call        func(g stripeGateway) error
}

// stripe's errors are told apart by their status, and code.
func refusal(kind, code string) map[string]any {
	e := map[string]any{"type": matchers.Equality(kind), "message": matchers.Like("why")}
	if code != "" {
		e["code"] = matchers.Equality(code)
	}
	return map[string]any{"error": e}
}

func intentIn(status string, more map[string]any) map[string]any {
	out := map[string]any{"id": matchers.Regex(exampleIntent, "^pi_.+$"), "object": matchers.Equality("payment_intent"), "status": matchers.Equality(status)}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func metadata(pairs ...string) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = matchers.Equality(pairs[i+1])
	}
	return map[string]any{"metadata": m}
}

// is calls the gateway and wants an error of a kind.
func is(kind Kind, call func(g stripeGateway) error) func(stripeGateway) error {
	return func(g stripeGateway) error {
		var f *Failure
		if err := call(g); !errors.As(err, &f) || f.Kind != kind {
			return errors.Join(errors.New("the refusal is not understood"), err)
		}
		return nil
	}
}

// reads makes a call that answers an intent and wants something to be true of it.
func reads(what string, call func(g stripeGateway) (Intent, error), so func(i Intent) bool) func(stripeGateway) error {
	return func(g stripeGateway) error {
		i, err := call(g)
		if err == nil && !so(i) {
			err = errors.New("not read from the answer: " + what)
		}
		return err
	}
}

func TestWhatPaymentNeedsOfStripe(t *testing.T) {
	for _, a := range slices.Concat(creating(), reading(), deciding(), subscribing()) {
		t.Run(a.does, func(t *testing.T) { agree(t, a) })
	}
}

func agree(t *testing.T, a agreement) {
	dir := os.Getenv("TWOFOLD_PACTS")
	if dir == "" {
		t.Fatal("TWOFOLD_PACTS is not set: run this test with `make contract`")
	}
	log.SetOutput(io.Discard) // pact-go reports each of its mock servers there
	pact, err := consumer.NewV4Pact(consumer.MockHTTPProviderConfig{Consumer: "payment-saga", Provider: "stripe", PactDir: dir, Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if a.key == "" {
		a.key = "sk_test_contract"
	}
	answered := pact.AddInteraction().Given(a.given).UponReceiving(a.does).
		WithRequestPathMatcher(a.method, a.pathMatcher(), a.request).
		WillRespondWith(a.status, a.respond)
	if a.replayed {
		answered = pact.AddInteraction().Given(a.given).UponReceiving(a.does+", and then for what it is").
			WithRequestPathMatcher(http.MethodGet, agreement{path: "/payment_intents/{intent}"}.pathMatcher(), agreement{method: http.MethodGet, key: a.key}.request).
			WillRespondWith(http.StatusOK, agreement{answer: a.answer}.respond)
	}
	err = answered.
		ExecuteTest(t, func(m consumer.MockServerConfig) error {
			return a.call(newStripe(fmt.Sprintf("http://%s:%d", m.Host, m.Port), "https://shop.example/orders/{orderId}", http.DefaultClient, fixed(a.key), clocktest.New(), strings.NewReader(strings.Repeat("x", 64))))
		})
	if err != nil {
		t.Error(err)
	}
}

func (a agreement) pathMatcher() matchers.Matcher {
	path := "/v1" + a.path
	if !strings.Contains(path, "{intent}") {
		return matchers.String(path)
	}
	return matchers.FromProviderState(strings.ReplaceAll(path, "{intent}", "${intent}"), strings.ReplaceAll(path, "{intent}", exampleIntent))
}

func (a agreement) request(b *consumer.V4RequestBuilder) {
	b.Header("Authorization", matchers.String("Bearer "+a.key))
	b.Header("Stripe-Version", matchers.String(stripe.APIVersion))
	for name, value := range a.query {
		b.Query(name, matchers.String(value))
	}
	if a.method == http.MethodPost {
		b.Header("Idempotency-Key", matchers.Regex("twofold-once-1", "^twofold-.+$"))
		b.Header("Content-Type", matchers.String("application/x-www-form-urlencoded"))
		b.Body("application/x-www-form-urlencoded", []byte(a.form))
	}
}

func (a agreement) respond(b *consumer.V4ResponseBuilder) {
	if a.replayed {
		b.Header("Idempotent-Replayed", matchers.String("true"))
	}
	b.JSONBody(a.answer)
}

// unknown is how the example names an intent that nobody has made.
const unknown = "pi_unknown"

var placedAt = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func exampleParams() Params {
	return Params{Amount: money.Money{Amount: 2070, Currency: "EUR"}, Customer: exampleCustomer, Method: "pm_card_visa", OrderID: exampleOrder, Placed: east, Version: 1}
}

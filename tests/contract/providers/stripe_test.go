//go:build pact

package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	sdk "github.com/stripe/stripe-go/v85"

	"twofold/local/core"
	"twofold/local/providers/stripe"
)

// What the pacts call the key, customer and intent.
const (
	pactKey, pactCustomer, pactIntent = "sk_test_contract", "cus_contract", "pi_contract"
	goodCard, badCard, askingCard     = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"
)

func TestTheStripeStandInGivesWhatPaymentNeeds(t *testing.T) {
	faults := core.NewFaults(0)
	server := httptest.NewServer(stripe.New(core.New(core.NewLive(faults), faults, 1), pactKey))
	defer server.Close()
	holdStripeTo(t, server.URL, pactKey)
}

// The same at Stripe itself, in test mode. `make contract-stripe` runs it, never the pipeline.
func TestStripeGivesWhatPaymentNeeds(t *testing.T) {
	key := os.Getenv("STRIPE_TEST_KEY")
	if !strings.HasPrefix(key, "sk_test_") {
		t.Fatal("STRIPE_TEST_KEY is not a secret key of Stripe's test mode (sk_test_...): set it and run `make contract-stripe`")
	}
	holdStripeTo(t, "https://api.stripe.com", key)
}

func holdStripeTo(t *testing.T, base, key string) {
	a := &account{base: base, key: key, run: fmt.Sprint(os.Getpid())}
	verify(t, "stripe", verification{base: base, states: a.states(), filter: a.translate})
}

// account is an account at Stripe, or at what stands in for it, and what the state of the moment is about.
type account struct {
	base, key, run   string
	count            int // of states: each has idempotency keys of its own
	customer, intent string
}

func (a *account) states() map[string]state {
	intent := func(card string, then ...func() error) state {
		return func() (map[string]any, error) { return a.begin(card, then...) }
	}
	captured := func() error { return a.act("/capture", url.Values{"metadata[committed_by]": {"us-east-1"}}) }
	return map[string]state{
		"a customer":         func() (map[string]any, error) { return nil, errors.Join(a.newCustomer(), a.endEndpoints()) },
		"a webhook endpoint": a.onlyEndpoint,
		"an intent that was created with other parameters": func() (map[string]any, error) { return a.keep("790") },
		"an intent that was created with these parameters": func() (map[string]any, error) { return a.keep("2070") },
		"an intent that was declined":                      intent(badCard),
		"an intent whose shopper must authenticate":        intent(askingCard),
		"an intent that is authorized":                     intent(goodCard),
		"an intent that was captured":                      intent(goodCard, captured),
		"an intent that was cancelled": intent(goodCard,
			func() error { return a.act("", url.Values{"metadata[rejected_for]": {"InsufficientStock"}}) },
			func() error { return a.act("/cancel", url.Values{"cancellation_reason": {"abandoned"}}) }),
		"an intent that was refunded": intent(goodCard, captured, func() error {
			_, err := a.post("/v1/refunds", url.Values{"payment_intent": {a.intent}}, "")
			return err
		}),
	}
}

// onlyEndpoint makes the one endpoint of these tests.
func (a *account) onlyEndpoint() (map[string]any, error) {
	if err := errors.Join(a.newCustomer(), a.endEndpoints()); err != nil {
		return nil, err
	}
	_, err := a.post("/v1/webhook_endpoints", url.Values{"url": {hookURL + "?version=v1"}, "enabled_events[0]": {"payment_intent.canceled"}, "metadata[twofold_secret_version]": {"v1"}}, "")
	return nil, err
}

// hookURL is the address of the endpoints in the pact.
const hookURL = "https://example.com/v1/webhooks/payments"

// endEndpoints deletes what earlier runs left: an account has room for few.
func (a *account) endEndpoints() error {
	client := sdk.NewClient(a.key, sdk.WithBackends(&sdk.Backends{API: sdk.GetBackendWithConfig(sdk.APIBackend, &sdk.BackendConfig{URL: sdk.String(a.base)})}))
	for e, err := range client.V1WebhookEndpoints.List(context.Background(), &sdk.WebhookEndpointListParams{}).All(context.Background()) {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.URL, hookURL) {
			if _, err := client.V1WebhookEndpoints.Delete(context.Background(), e.ID, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *account) newCustomer() error {
	a.count++
	a.intent = pactIntent
	id, err := a.post("/v1/customers", url.Values{"description": {"contract test"}}, "")
	a.customer = id
	return err
}

func (a *account) parameters(card string) url.Values {
	return url.Values{"amount": {"2070"}, "currency": {"eur"}, "capture_method": {"manual"}, "customer": {a.customer}, "payment_method": {card},
		"confirm": {"true"}, "return_url": {"https://shop.example/orders/ord_contract"},
		"payment_method_types[0]": {"card"}, "metadata[order_id]": {"ord_contract"}, "metadata[placed_region]": {"us-east-1"}, "metadata[version]": {"1"}}
}

// begin makes a customer with one intent.
func (a *account) begin(card string, then ...func() error) (map[string]any, error) {
	if err := a.newCustomer(); err != nil {
		return nil, err
	}
	id, err := a.post("/v1/payment_intents", a.parameters(card), "")
	if card == badCard && errors.Is(err, errRefused) {
		err = nil // the intent is there all the same
	}
	a.intent = id
	for _, f := range then {
		if err == nil {
			err = f()
		}
	}
	return map[string]any{"intent": id}, err
}

// keep makes an intent under the key that the pact's request will come with.
func (a *account) keep(amount string) (map[string]any, error) {
	if err := a.newCustomer(); err != nil {
		return nil, err
	}
	form := a.parameters(goodCard)
	form.Set("amount", amount)
	id, err := a.post("/v1/payment_intents", form, a.idempotencyKey("twofold-once-1"))
	a.intent = id
	return map[string]any{"intent": id}, err
}

func (a *account) act(action string, form url.Values) error {
	_, err := a.post("/v1/payment_intents/"+a.intent+action, form, "")
	return err
}

func (a *account) idempotencyKey(inPact string) string {
	return fmt.Sprintf("%s-%s-%d", inPact, a.run, a.count)
}

var errRefused = errors.New("refused")

// post sends a form and gives the id of the object that comes back, or of the intent that a refusal left.
func (a *account) post(path string, form url.Values, key string) (string, error) {
	req, err := http.NewRequest(http.MethodPost, a.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	var out struct {
		ID    string
		Error struct {
			Code          string
			Message       string
			PaymentIntent struct{ ID string } `json:"payment_intent"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return out.Error.PaymentIntent.ID, fmt.Errorf("%w: %s answered %d %s: %s", errRefused, path, res.StatusCode, out.Error.Code, out.Error.Message)
	}
	return out.ID, nil
}

// translate puts the account's key, customer and intent in the place of the pact's.
func (a *account) translate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names := strings.NewReplacer(pactCustomer, a.customer, pactIntent, a.intent)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		sent := names.Replace(string(body))
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(sent)), int64(len(sent))
		r.URL.RawQuery = names.Replace(r.URL.RawQuery)
		if r.Header.Get("Authorization") == "Bearer "+pactKey {
			r.Header.Set("Authorization", "Bearer "+a.key)
		}
		if key := r.Header.Get("Idempotency-Key"); key != "" {
			r.Header.Set("Idempotency-Key", a.idempotencyKey(key))
		}
		next.ServeHTTP(w, r)
	})
}

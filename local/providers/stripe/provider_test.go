package stripe

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"twofold/local/core"
	sender "twofold/local/providers/webhook"
)

const testKey = "sk_test_local"

// clock is a live driver whose time a test can move.
type clock struct {
	*core.Live
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Live.Now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) { c.mu.Lock(); c.offset += d; c.mu.Unlock() }

type bench struct {
	*testing.T
	provider *Provider
	clock    *clock
	client   *stripe.Client
	url      string
}

// start runs the stand-in behind HTTP with the official client in front, without retries.
func start(t *testing.T) *bench {
	t.Helper()
	faults := core.NewFaults(0)
	c := &clock{Live: core.NewLive(faults)}
	p := New(core.New(c, faults, 7), testKey)
	p.AddCustomer("cus_ada")
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: stripe.String(server.URL),
		MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}, HTTPClient: server.Client()})
	client := stripe.NewClient(testKey, stripe.WithBackends(&stripe.Backends{API: backend}))
	return &bench{t, p, c, client, server.URL}
}

func order(method string, key string) *stripe.PaymentIntentCreateParams {
	params := &stripe.PaymentIntentCreateParams{Amount: stripe.Int64(4200), Currency: stripe.String("EUR"),
		Customer: stripe.String("cus_ada"), CaptureMethod: stripe.String("manual"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String(method), Metadata: map[string]string{MetadataOrder: "ord_1"},
		AutomaticPaymentMethods: &stripe.PaymentIntentCreateAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true), AllowRedirects: stripe.String("never")}}
	if key != "" {
		params.SetIdempotencyKey(key)
	}
	return params
}

func (b *bench) create(params *stripe.PaymentIntentCreateParams) (*stripe.PaymentIntent, error) {
	return b.client.V1PaymentIntents.Create(context.Background(), params)
}

func (b *bench) authorized() *stripe.PaymentIntent {
	b.Helper()
	in, err := b.create(order("pm_card_visa", ""))
	if err != nil {
		b.Fatal(err)
	}
	return in
}

func (b *bench) capture(id, by string) (*stripe.PaymentIntent, error) {
	return b.client.V1PaymentIntents.Capture(context.Background(), id, &stripe.PaymentIntentCaptureParams{Metadata: map[string]string{MetadataCommittedBy: by}})
}

func (b *bench) cancel(id string) (*stripe.PaymentIntent, error) {
	return b.client.V1PaymentIntents.Cancel(context.Background(), id, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
}

func failure(t *testing.T, err error) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no Stripe error", err)
	}
	return e
}

func TestAuthorizeThenCaptureIsCommit(t *testing.T) {
	b := start(t)
	in := b.authorized()
	if in.Status != RequiresCapture || in.AmountCapturable != 4200 || in.Currency != "eur" || in.LatestCharge == nil ||
		in.Customer.ID != "cus_ada" || !strings.HasPrefix(in.ClientSecret, in.ID+"_secret_") {
		t.Fatalf("authorized: %+v", in)
	}
	got, err := b.capture(in.ID, "us-west-2")
	if err != nil || got.Status != Succeeded || got.AmountReceived != 4200 || got.AmountCapturable != 0 {
		t.Fatalf("captured: %+v %v", got, err)
	}
	if got.Metadata[MetadataOrder] != "ord_1" || got.Metadata[MetadataCommittedBy] != "us-west-2" {
		t.Errorf("metadata was not merged: %v", got.Metadata)
	}
	e := failure(t, func() error { _, err := b.capture(in.ID, "us-east-1"); return err }())
	if e.HTTPStatusCode != 400 || e.Code != unexpectedState || e.PaymentIntent.Status != Succeeded || e.PaymentIntent.Metadata[MetadataCommittedBy] != "us-west-2" {
		t.Errorf("second capture: %+v", e)
	}
	e = failure(t, func() error { _, err := b.cancel(in.ID); return err }())
	if e.Code != unexpectedState || !strings.Contains(e.Msg, "status of succeeded") {
		t.Errorf("cancel after capture: %+v", e)
	}
	seen := b.provider.Intents()
	if len(seen) != 1 || seen[0].Captures != 1 || seen[0].CommittedBy != "us-west-2" || seen[0].AmountCaptured != 4200 || seen[0].Order != "ord_1" {
		t.Errorf("the checker sees %+v", seen)
	}
}

func TestCancelIsAbort(t *testing.T) {
	b := start(t)
	in := b.authorized()
	got, err := b.cancel(in.ID)
	if err != nil || got.Status != Canceled || got.CancellationReason != "abandoned" || got.CanceledAt == 0 {
		t.Fatalf("%+v %v", got, err)
	}
	for name, err := range map[string]error{
		"capture": func() error { _, err := b.capture(in.ID, "x"); return err }(),
		"cancel":  func() error { _, err := b.cancel(in.ID); return err }(),
		"confirm": func() error {
			_, err := b.client.V1PaymentIntents.Confirm(context.Background(), in.ID, nil)
			return err
		}(),
	} {
		if e := failure(t, err); e.Code != unexpectedState || e.PaymentIntent.Status != Canceled {
			t.Errorf("%s of a canceled intent: %+v", name, e)
		}
	}
	_, err = b.client.V1PaymentIntents.Cancel(context.Background(), b.authorized().ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("rejected")})
	if e := failure(t, err); e.Param != "cancellation_reason" || e.HTTPStatusCode != 400 {
		t.Errorf("invented reason: %+v", e)
	}
}

func TestOfCaptureAndCancelExactlyOneWins(t *testing.T) {
	b := start(t)
	for range 20 {
		in := b.authorized()
		var won [2]bool
		var wait sync.WaitGroup
		wait.Add(2)
		go func() { defer wait.Done(); _, err := b.capture(in.ID, "a"); won[0] = err == nil }()
		go func() { defer wait.Done(); _, err := b.cancel(in.ID); won[1] = err == nil }()
		wait.Wait()
		if won[0] == won[1] {
			t.Fatalf("captured %v, canceled %v", won[0], won[1])
		}
	}
}

func TestDeclines(t *testing.T) {
	cases := map[string][2]string{
		"pm_card_chargeDeclined":                           {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclined":                      {"card_declined", "generic_decline"},
		"pm_card_chargeDeclinedInsufficientFunds":          {"card_declined", "insufficient_funds"},
		"pm_card_visa_chargeDeclinedLostCard":              {"card_declined", "lost_card"},
		"pm_card_chargeDeclinedExpiredCard":                {"expired_card", ""},
		"pm_card_chargeDeclinedIncorrectCvc":               {"incorrect_cvc", ""},
		"pm_card_chargeDeclinedProcessingError":            {"processing_error", ""},
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": {"card_declined", "card_velocity_exceeded"},
	}
	for method, want := range cases {
		t.Run(method, func(t *testing.T) {
			b := start(t)
			_, err := b.create(order(method, ""))
			e := failure(t, err)
			if e.HTTPStatusCode != 402 || e.Type != "card_error" || string(e.Code) != want[0] || string(e.DeclineCode) != want[1] ||
				e.PaymentIntent.Status != RequiresPaymentMethod || e.PaymentIntent.LastPaymentError == nil || e.ChargeID == "" {
				t.Errorf("%+v", e)
			}
			if got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), e.PaymentIntent.ID, nil); err != nil || got.PaymentMethod != nil {
				t.Errorf("afterwards: %+v %v", got, err)
			}
		})
	}
}

func TestAfterADeclineAnotherCardPays(t *testing.T) {
	b := start(t)
	_, err := b.create(order("pm_card_chargeDeclined", ""))
	id := failure(t, err).PaymentIntent.ID
	if e := failure(t, func() error {
		_, err := b.client.V1PaymentIntents.Confirm(context.Background(), id, nil)
		return err
	}()); e.Code != unexpectedState || !strings.Contains(e.Msg, "missing a payment method") {
		t.Errorf("confirm without a method: %+v", e)
	}
	in, err := b.client.V1PaymentIntents.Confirm(context.Background(), id, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil || in.Status != RequiresCapture || in.LastPaymentError != nil {
		t.Fatalf("%+v %v", in, err)
	}
}

func TestAuthentication(t *testing.T) {
	b := start(t)
	params := order("pm_card_authenticationRequired", "")
	params.ReturnURL = stripe.String("https://shop.example/back")
	in, err := b.create(params)
	if err != nil || in.Status != RequiresAction || in.NextAction.Type != "redirect_to_url" ||
		in.NextAction.RedirectToURL.URL == "" || in.NextAction.RedirectToURL.ReturnURL != "https://shop.example/back" {
		t.Fatalf("%+v %v", in, err)
	}
	if err := b.provider.Authenticate(in.ID, true); err != nil {
		t.Fatal(err)
	}
	if got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), in.ID, nil); err != nil || got.Status != RequiresCapture || got.NextAction != nil {
		t.Errorf("passed: %+v %v", got, err)
	}
	if err := b.provider.Authenticate(in.ID, true); err == nil {
		t.Error("authenticated twice")
	}
	again, err := b.create(order("pm_card_authenticationRequired", ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.provider.Authenticate(again.ID, false); err != nil {
		t.Fatal(err)
	}
	if got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), again.ID, nil); err != nil || got.Status != RequiresPaymentMethod ||
		got.LastPaymentError.Code != "payment_intent_authentication_failure" {
		t.Errorf("failed: %+v %v", got, err)
	}
	absent := order("pm_card_authenticationRequired", "")
	absent.OffSession = stripe.Bool(true)
	_, err = b.create(absent)
	if e := failure(t, err); e.HTTPStatusCode != 402 || e.Code != "authentication_required" {
		t.Errorf("off session: %+v", e)
	}
}

func TestACardMayDeclineAfterTheShopperHasAuthenticated(t *testing.T) {
	b := start(t)
	in, err := b.create(order("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", ""))
	if err != nil || in.Status != RequiresAction {
		t.Fatalf("%+v %v", in, err)
	}
	if err := b.provider.Authenticate(in.ID, true); err != nil {
		t.Fatal(err)
	}
	got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), in.ID, nil)
	if err != nil || got.Status != RequiresPaymentMethod || got.LastPaymentError.DeclineCode != "insufficient_funds" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestEventsGoToTheEndpointSigned(t *testing.T) {
	b := start(t)
	got := make(chan stripe.Event, 10)
	b.provider.Notify(sender.New(t.Context(), b.provider.cloud, sender.Config{Name: "stripe", Header: SignatureHeader, Secret: "whsec_1",
		Types: []string{"payment_intent.amount_capturable_updated", "payment_intent.payment_failed"},
		Post: func(_ context.Context, body []byte, h http.Header) error {
			e, err := webhook.ConstructEventWithOptions(body, h.Get(SignatureHeader), "whsec_1", webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
			got <- e
			return err
		}}))
	for passed, want := range map[bool]string{true: "payment_intent.amount_capturable_updated", false: "payment_intent.payment_failed"} {
		in, err := b.create(order("pm_card_authenticationRequired", ""))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.provider.Authenticate(in.ID, passed); err != nil {
			t.Fatal(err)
		}
		if e := <-got; string(e.Type) != want || e.GetObjectValue("id") != in.ID || e.GetObjectValue("metadata", MetadataOrder) != "ord_1" {
			t.Errorf("passed %v: %+v", passed, e)
		}
	}
}

package stripe

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	sender "twofold/local/providers/webhook"
)

func TestWrongRequestsAreRefusedAndMakeNothing(t *testing.T) {
	with := func(change func(*stripe.PaymentIntentCreateParams)) *stripe.PaymentIntentCreateParams {
		p := order("pm_card_visa", "")
		change(p)
		return p
	}
	cases := map[string]struct {
		params      *stripe.PaymentIntentCreateParams
		status      int
		code, param string
	}{
		"no amount":         {with(func(p *stripe.PaymentIntentCreateParams) { p.Amount = nil }), 400, "parameter_missing", "amount"},
		"no currency":       {with(func(p *stripe.PaymentIntentCreateParams) { p.Currency = nil }), 400, "parameter_missing", "currency"},
		"negative":          {with(func(p *stripe.PaymentIntentCreateParams) { p.Amount = stripe.Int64(-1) }), 400, "parameter_invalid_integer", "amount"},
		"below the minimum": {with(func(p *stripe.PaymentIntentCreateParams) { p.Amount = stripe.Int64(49) }), 400, "amount_too_small", "amount"},
		"huge":              {with(func(p *stripe.PaymentIntentCreateParams) { p.Amount = stripe.Int64(100_000_000) }), 400, "amount_too_large", "amount"},
		"unknown currency":  {with(func(p *stripe.PaymentIntentCreateParams) { p.Currency = stripe.String("xxx") }), 400, "", "currency"},
		"unknown customer":  {with(func(p *stripe.PaymentIntentCreateParams) { p.Customer = stripe.String("cus_nobody") }), 400, "resource_missing", "customer"},
		"unknown method":    {order("pm_card_nonsense", ""), 400, "resource_missing", "payment_method"},
		"unknown parameter": {with(func(p *stripe.PaymentIntentCreateParams) { p.AddExtra("order", "1") }), 400, "parameter_unknown", "order"},
		"parameter not run": {with(func(p *stripe.PaymentIntentCreateParams) { p.SetupFutureUsage = stripe.String("off_session") }), 501, "", "setup_future_usage"},
		"capture method":    {with(func(p *stripe.PaymentIntentCreateParams) { p.CaptureMethod = stripe.String("later") }), 400, "", "capture_method"},
		"redirects, no URL": {with(func(p *stripe.PaymentIntentCreateParams) { p.AutomaticPaymentMethods = nil }), 400, "", "return_url"},
		"off_session, no confirm": {with(func(p *stripe.PaymentIntentCreateParams) {
			p.Confirm, p.OffSession = nil, stripe.Bool(true)
		}), 400, "", "off_session"},
		"long metadata": {with(func(p *stripe.PaymentIntentCreateParams) { p.Metadata["x"] = strings.Repeat("y", 501) }), 400, "", "metadata[x]"},
	}
	b := start(t)
	for name, c := range cases {
		_, err := b.create(c.params)
		if e := failure(t, err); e.HTTPStatusCode != c.status || string(e.Code) != c.code || e.Param != c.param {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if n := len(b.provider.Intents()); n != 0 {
		t.Errorf("%d intents were made", n)
	}
}

func TestZeroDecimalAndMinimumsByCurrency(t *testing.T) {
	b := start(t)
	for _, c := range []struct {
		amount   int64
		currency string
		ok       bool
	}{{50, "jpy", true}, {49, "jpy", false}, {30, "gbp", true}, {29, "gbp", false}, {249, "dkk", false}, {17500, "huf", true}} {
		p := order("pm_card_visa", "")
		p.Amount, p.Currency = &c.amount, &c.currency
		if _, err := b.create(p); (err == nil) != c.ok {
			t.Errorf("%d %s: %v", c.amount, c.currency, err)
		}
	}
	if money(50, "jpy") != "50 jpy" || money(1234, "eur") != "12.34 eur" {
		t.Errorf("money is shown as %s and %s", money(50, "jpy"), money(1234, "eur"))
	}
}

func TestKeysAuthenticateRequests(t *testing.T) {
	b := start(t)
	for _, header := range []string{"", "Bearer sk_test_forged"} {
		req, err := http.NewRequest(http.MethodGet, b.url+"/v1/payment_intents", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", header)
		if status, body := b.do(req); status != 401 || !strings.Contains(body, `"type":"invalid_request_error"`) {
			t.Errorf("%q: %d %s", header, status, body)
		}
	}
	req, err := http.NewRequest(http.MethodGet, b.url+"/v1/payment_intents", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(testKey, "")
	if status, body := b.do(req); status != 200 {
		t.Errorf("basic: %d %s", status, body)
	}
	req.URL.Path = "/v1/subscriptions"
	if status, body := b.do(req); status != 404 || !strings.Contains(body, "Unrecognized request URL") {
		t.Errorf("unknown path: %d %s", status, body)
	}
}

func (b *bench) do(req *http.Request) (int, string) {
	b.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestPartialCaptureAndRefunds(t *testing.T) {
	b := start(t)
	ctx := context.Background()
	in := b.authorized()
	refund := func(amount int64) (*stripe.Refund, error) {
		return b.client.V1Refunds.Create(ctx, &stripe.RefundCreateParams{PaymentIntent: &in.ID, Amount: stripe.Int64(amount), Reason: stripe.String("requested_by_customer")})
	}
	if _, err := refund(1); failure(t, err).Code != unexpectedState {
		t.Errorf("refund before capture: %v", err)
	}
	_, err := b.client.V1PaymentIntents.Capture(ctx, in.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(4201)})
	if e := failure(t, err); e.Code != "amount_too_large" {
		t.Errorf("capture of too much: %+v", e)
	}
	got, err := b.client.V1PaymentIntents.Capture(ctx, in.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(1000)})
	if err != nil || got.AmountReceived != 1000 {
		t.Fatalf("%+v %v", got, err)
	}
	first, err := refund(400)
	if err != nil || first.Status != "succeeded" || first.Amount != 400 {
		t.Fatalf("%+v %v", first, err)
	}
	if _, err := refund(601); failure(t, err).Param != "amount" {
		t.Errorf("refund of too much: %v", err)
	}
	if _, err := refund(600); err != nil {
		t.Fatal(err)
	}
	if _, err := refund(1); failure(t, err).Code != "charge_already_refunded" {
		t.Errorf("refund of nothing left: %v", err)
	}
	if again, err := b.client.V1Refunds.Retrieve(ctx, first.ID, nil); err != nil || again.Amount != 400 {
		t.Errorf("%+v %v", again, err)
	}
	n := 0
	for _, err := range b.client.V1Refunds.List(ctx, &stripe.RefundListParams{PaymentIntent: &in.ID}).All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if seen := b.provider.Intents()[0]; n != 2 || seen.AmountRefunded != 1000 || seen.AmountCaptured != 1000 {
		t.Errorf("%d refunds, %+v", n, seen)
	}
}

func TestListIsNewestFirstAndPaged(t *testing.T) {
	b := start(t)
	ctx := context.Background()
	b.provider.AddCustomer("cus_bob")
	var want []string
	begun := b.clock.Now().Unix()
	for i := range 25 {
		b.clock.advance(time.Second)
		p := order("pm_card_visa", "")
		if i%5 == 4 {
			p.Customer = stripe.String("cus_bob")
		}
		in, err := b.create(p)
		if err != nil {
			t.Fatal(err)
		}
		if i%5 != 4 {
			want = append([]string{in.ID}, want...)
		}
	}
	params := &stripe.PaymentIntentListParams{Customer: stripe.String("cus_ada"), CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: begun}}
	params.Limit = stripe.Int64(7)
	var got []string
	for in, err := range b.client.V1PaymentIntents.List(ctx, params).All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, in.ID)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %v\nwant %v", got, want)
	}
	params.CreatedRange = &stripe.RangeQueryParams{LesserThan: begun}
	for in, err := range b.client.V1PaymentIntents.List(ctx, params).All(ctx) {
		t.Errorf("before the first: %v %v", in, err)
	}
	params.Limit = stripe.Int64(101)
	for _, err := range b.client.V1PaymentIntents.List(ctx, params).All(ctx) {
		if failure(t, err).Param != "limit" {
			t.Error(err)
		}
	}
}

func TestExpandShowsTheCharge(t *testing.T) {
	b := start(t)
	in := b.authorized()
	params := &stripe.PaymentIntentRetrieveParams{}
	params.AddExpand("latest_charge")
	params.AddExpand("payment_method")
	params.AddExpand("customer")
	got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), in.ID, params)
	if err != nil || got.LatestCharge.Amount != 4200 || got.LatestCharge.Captured || got.PaymentMethod.Card.Last4 != "4242" || got.Customer.Created == 0 {
		t.Fatalf("%+v %v", got, err)
	}
	_, err = b.client.V1PaymentIntents.Retrieve(context.Background(), "pi_nothing", nil)
	if e := failure(t, err); e.HTTPStatusCode != 404 || e.Code != "resource_missing" {
		t.Errorf("%+v", e)
	}
}

func TestCustomersAndUpdates(t *testing.T) {
	b := start(t)
	ctx := context.Background()
	made, err := b.client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{Name: stripe.String("Grace"), Metadata: map[string]string{"shop": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.client.V1Customers.Retrieve(ctx, made.ID, nil); err != nil || got.Name != "Grace" || got.Metadata["shop"] != "1" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := b.client.V1Customers.Retrieve(ctx, "cus_nobody", nil); failure(t, err).HTTPStatusCode != 404 {
		t.Error(err)
	}
	in := b.authorized()
	got, err := b.client.V1PaymentIntents.Update(ctx, in.ID, &stripe.PaymentIntentUpdateParams{Metadata: map[string]string{MetadataOrder: "", "note": "x"}})
	if _, kept := got.Metadata[MetadataOrder]; err != nil || kept || got.Metadata["note"] != "x" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestAnAuthorizationThatNobodyCapturesExpires(t *testing.T) {
	b := start(t)
	in := b.authorized()
	b.clock.advance(authorizationLife * time.Second)
	got, err := b.client.V1PaymentIntents.Retrieve(context.Background(), in.ID, nil)
	if err != nil || got.Status != Canceled || got.CancellationReason != "automatic" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestEventsAreInOrderAndVerify(t *testing.T) {
	b := start(t)
	in := b.authorized()
	if _, err := b.capture(in.ID, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range b.provider.Events() {
		kinds = append(kinds, e.Type)
	}
	want := "payment_intent.created payment_intent.amount_capturable_updated charge.captured payment_intent.succeeded"
	if strings.Join(kinds, " ") != want {
		t.Errorf("events are %v", kinds)
	}
	payload, err := json.Marshal(b.provider.Events()[3])
	if err != nil {
		t.Fatal(err)
	}
	event, err := webhook.ConstructEventWithOptions(payload, sender.Sign(payload, "whsec_1", time.Now()), "whsec_1",
		webhook.ConstructEventOptions{IgnoreAPIVersionMismatch: true})
	if err != nil || event.Type != "payment_intent.succeeded" || event.GetObjectValue("metadata", MetadataCommittedBy) != "us-east-1" {
		t.Errorf("%+v %v", event, err)
	}
}

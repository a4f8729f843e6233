package stripe

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v85"
)

func TestAReplayedKeyReplaysTheFirstAnswer(t *testing.T) {
	b := start(t)
	first, err := b.create(order("pm_card_visa", "order-1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.capture(first.ID, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	again, err := b.create(order("pm_card_visa", "order-1"))
	if err != nil || again.ID != first.ID || again.Status != RequiresCapture {
		t.Fatalf("the replay is %+v %v: it must be the first answer, stale as it is", again, err)
	}
	if h := again.LastResponse.Header; h.Get("Idempotent-Replayed") != "true" || h.Get("Original-Request") != first.LastResponse.RequestID {
		t.Errorf("headers of the replay: %v", h)
	}
	if n := len(b.provider.Intents()); n != 1 {
		t.Errorf("%d intents", n)
	}
}

func TestADeclineIsReplayedToo(t *testing.T) {
	b := start(t)
	_, err := b.create(order("pm_card_chargeDeclined", "k"))
	first := failure(t, err)
	_, err = b.create(order("pm_card_chargeDeclined", "k"))
	if e := failure(t, err); e.HTTPStatusCode != 402 || e.PaymentIntent.ID != first.PaymentIntent.ID || len(b.provider.Intents()) != 1 ||
		first.LastResponse.Header.Get("Idempotent-Replayed") != "" || e.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%+v", e)
	}
	for in, err := range b.client.V1PaymentIntents.List(context.Background(), &stripe.PaymentIntentListParams{Customer: stripe.String("cus_ada")}).All(context.Background()) {
		if err != nil || in.ID != first.PaymentIntent.ID || in.Status != RequiresPaymentMethod || in.LastPaymentError == nil {
			t.Errorf("listed as %+v, %v", in, err)
		}
	}
}

func TestAnUnexpectedStateIsReplayedToo(t *testing.T) {
	b := start(t)
	params := order("", "")
	params.PaymentMethod, params.Confirm = nil, nil
	in, err := b.create(params)
	if err != nil {
		t.Fatal(err)
	}
	capture := &stripe.PaymentIntentCaptureParams{}
	capture.SetIdempotencyKey("capture-1")
	for range 2 {
		_, err = b.client.V1PaymentIntents.Capture(context.Background(), in.ID, capture)
		if e := failure(t, err); e.Code != unexpectedState {
			t.Fatalf("%+v", e)
		}
		if _, err := b.client.V1PaymentIntents.Confirm(context.Background(), in.ID, &stripe.PaymentIntentConfirmParams{
			PaymentMethod: stripe.String("pm_card_visa"), ReturnURL: stripe.String("https://shop.example")}); err != nil && failure(t, err).Code != unexpectedState {
			t.Fatal(err)
		}
	}
}

func TestOneKeyIsForOneSetOfParameters(t *testing.T) {
	b := start(t)
	if _, err := b.create(order("pm_card_visa", "k")); err != nil {
		t.Fatal(err)
	}
	other := order("pm_card_visa", "k")
	other.Amount = stripe.Int64(4300)
	_, err := b.create(other)
	if e := failure(t, err); e.HTTPStatusCode != 400 || e.Type != "idempotency_error" {
		t.Errorf("%+v", e)
	}
}

func TestAFailedValidationDoesNotUseTheKey(t *testing.T) {
	b := start(t)
	wrong := order("pm_card_visa", "k")
	wrong.Amount = stripe.Int64(1)
	if _, err := b.create(wrong); err == nil {
		t.Fatal("accepted")
	}
	if _, err := b.create(order("pm_card_visa", "k")); err != nil {
		t.Fatalf("the corrected request: %v", err)
	}
}

func TestAKeyInUseIsAConflict(t *testing.T) {
	b := start(t)
	b.provider.Inject(Fault{Kind: Slow, Op: "create", Delay: 200 * time.Millisecond, Times: 1})
	codes := make(chan int, 2)
	var wait sync.WaitGroup
	for range 2 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			_, err := b.create(order("pm_card_visa", "k"))
			if err == nil {
				codes <- http.StatusOK
				return
			}
			e := failure(t, err)
			if e.Code != "idempotency_key_in_use" {
				t.Errorf("%+v", e)
			}
			codes <- e.HTTPStatusCode
		}()
	}
	wait.Wait()
	if a, c := <-codes, <-codes; a+c != http.StatusOK+http.StatusConflict {
		t.Errorf("answers are %d and %d", a, c)
	}
}

func TestKeysAreForgottenAfterADay(t *testing.T) {
	b := start(t)
	first, err := b.create(order("pm_card_visa", "k"))
	if err != nil {
		t.Fatal(err)
	}
	b.clock.advance(24*time.Hour - 10*time.Second)
	if again, err := b.create(order("pm_card_visa", "k")); err != nil || again.ID != first.ID {
		t.Fatalf("within the day: %v %v", again, err)
	}
	b.clock.advance(2 * time.Minute)
	if later, err := b.create(order("pm_card_visa", "k")); err != nil || later.ID == first.ID {
		t.Fatalf("a day later: %v %v", later, err)
	}
}

func TestFaultsThatActBeforeAreNotSaved(t *testing.T) {
	for kind, want := range map[FaultKind]struct {
		status int
		code   string
	}{RateLimit: {429, "rate_limit"}, LockTimeout: {429, "lock_timeout"}} {
		b := start(t)
		b.provider.Inject(Fault{Kind: kind, Times: 1})
		_, err := b.create(order("pm_card_visa", "k"))
		if e := failure(t, err); e.HTTPStatusCode != want.status || string(e.Code) != want.code {
			t.Errorf("%+v", e)
		}
		if _, err := b.create(order("pm_card_visa", "k")); err != nil {
			t.Errorf("after %s: %v", want.code, err)
		}
	}
}

func TestAServerErrorIsSaved(t *testing.T) {
	b := start(t)
	b.provider.Inject(Fault{Kind: ServerError, Op: "create", Times: 1})
	for range 2 {
		_, err := b.create(order("pm_card_visa", "k"))
		if e := failure(t, err); e.HTTPStatusCode != 500 || e.Type != "api_error" {
			t.Errorf("%+v", e)
		}
	}
	if n := len(b.provider.Intents()); n != 0 {
		t.Errorf("%d intents", n)
	}
}

func TestALostAnswerHasItsEffect(t *testing.T) {
	b := start(t)
	b.provider.Inject(Fault{Kind: LoseAnswer, Op: "create"}) // every time: net/http itself sends a keyed request again
	if _, err := b.create(order("pm_card_visa", "k")); err == nil {
		t.Fatal("an answer came")
	}
	if n := len(b.provider.Intents()); n != 1 {
		t.Fatalf("%d intents", n)
	}
	b.provider.ClearFaults()
	in, err := b.create(order("pm_card_visa", "k"))
	if err != nil || in.ID != b.provider.Intents()[0].ID {
		t.Errorf("the retry: %v %v", in, err)
	}
	b.provider.Inject(Fault{Kind: Unreachable, Op: "capture"})
	if _, err := b.capture(in.ID, "x"); err == nil || b.provider.Intents()[0].Captures != 0 {
		t.Errorf("unreachable: %v", err)
	}
}

func TestASlowRequestGoesOnWithoutItsCaller(t *testing.T) {
	b := start(t)
	in := b.authorized()
	b.provider.Inject(Fault{Kind: Slow, Op: "capture", Delay: 100 * time.Millisecond, Times: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.client.V1PaymentIntents.Capture(ctx, in.ID, nil); err == nil {
		t.Fatal("the call did not time out")
	}
	deadline := time.Now().Add(5 * time.Second)
	for b.provider.Intents()[0].Captures == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the capture never took effect")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	b := start(t)
	b.provider.Inject(Fault{Kind: Decline, Code: "insufficient_funds", Op: "create",
		Match: func(_ string, get func(string) string) bool { return get("metadata["+MetadataOrder+"]") == "ord_2" }})
	b.authorized()
	hit := order("pm_card_visa", "")
	hit.Metadata[MetadataOrder] = "ord_2"
	_, err := b.create(hit)
	if e := failure(t, err); e.DeclineCode != "insufficient_funds" {
		t.Errorf("%+v", e)
	}
	b.provider.ClearFaults()
	if _, err := b.create(hit); err != nil {
		t.Error(err)
	}
}

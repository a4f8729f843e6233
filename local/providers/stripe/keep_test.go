package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v85"

	sender "twofold/local/providers/webhook"
)

// memory is a log that outlives a provider.
type memory struct {
	mu      sync.Mutex
	entries []string
	broken  error
}

func (m *memory) log(entry []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.entries = append(m.entries, string(entry))
	}
	return m.broken
}

// reopen is the provider of a new process that starts from the log, and leaves the log as a snapshot.
func (m *memory) reopen(t *testing.T) *bench {
	t.Helper()
	b := start(t)
	clear(b.provider.customers)
	for _, e := range m.entries {
		if err := b.provider.Load([]byte(e)); err != nil {
			t.Fatal(err)
		}
	}
	m.entries = nil
	if err := b.provider.Snapshot(m.log); err != nil {
		t.Fatal(err)
	}
	b.provider.Keep(m.log)
	b.provider.AddCustomer("cus_ada")
	return b
}

// everything is all that the API shows.
func (b *bench) everything() string {
	b.Helper()
	p := b.provider
	all := map[string]any{"refunds": p.refunds, "customers": p.customers, "charges": p.charges, "inspect": p.Intents()}
	var intents []any
	for _, in := range p.order {
		intents = append(intents, p.view(in, params{}), in.captures, in.allowHops, in.returnURL, in.authorized)
	}
	all["intents"] = intents
	raw, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	return string(raw)
}

// fates brings intents into all states, with refunds and metadata.
func (b *bench) fates() (refunded string) {
	b.Helper()
	ctx := context.Background()
	for _, card := range []string{"pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_card_authenticationRequired"} {
		if _, err := b.create(order(card, "key-"+card)); err != nil && card != "pm_card_chargeDeclined" {
			b.Fatal(err)
		}
	}
	asked := b.provider.order[2].ID
	if err := b.provider.Authenticate(asked, true); err != nil {
		b.Fatal(err)
	}
	captured := b.authorized()
	_, err1 := b.capture(captured.ID, "us-west-2")
	_, err2 := b.client.V1Refunds.Create(ctx, &stripe.RefundCreateParams{PaymentIntent: &captured.ID, Amount: stripe.Int64(200)})
	_, err3 := b.cancel(b.authorized().ID)
	_, err4 := b.client.V1PaymentIntents.Update(ctx, captured.ID, &stripe.PaymentIntentUpdateParams{Metadata: map[string]string{"note": "<&>"}})
	_, err5 := b.client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{Name: stripe.String("Ada")})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		b.Fatal(err)
	}
	return captured.ID
}

func TestNothingIsForgottenOverARestart(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	captured := b.fates()
	before := b.everything()
	for range 2 { // from the log, and from a snapshot of it
		b = m.reopen(t)
		if got := b.everything(); got != before {
			t.Fatalf("got  %s\nwant %s", got, before)
		}
	}
	if e := failure(t, func() error { _, err := b.capture(captured, "us-east-1"); return err }()); e.Code != unexpectedState {
		t.Errorf("captured again: %v", e)
	}
	rest, err := b.client.V1Refunds.Create(context.Background(), &stripe.RefundCreateParams{PaymentIntent: &captured})
	if err != nil || rest.Amount != 4000 {
		t.Errorf("the rest of the money: %+v %v", rest, err)
	}
}

func TestAnIdempotencyKeyReplaysItsAnswerOverARestart(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	first, err := b.create(order("pm_card_visa", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	b = m.reopen(t)
	again, err := b.create(order("pm_card_visa", "k1"))
	if err != nil || again.ID != first.ID || again.LastResponse.Header.Get("Idempotent-Replayed") != "true" || !reflect.DeepEqual(again.LastResponse.RawJSON, first.LastResponse.RawJSON) {
		t.Errorf("%v %+v", err, again)
	}
	other := order("pm_card_visa", "k1")
	other.Amount = stripe.Int64(100)
	if _, err := b.create(other); failure(t, err).Type != "idempotency_error" {
		t.Errorf("other parameters: %v", err)
	}
	b.clock.advance(keyLife * 1e9)
	if _, err := b.create(other); err != nil {
		t.Errorf("after the key has expired: %v", err)
	}
}

func TestAProviderThatCannotKeepAnswersNothing(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	in := b.authorized()
	m.broken = errors.New("no space left")
	for range 2 {
		if _, err := b.capture(in.ID, "us-east-1"); failure(t, err).HTTPStatusCode != 500 {
			t.Errorf("%v", err)
		}
		m.broken = nil // what was answered with an error stays so
	}
	if got := m.reopen(t).provider.Intents(); len(got) != 1 || got[0].Status != RequiresCapture {
		t.Errorf("after a restart: %+v", got)
	}
}

func TestEventsThatWereNotAnsweredAreSentAgainAfterARestart(t *testing.T) {
	m := &memory{}
	b := m.reopen(t)
	var mu sync.Mutex
	var seen []string
	endpoint := func(answer error) *sender.Sender {
		return sender.New(t.Context(), b.provider.cloud, sender.Config{Types: []string{"payment_intent.succeeded"}, Post: func(_ context.Context, body []byte, _ http.Header) error {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, string(body))
			return answer
		}})
	}
	waitFor := func(what string, done func() bool) {
		t.Helper()
		for range 1000 {
			mu.Lock()
			ok := done()
			mu.Unlock()
			if ok {
				return
			}
			if err := b.clock.Sleep(t.Context(), 2e6); err != nil {
				t.Fatal(err)
			}
		}
		t.Fatalf("it did not happen: %s", what)
	}
	b.provider.Notify(endpoint(io.ErrUnexpectedEOF))
	if _, err := b.capture(b.authorized().ID, "us-east-1"); err != nil {
		t.Fatal(err)
	}
	waitFor("the first attempt", func() bool { return len(seen) == 1 })

	b = m.reopen(t)
	b.provider.Notify(endpoint(nil))
	b.provider.Resume()
	waitFor("another attempt", func() bool { return len(seen) == 2 })
	var bodies [2]any
	if err := errors.Join(json.Unmarshal([]byte(seen[0]), &bodies[0]), json.Unmarshal([]byte(seen[1]), &bodies[1])); err != nil || !reflect.DeepEqual(bodies[0], bodies[1]) {
		t.Errorf("the event was\n%s\nand then\n%s", seen[0], seen[1])
	}
	waitFor("the answer is kept", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return slices.ContainsFunc(m.entries, func(e string) bool { return strings.HasPrefix(e, `{"sent"`) })
	})
	if left := m.reopen(t).provider.outbox.Unsent(); len(left) != 0 {
		t.Errorf("still to be sent: %+v", left)
	}
}

package stripe

import (
	"errors"
	"testing"

	"github.com/stripe/stripe-go/v85"

	sender "twofold/local/providers/webhook"
)

func TestAnEndpointTellsItsSecretOnce(t *testing.T) {
	b, made := start(t), map[string]string{}
	b.provider.SendTo(func(url, secret string, _ []string) *sender.Sender { // whose events are another test's: local/world has it
		made[url] = secret
		return nil
	})
	create := func(url string, events ...string) (*stripe.WebhookEndpoint, error) {
		return b.client.V1WebhookEndpoints.Create(b.Context(), &stripe.WebhookEndpointCreateParams{URL: &url, EnabledEvents: stripe.StringSlice(events), Metadata: map[string]string{"of": url}})
	}
	first, err := create("https://a.example", "payment_intent.canceled")
	if err != nil || first.Secret == "" || first.Secret != made["https://a.example"] || first.Status != "enabled" {
		t.Fatalf("%+v %v", first, err)
	}
	if _, err := create("https://a.example"); err == nil {
		t.Error("an endpoint for no events")
	}
	if _, err := b.client.V1WebhookEndpoints.Create(b.Context(), &stripe.WebhookEndpointCreateParams{URL: stripe.String("https://c.example"), Connect: stripe.Bool(true)}); err == nil {
		t.Error("a parameter that is not run")
	}
	for w, err := range b.client.V1WebhookEndpoints.List(b.Context(), &stripe.WebhookEndpointListParams{}).All(b.Context()) {
		if err != nil || w.ID != first.ID || w.Secret != "" || w.Metadata["of"] != "https://a.example" {
			t.Errorf("%+v %v", w, err)
		}
	}
	if _, err := b.client.V1WebhookEndpoints.Delete(b.Context(), first.ID, nil); err != nil {
		t.Fatal(err)
	}
	var e *stripe.Error
	if _, err := b.client.V1WebhookEndpoints.Delete(b.Context(), first.ID, nil); !errors.As(err, &e) || e.Code != stripe.ErrorCodeResourceMissing {
		t.Errorf("deleted twice: %v", err)
	}
}

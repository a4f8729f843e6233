package payment

import (
	"context"
	"slices"
	"strings"
	"testing"
)

const hookURL = "https://api.execute-api.us-east-1.amazonaws.com/prod/v1/webhooks/payments"

// endpointList is Stripe's answer: two of this region, and one of the other.
const endpointList = `{"object":"list","has_more":false,"data":[
	{"id":"we_2","url":"` + hookURL + `?version=v2","status":"enabled","metadata":{"twofold_secret_version":"v2"}},
	{"id":"we_hand","url":"` + hookURL + `","status":"disabled","metadata":{}},
	{"id":"we_west","url":"https://api.execute-api.us-west-2.amazonaws.com/prod/v1/webhooks/payments","status":"enabled","metadata":{}}]}`

func TestANewSecretIsANewEndpointForWhatTheWebhookTakes(t *testing.T) {
	g, w := newGateway(answer{200, `{"object":"list","data":[],"has_more":false}`, nil}, answer{200, `{"id":"we_3","secret":"whsec_3"}`, nil})
	secret, err := endpoints{stripe: g, url: hookURL}.make(context.Background(), "v3")
	if err != nil || secret != "whsec_3" {
		t.Fatalf("%q, %v", secret, err)
	}
	sent := readable(w.sent)[1]
	for _, want := range append(slices.Clone(told), "POST https://stripe.example/v1/webhook_endpoints", "url="+hookURL+"%3Fversion%3Dv3", "metadata[twofold_secret_version]=v3") {
		if !strings.Contains(sent, want) {
			t.Errorf("it does not send %q:\n%s", want, sent)
		}
	}
	if n := strings.Count(sent, "enabled_events["); n != len(told) {
		t.Errorf("it subscribes to %d types of %d", n, len(told))
	}
}

func TestAnotherTryOfAVersionEndsWhatTheFirstLeft(t *testing.T) {
	g, w := newGateway(answer{200, endpointList, nil}, answer{200, `{"id":"we_2","deleted":true}`, nil}, answer{200, `{"id":"we_3","secret":"whsec_3"}`, nil})
	if _, err := (endpoints{stripe: g, url: hookURL}).make(context.Background(), "v2"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(w.sent[1], "DELETE https://stripe.example/v1/webhook_endpoints/we_2\n") {
		t.Errorf("it sent %q", w.sent[1])
	}
}

func TestAnEndpointMustBeEnabledForItsSecretToBeTaken(t *testing.T) {
	for version, taken := range map[string]bool{"v2": true, "": false, "v3": false} {
		g, _ := newGateway(answer{200, endpointList, nil})
		if err := (endpoints{stripe: g, url: hookURL}).test(context.Background(), version, "whsec"); (err == nil) != taken {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestOnlyThisRegionsEndpointsEnd(t *testing.T) {
	g, w := newGateway(answer{200, endpointList, nil}, answer{404, `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`, nil})
	if err := (endpoints{stripe: g, url: hookURL}).retire(context.Background(), []string{"v2"}); err != nil {
		t.Fatal(err)
	}
	if len(w.sent) != 2 || !strings.HasPrefix(w.sent[1], "DELETE https://stripe.example/v1/webhook_endpoints/we_hand\n") {
		t.Errorf("it sent %q", w.sent)
	}
}

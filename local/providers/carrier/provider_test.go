package carrier

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/providers/webhook"
)

const good = `{"method":"standard","name":"Ada","address":{"line1":"1 Way","city":"Bern","postalCode":"3000","country":"CH"},"parcels":[{"sku":"TEA","quantity":1}]}`

type bench struct {
	*testing.T
	provider *Provider
	url      string
}

func start(t *testing.T) *bench {
	t.Helper()
	faults := core.NewFaults(0)
	p := New(core.New(core.NewLive(faults), faults, 3), "key_1")
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return &bench{t, p, server.URL}
}

func (b *bench) try(method, path, body string) (int, string, error) {
	req, err := http.NewRequest(method, b.url+"/v1/shipments/"+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key_1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, strings.TrimSpace(string(text)), err
}

func (b *bench) expect(method, path, body string, status int, contains string) string {
	b.Helper()
	got, text, err := b.try(method, path, body)
	if err != nil || got != status || !strings.Contains(text, contains) {
		b.Errorf("%s %s: %d %s %v, want %d with %s", method, path, got, text, err, status, contains)
	}
	return text
}

func TestBookingIsIdempotentByReference(t *testing.T) {
	b := start(t)
	first := b.expect("PUT", "ord_1", good, 201, `"status":"booked"`)
	if again := b.expect("PUT", "ord_1", good, 200, "shp_"); again != first {
		t.Errorf("%s is not %s", again, first)
	}
	b.expect("PUT", "ord_1", strings.Replace(good, "Ada", "Bob", 1), 409, "reference_in_use")
	b.expect("GET", "ord_1", "", 200, `"reference":"ord_1"`)
	b.expect("GET", "ord_2", "", 404, "not_found")
	var shown Shipment
	if err := json.Unmarshal([]byte(first), &shown); err != nil || shown.Label == "" || len(b.provider.Shipments()) != 1 {
		t.Errorf("%+v %v", shown, err)
	}
}

func TestBookingsThatAreRefused(t *testing.T) {
	b := start(t)
	for _, c := range []struct {
		old, new, code string
		status         int
	}{
		{"CH", "ZZ", "service_unavailable_for_destination", 422},
		{"CH", "ch", "service_unavailable_for_destination", 422},
		{"3000", "UNDELIVERABLE", "undeliverable_address", 422},
		{"standard", "drone", "invalid_request", 400},
		{"Ada", "", "invalid_request", 400},
		{`"name"`, `"nome"`, "invalid_request", 400},
		{"{", "", "invalid_request", 400},
	} {
		b.expect("PUT", "ord_1", strings.Replace(good, c.old, c.new, 1), c.status, c.code)
	}
	b.expect("PUT", "a%20b", good, 400, "invalid_request")
	if n := len(b.provider.Shipments()); n != 0 {
		t.Errorf("%d shipments were made", n)
	}
}

func TestReleaseAndCancelFollowTheParcel(t *testing.T) {
	b := start(t)
	b.expect("POST", "ord_1/release", "", 404, "not_found")
	b.expect("POST", "ord_1/cancellation", "", 404, "not_found")
	b.expect("PUT", "ord_1", good, 201, "")
	if err := b.provider.Dispatch("ord_1"); err == nil {
		t.Error("picked up before it was released")
	}
	b.expect("POST", "ord_1/release", "", 200, `"released"`)
	b.expect("POST", "ord_1/release", "", 200, `"released"`)
	if err := b.provider.Dispatch("ord_1"); err != nil {
		t.Error(err)
	}
	b.expect("POST", "ord_1/cancellation", "", 409, "picked_up")
	b.expect("POST", "ord_1/release", "", 200, `"dispatched"`)
	if err := b.provider.Deliver("ord_1"); err != nil {
		t.Error(err)
	}
	b.expect("GET", "ord_1", "", 200, `"delivered"`)
	b.expect("PUT", "ord_2", good, 201, "")
	b.expect("POST", "ord_2/cancellation", "", 200, `"cancelled"`)
	b.expect("POST", "ord_2/cancellation", "", 200, `"cancelled"`)
	b.expect("POST", "ord_2/release", "", 409, "cancelled")
	b.expect("PUT", "ord_2", good, 200, `"cancelled"`)
	if err := b.provider.Deliver("ord_3"); err == nil {
		t.Error("delivered what does not exist")
	}
}

func TestOfPickUpAndCancelOneHappens(t *testing.T) {
	b := start(t)
	b.expect("PUT", "ord_1", good, 201, "")
	b.expect("POST", "ord_1/release", "", 200, "")
	var wait sync.WaitGroup
	var picked error
	status := 0
	wait.Add(2)
	go func() { defer wait.Done(); picked = b.provider.Dispatch("ord_1") }()
	go func() { defer wait.Done(); status, _, _ = b.try("POST", "ord_1/cancellation", "") }()
	wait.Wait()
	if (picked == nil) == (status == 200) {
		t.Errorf("picked up: %v, cancellation: %d", picked, status)
	}
}

func TestAKeyIsNeeded(t *testing.T) {
	b := start(t)
	res, err := http.Get(b.url + "/v1/shipments/ord_1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusUnauthorized {
		t.Error(res.Status)
	}
}

func TestFaults(t *testing.T) {
	b := start(t)
	b.provider.Inject(Fault{Kind: RateLimit, Op: "book", Times: 1})
	b.provider.Inject(Fault{Kind: Unavailable, Op: "book", Times: 1})
	b.expect("PUT", "ord_1", good, 429, "rate_limit")
	b.expect("PUT", "ord_1", good, 503, "unavailable")
	b.provider.Inject(Fault{Kind: Unreachable, Reference: "ord_1"})
	if _, _, err := b.try("PUT", "ord_1", good); err == nil || len(b.provider.Shipments()) != 0 {
		t.Errorf("unreachable: %v, %v", err, b.provider.Shipments())
	}
	b.provider.ClearFaults()
	b.provider.Inject(Fault{Kind: LoseAnswer, Op: "book"})
	if _, _, err := b.try("PUT", "ord_1", good); err == nil || len(b.provider.Shipments()) != 1 {
		t.Errorf("lost answer: %v, %v", err, b.provider.Shipments())
	}
	b.provider.ClearFaults()
	for _, kind := range []FaultKind{Slow, LateAnswer} {
		b.provider.Inject(Fault{Kind: kind, Delay: 30 * time.Millisecond, Times: 1})
		begun := time.Now()
		b.expect("PUT", "ord_1", good, 200, "")
		if took := time.Since(begun); took < 30*time.Millisecond {
			t.Errorf("fault %d took %v", kind, took)
		}
	}
}

func TestPickUpAndDeliveryGoToTheEndpointSigned(t *testing.T) {
	b := start(t)
	got := make(chan string, 10)
	b.provider.Notify(webhook.New(t.Context(), b.provider.cloud, webhook.Config{Name: "carrier", Header: SignatureHeader, Secret: "whsec_1",
		Types: []string{TypeDispatched, TypeDelivered}, Post: func(_ context.Context, body []byte, h http.Header) error {
			if !strings.HasPrefix(h.Get(SignatureHeader), "t=") {
				t.Errorf("headers %v", h)
			}
			got <- string(body)
			return nil
		}}))
	b.expect("PUT", "ord_1", good, 201, "")
	b.expect("POST", "ord_1/release", "", 200, "")
	for _, step := range []struct {
		do   func(string) error
		kind string
	}{{b.provider.Dispatch, TypeDispatched}, {b.provider.Deliver, TypeDelivered}} {
		if err := step.do("ord_1"); err != nil {
			t.Fatal(err)
		}
		var e Event
		if err := json.Unmarshal([]byte(<-got), &e); err != nil || e.Type != step.kind || e.Reference != "ord_1" || e.ID == "" || e.At.IsZero() {
			t.Errorf("%+v %v", e, err)
		}
	}
}

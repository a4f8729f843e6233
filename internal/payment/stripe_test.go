package payment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/internal/platform/clocktest"
)

// wire answers requests from a script and writes down what was sent.
type wire struct {
	answers []answer
	sent    []string
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.sent = append(w.sent, strings.Join([]string{r.Method + " " + r.URL.String(), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), string(body)}, "\n"))
	if len(w.answers) == 0 {
		return nil, errors.New("connection reset")
	}
	a := w.answers[0]
	w.answers = w.answers[1:]
	if a.header == nil {
		a.header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

type fixed string

func (f fixed) Value(context.Context) (string, error) { return string(f), nil }

func newGateway(answers ...answer) (stripeGateway, *wire) {
	w := &wire{answers: answers}
	return newStripe("https://stripe.example", "https://shop.example/orders/{orderId}", &http.Client{Transport: w}, fixed("sk_1"), clocktest.New(), bytes.NewReader(make([]byte, 1024))), w
}

const intentBody = `{"id":"pi_1","object":"payment_intent","status":"succeeded","cancellation_reason":null,` +
	`"amount_received":790,"last_payment_error":{"type":"card_error","code":"card_declined"},"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://3ds.example"}},` +
	`"metadata":{"order_id":"ord_1","placed_region":"us-west-2","committed_by":"us-east-1","version":"1","asked":"authentication","rejected_for":"InsufficientStock"}}`

func TestRequestsToStripe(t *testing.T) {
	const zeroKey = "twofold-once-00000000000000000000000000000000"
	ctx := context.Background()
	at := time.Unix(1_700_000_000, 0)
	o := order(clocktest.At(at), east, methodOK)
	cases := []struct {
		name   string
		answer string
		call   func(g stripeGateway) error
		want   string
	}{
		{"create", intentBody, func(g stripeGateway) error { _, err := g.Create(ctx, o.params(), o.createKey(0)); return err },
			"POST https://stripe.example/v1/payment_intents\nBearer sk_1\ntwofold-ord_1-create-v1\n" +
				"amount=790&capture_method=manual&confirm=true&currency=eur&customer=cus_1&metadata[order_id]=ord_1&metadata[placed_region]=us-east-1&metadata[version]=1&" +
				"payment_method=pm_card_visa&payment_method_types[0]=card&return_url=https://shop.example/orders/ord_1"},
		{"create what is to be cancelled", intentBody, func(g stripeGateway) error {
			_, err := g.Create(ctx, o.tombstones()[1], o.createKey(1))
			return err
		}, "POST https://stripe.example/v1/payment_intents\nBearer sk_1\ntwofold-ord_1-create-v1-1\n" +
			"amount=790&capture_method=manual&currency=eur&metadata[order_id]=ord_1&metadata[placed_region]=us-east-1&metadata[version]=1&payment_method_types[0]=card"},
		{"note that the shopper is asked", intentBody, func(g stripeGateway) error { _, err := g.NoteAsked(ctx, "pi_1"); return err },
			"POST https://stripe.example/v1/payment_intents/pi_1\nBearer sk_1\n" + zeroKey + "\nmetadata[asked]=authentication"},
		{"note why it is rejected", intentBody, func(g stripeGateway) error { _, err := g.NoteRejected(ctx, "pi_1", "InsufficientStock"); return err },
			"POST https://stripe.example/v1/payment_intents/pi_1\nBearer sk_1\n" + zeroKey + "\nmetadata[rejected_for]=InsufficientStock"},
		{"capture", intentBody, func(g stripeGateway) error { _, err := g.Capture(ctx, "pi_1", east); return err },
			"POST https://stripe.example/v1/payment_intents/pi_1/capture\nBearer sk_1\n" + zeroKey + "\nmetadata[committed_by]=us-east-1"},
		{"cancel", intentBody, func(g stripeGateway) error { _, err := g.Cancel(ctx, "pi_1", reasonRejected); return err },
			"POST https://stripe.example/v1/payment_intents/pi_1/cancel\nBearer sk_1\n" + zeroKey + "\ncancellation_reason=abandoned"},
		{"refund", `{"id":"re_1","object":"refund"}`, func(g stripeGateway) error { return g.Refund(ctx, "pi_1") },
			"POST https://stripe.example/v1/refunds\nBearer sk_1\n" + zeroKey + "\npayment_intent=pi_1&reason=requested_by_customer"},
		{"refunds", `{"object":"list","data":[{"id":"re_2","amount":700,"status":"pending"},{"id":"re_1","amount":790,"status":"failed"}],"has_more":false}`, func(g stripeGateway) error {
			got, err := g.Refunds(ctx, "pi_1")
			if !slices.Equal(got, []Refund{{ID: "re_2", Amount: 700}, {ID: "re_1", Amount: 790, Void: true}}) {
				t.Errorf("got %+v", got)
			}
			return err
		}, "GET https://stripe.example/v1/refunds?limit=100&payment_intent=pi_1\nBearer sk_1\n\n"},
		{"find", `{"object":"list","data":[{"id":"pi_0"},` + intentBody + `],"has_more":false}`, func(g stripeGateway) error {
			found, err := g.Find(ctx, "cus_1", "ord_1", at)
			if len(found) != 1 || found[0].ID != "pi_1" || found[0].Status != succeeded {
				t.Errorf("found %+v", found)
			}
			return err
		}, "GET https://stripe.example/v1/payment_intents?created[gte]=1700000000&customer=cus_1&limit=100\nBearer sk_1\n\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, w := newGateway(answer{status: http.StatusOK, body: c.answer})
			if err := c.call(g); err != nil {
				t.Fatal(err)
			}
			if got := readable(w.sent); !slices.Equal(got, []string{readable([]string{c.want})[0]}) {
				t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n--\n"), c.want)
			}
		})
	}
}

// readable sorts parameters and undoes the escaping of brackets.
func readable(requests []string) []string {
	out := make([]string, len(requests))
	for i, r := range requests {
		lines := strings.Split(strings.NewReplacer("%5B", "[", "%5D", "]", "%3A", ":", "%2F", "/").Replace(r), "\n")
		for j, l := range lines {
			head, params, ok := strings.Cut(l, "?")
			if !ok {
				head, params = "", l
			}
			parts := strings.Split(params, "&")
			slices.Sort(parts)
			lines[j] = head + strings.Join(parts, "&")
		}
		out[i] = strings.Join(lines, "\n")
	}
	return out
}

func TestAnIntentIsReadWithItsMetadata(t *testing.T) {
	g, _ := newGateway(answer{status: http.StatusOK, body: intentBody})
	got, err := g.Retrieve(t.Context(), "pi_1")
	want := Intent{ID: "pi_1", Status: succeeded, OrderID: "ord_1", PlacedRegion: west, CommittedBy: east, ActionURL: "https://3ds.example", Asked: true, Tried: true, Received: 790, Created: time.Unix(0, 0), RejectedFor: "InsufficientStock"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestACustomerWhoDoesNotExistHasNoIntents(t *testing.T) {
	g, _ := newGateway(answer{status: http.StatusBadRequest, body: `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"customer"}}`})
	if found, err := g.Find(t.Context(), "cus_nobody", "ord_1", time.Unix(0, 0)); err != nil || len(found) != 0 {
		t.Errorf("got %+v, %v", found, err)
	}
}

// An answer is the intent at the moment of the change, unless it is one that the key had kept: that may be long past.
func TestAnAnswerThatIsReplayedIsNotBelieved(t *testing.T) {
	const then, now = `{"id":"pi_1","object":"payment_intent","status":"requires_capture"}`, `{"id":"pi_1","object":"payment_intent","status":"canceled"}`
	for name, c := range map[string]struct {
		header http.Header
		want   Status
		sent   int
	}{
		"first-hand": {nil, requiresCapture, 1},
		"replayed":   {http.Header{"Idempotent-Replayed": {"true"}}, canceled, 2},
	} {
		g, w := newGateway(answer{status: http.StatusOK, body: then, header: c.header}, answer{status: http.StatusOK, body: now})
		got, err := g.Create(t.Context(), order(clocktest.New(), east, methodOK).params(), "key")
		if err != nil || got.Status != c.want || len(w.sent) != c.sent {
			t.Errorf("%s: %+v, %v after %d requests", name, got, err, len(w.sent))
		}
	}
	g, _ := newGateway(answer{status: http.StatusOK, body: then, header: http.Header{"Idempotent-Replayed": {"true"}}})
	var f *Failure
	if got, err := g.Create(t.Context(), order(clocktest.New(), east, methodOK).params(), "key"); !errors.As(err, &f) || f.Kind != Unanswered {
		t.Errorf("replayed and then not read: %+v, %v", got, err)
	}
}

func TestErrorsOfStripeBecomeKindsAndLoseTheirText(t *testing.T) {
	body := func(kind, code string) string {
		return `{"error":{"type":"` + kind + `","code":"` + code + `","message":"card of Ada Lovelace, ada@example.com","payment_intent":{"id":"pi_1","receipt_email":"ada@example.com"}}}`
	}
	cases := []struct {
		name     string
		answer   answer
		kind     Kind
		replayed bool
	}{
		{"declined", answer{status: 402, body: body("card_error", "card_declined")}, Refused, false},
		{"unexpected state", answer{status: 400, body: body("invalid_request_error", "payment_intent_unexpected_state")}, Refused, false},
		{"replayed refusal", answer{status: 400, body: body("invalid_request_error", "resource_missing"), header: http.Header{"Idempotent-Replayed": {"true"}}}, Refused, true},
		{"other parameters", answer{status: 400, body: body("idempotency_error", "")}, Mismatch, false},
		{"key in use", answer{status: 409, body: body("idempotency_error", "idempotency_key_in_use")}, Unanswered, false},
		{"lock time-out", answer{status: 429, body: body("invalid_request_error", "lock_timeout")}, Unanswered, false},
		{"too many requests", answer{status: 429, body: body("invalid_request_error", "rate_limit")}, Unanswered, false},
		{"server error", answer{status: 500, body: body("api_error", "")}, Broken, false},
		{"not JSON", answer{status: 502, body: "<html>ada@example.com</html>"}, Unanswered, false},
		{"wrong key", answer{status: 401, body: body("invalid_request_error", "")}, Denied, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, w := newGateway(c.answer)
			_, err := g.Capture(t.Context(), "pi_1", east)
			var f *Failure
			if !errors.As(err, &f) || f.Kind != c.kind || f.Replayed != c.replayed {
				t.Fatalf("got %#v", err)
			}
			if strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "Ada") {
				t.Errorf("the error repeats personal data: %v", err)
			}
			if len(w.sent) != 1 {
				t.Errorf("sent %d times", len(w.sent))
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		g, w := newGateway()
		var f *Failure
		if _, err := g.Capture(t.Context(), "pi_1", east); !errors.As(err, &f) || f.Kind != Unanswered || len(w.sent) != 1 {
			t.Errorf("got %v after %d requests", err, len(w.sent))
		}
	})
}

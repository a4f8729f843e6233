package payment

import (
	"context"
	"encoding/json"
	"slices"

	"twofold/internal/platform"
)

// webhook takes what the provider tells of its own accord (https://docs.stripe.com/webhooks). It is a hint that an intent has changed,
// not news: the event is stored as a fact, the fact starts the saga, and the saga asks the provider what the intent is.
type webhook struct {
	secret interface {
		Verify(ctx context.Context, header, body string) error
	}
	orders interface {
		Updated(ctx context.Context, u Update) (platform.Durability, error)
	}
}

// Update is an event of the provider about an order's intent.
type Update struct {
	OrderID  string
	EventID  string
	IntentID string
}

// told are the types of events after which an order may go on: the shopper has authenticated or failed to, or somebody has
// decided the intent at the provider.
var told = []string{"payment_intent.amount_capturable_updated", "payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.succeeded"}

// stripeEvent is the part of an event that is looked at; the provider may add to the rest at any time.
type stripeEvent struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object json.RawMessage `json:"object"` // of a shape that the type tells
	} `json:"data"`
}

type eventIntent struct {
	ID       string            `json:"id"`
	Metadata map[string]string `json:"metadata"`
}

// receive answers 200 only when the event is stored, or need not be. Everything else makes the provider send it again, for days.
func (h webhook) receive(ctx context.Context, r platform.Request) (platform.Response, error) {
	if err := h.secret.Verify(ctx, r.HeaderValue("Stripe-Signature"), r.Body); err != nil {
		return platform.Response{}, err
	}
	u, matters, err := readEvent(r.Body)
	if err != nil {
		return platform.Response{}, err
	}
	if !matters {
		return platform.WebhookIgnored(), nil
	}
	return platform.WebhookStored(h.orders.Updated(ctx, u))
}

// readEvent reports whether an event says something that the saga would not find out by itself. The run that authorizes or captures a payment
// sees the outcome; only a shopper who was sent away to authenticate comes back unseen.
func readEvent(body string) (u Update, matters bool, err error) {
	var e stripeEvent
	var intent eventIntent
	if err := decode([]byte(body), "", &e); err != nil {
		return Update{}, false, err
	}
	if err := identified(member{"/id", e.ID}); err != nil {
		return Update{}, false, err
	}
	if err := present(member{"/type", e.Type}); err != nil {
		return Update{}, false, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(e.Data.Object, &object); err != nil || object == nil {
		return Update{}, false, misshapen("/data/object", err)
	}
	if !slices.Contains(told, e.Type) {
		return Update{}, false, nil
	}
	if err := decode(e.Data.Object, "/data/object", &intent); err != nil {
		return Update{}, false, err
	}
	if err := identified(member{"/data/object/id", intent.ID}); err != nil {
		return Update{}, false, err
	}
	u = Update{OrderID: intent.Metadata[metaOrder], EventID: e.ID, IntentID: intent.ID}
	return u, u.OrderID != "" && intent.Metadata[metaAsked] != "", nil
}

func decode(raw []byte, pointer string, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return misshapen(pointer, err)
	}
	return nil
}

func misshapen(pointer string, cause error) error {
	return &platform.Error{Code: platform.InvalidRequest, Cause: cause,
		Violations: []platform.Violation{{Pointer: pointer, Detail: "send an event of Stripe as JSON"}}}
}

// identified wants an id that can be a part of a key.
func identified(m member) error {
	if platform.ProviderID(m.value) {
		return nil
	}
	return &platform.Error{Code: platform.InvalidRequest,
		Violations: []platform.Violation{{Pointer: m.pointer, Detail: "send an id of 1 to 255 letters, digits, hyphens and underscores"}}}
}

type member struct{ pointer, value string }

func present(members ...member) error {
	var wrong []platform.Violation
	for _, m := range members {
		if m.value == "" {
			wrong = append(wrong, platform.Violation{Pointer: m.pointer, Detail: "send a string here that is not empty"})
		}
	}
	if len(wrong) > 0 {
		return &platform.Error{Code: platform.InvalidRequest, Violations: wrong}
	}
	return nil
}

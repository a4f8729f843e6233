package shipping

import (
	"context"
	"encoding/json"
	"regexp"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// webhook takes what the carrier tells of a shipment. Its requests are signed as [platform.CheckSignature] says, in the header
// Carrier-Signature.
type webhook struct {
	secret interface {
		Verify(ctx context.Context, header, body string) error
	}
	orders interface {
		Tracked(ctx context.Context, t Tracking) (platform.Durability, error)
	}
}

// Tracking is what the carrier did with an order's goods.
type Tracking struct {
	OrderID string
	Kind    fact.Kind // dispatched or delivered
	EventID string
}

// kinds are the facts that types of events stand for. A type that is not here changes nothing.
var kinds = map[string]fact.Kind{"shipment.dispatched": fact.Dispatched, "shipment.delivered": fact.Delivered}

// orderID is the form of the references that this shop gives its shipments.
var orderID = regexp.MustCompile(`^ord_[a-z2-7]{26}$`)

// carrierEvent is the part of an event that is looked at; the carrier may add members. Its time is not used: it is the carrier's clock.
type carrierEvent struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	Reference *string `json:"reference"`
}

// receive answers 200 only when what happened is stored, or need not be. Everything else makes the carrier send it again.
func (h webhook) receive(ctx context.Context, r platform.Request) (platform.Response, error) {
	if err := h.secret.Verify(ctx, r.HeaderValue("Carrier-Signature"), r.Body); err != nil {
		return platform.Response{}, err
	}
	t, err := readEvent(r.Body)
	if err != nil {
		return platform.Response{}, err
	}
	if t.Kind == "" {
		return platform.WebhookIgnored(), nil
	}
	return platform.WebhookStored(h.orders.Tracked(ctx, t))
}

// readEvent is what an event says; of no kind if that is of no interest.
func readEvent(body string) (Tracking, error) {
	var e carrierEvent
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return Tracking{}, &platform.Error{Code: platform.InvalidRequest, Cause: err,
			Violations: []platform.Violation{{Detail: "send an event as a JSON object whose id, type and reference are strings"}}}
	}
	var wrong []platform.Violation
	if !platform.ProviderID(e.ID) {
		wrong = append(wrong, platform.Violation{Pointer: "/id", Detail: "send an id of 1 to 255 letters, digits, hyphens and underscores"})
	}
	if e.Type == "" {
		wrong = append(wrong, platform.Violation{Pointer: "/type", Detail: "send a string here that is not empty"})
	}
	kind := kinds[e.Type]
	if e.Reference == nil || kind != "" && !orderID.MatchString(*e.Reference) {
		wrong = append(wrong, platform.Violation{Pointer: "/reference", Detail: "send the reference of the booking here"})
	}
	if len(wrong) > 0 {
		return Tracking{}, &platform.Error{Code: platform.InvalidRequest, Violations: wrong}
	}
	return Tracking{OrderID: *e.Reference, Kind: kind, EventID: e.ID}, nil
}

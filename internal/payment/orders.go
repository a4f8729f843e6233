package payment

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// orderService hands facts to the order service, which alone appends them.
type orderService struct {
	lambda   *lambda.Client
	function string
}

// Updated has the order service store that the provider said something about an order's intent. It answers when that is stored; a
// second time changes nothing. [platform.NotFound] means that this region has not seen the order.
func (o orderService) Updated(ctx context.Context, u Update) (platform.Durability, error) {
	var out struct {
		Durability platform.Durability `json:"durability"`
	}
	in := map[string]string{"orderId": u.OrderID, "kind": string(fact.PaymentUpdated), "eventId": u.EventID, "intentId": u.IntentID}
	err := platform.Ask(ctx, o.lambda, o.function, in, &out)
	return out.Durability, err
}

// Outcome is what became of an order, as far as this region has seen.
func (o orderService) Outcome(ctx context.Context, orderID string) (Outcome, error) {
	var out Outcome
	err := platform.Ask(ctx, o.lambda, o.function, map[string]string{"orderId": orderID, "want": "outcome"}, &out)
	return out, err
}

// Homes are the regions whose orders this one acts for.
func (o orderService) Homes(ctx context.Context) ([]string, error) {
	h, err := o.acting(ctx)
	return h.Homes, err
}

// PeerFenced reports since when the other region is fenced; false if it is not.
func (o orderService) PeerFenced(ctx context.Context) (since time.Time, fenced bool, err error) {
	h, err := o.acting(ctx)
	return h.PeerFencedAt, !h.PeerFencedAt.IsZero(), err
}

type acting struct {
	Homes        []string  `json:"homes"`
	PeerFencedAt time.Time `json:"peerFencedAt"` // the zero value if it is not
}

func (o orderService) acting(ctx context.Context) (out acting, err error) {
	err = platform.Ask(ctx, o.lambda, o.function, map[string]string{"want": "homes"}, &out)
	return out, err
}

// shippingService has shipments cancelled by the step that the saga takes for that.
type shippingService struct {
	lambda   *lambda.Client
	function string
}

// Cancel takes back what was booked for an order; nothing booked is nothing to take back.
func (s shippingService) Cancel(ctx context.Context, orderID string) error {
	return platform.Ask(ctx, s.lambda, s.function, map[string]any{"step": "CancelShipment", "order": map[string]string{"orderId": orderID}}, &struct{}{})
}

package payment

import (
	"context"

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

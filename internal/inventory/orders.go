package inventory

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// orderService asks the order service through its query function. Of its answer it reads what inventory needs.
type orderService struct {
	lambda   *lambda.Client
	function string
}

// Outcome is what became of an order, as far as this region has seen.
func (o orderService) Outcome(ctx context.Context, orderID string) (Outcome, error) {
	var out Outcome
	err := platform.Ask(ctx, o.lambda, o.function, map[string]string{"orderId": orderID, "want": "outcome"}, &out)
	return out, err
}

// Sold is a page of what the order service knows a region to have sold.
func (o orderService) Sold(ctx context.Context, region, after string) (soldPage, error) {
	var out soldPage
	err := platform.Ask(ctx, o.lambda, o.function, map[string]string{"action": "sold", "region": region, "after": after}, &out)
	return out, err
}

package notification

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// orderService asks the order service through its query function. Of its answer it reads what a mail needs.
type orderService struct {
	lambda   *lambda.Client
	function string
}

// Person is who placed an order.
func (o orderService) Person(ctx context.Context, orderID string) (Person, error) {
	var out Person
	err := platform.Ask(ctx, o.lambda, o.function, map[string]string{"orderId": orderID, "want": "person"}, &out)
	return out, err
}

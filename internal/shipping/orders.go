package shipping

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// orderService asks the order service through its query function. Of its answers it reads what shipping needs.
type orderService struct {
	lambda   *lambda.Client
	function string
}

// Person is who gets the goods.
func (o orderService) Person(ctx context.Context, orderID string) (Person, error) {
	var out Person
	err := o.ask(ctx, orderID, "person", &out)
	return out, err
}

// Outcome is what became of an order, as far as this region has seen.
func (o orderService) Outcome(ctx context.Context, orderID string) (Outcome, error) {
	var out Outcome
	err := o.ask(ctx, orderID, "outcome", &out)
	return out, err
}

func (o orderService) ask(ctx context.Context, orderID, want string, out any) error {
	return platform.Ask(ctx, o.lambda, o.function, map[string]string{"orderId": orderID, "want": want}, out)
}

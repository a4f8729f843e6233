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

// factService hands facts to the order service, which alone appends them.
type factService struct {
	lambda   *lambda.Client
	function string
}

// Tracked has the order service store what the carrier did. It answers when that is stored; a second time changes nothing.
// [platform.NotFound] means that this region has not seen the order.
func (f factService) Tracked(ctx context.Context, t Tracking) (platform.Durability, error) {
	var out struct {
		Durability platform.Durability `json:"durability"`
	}
	in := map[string]string{"orderId": t.OrderID, "kind": string(t.Kind), "eventId": t.EventID}
	err := platform.Ask(ctx, f.lambda, f.function, in, &out)
	return out.Durability, err
}

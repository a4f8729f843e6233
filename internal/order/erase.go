package order

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/platform"
)

// eraser removes persons. Each region erases what it wrote itself, so it is run in both; replication takes it to the other's replica.
// What a person bought stays: the facts name nobody but by the customer's id. A parcel that is not booked yet cannot be sent any more.
type eraser struct {
	region string
	store  interface {
		listed(ctx context.Context, customer string, limit int32, after *position) ([]position, *position, error)
		erase(ctx context.Context, orderID, region string) (bool, error)
	}
	log *slog.Logger
}

// erasure names one order, or a customer: then all orders that the index lists.
type erasure struct {
	OrderID  string `json:"orderId"`
	Customer string `json:"customer"`
}

// erased says what a run did. Orders without a person of this region, or whose person was erased before, are only looked at.
type erased struct {
	Orders int `json:"orders"` // looked at
	Erased int `json:"erased"` // persons of this region that are gone now
}

// run is the function's handler. A run that ends early is run again.
func (e *eraser) run(ctx context.Context, in erasure) (erased, error) {
	out, err := e.erase(ctx, in)
	e.log.Info("erased", "orders", out.Orders, "erased", out.Erased, "failed", err != nil)
	if err != nil {
		return out, platform.ForStates(err)
	}
	return out, nil
}

func (e *eraser) erase(ctx context.Context, in erasure) (erased, error) {
	var out erased
	switch {
	case (in.OrderID == "") == (in.Customer == ""):
		return out, platform.Refuse(platform.InvalidRequest, "name either orderId or customer")
	case in.OrderID != "":
		err := e.one(ctx, &out, in.OrderID)
		return out, err
	}
	for after := (*position)(nil); ; {
		positions, next, err := e.store.listed(ctx, in.Customer, batchLimit, after)
		if err != nil {
			return out, err
		}
		for _, p := range positions {
			if err := e.one(ctx, &out, p.orderID()); err != nil {
				return out, err
			}
		}
		if next == nil {
			return out, nil
		}
		after = next
	}
}

func (e *eraser) one(ctx context.Context, out *erased, orderID string) error {
	gone, err := e.store.erase(ctx, orderID, e.region)
	if err != nil {
		return err
	}
	out.Orders++
	if gone {
		out.Erased++
	}
	return nil
}

// erase overwrites the person that this region wrote; false if there is none, or no more.
func (s *store) erase(ctx context.Context, orderID, region string) (bool, error) {
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.orders, Item: erasedItem(orderID, region, s.clock.Now()),
		ConditionExpression: aws.String("attribute_exists(pk) AND attribute_not_exists(erased)"),
	})
	if _, none := platform.ConditionFailed(err); none {
		return false, nil
	}
	return err == nil, platform.FromAWS(err)
}

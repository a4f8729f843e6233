package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// How the order's end is waited for.
const (
	endWithin = 40 * time.Second
	lookEvery = 2 * time.Second
)

// ended are the states that the order may come to: the product has no stock, and it is cancelled at once.
var ended = []string{"CANCELLED", "REJECTED"}

// placed is what the check reads of an order.
type placed struct {
	OrderID string `json:"orderId"`
	State   string `json:"state"`
}

// order places an order with the version and cancels it; after traffic, it looks whether that order has ended. The deployment's id is the order's key, so one
// deployment places one order, however often it is asked.
func (h *hook) order(ctx context.Context, s *subject, deployment string) error {
	o, known, err := h.place(ctx, s, deployment)
	if err != nil || !known {
		return err
	}
	if h.moment == before {
		return s.check(ctx, check{"the order is cancelled", request(http.MethodPost, "/v1/orders/{orderId}/cancellation", map[string]string{"orderId": o.OrderID}, "", ""),
			status(http.StatusAccepted)})
	}
	for until := h.clock.Now().Add(endWithin); !slices.Contains(ended, o.State); {
		if !h.clock.Now().Before(until) {
			return fmt.Errorf("the order %s is still %s", o.OrderID, o.State)
		}
		if err := h.clock.Sleep(ctx, lookEvery); err != nil {
			return err
		}
		if o, err = read(ctx, s, o.OrderID); err != nil {
			return err
		}
	}
	return nil
}

// place sends the order. It is not known if the shop does not offer the product: then there is nothing to order, which is said and no fault of the version's.
func (h *hook) place(ctx context.Context, s *subject, deployment string) (o placed, known bool, err error) {
	a, err := s.ask(ctx, request(http.MethodPost, "/v1/orders", nil, "deploy-"+deployment, orderOf(h.sku)))
	if err != nil {
		return o, false, err
	}
	if status(http.StatusUnprocessableEntity)(a) == nil {
		h.log.Warn("no order was placed: the shop does not offer the product", "sku", h.sku)
		return o, false, nil
	}
	if err := status(http.StatusAccepted)(a); err != nil {
		return o, false, fmt.Errorf("%s:%s: an order is taken: %w", s.name, s.qualifier, err)
	}
	o, err = bodyOf(a)
	return o, true, err
}

func read(ctx context.Context, s *subject, order string) (placed, error) {
	a, err := s.ask(ctx, request(http.MethodGet, "/v1/orders/{orderId}", map[string]string{"orderId": order}, "", ""))
	if err != nil {
		return placed{}, err
	}
	if err := status(http.StatusOK)(a); err != nil {
		return placed{}, err
	}
	return bodyOf(a)
}

func bodyOf(a answer) (o placed, err error) {
	res, err := a.response()
	if err == nil {
		err = json.Unmarshal([]byte(res.Body), &o)
	}
	return o, err
}

// orderOf is an order that nobody would miss. Its mail goes to SES's simulator
// (https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator).
func orderOf(sku string) string {
	type object = map[string]any
	return string(encoded(object{
		"lines": []object{{"sku": sku, "quantity": 1}}, "currency": "EUR", "payment": object{"method": "pm_deploycheck"},
		"shipping": object{"method": "standard", "name": "Deployment check", "email": "success@simulator.amazonses.com",
			"address": object{"line1": "1 Nowhere", "city": "Berlin", "postalCode": "10115", "country": "DE"}},
	}))
}

package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"twofold/local/core"
)

// OrderCost is what one order costs, from the request to its mail, in both regions: calls to AWS, and DynamoDB's write and read units.
type OrderCost struct{ Calls, Writes, Reads float64 }

// What the cost of an order is measured with.
const (
	costOrders = 10
	costWindow = 2 * time.Minute // in which these orders come to their end
	costSpeed  = 1e-4            // of the schedules: what the sweeps do by the clock is no order's cost
	costSKU    = "COST-0"
	costBuyer  = "buyer-0"
)

// OrderCost measures an order in a simulated world that holds so many orders, customers and SKUs besides: copies, in every table, of what one
// order to its end has left. What the platform does without orders in that time is taken off, and the sweeps stand still.
func (p *Prepared) OrderCost(stored int) (cost OrderCost, err error) {
	w, err := p.Simulate(Options{Seed: 1, Lag: time.Second, Latency: UsualLatency(), Speed: costSpeed})
	if err != nil {
		return OrderCost{}, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	calls := 0
	w.cloud.Faults.InterceptAfter(func(context.Context, *core.Call) error {
		calls++
		return nil
	})
	err = w.Do(context.Background(), "cost of an order", func(ctx context.Context) error {
		if err := errors.Join(w.costShop(ctx), w.costOrder(ctx, "first"), w.cloud.Sleep(ctx, costWindow)); err != nil {
			return err
		}
		w.multiply(stored)
		idle, err := w.costOf(ctx, &calls, 0)
		if err != nil {
			return err
		}
		busy, err := w.costOf(ctx, &calls, costOrders)
		cost = OrderCost{(busy.Calls - idle.Calls) / costOrders, (busy.Writes - idle.Writes) / costOrders, (busy.Reads - idle.Reads) / costOrders}
		return err
	})
	return cost, err
}

// multiply has every table of every region hold so many more of what is in it.
func (w *World) multiply(n int) {
	order := ""
	for _, f := range w.svc.dynamodb.Rows(w.regions[0], w.table("orders")) {
		if id := f.Text("orderId"); id != "" {
			order = id
		}
	}
	for _, region := range w.regions {
		for _, table := range []string{"orders", "order-work", "catalogue", "stock", "shipments", "mails"} {
			w.svc.dynamodb.Multiply(region, w.table(table), n, func(text string, i int) string {
				return strings.NewReplacer(order, fmt.Sprintf("%s-%d", order, i), costSKU, fmt.Sprintf("COST-%d", i+1), costBuyer, fmt.Sprintf("buyer-%d", i+1)).Replace(text)
			})
		}
	}
}

// costOf is what a window of time with some orders costs.
func (w *World) costOf(ctx context.Context, calls *int, orders int) (OrderCost, error) {
	begin := w.cloud.Now().Truncate(costWindow).Add(costWindow)
	if err := w.cloud.Sleep(ctx, begin.Sub(w.cloud.Now())); err != nil {
		return OrderCost{}, err
	}
	before, units := *calls, w.units()
	for i := range orders {
		if err := w.costOrder(ctx, fmt.Sprintf("order-%d", i)); err != nil {
			return OrderCost{}, err
		}
	}
	if err := w.cloud.Sleep(ctx, begin.Add(costWindow).Add(-time.Second).Sub(w.cloud.Now())); err != nil {
		return OrderCost{}, err
	}
	after := w.units()
	return OrderCost{float64(*calls - before), after.Writes - units.Writes, after.Reads - units.Reads}, nil
}

func (w *World) units() (sum OrderCost) {
	for _, r := range w.cloud.Meter.Read() {
		switch r.Unit {
		case "dynamodb:WRU", "dynamodb:ReplicatedWRU":
			sum.Writes += r.N
		case "dynamodb:RRU":
			sum.Reads += r.N
		}
	}
	return sum
}

// costShop puts the product into the catalogue and stock into the first region.
func (w *World) costShop(ctx context.Context) error {
	product, receipt := "/v1/products/"+costSKU, fmt.Sprintf(`{"receiptId":"first","quantity":1000,"target":%q}`, w.regions[0])
	return errors.Join(
		w.costCall(ctx, "PUT", product, "staff", "catalogue:admin", "", `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`, http.StatusCreated),
		w.costCall(ctx, "POST", product+"/receipts", "staff", "catalogue:admin", "", receipt, http.StatusAccepted),
		w.cloud.Sleep(ctx, costWindow))
}

func (w *World) costOrder(ctx context.Context, key string) error {
	return w.costCall(ctx, "POST", "/v1/orders", costBuyer, "orders:write", key, `{"lines":[{"sku":"`+costSKU+`","quantity":1}],"currency":"EUR","payment":{"method":"pm_card_visa"},`+
		`"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`,
		http.StatusAccepted)
}

// costCall is a request to the API of the first region, which must be answered with a status.
func (w *World) costCall(ctx context.Context, method, path, customer, scope, key, body string, want int) error {
	token, err := w.Token(customer, scope)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, w.APIURL(w.regions[0])+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := (&http.Client{Transport: w.Transport()}).Do(r)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode != want {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, said)
	}
	return err
}

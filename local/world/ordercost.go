package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"twofold/local/core"
)

// OrderCost is what one order costs, from the request to its mail, in both regions: calls to AWS, DynamoDB's write and read units, and the time that a
// CPU of this machine takes to simulate all of it.
type OrderCost struct {
	Calls, Writes, Reads float64
	CPU                  time.Duration
}

// What the cost of an order is measured with.
const (
	costOrders = 20
	costWindow = 2 * time.Minute // in which these orders come to their end
	costSpeed  = 1e-4            // of the schedules: what the sweeps do by the clock is no order's cost
	costSKU    = "COST-0"
	costStock  = 1000
	costBuyer  = "buyer-0"
)

// OrderCost measures an order in a simulated world that holds so many orders, customers and SKUs besides: copies, in every table, of what one
// order to its end has left. What the platform does without orders in that time is taken off, and the sweeps stand still.
func (p *Prepared) OrderCost(stored int) (cost OrderCost, err error) {
	err = p.besideStored(stored, costSpeed, func(ctx context.Context, m *meter) error {
		idle, err := m.window(ctx, costWindow, 0)
		if err != nil {
			return err
		}
		busy, err := m.window(ctx, costWindow, costOrders)
		cost = busy.less(idle).by(costOrders)
		return err
	})
	return cost, err
}

// idleMinutes is how long a platform without orders is looked at.
const idleMinutes = 10

// IdleCost measures what both regions do in a minute without any order, sweeps and probes by the clock, beside so many orders, customers and SKUs.
func (p *Prepared) IdleCost(stored int) (cost OrderCost, err error) {
	err = p.besideStored(stored, 1, func(ctx context.Context, m *meter) error {
		idle, err := m.window(ctx, idleMinutes*time.Minute, 0)
		cost = idle.by(idleMinutes)
		return err
	})
	return cost, err
}

func (c OrderCost) less(o OrderCost) OrderCost {
	return OrderCost{c.Calls - o.Calls, c.Writes - o.Writes, c.Reads - o.Reads, c.CPU - o.CPU}
}

func (c OrderCost) by(n float64) OrderCost {
	return OrderCost{c.Calls / n, c.Writes / n, c.Reads / n, time.Duration(float64(c.CPU) / n)}
}

// besideStored has a world in which so much is stored, with schedules that run so fast, measured.
func (p *Prepared) besideStored(stored int, speed float64, measure func(ctx context.Context, m *meter) error) (err error) {
	w, err := p.Simulate(Options{Seed: 1, Lag: time.Second, Latency: UsualLatency(), Speed: speed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	m := &meter{w: w}
	w.cloud.Faults.InterceptAfter(func(context.Context, *core.Call) error {
		m.calls++
		return nil
	})
	return w.Do(context.Background(), "cost of an order", func(ctx context.Context) error {
		if err := errors.Join(w.costShop(ctx, costStock), w.costOrder(ctx, "first"), w.cloud.Sleep(ctx, costWindow)); err != nil {
			return err
		}
		w.multiply(stored)
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what the collector does with all that is stored is no order's cost
		runtime.GC()                                     // nor what it had begun
		return measure(ctx, m)
	})
}

// multiply has every table of every region hold so many more of what is in it, each of them some day of the year before.
func (w *World) multiply(n int) {
	order := ""
	for _, f := range w.svc.dynamodb.Rows(w.regions[0], w.table("orders")) {
		if id := f.Text("orderId"); id != "" {
			order = id
		}
	}
	today := w.cloud.Now().UTC().Format(time.DateOnly)
	var named int
	var names []string
	rename := func(text string, i int) string {
		if i+1 != named {
			named = i + 1
			names = []string{order, fmt.Sprintf("%s-%d", order, i), costSKU, fmt.Sprintf("COST-%d", i+1), costBuyer, fmt.Sprintf("buyer-%d", i+1),
				today, fmt.Sprintf("2025-%02d-%02d", 1+i%12, 1+i/12%28)}
		}
		for pair := range slices.Chunk(names, 2) {
			text = strings.ReplaceAll(text, pair[0], pair[1])
		}
		return text
	}
	for _, table := range []string{"orders", "order-work", "catalogue", "stock", "payments", "shipments", "mails"} {
		w.svc.dynamodb.Multiply(w.table(table), n, rename)
	}
}

// meter reads what a world has cost.
type meter struct {
	w     *World
	calls int
}

// window is what a window of time with some orders costs.
func (m *meter) window(ctx context.Context, lasts time.Duration, orders int) (OrderCost, error) {
	begin := m.w.cloud.Now().Truncate(lasts).Add(lasts)
	if err := m.w.cloud.Sleep(ctx, begin.Sub(m.w.cloud.Now())); err != nil {
		return OrderCost{}, err
	}
	before := m.read()
	for i := range orders {
		if err := m.w.costOrder(ctx, fmt.Sprintf("order-%d", i)); err != nil {
			return OrderCost{}, err
		}
	}
	if err := m.w.cloud.Sleep(ctx, begin.Add(lasts).Add(-time.Second).Sub(m.w.cloud.Now())); err != nil {
		return OrderCost{}, err
	}
	return m.read().less(before), nil
}

// read is everything until now.
func (m *meter) read() OrderCost {
	sum := OrderCost{Calls: float64(m.calls)}
	for _, r := range m.w.cloud.Meter.Read() {
		switch r.Unit {
		case "dynamodb:WRU", "dynamodb:ReplicatedWRU":
			sum.Writes += r.N
		case "dynamodb:RRU":
			sum.Reads += r.N
		}
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err == nil {
		sum.CPU = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return sum
}

// costShop puts the product into the catalogue and stock into the first region.
func (w *World) costShop(ctx context.Context, stock int64) error {
	product, receipt := "/v1/products/"+costSKU, fmt.Sprintf(`{"receiptId":"first","quantity":%d,"target":%q}`, stock, w.regions[0])
	return errors.Join(
		w.costCall(ctx, "PUT", product, "staff", "catalogue:admin", "", `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`, http.StatusCreated),
		w.costCall(ctx, "POST", product+"/receipts", "staff", "catalogue:admin", "", receipt, http.StatusAccepted),
		w.cloud.Sleep(ctx, costWindow))
}

func (w *World) costOrder(ctx context.Context, key string) error {
	return w.costOrderOf(ctx, costBuyer, key, http.StatusAccepted)
}

func (w *World) costOrderOf(ctx context.Context, customer, key string, want int) error {
	return w.costCall(ctx, "POST", "/v1/orders", customer, "orders:write", key, `{"lines":[{"sku":"`+costSKU+`","quantity":1}],"currency":"EUR","payment":{"method":"pm_card_visa"},`+
		`"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`,
		want)
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

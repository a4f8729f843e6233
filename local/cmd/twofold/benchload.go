package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	twofold "twofold/client/go"
	"twofold/local/core"
)

// benchmark places orders and counts what they cost.
type benchmark struct {
	shop   *shop
	placed int
	ended  atomic.Int64  // sagas that have ended
	slots  chan struct{} // one for each order under way, of those that are placed without a pace

	mu        sync.Mutex
	calls     map[string]int
	shoppers  map[string]*twofold.ClientWithResponses // by region and customer: one token serves a shopper for all of the run
	latencies []time.Duration
}

func newBenchmark(s *shop) *benchmark {
	b := &benchmark{shop: s, slots: make(chan struct{}, benchOrders), calls: map[string]int{}, shoppers: map[string]*twofold.ClientWithResponses{}}
	cloud := s.world.Cloud()
	cloud.Journal.Tap(func(e core.Entry) {
		if e.Kind == core.KindExecution {
			b.ended.Add(1)
			select {
			case <-b.slots:
			default: // it was placed at a pace
			}
		}
	})
	cloud.Faults.InterceptAfter(func(_ context.Context, c *core.Call) error {
		name := c.Service + " " + cmp.Or(c.Operation, c.Method)
		if name == "lambda POST" {
			name = "lambda Invoke"
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls[name]++
		return nil
	})
	return b
}

func (b *benchmark) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.calls)
}

// load is a number of orders, or as many as are placed in a time.
type load struct {
	orders  int
	lasts   time.Duration
	pace    float64 // orders a second; 0 for as many as end
	clients int
}

// more reports whether another order is to be placed after n.
func (l load) more(n int, since time.Duration) bool { return n < l.orders || since < l.lasts }

// job is an order to be placed. A client that comes late to it is waited for, and that counts.
type job struct {
	number int
	due    time.Time // zero for now
}

// run places orders and waits until all their sagas have ended.
func (b *benchmark) run(ctx context.Context, l load) error {
	b.latencies = b.latencies[:0]
	ended, before := b.ended.Load(), b.placed
	work := make(chan job)
	errs := make(chan error, l.clients)
	for range l.clients {
		go func() { errs <- b.client(ctx, work) }()
	}
	b.hand(l, work)
	var err error
	for range l.clients {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	want := ended + int64(b.placed-before)
	return b.shop.await(ctx, "every saga has ended", func() (bool, error) { return b.ended.Load() >= want, nil })
}

// hand gives the clients their work, at its pace.
func (b *benchmark) hand(l load, work chan<- job) {
	defer close(work)
	begin := time.Now()
	for n := 0; l.more(n, time.Since(begin)); n++ {
		var due time.Time
		if l.pace > 0 {
			due = begin.Add(time.Duration(float64(n) / l.pace * float64(time.Second)))
			time.Sleep(time.Until(due))
		} else {
			b.slots <- struct{}{}
		}
		b.placed++
		work <- job{b.placed, due}
	}
}

func (b *benchmark) client(ctx context.Context, work <-chan job) (err error) {
	for j := range work {
		if err != nil {
			continue // leave nobody waiting
		}
		due := j.due
		if due.IsZero() {
			due = time.Now()
		}
		err = b.place(ctx, j.number)
		b.mu.Lock()
		b.latencies = append(b.latencies, time.Since(due))
		b.mu.Unlock()
	}
	return err
}

func (b *benchmark) place(ctx context.Context, number int) error {
	region := b.shop.regions[number%len(b.shop.regions)]
	p := &purchase{customer: fmt.Sprintf("customer-%d", number%50), key: fmt.Sprintf("bench-%d", number), sku: "BENCH-TEA", quantity: 1, card: goodCard, postcode: postcode}
	c, err := b.shopper(region, p.customer)
	if err != nil {
		return err
	}
	res, err := c.PlaceOrderWithResponse(ctx, &twofold.PlaceOrderParams{IdempotencyKey: p.key}, order(p))
	if err != nil {
		return err
	}
	if res.StatusCode() != http.StatusAccepted {
		return fmt.Errorf("%s in %s: %s", res.Status(), region, res.Body)
	}
	return nil
}

func (b *benchmark) shopper(region, customer string) (*twofold.ClientWithResponses, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.shoppers[region+customer]; c != nil {
		return c, nil
	}
	c, err := b.shop.client(region, customer, "orders:read orders:write")
	if err == nil {
		b.shoppers[region+customer] = c
	}
	return c, err
}

// latency is how long a share of the orders of the last run took at most from when it was due until it was accepted.
func (b *benchmark) latency(share float64) string {
	slices.Sort(b.latencies)
	return b.latencies[int(share*float64(len(b.latencies)-1))].Round(100 * time.Microsecond).String()
}

// printCalls prints what calls an order makes, most frequent first.
func (b *benchmark) printCalls(orders float64) error {
	b.mu.Lock()
	calls := maps.Clone(b.calls)
	b.mu.Unlock()
	names := slices.SortedFunc(maps.Keys(calls), func(x, y string) int { return calls[y] - calls[x] })
	total, rows := 0, [][]string{{"", ""}, {"CALLS", "PER ORDER"}}
	for _, n := range names {
		total += calls[n]
		rows = append(rows, []string{n, fmt.Sprintf("%.2f", float64(calls[n])/orders)})
	}
	return printTable(append(rows, []string{"all", fmt.Sprintf("%.1f", float64(total)/orders)}))
}

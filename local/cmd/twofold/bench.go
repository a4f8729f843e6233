package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"twofold/local/core"
	"twofold/local/promises"
	"twofold/local/world"
)

// The load of the benchmark: as many orders at once as there are clients, without a pause, then the same at a pace.
const (
	benchClients = 8
	benchOrders  = 1500
	pacedOrders  = 600
)

// Goals of the benchmark, printed beside the figures.
const (
	goalOrdersPerSecond = 150
	goalAcceptP99       = 50 * time.Millisecond
	goalFirstOrder      = 3 * time.Second
	goalMemoryMiB       = 1024
)

// bench prints figures of speed, calls and memory. Both regions run and replicate without simulated delay.
func bench(ctx context.Context, opts world.Options) error {
	opts.Lag = 0
	begin := time.Now()
	w, err := world.Start(ctx, opts)
	if err != nil {
		return err
	}
	return errors.Join(measure(ctx, w, begin), w.Close())
}

func measure(ctx context.Context, w *world.World, begin time.Time) error {
	s, err := newShop(w)
	if err != nil {
		return err
	}
	stock := map[string]int64{s.regions[0]: 100_000, s.regions[1]: 100_000}
	booted := time.Since(begin)
	if err := s.open(ctx, []product{{"BENCH-TEA", "Tea for the benchmark", 790, stock}}); err != nil {
		return err
	}
	b := newBenchmark(s)
	if err := b.run(ctx, 1, 1, 0); err != nil {
		return err
	}
	first := time.Since(begin)
	if err := b.run(ctx, 200, benchClients, 0); err != nil { // warm
		return err
	}
	if err := b.full(ctx, booted, first); err != nil {
		return err
	}
	return b.paced(ctx)
}

// benchmark places orders and counts what they cost.
type benchmark struct {
	shop      *shop
	placed    int
	ended     atomic.Int64 // sagas that have ended
	calls     map[string]int
	mu        sync.Mutex
	latencies []time.Duration
}

func newBenchmark(s *shop) *benchmark {
	b := &benchmark{shop: s, calls: map[string]int{}}
	cloud := s.world.Cloud()
	cloud.Journal.Tap(func(e core.Entry) {
		if e.Kind == core.KindExecution {
			b.ended.Add(1)
		}
	})
	cloud.Faults.InterceptAfter(func(_ context.Context, c *core.Call) error {
		name := c.Service + " " + c.Operation
		if c.Operation == "" {
			name = c.Service + " " + c.Method
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls[name]++
		return nil
	})
	return b
}

// run places n orders with some clients and waits until all their sagas have ended; every pause starts an order when it is over.
func (b *benchmark) run(ctx context.Context, n, clients int, pause time.Duration) error {
	b.latencies = b.latencies[:0]
	work := make(chan int)
	errs := make(chan error, clients)
	for range clients {
		go func() { errs <- b.client(ctx, work) }()
	}
	want := b.ended.Load() + int64(n)
	tick := time.NewTicker(max(pause, time.Nanosecond))
	defer tick.Stop()
	for range n {
		if pause > 0 {
			<-tick.C
		}
		b.placed++
		work <- b.placed
	}
	close(work)
	var err error
	for range clients {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	return b.shop.await(ctx, "every saga has ended", func() (bool, error) { return b.ended.Load() >= want, nil })
}

func (b *benchmark) client(ctx context.Context, work <-chan int) (err error) {
	for i := range work {
		if err != nil {
			continue // leave nobody waiting
		}
		p := &purchase{customer: fmt.Sprintf("customer-%d", i%50), key: fmt.Sprintf("bench-%d", i), sku: "BENCH-TEA", quantity: 1, card: goodCard, postcode: postcode}
		begin := time.Now()
		_, _, err = b.shop.place(ctx, b.shop.regions[i%2], p)
		b.mu.Lock()
		b.latencies = append(b.latencies, time.Since(begin))
		b.mu.Unlock()
	}
	return err
}

// full runs as fast as it goes and prints what an order costs.
func (b *benchmark) full(ctx context.Context, booted, first time.Duration) error {
	b.mu.Lock()
	clear(b.calls)
	b.mu.Unlock()
	cpu, begin := cpuTime(b.shop.world.Processes()), time.Now()
	if err := b.run(ctx, benchOrders, benchClients, 0); err != nil {
		return err
	}
	took := time.Since(begin)
	if err := b.shop.world.Quiet(ctx); err != nil {
		return err
	}
	cpu = cpuTime(b.shop.world.Processes()) - cpu
	rows := [][]string{{"FIGURE", "MEASURED", "GOAL"},
		{"boot of a built tree", booted.Round(time.Millisecond).String(), ""},
		{"boot to the first confirmed order", first.Round(time.Millisecond).String(), goalFirstOrder.String()},
		{"orders a second, placed to confirmed", fmt.Sprintf("%.0f", benchOrders/took.Seconds()), fmt.Sprint(goalOrdersPerSecond)},
		{"CPU per order, all processes", fmt.Sprintf("%.1f ms", cpu.Seconds()*1000/benchOrders), ""},
		{"memory, all processes", fmt.Sprintf("%d MiB", memoryMiB(b.shop.world.Processes())), fmt.Sprintf("%d MiB", goalMemoryMiB)},
		{"processes", fmt.Sprint(len(b.shop.world.Processes())), ""},
	}
	return errors.Join(printTable(rows), b.printCalls())
}

// printCalls prints what calls an order makes, most frequent first.
func (b *benchmark) printCalls() error {
	b.mu.Lock()
	calls := maps.Clone(b.calls)
	b.mu.Unlock()
	names := slices.SortedFunc(maps.Keys(calls), func(x, y string) int { return calls[y] - calls[x] })
	total, rows := 0, [][]string{{"", ""}, {"CALLS", "PER ORDER"}}
	for _, n := range names {
		total += calls[n]
		rows = append(rows, []string{n, fmt.Sprintf("%.2f", float64(calls[n])/benchOrders)})
	}
	return printTable(append(rows, []string{"all", fmt.Sprintf("%.1f", float64(total)/benchOrders)}))
}

// paced places orders at half the goal and prints how long a client waits for its answer; then the promises are checked.
func (b *benchmark) paced(ctx context.Context) error {
	if err := b.run(ctx, pacedOrders, benchClients, 2*time.Second/goalOrdersPerSecond); err != nil {
		return err
	}
	slices.Sort(b.latencies)
	at := func(share float64) string {
		return b.latencies[int(share*float64(len(b.latencies)-1))].Round(100 * time.Microsecond).String()
	}
	fmt.Println()
	rows := [][]string{{fmt.Sprintf("ACCEPTED AT %d/s", goalOrdersPerSecond/2), "MEASURED", "GOAL"}, {"median", at(0.5), ""}, {"99th percentile", at(0.99), goalAcceptP99.String()}, {"longest", at(1), ""}}
	if err := errors.Join(printTable(rows), b.shop.world.Quiet(ctx)); err != nil {
		return err
	}
	view, err := b.shop.world.View(ctx)
	if err != nil {
		return err
	}
	for _, r := range promises.Check(view) {
		if len(r.Broken) > 0 {
			err = errors.Join(err, fmt.Errorf("%s: broken %d times, first: %s", r.Name, len(r.Broken), r.Broken[0]))
		}
	}
	return err
}

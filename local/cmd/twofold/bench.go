package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"twofold/local/promises"
	"twofold/local/world"
)

// The load of the benchmark: for a while some orders under way at any moment, a new one for each that has ended, then orders at two
// paces.
const (
	benchOrders  = 32
	benchClients = 8
	warmOrders   = 400
	fullTime     = time.Minute
	pacedClients = 64 // more than are ever busy, so that no order waits for a client
	pacedTime    = 15 * time.Second
	initRuns     = 5
)

// Goals of the benchmark, printed beside the figures. The floor is what it must not fall below.
const (
	goalOrdersPerSecond  = 150
	floorOrdersPerSecond = 60
	goalAcceptP99        = 50 * time.Millisecond
	goalFirstOrder       = 3 * time.Second
	goalMemoryMiB        = 1024
	goalInitRatio        = 4
)

// bench prints figures of speed, calls and memory. Both regions run and replicate without simulated delay. It fails if a promise is
// broken, not if a goal is missed: how fast a machine is is no promise.
func bench(ctx context.Context, opts world.Options) error {
	opts.Lag = 0
	begin := time.Now()
	w, err := world.Start(ctx, opts)
	if err != nil {
		return err
	}
	if err := errors.Join(measure(ctx, w, begin), w.Close()); err != nil {
		return err
	}
	return benchSim(opts.Root)
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
	if err := b.run(ctx, load{orders: 1, clients: 1}); err != nil {
		return err
	}
	first := time.Since(begin)
	if err := b.run(ctx, load{orders: warmOrders, clients: benchClients}); err != nil {
		return err
	}
	rate, err := b.full(ctx, booted, first)
	if err != nil {
		return err
	}
	if err := b.paced(ctx, rate/2, goalOrdersPerSecond/2); err != nil {
		return err
	}
	return errors.Join(b.inits(), keptPromises(ctx, w))
}

// full runs as fast as it goes, prints what an order costs and answers the orders a second.
func (b *benchmark) full(ctx context.Context, booted, first time.Duration) (rate float64, err error) {
	b.reset()
	placed, cpu, begin := b.placed, cpuTime(b.shop.world.Processes()), time.Now()
	if err := b.run(ctx, load{lasts: fullTime, clients: benchClients}); err != nil {
		return 0, err
	}
	took, orders := time.Since(begin), float64(b.placed-placed)
	if err := b.shop.world.Quiet(ctx); err != nil {
		return 0, err
	}
	pids := b.shop.world.Processes()
	cpu = cpuTime(pids) - cpu
	rate = orders / took.Seconds()
	rows := [][]string{{"FIGURE", "MEASURED", "GOAL"},
		{"boot of a built tree", booted.Round(time.Millisecond).String(), ""},
		{"boot to the first confirmed order", first.Round(time.Millisecond).String(), goalFirstOrder.String()},
		{fmt.Sprintf("orders a second, placed to confirmed, over %.0f s", took.Seconds()), fmt.Sprintf("%.0f", rate), fmt.Sprintf("%d, at least %d", goalOrdersPerSecond, floorOrdersPerSecond)},
		{"CPU per order, all processes", fmt.Sprintf("%.1f ms", cpu.Seconds()*1000/orders), ""},
		{"memory of all processes, what they share counted once", fmt.Sprintf("%d MiB", memoryMiB(pids)), fmt.Sprintf("%d MiB", goalMemoryMiB)},
		{"... of which the local cloud and the benchmark", fmt.Sprintf("%d MiB", memoryMiB(pids[:1])), ""},
		{"processes", fmt.Sprint(len(pids)), ""},
	}
	return rate, errors.Join(printTable(rows), b.printCalls(orders))
}

// paced places orders at some paces (a second) and prints how long a client waits for its answer.
func (b *benchmark) paced(ctx context.Context, paces ...float64) error {
	rows := [][]string{{"", "", ""}, {"ACCEPTED", "MEASURED", "GOAL"}}
	for i, pace := range paces {
		if err := b.run(ctx, load{lasts: pacedTime, pace: pace, clients: pacedClients}); err != nil {
			return err
		}
		goal, name := goalAcceptP99.String(), fmt.Sprintf("at %.0f/s", pace)
		if i == 0 {
			name += ", half of the measured"
		}
		rows = append(rows, []string{name + ": median", b.latency(0.5), ""}, []string{"... 99th percentile", b.latency(0.99), goal}, []string{"... longest", b.latency(1), ""})
		if err := b.shop.world.Quiet(ctx); err != nil {
			return err
		}
	}
	return printTable(rows)
}

// inits prints how long the slowest function takes to start, beside a main that does nothing.
func (b *benchmark) inits() error {
	all, empty, err := b.shop.world.InitTimes(initRuns)
	if err != nil {
		return err
	}
	worst := all[0]
	return printTable([][]string{{"", "", ""}, {"START OF A FUNCTION'S PROCESS", "MEASURED", "GOAL"},
		{"an empty main", empty.Round(100 * time.Microsecond).String(), ""},
		{worst.Function + ", the slowest of " + fmt.Sprint(len(all)), worst.Took.Round(100 * time.Microsecond).String(), ""},
		{"... times the empty main", fmt.Sprintf("%.1f", worst.Took.Seconds()/empty.Seconds()), fmt.Sprint(goalInitRatio)}})
}

func keptPromises(ctx context.Context, w *world.World) error {
	view, err := w.View(ctx)
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

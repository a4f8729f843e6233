package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"twofold/internal/fact"
	"twofold/local/core"
	"twofold/local/world"
)

// run is one history under way.
type run struct {
	world        *world.World
	plan         Plan
	history      *history
	facts        map[string]map[string]bool // by region
	tokens       map[string]string          // by name and scope
	counts       map[string]int             // what happened, by name
	checks       int                        // of the stock equation
	gone         string                     // the region that is lost for good; "" if none is
	fenced       bool                       // ... and was given up
	healed       time.Time
	settledAfter time.Duration
	open         int // tasks of spawn that have not returned
	returned     core.Signal
}

// Report is what came of a seed.
type Report struct {
	Seed     uint64
	Plan     string
	Took     time.Duration // on the wall clock
	Broken   []string      // empty: all promises were kept
	Trace    string        // hash over every step
	Steps    int
	Checks   int            // of the stock equation, during the run
	Virtual  time.Duration  // how long the history took
	Settled  time.Duration  // from the last fault healed to everything at its end
	Fates    map[string]int // orders by how they ended
	Happened map[string]int // what clients met and people did
	Faults   map[string]int // by kind
}

// Run plays one seed in a world of what was prepared, which runs may share, and writes its steps into trace unless that is nil. An error is one of the simulation itself; what the platform did wrong is in the report.
func Run(p *world.Prepared, seed uint64, trace *Trace) (Report, error) {
	began := time.Now()
	w, err := p.Simulate(world.Options{Seed: seed, Lag: 800 * time.Millisecond, Latency: world.UsualLatency()})
	if err != nil {
		return Report{Seed: seed}, err
	}
	if trace != nil {
		w.Sim().OnStep(trace.step)
	}
	r := &run{world: w, plan: NewPlan(seed, w.Regions()), history: newHistory(), facts: map[string]map[string]bool{}, tokens: map[string]string{}, counts: map[string]int{}}
	begin := r.now()
	var left []string
	err = w.Do(context.Background(), "history", func(ctx context.Context) (err error) {
		left, err = r.play(ctx)
		return err
	})
	report := Report{Seed: seed, Plan: r.plan.String(), Took: time.Since(began), Broken: append(r.history.broken, left...), Trace: w.Sim().TraceHash(), Steps: w.Sim().Steps(), Checks: r.checks,
		Virtual: r.now().Sub(begin), Settled: r.settledAfter, Fates: r.fates(), Happened: r.counts, Faults: w.FaultCounts()}
	return report, errors.Join(err, w.Close(), trace.Close())
}

func (r *run) now() time.Time { return r.world.Cloud().Now() }

func (r *run) sleep(ctx context.Context, d time.Duration) error { return r.world.Cloud().Sleep(ctx, d) }

func (r *run) count(what string) { r.counts[what]++ }

// play is the whole of a history; it gives what is left in the end.
func (r *run) play(ctx context.Context) ([]string, error) {
	r.returned = r.world.Cloud().NewSignal()
	r.watch()
	if err := r.openShop(ctx); err != nil {
		return nil, fmt.Errorf("opening the shop: %w", err)
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	if err := r.faults(ctx); err != nil {
		return nil, err
	}
	for r.open > 0 {
		if err := r.returned.Wait(ctx); err != nil {
			return nil, err
		}
	}
	r.checkFacts()
	left, err := r.settle(ctx)
	r.checkFacts()
	return left, err
}

// begin starts everybody's tasks.
func (r *run) begin(ctx context.Context) error {
	for _, p := range r.plan.Purchases {
		s, err := r.shopper(p)
		if err != nil {
			return err
		}
		r.spawn(ctx, fmt.Sprintf("shopper-%d", p.N), s.buy)
	}
	for n, in := range r.plan.Receipts {
		task, err := r.book(n, in)
		if err != nil {
			return err
		}
		r.spawn(ctx, fmt.Sprintf("receipt-%d", n), task)
	}
	for n, in := range r.plan.Prices {
		task, err := r.reprice(n, in)
		if err != nil {
			return err
		}
		r.spawn(ctx, fmt.Sprintf("price-%d", n), task)
	}
	return nil
}

// spawn starts a task of somebody outside AWS. What goes wrong in it is the simulation's fault, not the platform's.
func (r *run) spawn(ctx context.Context, label string, task func(ctx context.Context) error) {
	r.open++
	r.world.Cloud().Go(ctx, label, func(ctx context.Context) {
		if err := task(ctx); err != nil && ctx.Err() == nil {
			r.history.violate("%s: %v", label, err)
		}
		r.open--
		r.returned.Set()
	})
}

// faults plays the weather and heals everything at its end.
func (r *run) faults(ctx context.Context) error {
	begin := r.now()
	lost := begin
	r.world.SetFaults(r.plan.Rates)
	for _, e := range r.plan.Weather {
		if err := r.sleep(ctx, e.At-r.now().Sub(begin)); err != nil {
			return err
		}
		r.checkFacts()
		switch e.Change {
		case LoseRegion:
			lost = r.now()
		case RestoreRegion:
			r.checkTakeover(e.Region, lost)
		}
		r.apply(e)
	}
	if err := r.sleep(ctx, r.plan.Lasts-r.now().Sub(begin)); err != nil {
		return err
	}
	r.world.Heal()
	r.healed = r.now()
	return nil
}

func (r *run) apply(e Event) {
	regions := r.world.Regions()
	switch e.Change {
	case LoseRegion:
		r.world.LoseRegion(e.Region)
	case LoseForGood:
		r.loseForGood(e.Region)
	case RestoreRegion:
		r.world.RestoreRegion(e.Region)
	case CutLink:
		r.world.CutLink(regions[0], regions[1])
	case HealLink:
		r.world.HealLink(regions[0], regions[1])
	}
}

// fates counts the orders by how they ended, as the first region sees it.
func (r *run) fates() map[string]int {
	out := map[string]int{}
	v, err := r.view(context.Background())
	if err != nil {
		r.history.violate("%v", err)
		return out
	}
	orders, _ := r.ended(v)
	for _, o := range orders {
		what := string(o.State)
		if o.State == fact.StateRejected || o.State == fact.StateCancelled {
			what += " " + o.Reason
		}
		out[what]++
	}
	return out
}

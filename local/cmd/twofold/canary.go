package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"twofold/local/cloudwatch"
	"twofold/local/codedeploy"
	"twofold/local/promises"
	"twofold/local/world"
)

// What the play of a deployment is made of.
const (
	canaryFunction = "order-api"
	canaryRegion   = "us-east-1"
	canaryShoppers = 6                // each orders, waits and orders again
	canaryPause    = 4 * time.Second  // between an order and the next
	canaryWarm     = 2 * time.Minute  // of orders before the first deployment, and between the two
	canarySettle   = 10 * time.Minute // after the last order: longer than anything takes to end
)

// canary deploys a sound and then a faulty version of order-api, with orders flowing, and shows what becomes of them.
func canary(flags *flag.FlagSet) func(ctx context.Context, args []string) error {
	root := flags.String("root", ".", "the `folder` of the repository")
	seed := flags.Uint64("seed", 1, "of everything that is drawn")
	return func(ctx context.Context, _ []string) (err error) {
		fmt.Println("A simulated platform: minutes are the clock's of the simulation, at the values that are deployed (stacks/api.yaml); functions run in this process.")
		w, err := world.Simulate(world.Options{Root: *root, Seed: *seed, Lag: time.Second, Alarms: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		p := &canaryPlay{World: w, begin: w.Cloud().Now()}
		return w.Do(ctx, "canary", p.play)
	}
}

// canaryPlay is a shop during two deployments.
type canaryPlay struct {
	*world.World
	begin time.Time

	closed   bool     // shoppers place no more orders
	inside   int      // shoppers who are still there
	tried    int      // orders that somebody wanted
	accepted []string // their ids
	failed   int      // answers of 5xx, which were asked again
}

func (p *canaryPlay) say(format string, args ...any) {
	at := p.Cloud().Now().Sub(p.begin).Round(time.Second)
	fmt.Printf("%8s  %s\n", at, fmt.Sprintf(format, args...))
}

func (p *canaryPlay) play(ctx context.Context) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	p.OnDeployment(func(m codedeploy.Milestone) { p.say("%s: %s", canaryFunction, m.What) })
	p.OnAlarm(func(c cloudwatch.Change) {
		if c.Region == canaryRegion && (c.To == cloudwatch.Alarm || c.From == cloudwatch.Alarm) {
			p.say("alarm %s: %s (%s)", c.Name, c.To, c.Reason)
		}
	})
	p.inside = canaryShoppers
	for i := range canaryShoppers {
		p.Cloud().Go(ctx, fmt.Sprintf("shopper-%d", i), func(ctx context.Context) { p.shop(ctx, i) })
	}
	wrong := errors.Join(p.deploy(ctx, "a sound version 2", true), p.deploy(ctx, "version 3, which answers orders for express shipping with 500", false))
	if err := p.Cloud().Sleep(ctx, canaryWarm); err != nil {
		return err
	}
	for p.closed = true; p.inside > 0; {
		if err := p.Cloud().Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	if err := p.Cloud().Sleep(ctx, canarySettle); err != nil {
		return err
	}
	return errors.Join(wrong, p.count(), p.promises(ctx))
}

// deploy lets orders flow for a while and then deploys; the sound version must go through, and the faulty one be rolled back by an alarm.
func (p *canaryPlay) deploy(ctx context.Context, what string, sound bool) error {
	if err := p.Cloud().Sleep(ctx, canaryWarm); err != nil {
		return err
	}
	fmt.Println()
	p.say("%d orders accepted so far. Deploying %s in %s.", len(p.accepted), what, canaryRegion)
	code, before := faultyOrderAPI, p.failed
	if sound {
		code = nil
	}
	out, err := p.DeployVersion(ctx, canaryRegion, canaryFunction, code)
	if err != nil {
		return err
	}
	p.say("deployment %s ended after %s; answers of 5xx meanwhile: %d", out.ID, out.Took.Round(time.Second), p.failed-before)
	if out.Succeeded != sound {
		return fmt.Errorf("%s: the deployment went through: %v (%s)", what, out.Succeeded, out.Reason)
	}
	if !sound && p.failed == before {
		return fmt.Errorf("%s: nobody was answered by it", what)
	}
	return nil
}

// count says what became of the orders that shoppers wanted.
func (p *canaryPlay) count() error {
	lost := p.tried - len(p.accepted)
	fmt.Printf("\norders accepted: %d, orders lost: %d (answers of 5xx that were asked again with the same key: %d)\n", len(p.accepted), lost, p.failed)
	if lost > 0 || len(p.accepted) == 0 {
		return errors.New("orders were lost")
	}
	return nil
}

func (p *canaryPlay) promises(ctx context.Context) error {
	view, err := p.View(ctx)
	if err != nil {
		return err
	}
	view.Accepted = p.accepted
	results := promises.Check(view)
	for _, r := range results {
		for _, b := range r.Broken {
			fmt.Printf("BROKEN  %s: %s\n", r.Name, b)
		}
	}
	if !promises.Held(results) {
		return errors.New("a promise is broken")
	}
	fmt.Printf("promises kept: %d of %d\n", len(results), len(results))
	return nil
}

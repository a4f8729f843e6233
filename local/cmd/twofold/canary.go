package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"twofold/local/cloudwatch"
	"twofold/local/codedeploy"
	"twofold/local/promises"
	"twofold/local/world"
)

// What the play of a deployment is made of.
const (
	canaryRegion   = "us-east-1"
	canaryShoppers = 6                // each orders, waits and orders again
	canaryPause    = 4 * time.Second  // between an order and the next
	canaryWarm     = 2 * time.Minute  // of orders before each deployment
	canarySettle   = 10 * time.Minute // after the last order: longer than anything takes to end
)

// canary deploys a sound and then a faulty version of order-api, and the same of the saga, with orders flowing, and shows what becomes of them.
func canary(flags *flag.FlagSet) func(ctx context.Context, args []string) error {
	root := flags.String("root", ".", "the `folder` of the repository")
	seed := flags.Uint64("seed", 1, "of everything that is drawn")
	return func(ctx context.Context, _ []string) (err error) {
		fmt.Println("A simulated platform: minutes are the clock's of the simulation, at the values that are deployed (stacks/api.yaml, stacks/saga.yaml); functions run in this process.")
		w, err := world.Simulate(world.Options{Root: *root, Seed: *seed, Lag: time.Second, Alarms: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		p := &canaryPlay{World: w, begin: w.Cloud().Now()}
		return w.Do(ctx, "canary", p.play)
	}
}

// canaryPlay is a shop during four deployments.
type canaryPlay struct {
	*world.World
	begin time.Time

	closed   bool     // shoppers place no more orders
	inside   int      // shoppers who are still there
	tried    int      // orders that somebody wanted
	accepted []string // their ids
	hurt     canaryHurt
}

func (p *canaryPlay) say(format string, args ...any) {
	at := p.Cloud().Now().Sub(p.begin).Round(time.Second)
	fmt.Printf("%8s  %s\n", at, fmt.Sprintf(format, args...))
}

func (p *canaryPlay) play(ctx context.Context) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	p.OnDeployment(func(m codedeploy.Milestone) { p.say("%s: %s", strings.TrimPrefix(m.Subject, "twofold-local-"), m.What) })
	p.OnAlarm(func(c cloudwatch.Change) {
		if c.Region == canaryRegion && (c.To == cloudwatch.Alarm || c.From == cloudwatch.Alarm) {
			p.say("alarm %s: %s (%s)", c.Name, c.To, c.Reason)
		}
	})
	p.Cloud().Journal.Tap(p.countExecution)
	p.inside = canaryShoppers
	for i := range canaryShoppers {
		p.Cloud().Go(ctx, fmt.Sprintf("shopper-%d", i), func(ctx context.Context) { p.shop(ctx, i) })
	}
	var wrong error
	for _, d := range canaryDeployments {
		wrong = errors.Join(wrong, p.deploy(ctx, d))
	}
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

// deploy lets orders flow for a while and then deploys; a sound version must go through, and a faulty one be rolled back by an alarm.
func (p *canaryPlay) deploy(ctx context.Context, d canaryDeployment) error {
	if err := p.quiet(ctx); err != nil {
		return err
	}
	fmt.Println()
	p.say("%d orders accepted so far. Deploying %s in %s.", len(p.accepted), d.what, canaryRegion)
	before := p.hurt
	out, err := d.deploy(ctx, p)
	if err != nil {
		return err
	}
	p.say("deployment %s ended after %s; answers of 5xx meanwhile: %d, failed executions: %d", out.ID, out.Took.Round(time.Second),
		p.hurt.answers-before.answers, p.hurt.executions-before.executions)
	if out.Succeeded == d.faulty {
		return fmt.Errorf("%s: the deployment went through: %v (%s)", d.what, out.Succeeded, out.Reason)
	}
	if d.faulty && p.hurt == before {
		return fmt.Errorf("%s: nobody met it", d.what)
	}
	return nil
}

// quiet lets orders flow for a while, and until the region's alarm is over: while it fires nothing is deployed gradually.
func (p *canaryPlay) quiet(ctx context.Context) error {
	for wait := canaryWarm; wait == canaryWarm || p.Alarms(canaryRegion)["twofold-local-region"] == cloudwatch.Alarm; wait = time.Minute {
		if err := p.Cloud().Sleep(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// count says what became of the orders that shoppers wanted.
func (p *canaryPlay) count() error {
	lost := p.tried - len(p.accepted)
	fmt.Printf("\norders accepted: %d, orders lost: %d (answers of 5xx that were asked again with the same key: %d, executions that failed and were started again by the sweep: %d)\n",
		len(p.accepted), lost, p.hurt.answers, p.hurt.executions)
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

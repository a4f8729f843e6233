package world

import (
	"context"
	"fmt"
	"time"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/lambda/simulated"
)

// simStart is what the virtual clock shows when a simulated world begins.
var simStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// patience is how long a client of a simulated world is stepped for, in virtual time, before it counts as hung.
const patience = 48 * time.Hour

// Simulate is Start on a virtual clock: the same services and ports deploy the same files, and the same constructors make the same
// handlers, but these run in-process, every request is stepped, and Options.Seed alone decides what happens. Nothing happens, and no
// time passes, outside Do. It needs no binaries and no port.
func Simulate(opts Options) (*World, error) {
	faults := core.NewFaults(opts.Lag)
	sim := core.NewSim(simStart, faults, opts.Seed)
	d := &simDriver{Sim: sim, simNetwork: newSimNetwork(sim, opts.Latency)}
	return start(context.Background(), opts, d, faults)
}

// simDriver is the virtual clock, a network inside this process, and handlers as tasks.
type simDriver struct {
	*core.Sim
	*simNetwork
}

func (d *simDriver) do(ctx context.Context, label string, f func(ctx context.Context) error) error {
	if d.InTask(ctx) {
		return f(ctx)
	}
	var err error
	done := false
	d.Go(ctx, label, func(ctx context.Context) {
		err = f(ctx)
		done = true
	})
	if !d.RunUntil(d.Now().Add(patience), func() bool { return done }) {
		return fmt.Errorf("%s: has not returned within %s of virtual time", label, patience)
	}
	return err
}

func (d *simDriver) runner(w *World) runner {
	w.sim, d.weather = d.Sim, w.weather
	w.cloud.Journal.Tap(func(e core.Entry) { d.Note(string(e.Kind) + " " + e.Region + " " + e.Subject + " " + e.Detail) })
	all := registered{constructors(), map[*lambda.Version]platform.Constructor{}}
	return simulated.New(simulated.Config{Cloud: w.cloud, Seed: w.opts.Seed, Constructor: func(v *lambda.Version) (simulated.Constructor, error) {
		construct, err := w.constructor(all, v)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, env simulated.Env) (simulated.Handler, error) {
			h, err := construct(ctx, d.runtime(env, w.Endpoint()))
			if err != nil || d.latency.Compute <= 0 {
				return h, err
			}
			return computing{h, d.Sim, d.latency.Compute * wholeCPU / time.Duration(max(1, v.MemoryMB))}, nil
		}, nil
	}})
}

// wholeCPU is the memory in MB at which a function has one CPU (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
const wholeCPU = 1769

// computing is a handler that is busy for a while.
type computing struct {
	simulated.Handler
	sim  *core.Sim
	busy time.Duration
}

// Invoke implements simulated.Handler.
func (c computing) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if err := c.sim.Sleep(ctx, c.busy); err != nil {
		return nil, err
	}
	return c.Handler.Invoke(ctx, payload)
}

func (d *simDriver) stop(r runner) error {
	d.Stop()
	if r == nil {
		return nil
	}
	return r.Close()
}

// Sim is the driver of a simulated world, for its trace; nil in a live one.
func (w *World) Sim() *core.Sim { return w.sim }

// simClock is the virtual clock as the functions of a region see it: off by its skew.
type simClock struct {
	*core.Sim
	weather *weather
	region  string
}

var _ platform.Clock = simClock{}

// Now implements platform.Clock.
func (c simClock) Now() time.Time { return c.Sim.Now().Add(c.weather.skewOf(c.region)) }

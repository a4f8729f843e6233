package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"twofold/local/world"
)

// Histories are short and leave much behind: the collector is called rarely, as long as there is room.
const (
	gcPercent   = 2400
	memoryLimit = 3 << 30
)

func setMemory() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}

// profileTo writes a CPU profile until it is stopped; none if the name is "".
func profileTo(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

const (
	costCalls = 2000 // calls that the cost of one is the mean of
	settles   = 5    // the memory after this part of the runs is compared with that at the end
)

// usage is what this process has used.
func usage() syscall.Rusage {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for an unknown who or a bad pointer only
	return u
}

func cpuTime() time.Duration {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// mostMemory is the most memory that this process has had, in MiB.
func mostMemory() int64 { return usage().Maxrss >> 10 }

// printCost prints what the runs cost.
func (t *total) printCost(p *world.Prepared, took, spent time.Duration) error {
	if t.Runs == 0 {
		return nil
	}
	most, run := mostMemory(), spent/time.Duration(t.Runs)
	call, err := p.CallCost(costCalls)
	if err != nil {
		return err
	}
	fmt.Printf("%.0f runs a minute, %.2f s of CPU a run; at most %d MiB of memory", float64(t.Runs)/took.Minutes(), run.Seconds(), most)
	if t.early > 0 {
		fmt.Printf(" (%d MiB after the first %d runs)", t.early, t.settled)
	}
	fmt.Printf(". One simulated SDK call takes %s.\n", call.Round(100*time.Nanosecond))
	return t.printParts(p, run)
}

// goal is the CPU that a run may take for 10,000 of them to pass in 15 minutes on two cores.
const goal = 180 * time.Millisecond

// part is what takes a part of a run's CPU.
type part struct {
	name string
	cpu  time.Duration
}

// printParts prints what a run's CPU goes into, and the largest part if it is more than the goal. What the platform does without orders is measured
// in a world of its own for an hour; orders and faults are the rest.
func (t *total) printParts(p *world.Prepared, run time.Duration) error {
	before := cpuTime()
	w, err := p.Simulate(world.Options{Seed: 1, Lag: 800 * time.Millisecond, Latency: world.UsualLatency()})
	if err != nil {
		return err
	}
	deployed := cpuTime()
	err = w.Do(context.Background(), "idle", func(ctx context.Context) error { return w.Cloud().Sleep(ctx, time.Hour) })
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	virtual := t.Virtual / time.Duration(t.Runs)
	deploy := deployed - before
	idle := time.Duration(float64(cpuTime()-deployed) * virtual.Hours())
	parts := []part{{"deploying a world", deploy}, {"sweeps, probes and polls in " + virtual.Round(time.Minute).String(), idle}, {"orders and faults", max(0, run-deploy-idle)}}
	for _, x := range parts {
		fmt.Printf("%8d ms of a run  %s\n", x.cpu.Milliseconds(), x.name)
	}
	if run > goal {
		slowest := slices.MaxFunc(parts, func(a, b part) int { return cmp.Compare(a.cpu, b.cpu) })
		fmt.Printf("The goal is %d ms a run, and it is missed; most of it goes into %s.\n", goal.Milliseconds(), slowest.name)
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"

	"twofold/local/world"
)

// Histories are short and leave much behind: the collector is called rarely, as long as there is room.
const (
	gcPercent   = 800
	memoryLimit = 1 << 30
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
	most := mostMemory()
	call, err := p.CallCost(costCalls)
	if err != nil {
		return err
	}
	fmt.Printf("%.0f runs a minute, %.2f s of CPU a run; at most %d MiB of memory", float64(t.Runs)/took.Minutes(), spent.Seconds()/float64(t.Runs), most)
	if t.early > 0 {
		fmt.Printf(" (%d MiB after the first %d runs)", t.early, t.settled)
	}
	fmt.Printf(". One simulated SDK call takes %s.\n", call.Round(100*time.Nanosecond))
	return nil
}

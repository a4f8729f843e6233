// Command cmd plays seeded histories of the whole platform (package simulation): one that is named, or many. It exits 1 if a promise is broken.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"twofold/local/world"
	"twofold/tests/simulation"
)

func main() {
	o := options{}
	flag.StringVar(&o.root, "root", ".", "the repository")
	flag.Uint64Var(&o.seed, "seed", 0, "play this seed alone, and print its plan")
	flag.StringVar(&o.trace, "trace", "", "with -seed: write every step into this file")
	flag.Uint64Var(&o.from, "from", 1, "the first seed of many")
	flag.IntVar(&o.seeds, "seeds", 100, "how many seeds")
	flag.DurationVar(&o.budget, "budget", 0, "start no seed later than this; 0 is no limit")
	flag.StringVar(&o.kept, "kept", "tests/simulation/seeds.txt", "seeds that once failed, one a line: played first; empty for none")
	flag.IntVar(&o.workers, "workers", 2, "how many seeds at once")
	flag.IntVar(&o.atLeast, "at-least", 0, "fail if the budget is spent before so many seeds were played")
	flag.IntVar(&o.stopAfter, "stop-after", 10, "stop when this many seeds have failed")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile into this file")
	flag.Parse()
	setMemory()
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	root, trace, kept         string
	profile                   string
	seed, from                uint64
	seeds, workers, stopAfter int
	budget                    time.Duration
	atLeast                   int
}

func (o options) run() (err error) {
	stop, err := profileTo(o.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	p, err := world.Prepare(o.root)
	if err != nil {
		return err
	}
	if o.seed != 0 {
		return o.one(p)
	}
	seeds, err := o.choose()
	if err != nil {
		return err
	}
	return o.many(p, seeds)
}

// one plays a seed and says all about it.
func (o options) one(p *world.Prepared) error {
	steps, err := simulation.TraceTo(o.trace)
	if err != nil {
		return err
	}
	report, err := simulation.Run(p, o.seed, steps)
	if err != nil {
		return err
	}
	var s simulation.Summary
	s.Add(report)
	fmt.Printf("plan:\n%s\n", report.Plan)
	if err := s.Print(os.Stdout, report.Took); err != nil {
		return err
	}
	if err := report.Print(os.Stdout); err != nil {
		return err
	}
	if len(report.Broken) > 0 {
		return fmt.Errorf("%d promises are broken", len(report.Broken))
	}
	return nil
}

// choose are the seeds that once failed, and then those that were asked for.
func (o options) choose() ([]uint64, error) {
	out, err := o.readKept()
	for i := range o.seeds {
		out = append(out, o.from+uint64(i))
	}
	return out, err
}

func (o options) readKept() ([]uint64, error) {
	if o.kept == "" {
		return nil, nil
	}
	f, err := os.Open(o.kept)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var out []uint64
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, _, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if word == "" || word == "#" {
			continue
		}
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.kept, err)
		}
		out = append(out, seed)
	}
	return out, lines.Err()
}

// many plays seeds side by side and adds them up.
func (o options) many(p *world.Prepared, seeds []uint64) error {
	fmt.Printf("Seeds %d to %d after %d that once failed.\n", o.from, o.from+uint64(o.seeds)-1, len(seeds)-o.seeds)
	begin, spent := time.Now(), cpuTime()
	next := make(chan uint64)
	all := total{settled: len(seeds) / settles, stopAfter: o.stopAfter, stop: make(chan struct{})}
	var workers sync.WaitGroup
	for range o.workers {
		workers.Go(func() {
			for seed := range next {
				all.add(simulation.Run(p, seed, nil))
			}
		})
	}
	o.feed(seeds, next, all.stop, begin)
	workers.Wait()
	took, spent := time.Since(begin), cpuTime()-spent
	if err := all.Print(os.Stdout, took); err != nil {
		return err
	}
	if err := all.printCost(p, took, spent); err != nil {
		return err
	}
	return all.verdict(len(seeds), o.atLeast)
}

// feed hands out seeds until there are no more, the budget is spent, or too many have failed.
func (o options) feed(seeds []uint64, next chan<- uint64, stop <-chan struct{}, begin time.Time) {
	defer close(next)
	for _, seed := range seeds {
		if o.budget > 0 && time.Since(begin) > o.budget {
			return
		}
		select {
		case next <- seed:
		case <-stop:
			return
		}
	}
}

// total is a summary that several workers add to.
type total struct {
	simulation.Summary
	mu        sync.Mutex
	err       error
	stopAfter int
	stop      chan struct{}
	stopped   bool
	settled   int   // runs after which the memory should not grow any more
	early     int64 // the most memory until then, in MiB
}

func (t *total) add(r simulation.Report, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.err = fmt.Errorf("seed %d: %w", r.Seed, err)
	} else if t.Add(r); len(r.Broken) > 0 {
		t.err = r.Print(os.Stdout)
	}
	if t.Runs == t.settled {
		t.early = mostMemory()
	}
	if !t.stopped && (t.err != nil || len(t.Failed) >= t.stopAfter) {
		t.stopped = true
		close(t.stop)
	}
}

func (t *total) verdict(asked, atLeast int) error {
	switch {
	case t.err != nil:
		return t.err
	case len(t.Failed) > 0:
		return fmt.Errorf("promises are broken with the seeds %d; add them to tests/simulation/seeds.txt", t.Failed)
	case t.Runs < atLeast:
		return fmt.Errorf("only %d seeds were played in the time, and %d are the least that says something: give it more time", t.Runs, atLeast)
	case t.Runs < asked:
		fmt.Printf("The time was over after %d of %d seeds.\n", t.Runs, asked)
	}
	fmt.Println("Every promise was kept.")
	return nil
}

// Command cmd plays seeded histories of the whole platform (package simulation): one that is named, or many. It exits 1 if a promise is broken.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

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
	flag.StringVar(&o.kept, "kept", "tests/simulation/seeds.txt", "seeds that once failed, one a line: played first")
	flag.IntVar(&o.workers, "workers", 2, "how many seeds at once")
	flag.IntVar(&o.stopAfter, "stop-after", 10, "stop when this many seeds have failed")
	flag.Parse()
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	root, trace, kept         string
	seed, from                uint64
	seeds, workers, stopAfter int
	budget                    time.Duration
}

func (o options) run() error {
	if o.seed != 0 {
		return o.one()
	}
	seeds, err := o.choose()
	if err != nil {
		return err
	}
	return o.many(seeds)
}

// one plays a seed and says all about it.
func (o options) one() error {
	steps, err := simulation.TraceTo(o.trace)
	if err != nil {
		return err
	}
	report, err := simulation.Run(o.root, o.seed, steps)
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
	for i := range o.seeds {
		out = append(out, o.from+uint64(i))
	}
	return out, lines.Err()
}

// many plays seeds side by side and adds them up.
func (o options) many(seeds []uint64) error {
	fmt.Printf("Seeds %d to %d after %d that once failed.\n", o.from, o.from+uint64(o.seeds)-1, len(seeds)-o.seeds)
	begin := time.Now()
	next := make(chan uint64)
	all := total{stopAfter: o.stopAfter, stop: make(chan struct{})}
	var workers sync.WaitGroup
	for range o.workers {
		workers.Go(func() {
			for seed := range next {
				all.add(simulation.Run(o.root, seed, nil))
			}
		})
	}
	o.feed(seeds, next, all.stop, begin)
	workers.Wait()
	if err := all.Print(os.Stdout, time.Since(begin)); err != nil {
		return err
	}
	return all.verdict(len(seeds))
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
}

func (t *total) add(r simulation.Report, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.err = fmt.Errorf("seed %d: %w", r.Seed, err)
	} else if t.Add(r); len(r.Broken) > 0 {
		t.err = r.Print(os.Stdout)
	}
	if !t.stopped && (t.err != nil || len(t.Failed) >= t.stopAfter) {
		t.stopped = true
		close(t.stop)
	}
}

func (t *total) verdict(asked int) error {
	switch {
	case t.err != nil:
		return t.err
	case len(t.Failed) > 0:
		return fmt.Errorf("promises are broken with the seeds %d; add them to tests/simulation/seeds.txt", t.Failed)
	case t.Runs < asked:
		fmt.Printf("The time was over after %d of %d seeds.\n", t.Runs, asked)
	}
	fmt.Println("Every promise was kept.")
	return nil
}

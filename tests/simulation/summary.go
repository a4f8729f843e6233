package simulation

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary adds reports up.
type Summary struct {
	Runs, Steps, Checks int
	Virtual, Slowest    time.Duration // virtual time in all, and the longest from the last fault healed to everything at its end
	Fates               map[string]int
	Happened, Faults    map[string]int
	Failed              []uint64
}

// Add adds a report.
func (s *Summary) Add(r Report) {
	s.Runs, s.Steps, s.Checks = s.Runs+1, s.Steps+r.Steps, s.Checks+r.Checks
	s.Virtual, s.Slowest = s.Virtual+r.Virtual, max(s.Slowest, r.Settled)
	s.Fates, s.Happened, s.Faults = added(s.Fates, r.Fates), added(s.Happened, r.Happened), added(s.Faults, r.Faults)
	if len(r.Broken) > 0 {
		s.Failed = append(s.Failed, r.Seed)
	}
}

func added(to, from map[string]int) map[string]int {
	if to == nil {
		to = map[string]int{}
	}
	for k, n := range from {
		to[k] += n
	}
	return to
}

// Print writes the summary.
func (s *Summary) Print(out io.Writer, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs, %d steps, %s of virtual time in %s; %d checks of the stock equation under way.\n", s.Runs, s.Steps,
		s.Virtual.Round(time.Minute), took.Round(10*time.Millisecond), s.Checks)
	fmt.Fprintf(&b, "Everything was at its end at most %s after the last fault was healed.\n", s.Slowest.Round(time.Second))
	table(&b, "faults", s.Faults)
	table(&b, "clients, banks and carriers", s.Happened)
	table(&b, "orders", s.Fates)
	_, err := io.WriteString(out, b.String())
	return err
}

func table(b *strings.Builder, title string, counts map[string]int) {
	fmt.Fprintf(b, "%s:\n", title)
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "  %8d  %s\n", counts[k], k)
	}
}

// Print writes what one seed came to, the broken promises last.
func (r Report) Print(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d steps, %s of virtual time, trace %s\n", r.Seed, r.Steps, r.Virtual.Round(time.Second), r.Trace)
	for _, broken := range r.Broken {
		fmt.Fprintf(&b, "  BROKEN %s\n", broken)
	}
	if len(r.Broken) > 0 {
		fmt.Fprintf(&b, "  again with: make sim SEED=%d\n", r.Seed)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

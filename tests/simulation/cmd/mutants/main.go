// Command mutants plants bugs into the platform, one at a time, and plays seeds of the simulation until each is caught (package mutants). It exits 1 if
// one is not, or cannot be planted.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"twofold/tests/simulation/mutants"
)

func main() {
	root := flag.String("root", ".", "the repository")
	limit := flag.Int("limit", 200, "how many seeds are tried")
	fromOne := flag.Bool("from-one", false, "count from seed 1, whatever seed is known to catch a bug")
	atOnce := flag.Int("at-once", 2, "how many bugs at a time")
	patience := flag.Duration("patience", 10*time.Minute, "how long one bug may take")
	flag.Parse()
	absolute, err := filepath.Abs(*root)
	if err == nil {
		err = run(mutants.Hunter{Root: absolute, Limit: *limit, FromOne: *fromOne, Patience: *patience}, *atOnce, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run hunts the bugs of some names, or all.
func run(h mutants.Hunter, atOnce int, names []string) error {
	all, err := mutants.ReadAll(filepath.Join(h.Root, "tests/simulation/mutants"), names...)
	if err != nil {
		return err
	}
	began, away := time.Now(), 0
	const row = "%-42s %-10s %5s %6s  %s\n"
	fmt.Printf(row, "planted bug", "caught by", "tried", "time", "what broke")
	err = h.Hunt(context.Background(), all, atOnce, func(c mutants.Catch) {
		by, tried := c.By, fmt.Sprint(c.Tried)
		if c.Missed() {
			by, away = "NOT CAUGHT", away+1
		}
		if c.Mutant.Check != nil {
			tried = "-"
		}
		fmt.Printf(row, c.Mutant.Name, by, tried, c.Took.Round(time.Second), short(c.Promise))
		if c.Err != nil {
			fmt.Println(c.Err)
		}
	})
	if err != nil {
		return err
	}
	if away > 0 {
		return fmt.Errorf("%d of %d planted bugs were not caught", away, len(all))
	}
	fmt.Printf("All %d planted bugs were caught, in %s.\n", len(all), time.Since(began).Round(time.Second))
	return nil
}

func short(s string) string {
	const most = 140
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

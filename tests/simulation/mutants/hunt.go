package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Hunter looks for planted bugs.
type Hunter struct {
	Root     string // of the repository, absolute
	Limit    int    // how many seeds are tried
	FromOne  bool   // leave recorded seeds alone: count from the first
	Patience time.Duration
	plain    func() (string, error) // the simulation without a bug in its code, built once
}

// Catch is what came of a bug.
type Catch struct {
	Mutant  Mutant
	By      string // "seed 3" or the test; "" if it was not caught
	Tried   int    // seeds
	Promise string // the first one that was broken
	Took    time.Duration
	Err     error // why it could not be looked for
}

// Missed reports whether the bug got away.
func (c Catch) Missed() bool { return c.By == "" || c.Err != nil }

// Hunt looks for all, some at a time. What it builds lies in a folder of its own, which it removes.
func (h Hunter) Hunt(ctx context.Context, all []Mutant, atOnce int, each func(Catch)) error {
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	h.plain = sync.OnceValues(func() (string, error) {
		program := filepath.Join(folder, "simulation")
		return program, h.build(ctx, program, "")
	})
	next := make(chan Mutant)
	var workers sync.WaitGroup
	var mu sync.Mutex
	for range atOnce {
		workers.Go(func() {
			for m := range next {
				began := time.Now()
				c := h.one(ctx, m, filepath.Join(folder, m.Name))
				c.Mutant, c.Took = m, time.Since(began)
				mu.Lock()
				each(c)
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		next <- m
	}
	close(next)
	workers.Wait()
	return os.RemoveAll(folder)
}

func (h Hunter) one(ctx context.Context, m Mutant, folder string) Catch {
	ctx, cancel := context.WithTimeout(ctx, h.Patience)
	defer cancel()
	p, err := plant(m, h.Root, folder)
	switch {
	case err != nil:
		return Catch{Err: err}
	case m.Check != nil:
		return h.check(ctx, m, p)
	}
	program, err := h.program(ctx, p, folder)
	if err != nil {
		return Catch{Err: fmt.Errorf("mutant %s: %w", m.Name, err)}
	}
	if m.Seed != 0 && !h.FromOne {
		if c := h.play(ctx, program, p.root, m.Seed, 1); !c.Missed() {
			return c
		}
	}
	c := h.play(ctx, program, p.root, 1, h.Limit)
	if err := os.RemoveAll(folder); err != nil && c.Err == nil {
		c.Err = err
	}
	return c
}

// program is the simulation with a bug in it.
func (h Hunter) program(ctx context.Context, p planted, folder string) (string, error) {
	if !p.code {
		return h.plain()
	}
	program := filepath.Join(folder, "simulation")
	return program, h.build(ctx, program, p.overlay)
}

func (h Hunter) build(ctx context.Context, program, overlay string) error {
	_, err := h.command(ctx, "go", "build", "-overlay="+overlay, "-o", program, "./tests/simulation/cmd")
	return err
}

// command runs a command in the repository; an error tells what it said.
func (h Hunter) command(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.Root
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", name, errors.Join(err, ctx.Err()), tail(string(out)))
	}
	return string(out), err
}

// tail are the last lines of an output.
func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// What the simulation prints of a seed with broken promises.
var failed = regexp.MustCompile(`(?m)^seed (\d+):.*\n  BROKEN (.*)$`)

// play plays seeds until one breaks a promise.
func (h Hunter) play(ctx context.Context, program, root string, from uint64, seeds int) Catch {
	out, err := h.command(ctx, program, "-root", root, "-kept", "", "-workers", "1", "-stop-after", "1", "-from", fmt.Sprint(from), "-seeds", strconv.Itoa(seeds))
	found := failed.FindStringSubmatch(out)
	switch {
	case found == nil && err != nil:
		return Catch{Err: err}
	case found == nil:
		return Catch{Tried: seeds}
	}
	seed, err := strconv.ParseUint(found[1], 10, 64)
	return Catch{By: "seed " + found[1], Tried: int(seed-from) + 1, Promise: found[2], Err: err}
}

// What go test prints of a test that failed, and of one that passed.
var (
	testFailed = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	testPassed = regexp.MustCompile(`(?m)^--- PASS: (\S+)`)
)

// check runs the one test that is to fail, and to pass without the bug. That it does not compile, that the test is not there or that another
// fails is no catch.
func (h Hunter) check(ctx context.Context, m Mutant, p planted) Catch {
	pkg, test, err := m.Test()
	if err != nil {
		return Catch{Err: err}
	}
	out, err := h.command(ctx, "go", "test", "-v", "-overlay="+p.overlay, "-run", "^"+test+"$", pkg)
	switch {
	case err == nil && names(testPassed, out, test):
		return Catch{}
	case err == nil || !names(testFailed, out, test):
		return Catch{Err: fmt.Errorf("mutant %s: %s neither passed nor failed: %w", m.Name, test, errors.Join(err, errors.New(tail(out))))}
	}
	if out, err := h.command(ctx, "go", "test", "-v", "-run", "^"+test+"$", pkg); err != nil || !names(testPassed, out, test) {
		return Catch{Err: fmt.Errorf("mutant %s: %s does not pass without it: %w", m.Name, test, errors.Join(err, errors.New(tail(out))))}
	}
	return Catch{By: "a test", Promise: test}
}

// names reports whether what go test printed names this test, and no other.
func names(results *regexp.Regexp, out, test string) bool {
	all := results.FindAllStringSubmatch(out, -1)
	return len(all) == 1 && all[0][1] == test
}

package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run interleaves three tasks that share a log, and gives the log and the hash of the trace.
func run(t *testing.T, seed uint64) (string, string) {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, seed)
	var log []string
	for i := range 3 {
		sim.Go(core.WithRegion(context.Background(), "us-east-1"), fmt.Sprintf("task%d", i), func(ctx context.Context) {
			for step := range 4 {
				log = append(log, fmt.Sprintf("%d.%d", i, step))
				if err := sim.Point(ctx, "step"); err != nil {
					t.Errorf("point: %v", err)
				}
			}
		})
	}
	sim.Run(start.Add(time.Minute))
	return strings.Join(log, " "), sim.TraceHash()
}

func TestTheSameSeedGivesTheSameInterleavingAndTrace(t *testing.T) {
	for seed := range uint64(20) {
		log1, hash1 := run(t, seed)
		log2, hash2 := run(t, seed)
		if log1 != log2 || hash1 != hash2 {
			t.Fatalf("seed %d: two runs differ:\n%s\n%s", seed, log1, log2)
		}
	}
}

func TestSeedsGiveDifferentInterleavings(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(20) {
		log, _ := run(t, seed)
		seen[log] = true
	}
	if len(seen) < 10 {
		t.Fatalf("20 seeds gave only %d interleavings", len(seen))
	}
}

func TestVirtualTimePassesOnlyWhenEverybodySleeps(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	var woke []time.Duration
	for _, d := range []time.Duration{time.Hour, time.Second, time.Minute} {
		sim.Go(context.Background(), "sleeper", func(ctx context.Context) {
			if err := sim.Sleep(ctx, d); err != nil {
				t.Errorf("sleep: %v", err)
			}
			woke = append(woke, sim.Now().Sub(start))
		})
	}
	sim.Run(start.Add(24 * time.Hour))
	if fmt.Sprint(woke) != "[1s 1m0s 1h0m0s]" {
		t.Errorf("woke at %v", woke)
	}
	if !sim.Now().Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the clock stands at %v", sim.Now())
	}
}

func TestTasksOfALostRegionStopAndGoOnWhenItIsRestored(t *testing.T) {
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	done := time.Time{}
	sim.Go(core.WithRegion(context.Background(), "us-east-1"), "worker", func(ctx context.Context) {
		if err := sim.Sleep(ctx, time.Second); err != nil {
			t.Errorf("sleep: %v", err)
		}
		done = sim.Now()
	})
	sim.Run(start)
	faults.SetRegion("us-east-1", core.Lost)
	sim.Run(start.Add(time.Hour))
	if !done.IsZero() {
		t.Fatal("a task of a lost region ran")
	}
	faults.SetRegion("us-east-1", core.Up)
	sim.Run(start.Add(2 * time.Hour))
	if done.IsZero() {
		t.Fatal("the task did not go on after the region was restored")
	}
}

func TestTasksOfARegionLostForGoodAreToldSo(t *testing.T) {
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	var got error
	sim.Go(core.WithRegion(context.Background(), "us-east-1"), "worker", func(ctx context.Context) { got = sim.Sleep(ctx, time.Second) })
	sim.Run(start)
	faults.SetRegion("us-east-1", core.Gone)
	sim.Run(start.Add(time.Hour))
	if !errors.Is(got, core.ErrRegionLost) {
		t.Fatalf("got %v", got)
	}
}

func TestASignalSetBeforeTheWaitIsNotLost(t *testing.T) {
	for name, s := range map[string]interface {
		core.Scheduler
		settle()
	}{"sim": simDriver{core.NewSim(start, core.NewFaults(0), 1)}, "live": liveDriver{core.NewLive(core.NewFaults(0))}} {
		t.Run(name, func(t *testing.T) {
			signal := s.NewSignal()
			signal.Set()
			signal.Set()
			var first, second bool
			s.Go(context.Background(), "waiter", func(ctx context.Context) {
				var err error
				if first, err = signal.WaitFor(ctx, 10*time.Millisecond); err != nil {
					t.Errorf("wait: %v", err)
				}
				if second, err = signal.WaitFor(ctx, 10*time.Millisecond); err != nil {
					t.Errorf("wait: %v", err)
				}
			})
			s.settle()
			if !first || second {
				t.Errorf("first wait %v, second %v; want true, false: two sets count as one", first, second)
			}
		})
	}
}

type simDriver struct{ *core.Sim }

func (d simDriver) settle() { d.Run(start.Add(time.Hour)) }

type liveDriver struct{ *core.Live }

func (d liveDriver) settle() { d.Drain() }

func TestADeadlineOfTheVirtualClockEndsAParkedTaskInTime(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	var slept, derived, outer error
	var at time.Duration
	sim.Go(context.Background(), "impatient", func(ctx context.Context) {
		short, cancel := sim.WithTimeout(ctx, time.Second)
		defer cancel()
		long, cancelLong := sim.WithTimeout(short, time.Hour)
		defer cancelLong()
		if d, ok := long.Deadline(); !ok || d.Sub(start) != time.Second {
			t.Errorf("the inner deadline is %v: the outer one comes first", d)
		}
		slept = sim.Sleep(short, time.Minute)
		at, derived, outer = sim.Now().Sub(start), context.Cause(long), ctx.Err()
	})
	sim.Run(start.Add(time.Hour))
	if !errors.Is(slept, context.DeadlineExceeded) || at != time.Second || !errors.Is(derived, context.DeadlineExceeded) || outer != nil {
		t.Errorf("slept: %v after %s; a derived context: %v; the outer one: %v", slept, at, derived, outer)
	}
}

func TestATaskWhoseContextIsCancelledIsWokenBeforeTimePasses(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	base, cancel := context.WithCancel(context.Background())
	signal := sim.NewSignal()
	var errs []error
	wait := func(ctx context.Context) { errs = append(errs, signal.Wait(ctx)) }
	sim.Go(base, "stopped", wait)
	sim.Go(context.Background(), "patient", wait)
	sim.Run(start)
	cancel()
	sim.Run(start)
	if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Fatalf("after the cancellation: %v", errs)
	}
	signal.Set()
	sim.Run(start)
	if len(errs) != 2 || errs[1] != nil {
		t.Errorf("the flag went to the one who had gone: %v", errs)
	}
}

func TestASleepThatEndedEarlyWakesNobodyLater(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	var second time.Duration
	sim.Go(context.Background(), "twice", func(ctx context.Context) {
		short, cancel := sim.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := sim.Sleep(short, time.Minute); err == nil {
			t.Error("the first sleep was not cut short")
		}
		if err := sim.Sleep(ctx, time.Hour); err != nil {
			t.Error(err)
		}
		second = sim.Now().Sub(start)
	})
	sim.Run(start.Add(24 * time.Hour))
	if want := time.Hour + time.Second; second != want {
		t.Errorf("the second sleep ended after %s, want %s", second, want)
	}
}

func TestStopEndsEveryTask(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	ended := 0
	signal := sim.NewSignal()
	for _, work := range []func(context.Context) error{
		func(ctx context.Context) error { return sim.Sleep(ctx, time.Hour) },
		signal.Wait,
		func(ctx context.Context) error { _, err := signal.WaitFor(ctx, time.Hour); return err },
	} {
		sim.Go(context.Background(), "worker", func(ctx context.Context) {
			for work(ctx) == nil {
			}
			ended++
		})
	}
	sim.Run(start)
	sim.Go(context.Background(), "never begun", func(context.Context) { t.Error("a task began after Stop") })
	sim.Stop()
	if ended != 3 {
		t.Errorf("%d of 3 tasks ended", ended)
	}
}

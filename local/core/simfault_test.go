package core_test

import (
	"context"
	"testing"
	"time"

	"twofold/local/core"
)

func TestATaskThatBeginsLaterTakesOneStep(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	var at time.Duration
	sim.GoAfter(context.Background(), time.Minute, "later", func(context.Context) { at = sim.Now().Sub(start) })
	if steps := sim.Run(start.Add(time.Hour)); steps != 1 || at != time.Minute {
		t.Errorf("%d steps, began after %s", steps, at)
	}
}

func TestASignalCanBeSetLater(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	signal := sim.NewSignal()
	var at time.Duration
	sim.Go(context.Background(), "waiter", func(ctx context.Context) {
		sim.SetAfter(signal, time.Second)
		if err := signal.Wait(ctx); err != nil {
			t.Error(err)
		}
		at = sim.Now().Sub(start)
	})
	sim.Run(start.Add(time.Hour))
	if at != time.Second {
		t.Errorf("woken after %s", at)
	}
}

func TestWhoWatchesFaultsIsToldOfRegionsAndLinks(t *testing.T) {
	faults := core.NewFaults(0)
	told := 0
	faults.OnChange(func() {
		told++
		faults.Linked("a", "b") // asking is allowed
	})
	faults.SetCut("a", "b", true)
	faults.SetRegion("a", core.Lost)
	faults.SetRegion("a", core.Up)
	faults.SetCut("a", "b", false)
	if told != 4 {
		t.Errorf("told %d times of 4 changes", told)
	}
}

func TestFaultsAreCountedByKind(t *testing.T) {
	faults := core.NewFaults(0)
	faults.Count("dynamodb throttled")
	faults.Count("dynamodb throttled")
	if n := faults.Counts()["dynamodb throttled"]; n != 2 {
		t.Errorf("%d", n)
	}
}

// TestStoppedTasksRunTheirDefers: a task that is stopped unwinds like any other, wherever it is parked, and one that was never begun does
// not begin.
func TestStoppedTasksRunTheirDefers(t *testing.T) {
	sim := core.NewSim(start, core.NewFaults(0), 1)
	unwound := 0
	for range 10 {
		sim.Go(context.Background(), "task", func(ctx context.Context) {
			defer func() { unwound++ }()
			for sim.Sleep(ctx, time.Minute) == nil && sim.Point(ctx, "point") == nil {
			}
		})
	}
	sim.Run(start.Add(90 * time.Second))
	sim.Stop()
	if unwound != 10 {
		t.Errorf("%d of 10 tasks unwound", unwound)
	}
}

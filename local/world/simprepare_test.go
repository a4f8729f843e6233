package world_test

import (
	"context"
	"testing"
	"time"

	"twofold/local/world"
)

// prepared is shared by tests and benchmarks, as by the runs of a simulation.
func prepared(tb testing.TB) *world.Prepared {
	tb.Helper()
	p, err := world.Prepare("../..")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkPreparedDeployment is what a seed costs before anything happens, when everything was read before.
func BenchmarkPreparedDeployment(b *testing.B) {
	p := prepared(b)
	for b.Loop() {
		w, err := p.Simulate(world.Options{Seed: 2, Lag: lag})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAPreparedWorldIsTheOneThatIsDeployedAnew lets two worlds of one preparation and one deployed anew run for a while: what is in them,
// ids of tables apart, is the same, and the two prepared ones have the same trace.
func TestAPreparedWorldIsTheOneThatIsDeployedAnew(t *testing.T) {
	p := prepared(t)
	run := func(simulate func(world.Options) (*world.World, error)) (resources int, hash string) {
		w, err := simulate(world.Options{Root: "../..", Seed: 5, Lag: lag})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Do(context.Background(), "wait", func(ctx context.Context) error { return w.Cloud().Sleep(ctx, 5*time.Minute) }); err != nil {
			t.Error(err)
		}
		resources, hash = w.Resources(), w.Sim().TraceHash()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		return resources, hash
	}
	anew, _ := run(world.Simulate)
	first, one := run(p.Simulate)
	second, two := run(p.Simulate)
	if first != anew || second != anew {
		t.Errorf("%d and %d resources in prepared worlds, %d in one deployed anew", first, second, anew)
	}
	if one != two {
		t.Errorf("one seed, two traces: %s and %s", one, two)
	}
}

func TestTheCostOfOneSimulatedSDKCall(t *testing.T) {
	cost, err := prepared(t).CallCost(2000)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("one simulated SDK call takes %s", cost)
	if cost > 2*time.Millisecond {
		t.Errorf("one simulated SDK call takes %s: thousands of histories cannot be paid with that", cost)
	}
}

func TestTheCostOfAnOrderDoesNotGrowWithWhatIsStored(t *testing.T) {
	p := prepared(t)
	few, err := p.OrderCost(10)
	if err != nil {
		t.Fatal(err)
	}
	many, err := p.OrderCost(2000)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("beside 10: %+v; beside 2000: %+v", few, many)
	if few.Calls < 10 || few.Writes < 10 || few.Reads < 1 {
		t.Errorf("an order costs %+v, which cannot be", few)
	}
	if many.Calls > few.Calls*1.05 || many.Writes > few.Writes*1.05 || many.Reads > few.Reads*1.05 {
		t.Errorf("an order costs %+v beside 10 orders, customers and SKUs and %+v beside 2000", few, many)
	}
}

package world_test

import (
	"testing"
	"time"

	"twofold/local/world"
)

func TestAHotSKUGetsTheShardsItNeeds(t *testing.T) {
	steps := pressed(t, world.Rush{Stock: 100_000, Rates: []float64{250, 1200, 2500}, Warm: time.Second, Measure: 500 * time.Millisecond})
	for _, s := range steps {
		if s.Done < 0.9*s.Pressed {
			t.Errorf("of %.0f a second %.0f were reserved, from %d shards", s.Pressed, s.Done, s.Shards)
		}
	}
	if steps[0].Shards != 1 || steps[2].Shards < 6 {
		t.Errorf("shards: %+v", steps)
	}
}

func TestShardsSellAsMuchAsTheirPartitionsTake(t *testing.T) {
	for _, shards := range []int{1, 2} {
		s := pressed(t, world.Rush{Stock: 100_000, Rates: []float64{2 * world.RushLimit(shards)}, Shards: shards, Warm: 1200 * time.Millisecond, Measure: time.Second})[0]
		if s.Shards != shards || s.Done < 0.95*s.Limit || s.Done > 1.02*s.Limit || s.Throttled == 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestASKUThatIsSoldOutUnderARushWasSoldOnce(t *testing.T) {
	s := pressed(t, world.Rush{Stock: 400, Rates: []float64{1000}, Warm: 500 * time.Millisecond, Measure: 500 * time.Millisecond})[0]
	if s.Left != 0 {
		t.Errorf("%+v", s)
	}
}

// pressed presses reservations of a SKU, which must not be oversold.
func pressed(t *testing.T, what world.Rush) []world.RushStep {
	t.Helper()
	p, err := world.Prepare("../..")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := p.Reservations(what)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.Oversold != 0 {
			t.Errorf("oversold: %+v", s)
		}
	}
	return steps
}

package simulation_test

import (
	"testing"

	"twofold/local/world"
	"twofold/tests/simulation"
)

func TestAHistoryKeepsEveryPromise(t *testing.T) {
	p, err := world.Prepare("../..")
	if err != nil {
		t.Fatal(err)
	}
	r, err := simulation.Run(p, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range r.Broken {
		t.Error(b)
	}
	t.Logf("%+v", r)
}

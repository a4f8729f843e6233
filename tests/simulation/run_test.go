package simulation_test

import (
	"testing"

	"twofold/tests/simulation"
)

func TestAHistoryKeepsEveryPromise(t *testing.T) {
	r, err := simulation.Run("../..", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range r.Broken {
		t.Error(b)
	}
	t.Logf("%+v", r)
}

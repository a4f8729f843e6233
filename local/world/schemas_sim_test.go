package world

import (
	"context"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/promises"
)

// TestAnEventOnTheBusThatIsNotAsItsSchemaSaysBreaksAPromise puts one by hand, past the pipes.
func TestAnEventOnTheBusThatIsNotAsItsSchemaSaysBreaksAPromise(t *testing.T) {
	w, err := Simulate(Options{Root: "../..", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	err = w.Do(t.Context(), "operator", func(ctx context.Context) error {
		_, err := w.cloud.Do(ctx, &core.Call{Region: w.regions[0], Service: "events", Operation: "PutEvents",
			Body: []byte(`{"Entries":[{"EventBusName":"twofold-local","Source":"twofold.order","DetailType":"OrderRefunded","Detail":"{\"orderId\":7}"}]}`)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := w.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range promises.Check(v) {
		if strings.Contains(r.Name, "as its schema says") && len(r.Broken) == 1 && strings.Contains(r.Broken[0], "twofold.order@OrderRefunded") {
			return
		}
	}
	t.Errorf("no promise is broken by %v", v.Invalid)
}

package platform

import (
	"context"
	"sync/atomic"
	"testing"
)

func TestEachCallsAllAndNoMoreThanItsWorkersAtOnce(t *testing.T) {
	for workers := range 5 {
		var under, most, calls atomic.Int64
		seen := make([]bool, 50)
		Runtime{Workers: workers}.Each(t.Context(), len(seen), func(_ context.Context, i int) {
			for now := under.Add(1); ; {
				if m := most.Load(); now <= m || most.CompareAndSwap(m, now) {
					break
				}
			}
			seen[i] = true
			calls.Add(1)
			under.Add(-1)
		})
		if calls.Load() != 50 || most.Load() > int64(max(1, workers)) {
			t.Errorf("%d workers: %d calls, %d at once", workers, calls.Load(), most.Load())
		}
		for i, ok := range seen {
			if !ok {
				t.Errorf("%d workers: %d was left out", workers, i)
			}
		}
	}
}

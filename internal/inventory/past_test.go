package inventory

import (
	"encoding/json"
	"fmt"
	"testing"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// An order that a region had sold before it was lost is called off, or confirmed once more, when the region is back with empty books.
func TestARegionThatWasWipedHasNothingToSettleOfOrdersOfBefore(t *testing.T) {
	cases := []struct {
		name   string
		fence  platform.Fence
		stands bool
		code   platform.Code
	}{
		{"never given up", platform.Fence{}, false, platform.Internal},
		{"given up", platform.Fence{Epoch: 1}, true, platform.Internal},
		{"let back", platform.Fence{Epoch: 1}, false, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, clock := newMemory(nil).fill("TEA", 5), clocktest.New()
			m.fence, m.fenced = c.fence, c.stands
			e := subscriber{region: east, stock: m, past: m.past(), credit: m.creditor(clock)}
			for _, kind := range []string{"OrderConfirmed", "OrderCancelled"} {
				body := fmt.Sprintf(`{"detail-type":%q,"detail":{"orderId":"ord_old","committedBy":%q}}`, kind, east)
				wantCode(t, e.handle(t.Context(), json.RawMessage(body)), c.code)
			}
			in := input("ord_old")
			in.Order.CommittedBy = east
			res, err := m.saga(clock).giveBack(t.Context(), in)
			wantCode(t, err, c.code)
			if want := (Ledger{Received: 5, Available: 5}); res.Returned || m.shards[shardID{"TEA", 0}] != want {
				t.Errorf("%+v: the shelf has %+v", res, m.shards[shardID{"TEA", 0}])
			}
		})
	}
}

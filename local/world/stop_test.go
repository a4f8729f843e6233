package world_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"twofold/local/providers/webhook"
)

// TestTheCarrierDecidesBetweenCancellingAndSending cancels paid orders before and after the parcel was picked up. The carrier's word of
// it is late, so that the shop cannot know when it takes the request.
func TestTheCarrierDecidesBetweenCancellingAndSending(t *testing.T) {
	for _, c := range []struct {
		name     string
		pickedUp bool
		want     string
		refunded int64
		mails    []string
	}{
		{"before pick-up", false, "CANCELLED", 1, []string{"cancelled", "confirmed", "refunded"}},
		{"after pick-up", true, "DISPATCHED", 0, []string{"cancel-refused", "confirmed", "dispatched"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, 21)
			s.stock("TEA-1", 10)
			s.CarrierWebhooks().Inject(webhook.Fault{Delay: time.Minute})
			id := s.buy(order{s.east, "TEA-1", goodCard, 2, 0})[0]
			s.wait(10 * time.Second)
			if c.pickedUp {
				if err := s.Carrier().Dispatch(id); err != nil {
					t.Fatal(err)
				}
			}
			s.do("cancel", func(ctx context.Context) error {
				_, err := s.expect(ctx, http.StatusAccepted, request{region: s.west, method: "POST", path: "/v1/orders/" + id + "/cancellation",
					customer: "customer-0", scope: "orders:read orders:write"})
				return err
			})
			s.wait(10 * time.Minute)
			for _, region := range s.Regions() {
				if state := s.stateOf(region)[id]; state != c.want {
					t.Errorf("in %s the order is %s, want %s", region, state, c.want)
				}
			}
			var mails []string
			v := s.kept()
			for _, m := range v.Mails {
				mails = append(mails, m.Kind)
			}
			if slices.Sort(mails); !slices.Equal(mails, c.mails) {
				t.Errorf("mailed %q, want %q", mails, c.mails)
			}
			if i := v.Intents[0]; i.Refunded != c.refunded*i.Captured {
				t.Errorf("%d of %d went back", i.Refunded, i.Captured)
			}
		})
	}
}

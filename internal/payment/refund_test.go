package payment

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// paid is a provider with the captured intent of an order.
func paid(t interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}) (*provider, Order) {
	t.Helper()
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	s := newSaga(east, p)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.capture(t.Context(), captureInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	return p, o
}

func TestARefundIsPaidOnceHoweverOftenItIsAskedFor(t *testing.T) {
	p, o := paid(t)
	for _, s := range []saga{newSaga(east, p), newSaga(west, p), newSaga(east, p)} {
		if got, err := s.refund(t.Context(), stepInput{Order: o}); err != nil || got.RefundID != "re_1" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if r := p.intents[0].refunds; len(r) != 1 || r[0].Amount != 790 {
		t.Errorf("refunds %+v", r)
	}
}

func TestARefundPaysWhatEarlierOnesLeft(t *testing.T) {
	p, o := paid(t)
	p.intents[0].refunds = []Refund{{ID: "re_2", Amount: 790, Void: true}, {ID: "re_1", Amount: 90}} // one by hand, and one that failed
	got, err := newSaga(east, p).refund(t.Context(), stepInput{Order: o})
	if r := p.intents[0].refunds; err != nil || got.RefundID != "re_3" || len(r) != 3 || r[0].Amount != 700 {
		t.Errorf("got %+v, %v, refunds %+v", got, err, r)
	}
}

func TestOnlyACapturedPaymentIsRefunded(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	s := newSaga(east, p)
	_, err := s.refund(t.Context(), stepInput{Order: o})
	wantCode(t, err, platform.Internal)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	_, err = s.refund(t.Context(), stepInput{Order: o})
	wantCode(t, err, platform.Internal)
	if len(p.intents[0].refunds) != 0 {
		t.Error("a hold was released")
	}
}

// Runs of both regions refund one payment at once, with lost calls and answers. The money goes back once, and whoever is told so is told
// of the same refund.
func TestAnyInterleavingOfRefundsPaysBackOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, o := paid(t)
		told := map[string]bool{}
		phase := func(faults []fault, runs int) {
			var rs []*run
			for range runs {
				region := rapid.SampledFrom([]string{east, west}).Draw(t, "region")
				r := &run{saga: saga{region: region, clock: p.clock}}
				r.step = func(ctx context.Context) error {
					got, err := r.saga.refund(ctx, stepInput{Order: o})
					if err == nil {
						told[got.RefundID] = true
					} else if platform.CodeOf(err) != platform.Undecided {
						return err
					}
					return nil
				}
				rs = append(rs, r)
			}
			if err := interleave(t.Context(), rs, p, func(n int) (int, fault) {
				return rapid.IntRange(0, n-1).Draw(t, "next"), rapid.SampledFrom(faults).Draw(t, "fault")
			}); err != nil {
				t.Fatal(err)
			}
		}
		phase([]fault{noFault, lostBefore, lostAfter}, rapid.IntRange(1, 5).Draw(t, "runs"))
		phase([]fault{noFault}, 1)
		if r := p.intents[0].refunds; len(r) != 1 || r[0].Amount != 790 || len(told) != 1 {
			t.Fatalf("refunds %+v, told %v", r, told)
		}
	})
}

package payment

import (
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// A region that was away knows an order only as placed long ago; the other has a younger placed fact of it.
func TestARegionThatWasAwayFindsWhatAYoungerPlacedFactWasCharged(t *testing.T) {
	p := newProvider(clocktest.New())
	old := order(p.clock, east, methodOK)
	p.clock.Add(14 * time.Hour)
	young, other := order(p.clock, west, methodOK), newSaga(west, p)
	if _, err := other.authorize(t.Context(), stepInput{Order: young}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.capture(t.Context(), captureInput{Order: young}); err != nil {
		t.Fatal(err)
	}
	want := Decision{Decision: "captured", IntentID: "pi_1", PlacedRegion: west, CommittedBy: west, Amount: young.Amount}
	if d, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: old}); err != nil || d != want {
		t.Errorf("authorize: %+v, %v", d, err)
	}
	if d, err := newSaga(east, p).void(t.Context(), voidInput{Order: old, Reason: rejected("PaymentDeclined")}); err != nil || d != want {
		t.Errorf("void: %+v, %v", d, err)
	}
}

func TestALateVoidKeepsAYoungerPlacedFactFromBeingCharged(t *testing.T) {
	for _, pause := range []time.Duration{time.Minute, 26 * time.Hour} {
		p := newProvider(clocktest.New())
		old := order(p.clock, east, methodOK)
		p.clock.Add(14 * time.Hour)
		d, err := newSaga(east, p).void(t.Context(), voidInput{Order: old, Reason: rejected("PaymentDeclined")})
		if err != nil || d.Decision != "cancelled" {
			t.Fatalf("void: %+v, %v", d, err)
		}
		p.clock.Add(pause)
		if got, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: order(p.clock, west, methodOK)}); err != nil || got != d {
			t.Errorf("after %s: %+v, %v, want %+v", pause, got, err, d)
		}
	}
}

func TestARequestRepeatedWhenTheKeyIsForgottenIsChargedOnce(t *testing.T) {
	for _, later := range []time.Duration{23*time.Hour + time.Minute, 25 * time.Hour, 20 * 24 * time.Hour} {
		p := newProvider(clocktest.New())
		first := order(p.clock, east, methodOK)
		if _, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: first}); err != nil {
			t.Fatal(err)
		}
		if _, err := newSaga(east, p).capture(t.Context(), captureInput{Order: first}); err != nil {
			t.Fatal(err)
		}
		p.clock.Add(later)
		d, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: order(p.clock, west, methodOK)})
		if err != nil || d.Decision != "captured" || d.CommittedBy != east || len(p.intents) != 1 {
			t.Errorf("%s later: %+v, %v, %d intents", later, d, err, len(p.intents))
		}
	}
}

// An intent that nobody has tried to pay was made by an abort that is about to cancel it, by hand, or by a version that confirmed in a second call.
// A run waits for whoever made it, and takes it for abandoned when no run can be that old.
func TestAnIntentThatNobodyTriedIsWaitedForAndThenDeclined(t *testing.T) {
	for _, status := range []Status{requiresPaymentMethod, requiresConfirmation} {
		for age, code := range map[time.Duration]platform.Code{
			0: platform.Undecided, untriedFor - time.Second: platform.Undecided, untriedFor: platform.PaymentDeclined, 13 * time.Hour: platform.PaymentDeclined,
		} {
			p := newProvider(clocktest.New())
			o := order(p.clock, east, methodOK)
			if _, err := p.Create(t.Context(), o.tombstones()[0], o.createKey(0)); err != nil {
				t.Fatal(err)
			}
			p.intents[0].Status = status
			p.clock.Add(age)
			s := newSaga(east, p)
			_, err := s.authorize(t.Context(), stepInput{Order: o})
			wantCode(t, err, code)
			d, err := s.void(t.Context(), voidInput{Order: o, Reason: rejected("PaymentDeclined")})
			if err != nil || d.Decision != "cancelled" || p.intents[0].Status != canceled || len(p.intents) != 1 {
				t.Errorf("%s, %s old: void: %+v, %v", status, age, d, err)
			}
		}
	}
}

func TestARunThatFindsThePaymentVoidTellsTheReasonOfTheRunThatVoidedIt(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	first, second := newSaga(east, p), newSaga(west, p)
	if _, err := first.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	want, err := first.void(t.Context(), voidInput{Order: o, Reason: rejected("ShipmentUnavailable")})
	if err != nil || want.Code != "ShipmentUnavailable" {
		t.Fatalf("got %+v, %v", want, err)
	}
	for _, s := range []saga{first, second} {
		for _, code := range []string{"ReservationClosed", "PaymentVoided", "InsufficientStock"} {
			if d, err := s.void(t.Context(), voidInput{Order: o, Reason: rejected(code)}); err != nil || d != want {
				t.Errorf("void for %s: %+v, %v", code, d, err)
			}
		}
		if d, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil || d != want {
			t.Errorf("authorize: %+v, %v", d, err)
		}
		if d, err := s.capture(t.Context(), captureInput{Order: o}); err != nil || d != want {
			t.Errorf("capture: %+v, %v", d, err)
		}
	}
}

func TestTheFirstReasonOfARejectionStays(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	s := newSaga(east, p)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	calls := 0
	s.gateway = line{provider: p, next: func() fault {
		if calls++; calls == 3 { // find, note, and then the cancel
			return lostBefore
		}
		return noFault
	}}
	_, err := s.void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")})
	wantCode(t, err, platform.Undecided)
	if d, err := s.void(t.Context(), voidInput{Order: o, Reason: rejected("ReservationClosed")}); err != nil || d.Code != "InsufficientStock" {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestAnIntentWithoutACodeIsVoidAndLendsNone(t *testing.T) {
	d, ok := Intent{ID: "pi_1", Status: canceled, CancellationReason: "automatic", PlacedRegion: west}.decision()
	if !ok || d.Outcome != outcomeRejected || d.Code != "PaymentVoided" {
		t.Errorf("got %+v", d)
	}
}

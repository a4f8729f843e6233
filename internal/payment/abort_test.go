package payment

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// Runs of both regions authorize and abort one order at once, with lost calls and answers and server errors that stay under their key. No abort authorizes a card,
// and while the keys still live one more run of either kind ends the order, as everybody was told.
func TestAnAbortNeverAuthorizesACard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := clocktest.New()
		p := newProvider(clock)
		p.forgets, p.breaks, p.leaves = rapid.Bool().Draw(t, "refusals are not kept"), rapid.IntRange(0, 2).Draw(t, "server errors"), rapid.Bool().Draw(t, "after they were done")
		o := order(clock, east, rapid.SampledFrom([]string{methodOK, methodOK, methodDeclined, methodAsks, methodBogus}).Draw(t, "method"))
		if rapid.IntRange(0, 3).Draw(t, "customer") == 0 {
			o.Payment.Customer = "cus_nobody"
		}
		drawn := func() *run {
			return &run{order: o, saga: saga{region: rapid.SampledFrom([]string{east, west}).Draw(t, "region"), clock: clock, orders: peer{}},
				cancel: rapid.Bool().Draw(t, "aborts at once"), aborts: rapid.Bool().Draw(t, "aborts later"), reason: rejected("InsufficientStock")}
		}
		var told []Decision
		play := func(faults []fault, runs ...*run) {
			if err := interleave(t.Context(), runs, p, func(n int) (int, fault) {
				return rapid.IntRange(0, n-1).Draw(t, "next"), rapid.SampledFrom(faults).Draw(t, "fault")
			}); err != nil {
				t.Fatal(err)
			}
			for _, r := range runs {
				if r.ended {
					told = append(told, r.answer)
				}
			}
		}
		play([]fault{noFault, noFault, noFault, lostBefore, lostAfter, slow}, drawn(), drawn(), drawn())
		last := drawn()
		for range 4 { // as the sweep starts it
			clock.Add(untriedFor)
			p.answer(true)
			if !last.ended {
				play([]fault{noFault}, last)
			}
		}
		checkDecision(t, p, told)
	})
}

// The provider keeps a server error under its key, for whoever sends the same parameters. Who sends others learns only that they differ.
func TestRunsOfBothKindsPassAKeyThatStandsForAServerErrorOfTheOther(t *testing.T) {
	void := func(s saga, o Order) (Decision, error) {
		return s.void(context.WithValue(t.Context(), aborting{}, true), voidInput{Order: o, Reason: rejected("InsufficientStock")})
	}
	for _, late := range []time.Duration{0, time.Hour} {
		p := newProvider(clocktest.New())
		o := order(p.clock, east, methodOK)
		p.breaks = 1
		_, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: o})
		wantCode(t, err, platform.Undecided)
		p.clock.Add(late)
		if d, err := void(newSaga(west, p), o); err != nil || d.Decision != "cancelled" || d.Code != "InsufficientStock" || p.byAbort > 0 || len(p.intents) != 1 {
			t.Errorf("void: %+v, %v, %d cards authorized, %d intents", d, err, p.byAbort, len(p.intents))
		}

		p = newProvider(clocktest.New())
		p.breaks = 1
		_, err = void(newSaga(east, p), o)
		wantCode(t, err, platform.Undecided)
		if d, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: o}); err != nil || d.Decision != "authorized" || len(p.intents) != 1 {
			t.Errorf("authorize: %+v, %v, %d intents", d, err, len(p.intents))
		}
	}
}

// An order whose customer the provider does not know can be held back only by an intent without one, which no list shows. While the key lives, the key does.
func TestAnIntentWithoutACustomerIsFoundByItsKey(t *testing.T) {
	p := newProvider(clocktest.New())
	p.forgets = true
	o := order(p.clock, east, methodOK)
	o.Payment.Customer = "cus_nobody"
	want, err := newSaga(east, p).void(t.Context(), voidInput{Order: o, Reason: rejected("ShipmentUnavailable")})
	if err != nil || want.Decision != "cancelled" || want.IntentID == "" {
		t.Fatalf("got %+v, %v", want, err)
	}
	p.saved = true // the customer is there by now
	if got, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: o}); err != nil || got != want {
		t.Errorf("authorize: %+v, %v", got, err)
	}
	if got, err := newSaga(west, p).void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")}); err != nil || got != want || len(p.intents) != 1 {
		t.Errorf("void: %+v, %v", got, err)
	}
}

func TestOfSeveralIntentsTheOneThatIsDecidedCounts(t *testing.T) {
	made := func(id string, s Status, reason string) Intent {
		return Intent{ID: id, Status: s, CancellationReason: reason}
	}
	held, paid, void, tomb := made("held", requiresCapture, ""), made("paid", succeeded, ""), made("void", canceled, reasonRejected), made("tomb", requiresPaymentMethod, "")
	other, double, copied := made("other", requiresAction, ""), made("double", succeeded, ""), made("copied", canceled, reasonDuplicate)
	cases := []struct {
		newestFirst []Intent
		want        string
		code        platform.Code
	}{
		{nil, "", ""},
		{[]Intent{held}, "held", ""},
		{[]Intent{copied}, "", ""},
		{[]Intent{held, copied}, "held", ""},                              // as a person left it
		{[]Intent{held, void}, "void", ""},                                // a failed creation's, seen late; the reconciler ends it
		{[]Intent{void, paid}, "paid", ""},                                // what is paid is owed
		{[]Intent{other, paid, held}, "paid", ""},                         // the others are the reconciler's
		{[]Intent{made("late", canceled, "automatic"), void}, "void", ""}, // the first, whoever asks
		{[]Intent{held, other}, "", platform.Internal},
		{[]Intent{tomb, held}, "", platform.Internal}, // an abort is under way at one, a capture at the other
		{[]Intent{double, paid}, "", platform.Internal},
		{[]Intent{made("younger", requiresPaymentMethod, ""), tomb}, "tomb", ""}, // two aborts at once; nobody can pay either
	}
	for _, c := range cases {
		got, err := theIntent("ord_1", c.newestFirst)
		wantCode(t, err, c.code)
		if got.ID != c.want {
			t.Errorf("%v: got %q, want %q", c.newestFirst, got.ID, c.want)
		}
	}
}

func TestTwoIntentsOfAnOrderAreRefusedLoudlyUntilOneIsCalledADuplicate(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	for turn := range 2 {
		if _, err := p.Create(t.Context(), o.params(), o.createKey(turn)); err != nil {
			t.Fatal(err)
		}
	}
	s := newSaga(east, p)
	for name, step := range map[string]func() (Decision, error){
		"authorize": func() (Decision, error) { return s.authorize(t.Context(), stepInput{Order: o}) },
		"capture":   func() (Decision, error) { return s.capture(t.Context(), captureInput{Order: o}) },
		"void": func() (Decision, error) {
			return s.void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")})
		},
	} {
		_, err := step()
		if platform.CodeOf(err) != platform.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Cancel(t.Context(), "pi_1", reasonDuplicate); err != nil {
		t.Fatal(err)
	}
	if d, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil || d.IntentID != "pi_2" || d.Decision != "authorized" {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestACaptureTakesTheIntentThatItIsGivenThenTheOneThatAFactNamesThenTheOneThatIsFound(t *testing.T) {
	for name, in := range map[string]func(o Order) captureInput{
		"given":        func(o Order) captureInput { return captureInput{Order: o, IntentID: "pi_1"} },
		"by a fact":    func(o Order) captureInput { o.IntentID = "pi_1"; return captureInput{Order: o} },
		"to be found":  func(o Order) captureInput { return captureInput{Order: o} },
		"given, again": func(o Order) captureInput { o.IntentID = "pi_none"; return captureInput{Order: o, IntentID: "pi_1"} },
	} {
		p := newProvider(clocktest.New())
		o := order(p.clock, east, methodOK)
		s := newSaga(east, p)
		if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
			t.Fatal(err)
		}
		calls := 0
		s.gateway = line{provider: p, next: func() fault { calls++; return noFault }}
		want := 1
		if name == "to be found" {
			want = 2
		}
		if d, err := s.capture(t.Context(), in(o)); err != nil || d.Decision != "captured" || calls != want {
			t.Errorf("%s: %+v, %v after %d calls", name, d, err, calls)
		}
	}
}

// What a paid order costs at the provider: each call takes a third of a second, for which the function is billed.
func TestAPaidOrderTakesThreeCalls(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	calls := 0
	s := newSaga(east, p)
	s.gateway = line{provider: p, next: func() fault { calls++; return noFault }}
	d, err := s.authorize(t.Context(), stepInput{Order: o})
	if err == nil {
		d, err = s.capture(t.Context(), captureInput{Order: o, IntentID: d.IntentID})
	}
	if err != nil || d.Decision != "captured" || calls != 3 {
		t.Errorf("%+v, %v after %d calls", d, err, calls)
	}
}

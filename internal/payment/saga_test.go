package payment

import (
	"fmt"
	"testing"
	"time"

	"twofold/internal/money"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

func order(clock *clocktest.Clock, region, method string) Order {
	o := Order{OrderID: "ord_1", PlacedAt: clock.Now(), Charge: Charge{PlacedRegion: region, Amount: money.Money{Amount: 790, Currency: "EUR"}}}
	o.Payment.Customer, o.Payment.Method, o.Payment.Version = "cus_1", method, 1
	return o
}

func newSaga(region string, p *provider) saga {
	return saga{region: region, gateway: p, clock: p.clock, orders: peer{}}
}

func rejected(code string) Reason { return Reason{Outcome: outcomeRejected, Code: code} }

func wantCode(t *testing.T, err error, code platform.Code) {
	t.Helper()
	if err == nil && code == "" {
		return
	}
	if err == nil || platform.CodeOf(err) != code {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func TestAuthorizeAnswersByTheIntentsStatus(t *testing.T) {
	cases := []struct {
		name, method string
		status       Status // that the intent has already; "" for no intent
		want         Decision
		code         platform.Code
	}{
		{"new", methodOK, "", Decision{Decision: "authorized", IntentID: "pi_1", PlacedRegion: east}, ""},
		{"authorized before", methodOK, requiresCapture, Decision{Decision: "authorized", IntentID: "pi_1", PlacedRegion: east}, ""},
		{"captured before", methodOK, succeeded, Decision{Decision: "captured", IntentID: "pi_1", PlacedRegion: east, CommittedBy: west}, ""},
		{"cancelled before", methodOK, canceled, Decision{Decision: "cancelled", IntentID: "pi_1", PlacedRegion: east, Outcome: outcomeCancelled, Code: "CancelRequested"}, ""},
		{"declined", methodDeclined, "", Decision{}, platform.PaymentDeclined},
		{"declined before", methodDeclined, requiresPaymentMethod, Decision{}, platform.PaymentDeclined},
		{"made to be voided", methodOK, requiresPaymentMethod, Decision{}, platform.Undecided},
		{"never confirmed", methodOK, requiresConfirmation, Decision{}, platform.Undecided},
		{"asks for authentication", methodAsks, "", Decision{Decision: "action-required", IntentID: "pi_1", PlacedRegion: east, URL: "https://stripe.example/3ds/pi_1"}, ""},
		{"asks in a way that has no page", methodOK, requiresAction, Decision{}, platform.PaymentDeclined},
		{"no such method", methodBogus, "", Decision{}, platform.PaymentDeclined},
		{"processing", methodOK, "processing", Decision{}, platform.Undecided},
		{"a status of tomorrow", methodOK, "requires_tea", Decision{}, platform.Undecided},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(clocktest.New())
			o := order(p.clock, east, c.method)
			if c.status != "" {
				if _, err := p.Create(t.Context(), o.params(), o.createKey(0)); err != nil && c.method != methodDeclined {
					t.Fatal(err)
				}
				p.intents[0].Status, p.intents[0].CommittedBy, p.intents[0].CancellationReason = c.status, west, reasonCancelled
			}
			got, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: o})
			wantCode(t, err, c.code)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestARegionWithAnotherPlacedFactAdoptsTheIntentThatExists(t *testing.T) {
	p := newProvider(clocktest.New())
	if _, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: order(p.clock, west, methodOK)}); err != nil {
		t.Fatal(err)
	}
	dearer := order(p.clock, east, methodOK)
	dearer.Amount.Amount = 990
	s := newSaga(east, p)
	got, err := s.authorize(t.Context(), stepInput{Order: dearer})
	if want := (Decision{Decision: "authorized", IntentID: "pi_1", PlacedRegion: west}); err != nil || got != want {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	if got, err = s.capture(t.Context(), captureInput{Order: dearer, IntentID: got.IntentID}); err != nil || got.CommittedBy != east || got.PlacedRegion != west {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(p.intents) != 1 || p.intents[0].params.Amount.Amount != 790 {
		t.Errorf("%d intents", len(p.intents))
	}
}

func TestNoPaymentIsBegunLaterThanTwelveHours(t *testing.T) {
	cases := []struct {
		name      string
		age       time.Duration
		authorize platform.Code
		method    string // of the intent that is voided; "" for one that nobody can pay
	}{
		{"in time", createWithin - time.Second, "", methodOK},
		{"too late", createWithin, platform.PaymentDeclined, ""},
		{"long after", 60 * time.Hour, platform.PaymentDeclined, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(clocktest.New())
			o := order(p.clock, east, methodOK)
			p.clock.Add(c.age)
			_, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: o})
			wantCode(t, err, c.authorize)
			d, err := newSaga(west, p).void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")})
			if err != nil || d.Decision != "cancelled" || d.Outcome != outcomeRejected || d.Code != "InsufficientStock" {
				t.Errorf("void answers %+v, %v", d, err)
			}
			if len(p.intents) != 1 || p.intents[0].Status != canceled || p.intents[0].params.Method != c.method {
				t.Errorf("%d intents, the first %+v", len(p.intents), p.intents[0])
			}
		})
	}
}

func TestAnOldOrdersIntentIsFoundByTheCustomerAndTheTime(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	if _, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	p.clock.Add(30 * time.Hour) // the keys are forgotten, and the other region has no record
	d, err := newSaga(west, p).capture(t.Context(), captureInput{Order: o})
	if err != nil || d.Decision != "captured" || d.CommittedBy != west {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestVoidKeepsAnyOtherRunFromPaying(t *testing.T) {
	cases := []struct{ name, customer, method string }{
		{"ordinary", "cus_1", methodOK}, {"method that does not exist", "cus_1", methodBogus}, {"customer who does not exist", "cus_nobody", methodOK},
	}
	for _, c := range cases {
		for _, forgets := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, refusals forgotten: %v", c.name, forgets), func(t *testing.T) {
				p := newProvider(clocktest.New())
				p.forgets = forgets
				o := order(p.clock, east, c.method)
				o.Payment.Customer = c.customer
				void := func() (Decision, error) {
					return newSaga(east, p).void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")})
				}
				d, err := void()
				for range 2 {
					if platform.CodeOf(err) == platform.Undecided { // the saga tries again
						d, err = void()
					}
				}
				if err != nil || d.Decision != "cancelled" || d.Outcome != outcomeRejected || d.Code != "InsufficientStock" {
					t.Fatalf("got %+v, %v", d, err)
				}
				p.saved = true // now it would be possible
				late, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: o})
				if late.Decision == "authorized" || (err != nil && platform.CodeOf(err) != platform.PaymentDeclined && platform.CodeOf(err) != platform.Undecided) {
					t.Errorf("a run that comes late gets %+v, %v", late, err)
				}
				if again, err := void(); err != nil || again != d {
					t.Errorf("voided again: %+v, %v, want %+v", again, err, d)
				}
			})
		}
	}
}

func TestTheFirstDecisionIsEverybodysAnswer(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodOK)
	first, second := newSaga(east, p), newSaga(west, p)
	if _, err := first.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	if d, err := first.void(t.Context(), voidInput{Order: o, Reason: Reason{Outcome: outcomeCancelled, Code: "CancelRequested"}}); err != nil || d.Outcome != outcomeCancelled {
		t.Fatalf("got %+v, %v", d, err)
	}
	want := Decision{Decision: "cancelled", IntentID: "pi_1", PlacedRegion: east, Outcome: outcomeCancelled, Code: "CancelRequested"}
	if d, err := second.void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")}); err != nil || d != want {
		t.Errorf("void for another reason: %+v, %v", d, err)
	}
	if d, err := second.capture(t.Context(), captureInput{Order: o}); err != nil || d != want {
		t.Errorf("capture: %+v, %v", d, err)
	}
}

func TestAnIntentCapturedByHandWasCommittedByItsPlacedRegion(t *testing.T) {
	d, ok := Intent{ID: "pi_1", Status: succeeded, PlacedRegion: west}.decision()
	if !ok || d.CommittedBy != west {
		t.Errorf("got %+v", d)
	}
}

func TestACaptureWithoutAnIntentIsInternal(t *testing.T) {
	p := newProvider(clocktest.New())
	_, err := newSaga(east, p).capture(t.Context(), captureInput{Order: order(p.clock, east, methodOK)})
	wantCode(t, err, platform.Internal)
}

func TestAKeyThatTheProviderDoesNotTakeIsInternal(t *testing.T) {
	p := newProvider(clocktest.New())
	p.wrong = true
	_, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: order(p.clock, east, methodOK)})
	wantCode(t, err, platform.Internal)
}

func TestAVoidNamesItsOutcome(t *testing.T) {
	p := newProvider(clocktest.New())
	_, err := newSaga(east, p).void(t.Context(), voidInput{Order: order(p.clock, east, methodOK), Reason: Reason{Outcome: "lost"}})
	wantCode(t, err, platform.InvalidRequest)
}

func TestTwoFactsOfOneOrderHaveOneKey(t *testing.T) {
	clock := clocktest.New()
	o, later := order(clock, east, methodOK), order(clock, west, methodOK)
	later.Payment.Version = 2
	if o.createKey(0) != later.createKey(0) || o.createKey(0) == o.createKey(1) {
		t.Errorf("keys %s, %s, %s", o.createKey(0), later.createKey(0), o.createKey(1))
	}
}

func TestAnIntentIsMarkedBeforeTheShopperIsSentToAuthenticate(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodAsks)
	calls := 0
	s := newSaga(east, p)
	s.gateway = line{provider: p, next: func() fault {
		if calls++; calls == 3 { // find, create, and then the mark
			return lostBefore
		}
		return noFault
	}}
	_, err := s.authorize(t.Context(), stepInput{Order: o})
	wantCode(t, err, platform.Undecided)
	if p.intents[0].Asked {
		t.Fatal("marked by a call that was lost")
	}
	if d, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil || d.Decision != "action-required" || !p.intents[0].Asked {
		t.Errorf("got %+v, %v", d, err)
	}
	p.answer(true)
	if d, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil || d.Decision != "authorized" {
		t.Errorf("after the shopper passed: %+v, %v", d, err)
	}
}

func TestAShopperWhoFailsToAuthenticateIsDeclined(t *testing.T) {
	p := newProvider(clocktest.New())
	o := order(p.clock, east, methodAsks)
	s := newSaga(west, p)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Fatal(err)
	}
	p.answer(false)
	_, err := s.authorize(t.Context(), stepInput{Order: o})
	wantCode(t, err, platform.PaymentDeclined)
}

// The provider keeps a server error under its key for a day, and the order cannot wait that long.
func TestAnOrderWhoseKeyStandsForAServerErrorGoesOnToItsNextKey(t *testing.T) {
	for name, leaves := range map[string]bool{"and nothing was done": false, "though it was done": true} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(clocktest.New())
			p.breaks, p.leaves = 2, leaves
			o := order(p.clock, east, methodOK)
			var d Decision
			var err error
			for range 3 {
				if d, err = newSaga(east, p).authorize(t.Context(), stepInput{Order: o}); err == nil {
					break
				}
				wantCode(t, err, platform.Undecided)
			}
			if err != nil || d.Decision != "authorized" || len(p.intents) != 1 {
				t.Errorf("got %+v, %v and %d intents", d, err, len(p.intents))
			}
			if other, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: o}); err != nil || other.IntentID != d.IntentID {
				t.Errorf("the other region got %+v, %v", other, err)
			}
		})
	}
}

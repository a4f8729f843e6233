package payment

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// peer is what a region knows of the other one: since when it is fenced; the zero value if it is not.
type peer struct {
	fenced time.Time
	err    error
}

func (p peer) PeerFenced(context.Context) (time.Time, bool, error) {
	return p.fenced, !p.fenced.IsZero(), p.err
}

// dearer is the order as the west placed it: at another price.
func dearer(clock *clocktest.Clock, method string) Order {
	o := order(clock, west, method)
	o.Amount.Amount = 990
	return o
}

func TestWhatAFencedRegionBeganIsCalledOffWhenNoneOfItsCallsIsUnderWay(t *testing.T) {
	for name, c := range map[string]struct {
		fenced time.Duration // so long ago; negative if it is not
		age    time.Duration // of the order
		known  bool          // the east's placed fact, of yet another price
		err    error
		over   bool // it is over
	}{
		"not fenced":               {fenced: -1, age: 2 * time.Hour},
		"fenced just now":          {fenced: 0, age: 2 * time.Hour},
		"fenced lately":            {fenced: fencedFor - time.Second, age: 2 * time.Hour},
		"fenced long enough":       {fenced: fencedFor, age: 2 * time.Hour, over: true},
		"its fact is here":         {fenced: time.Hour, age: 2 * time.Hour, known: true}, // then it would be told of the error: it is an own call
		"nobody can say":           {fenced: time.Hour, age: 2 * time.Hour, err: platform.Refuse(platform.Internal, "no answer")},
		"too late to begin, by 1s": {fenced: time.Hour, age: createWithin + time.Second}, // an own call may have begun in time, and no abort asks for it now
		"too late for long":        {fenced: time.Hour, age: createWithin + fencedFor, over: true},
	} {
		p := newProvider(clocktest.New())
		p.breaks = 1
		_, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: order(p.clock, east, methodOK)})
		wantCode(t, err, platform.Undecided)
		o := dearer(p.clock, methodOK)
		if c.known {
			other := order(p.clock, east, methodOK)
			other.Amount.Amount = 1190
			o.Also = []Charge{other.Charge}
		}
		p.clock.Add(c.age)
		s, they := newSaga(west, p), peer{err: c.err}
		if c.fenced >= 0 {
			they.fenced = p.clock.Now().Add(-c.fenced)
		}
		s.orders = they
		if c.age < createWithin {
			_, err = s.authorize(t.Context(), stepInput{Order: o})
			if want := map[bool]platform.Code{true: platform.PaymentDeclined, false: platform.Undecided}[c.over]; platform.CodeOf(err) != want || len(p.intents) > 0 {
				t.Errorf("%s: authorize: %v, %d intents", name, err, len(p.intents))
			}
		}
		d, err := s.void(t.Context(), voidInput{Order: o, Reason: rejected("PaymentDeclined")})
		if c.over && (err != nil || d.Decision != "cancelled" || len(p.intents) != 1) || !c.over && (platform.CodeOf(err) != platform.Undecided || len(p.intents) > 0) {
			t.Errorf("%s: void: %+v, %v, %d intents", name, d, err, len(p.intents))
		}
	}
}

// A run goes by the placed fact that counts, and asks with those of the others what a key stands for: whose server error it was, nobody waits a day for it.
func TestAServerErrorThatAnotherKnownPlacedFactMetIsPassedOver(t *testing.T) {
	for _, aborts := range []bool{false, true} {
		p := newProvider(clocktest.New())
		p.breaks = 1
		first := dearer(p.clock, methodOK)
		_, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: first})
		wantCode(t, err, platform.Undecided)
		both := order(p.clock, east, methodOK)
		both.Also = []Charge{first.Charge}
		for _, region := range []string{west, east} {
			s := newSaga(region, p)
			d, err, want := Decision{}, error(nil), "authorized"
			if aborts {
				want = "cancelled"
				d, err = s.void(t.Context(), voidInput{Order: both, Reason: rejected("InsufficientStock")})
			} else {
				d, err = s.authorize(t.Context(), stepInput{Order: both})
			}
			if err != nil || d.Decision != want || len(p.intents) != 1 {
				t.Errorf("%s, aborts %v: %+v, %v, %d intents", region, aborts, d, err, len(p.intents))
			}
		}
	}
}

// The shopper's token named another customer when the request came again: what was made for the first is found all the same.
func TestAnIntentOfAnotherKnownPlacedFactsCustomerIsFound(t *testing.T) {
	p := newProvider(clocktest.New())
	first := dearer(p.clock, methodOK)
	first.Payment.Customer = "cus_before"
	if _, err := newSaga(west, p).authorize(t.Context(), stepInput{Order: first}); err != nil {
		t.Fatal(err)
	}
	both := order(p.clock, east, methodOK)
	both.Also = []Charge{first.Charge}
	if d, err := newSaga(east, p).authorize(t.Context(), stepInput{Order: both}); err != nil || d.IntentID != "pi_1" || len(p.intents) != 1 {
		t.Errorf("%+v, %v, %d intents", d, err, len(p.intents))
	}
}

// drama is one order that both regions have placed, at prices that may differ, and what their runs do about it.
type drama struct {
	t      *rapid.T
	clock  *clocktest.Clock
	p      *provider
	orders map[string]Order // by region
	they   peer             // what the west knows of the east
	told   []Decision
	loud   bool // two intents may be met, and refused until a person has looked
}

func newDrama(t *rapid.T) *drama {
	clock := clocktest.New()
	d := &drama{t: t, clock: clock, p: newProvider(clock)}
	d.p.forgets, d.p.breaks, d.p.leaves = rapid.Bool().Draw(t, "refusals are not kept"), rapid.IntRange(0, 3).Draw(t, "server errors"), rapid.Bool().Draw(t, "after they were done")
	method := rapid.SampledFrom([]string{methodOK, methodOK, methodDeclined, methodAsks, methodBogus}).Draw(t, "method")
	d.orders = map[string]Order{east: order(clock, east, method), west: dearer(clock, method)}
	return d
}

// run is one of a region, by its own placed fact.
func (d *drama) run(region string) *run {
	return &run{order: d.orders[region], saga: saga{region: region, clock: d.clock, orders: map[string]peer{west: d.they}[region]},
		cancel: rapid.Bool().Draw(d.t, "aborts at once"), aborts: rapid.Bool().Draw(d.t, "aborts later"), reason: rejected("InsufficientStock")}
}

// runs are some of regions.
func (d *drama) runs(regions ...string) (out []*run) {
	for range rapid.IntRange(1, 3).Draw(d.t, "runs") {
		out = append(out, d.run(rapid.SampledFrom(regions).Draw(d.t, "region")))
	}
	return out
}

// play has runs go on in turns. Whoever has the turn mostly keeps it, so that one may do much while a call of another is under way.
func (d *drama) play(faults []fault, runs ...*run) {
	last := 0
	err := interleave(context.Background(), runs, d.p, func(n int) (int, fault) {
		if last >= n || rapid.IntRange(0, 7).Draw(d.t, "goes on") == 0 {
			last = rapid.IntRange(0, n-1).Draw(d.t, "next")
		}
		return last, rapid.SampledFrom(faults).Draw(d.t, "fault")
	})
	if err != nil && !(d.loud && platform.CodeOf(err) == platform.Internal) {
		d.t.Fatal(err)
	}
	for _, r := range runs {
		if r.ended {
			d.told = append(d.told, r.answer)
		}
	}
}

// trouble is rare enough for runs to get to their end beside it.
var trouble = append(slices.Repeat([]fault{noFault}, 12), lostBefore, lostAfter, slow, slow)

// Both regions run one order at two prices, with lost calls and answers and server errors that stay under their key. Then one is lost for good and fenced. The
// other ends the order while the keys still live, as everybody was told, and the card was charged once at most.
func TestTheSurvivorEndsWhatTheFencedRegionBegan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDrama(t)
		d.play(trouble, append(d.runs(east, west), d.run(east))...)
		d.they.fenced = d.clock.Now()
		d.clock.Add(rapid.SampledFrom([]time.Duration{0, time.Minute, fencedFor, createWithin - fencedFor, createWithin - time.Second, createWithin}).Draw(t, "later"))
		d.play(trouble, d.runs(west)...)
		last := d.run(west)
		for range 8 { // as the sweep starts it
			d.clock.Add(fencedFor / 4)
			d.p.answer(true)
			if !last.ended {
				d.play([]fault{noFault}, last)
			}
		}
		if !last.ended {
			t.Fatal("the order has no end")
		}
		d.check()
	})
}

// check is that everybody was told the same, and that one intent at most can be charged. Beside it there may be one that was called off under a key of its own.
func (d *drama) check() {
	live := 0
	for _, i := range d.p.intents {
		if i.params.Method != "" {
			live++
		}
	}
	if live > 1 || d.p.captures > live || d.p.byAbort > 0 {
		d.t.Fatalf("%d intents with a card, %d captures, %d cards authorized by an abort", live, d.p.captures, d.p.byAbort)
	}
	for _, got := range d.told {
		if first := d.told[0]; got.Decision != first.Decision || (got.Decision == "captured") != (d.p.captures == 1) {
			d.t.Fatalf("told %+v and %+v with %d captures", first, got, d.p.captures)
		}
	}
}

// A region that was fenced by mistake is alive, cut off, and goes on. Not everybody may be told the same then, but the card is charged once at most. The same of a survivor
// whose runs go by different placed facts, because the fenced region's arrives after all.
func TestNobodyIsChargedTwiceThoughTheFencedRegionGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDrama(t)
		d.they.fenced, d.loud = d.clock.Now(), true
		byBoth := d.orders[east]
		byBoth.Also = []Charge{d.orders[west].Charge}
		for range rapid.IntRange(1, 3).Draw(t, "phases") {
			d.clock.Add(rapid.SampledFrom([]time.Duration{0, time.Minute, fencedFor, createWithin - fencedFor - time.Second, 14 * time.Hour, 24 * time.Hour}).Draw(t, "later"))
			runs := append(d.runs(east, west), d.run(west))
			for _, r := range runs {
				if r.saga.region == west && rapid.Bool().Draw(t, "by both facts") {
					r.order = byBoth
				}
			}
			d.play(trouble, runs...)
			d.p.answer(true)
		}
		if d.p.captures > 1 {
			t.Fatalf("%d captures", d.p.captures)
		}
	})
}

func TestWhetherTheOtherRegionIsFencedIsAskedOnlyWhenAKeyStandsForAnUnknownFact(t *testing.T) {
	p := newProvider(clocktest.New())
	s := newSaga(east, p)
	s.orders = peer{err: errors.New("it was asked")}
	o := order(p.clock, east, methodOK)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Error(err)
	}
	if _, err := s.capture(t.Context(), captureInput{Order: o}); err != nil {
		t.Error(err)
	}
}

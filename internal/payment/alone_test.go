package payment

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// alone is what a region knows of its peer, which was given up at a time; the zero value if it was not.
type alone struct {
	since time.Time
	err   error
}

func (a alone) Alone(context.Context) (time.Time, bool, error) {
	return a.since, !a.since.IsZero(), a.err
}

// lost is a provider whose first key of the order stands for a server error of the east, and the placed fact that the west has: another price.
func lost() (*provider, Order) {
	p := newProvider(clocktest.New())
	p.breaks = 1
	_, err := newSaga(east, p).authorize(context.Background(), stepInput{Order: order(p.clock, east, methodOK)})
	if platform.CodeOf(err) != platform.Undecided {
		panic(err)
	}
	o := order(p.clock, west, methodOK)
	o.Amount.Amount = 990
	return p, o
}

func TestAKeyThatAGivenUpRegionSpentIsPassedOverWhenNoneOfItsCallsIsUnderWay(t *testing.T) {
	for name, c := range map[string]struct {
		ago    time.Duration // when the east was given up; negative if it was not
		placed string        // whose placed fact the run goes by
		err    error
		code   platform.Code // "" if it is passed over
	}{
		"not given up":       {ago: -1, placed: west, code: platform.Undecided},
		"just now":           {ago: 0, placed: west, code: platform.Undecided},
		"too lately":         {ago: aloneFor - time.Second, placed: west, code: platform.Undecided},
		"long enough ago":    {ago: aloneFor, placed: west},
		"by the east's fact": {ago: time.Hour, placed: east, code: platform.Undecided}, // an own run made it, of another fact
		"nobody can say":     {ago: time.Hour, placed: west, err: platform.Refuse(platform.Unavailable, "no answer"), code: platform.Unavailable},
	} {
		for _, aborts := range []bool{false, true} {
			p, o := lost()
			p.clock.Add(2 * time.Hour)
			o.PlacedRegion = c.placed
			s, a := newSaga(west, p), alone{err: c.err}
			if c.ago >= 0 {
				a.since = p.clock.Now().Add(-c.ago)
			}
			s.orders = a
			step, want := func() (Decision, error) { return s.authorize(t.Context(), stepInput{Order: o}) }, "authorized"
			if aborts {
				step, want = func() (Decision, error) {
					return s.void(t.Context(), voidInput{Order: o, Reason: rejected("InsufficientStock")})
				}, "cancelled"
			}
			d, err := step()
			if c.code == "" && (err != nil || d.Decision != want || len(p.intents) != 1) || c.code != "" && (platform.CodeOf(err) != c.code || len(p.intents) > 0) {
				t.Errorf("%s, aborts: %v: %+v, %v, %d intents", name, aborts, d, err, len(p.intents))
			}
		}
	}
}

// Both regions run one order by two placed facts, with lost calls and answers and server errors that stay under their key. Then one is lost for good and given up. The
// other ends the order while the keys still live, with one intent, as everybody was told.
func TestTheSurvivorEndsWhatTheGivenUpRegionBeganUnderOneIntent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := clocktest.New()
		p := newProvider(clock)
		p.forgets, p.breaks, p.leaves = rapid.Bool().Draw(t, "refusals are not kept"), rapid.IntRange(0, 3).Draw(t, "server errors"), rapid.Bool().Draw(t, "after they were done")
		method := rapid.SampledFrom([]string{methodOK, methodOK, methodDeclined, methodAsks, methodBogus}).Draw(t, "method")
		orders := map[string]Order{east: order(clock, east, method), west: order(clock, west, method)}
		if o := orders[west]; rapid.Bool().Draw(t, "another price") {
			o.Amount.Amount = 990
			orders[west] = o
		}
		var fence alone
		drawn := func(region string) *run {
			return &run{order: orders[region], saga: saga{region: region, clock: clock, orders: fence},
				cancel: rapid.Bool().Draw(t, "aborts at once"), aborts: rapid.Bool().Draw(t, "aborts later"), reason: rejected("InsufficientStock")}
		}
		var told []Decision
		play := func(faults []fault, runs ...*run) {
			err := interleave(t.Context(), runs, p, func(n int) (int, fault) {
				return rapid.IntRange(0, n-1).Draw(t, "next"), rapid.SampledFrom(faults).Draw(t, "fault")
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range runs {
				if r.ended {
					told = append(told, r.answer)
				}
			}
		}
		bad := []fault{noFault, noFault, lostBefore, lostAfter, slow}
		play(bad, drawn(east), drawn(west), drawn(rapid.SampledFrom([]string{east, west}).Draw(t, "region")))
		fence.since = clock.Now()
		clock.Add(rapid.SampledFrom([]time.Duration{0, time.Minute, aloneFor}).Draw(t, "later"))
		play(bad, drawn(west), drawn(west))
		clock.Set(fence.since.Add(aloneFor))
		last := drawn(west)
		for range 4 { // as the sweep starts it
			clock.Add(untriedFor)
			p.answer(true)
			if !last.ended {
				play([]fault{noFault}, last)
			}
		}
		if !last.ended {
			t.Fatal("the order has no end")
		}
		checkDecision(t, p, told)
	})
}

func TestWhetherTheRegionIsAloneIsAskedOnlyWhenAKeyStandsForAnotherFact(t *testing.T) {
	p := newProvider(clocktest.New())
	s := newSaga(east, p)
	s.orders = alone{err: errors.New("it was asked")}
	o := order(p.clock, east, methodOK)
	if _, err := s.authorize(t.Context(), stepInput{Order: o}); err != nil {
		t.Error(err)
	}
	if _, err := s.capture(t.Context(), captureInput{Order: o}); err != nil {
		t.Error(err)
	}
}

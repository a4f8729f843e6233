package payment

import (
	"context"
	"iter"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// run is one run of the saga in one region, as far as payment goes.
type run struct {
	saga   saga
	order  Order
	step   func(ctx context.Context) error // what it does; [run.drive] if nil
	aborts bool                            // something between authorize and capture says no
	cancel bool                            // the shopper has said no
	reason Reason                          // why it voids
	ended  bool
	answer Decision
}

const attempts = 3 // as the state machine's Retry does

func retried(step func() (Decision, error)) (d Decision, err error) {
	for range attempts {
		if d, err = step(); platform.CodeOf(err) != platform.Undecided {
			return d, err
		}
	}
	return d, err
}

func (r *run) drive(ctx context.Context) error {
	void := func() (Decision, error) {
		return r.saga.void(context.WithValue(ctx, aborting{}, true), voidInput{Order: r.order, Reason: r.reason})
	}
	if r.cancel {
		return r.end(retried(void))
	}
	d, err := retried(func() (Decision, error) { return r.saga.authorize(ctx, stepInput{Order: r.order}) })
	switch {
	case platform.CodeOf(err) == platform.PaymentDeclined && err != nil, err == nil && d.Decision == "cancelled", err == nil && d.Decision == "authorized" && r.aborts:
		return r.end(retried(void))
	case err == nil && d.Decision == "action-required":
		return nil // the shopper's answer starts another run
	case err != nil || d.Decision == "captured":
		return r.end(d, err)
	}
	return r.end(retried(func() (Decision, error) {
		return r.saga.capture(ctx, captureInput{Order: r.order, IntentID: d.IntentID})
	}))
}

// end notes the run's decision. A run that gave up undecided has none: it is started again later.
func (r *run) end(d Decision, err error) error {
	if err != nil && platform.CodeOf(err) == platform.Undecided {
		return nil
	}
	r.ended, r.answer = err == nil, d
	return err
}

// interleave lets runs go on in turns, one call to the provider each; pick chooses who is next and what happens to the call.
func interleave(ctx context.Context, runs []*run, p *provider, pick func(n int) (int, fault)) error {
	type turn struct {
		next  func() (fault, bool)
		fault fault
		err   error
	}
	turns := make([]*turn, len(runs))
	for i, r := range runs {
		t := &turn{}
		next, stop := iter.Pull(func(yield func(fault) bool) {
			r.saga.gateway = line{provider: p, next: func() fault { yield(t.fault); return t.fault }}
			step := r.step
			if step == nil {
				step = r.drive
			}
			t.err = step(ctx)
		})
		defer stop()
		t.next, turns[i] = next, t
	}
	for len(turns) > 0 {
		i, f := pick(len(turns))
		turns[i].fault = f
		if _, more := turns[i].next(); !more {
			if turns[i].err != nil {
				return turns[i].err
			}
			turns = append(turns[:i], turns[i+1:]...)
		}
	}
	return nil
}

// Two regions run the saga of one order, several times, at once, with lost calls and answers, days apart, perhaps with two placed facts
// that differ. In the end there is one decision, everybody was told the same, and the card was charged once at most.
func TestAnyInterleavingEndsWithOneDecisionAndOneChargeAtMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := clocktest.New()
		p := newProvider(clock)
		p.forgets = rapid.Bool().Draw(t, "refusals are not kept")
		p.breaks, p.leaves = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "server errors"), rapid.Bool().Draw(t, "after they were done")
		method := rapid.SampledFrom([]string{methodOK, methodOK, methodOK, methodDeclined, methodAsks, methodBogus}).Draw(t, "method")
		orders := map[string]Order{east: order(clock, east, method), west: order(clock, east, method)}
		if rapid.Bool().Draw(t, "two placed facts") {
			o := order(clock, west, method)
			o.Amount.Amount = 990
			o.PlacedAt = clock.Now().Add(rapid.SampledFrom([]time.Duration{0, time.Minute, 14 * time.Hour, 25 * time.Hour, 60 * time.Hour}).Draw(t, "placed later"))
			orders[west] = o
		}
		if rapid.Bool().Draw(t, "customer who does not exist") {
			for region, o := range orders {
				o.Payment.Customer = "cus_nobody"
				orders[region] = o
			}
		}
		var told []Decision
		phase := func(aborting bool, faults []fault, runs int) {
			var rs []*run
			for range runs {
				region := rapid.SampledFrom([]string{east, west}).Draw(t, "region")
				o := orders[region]
				if o.PlacedAt.After(clock.Now()) { // not placed here yet
					region, o = east, orders[east]
				}
				r := &run{order: o, saga: saga{region: region, clock: clock, orders: peer{}},
					reason: rapid.SampledFrom([]Reason{rejected("InsufficientStock"), rejected("ShipmentUnavailable"), {Outcome: outcomeCancelled, Code: "CancelRequested"}}).Draw(t, "reason")}
				r.aborts = rapid.Bool().Draw(t, "aborts")
				r.cancel = aborting || rapid.Bool().Draw(t, "cancel")
				rs = append(rs, r)
			}
			err := interleave(t.Context(), rs, p, func(n int) (int, fault) {
				return rapid.IntRange(0, n-1).Draw(t, "next"), rapid.SampledFrom(faults).Draw(t, "fault")
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				if r.ended {
					told = append(told, r.answer)
				}
			}
		}
		for range rapid.IntRange(1, 3).Draw(t, "phases") {
			phase(false, []fault{noFault, noFault, noFault, lostBefore, lostAfter, slow}, rapid.IntRange(1, 4).Draw(t, "runs"))
			if rapid.Bool().Draw(t, "the shopper answers") {
				p.answer(rapid.Bool().Draw(t, "passed"))
			}
			clock.Add(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 11 * time.Hour, 12*time.Hour + time.Minute, 14 * time.Hour, 26 * time.Hour}).Draw(t, "pause"))
		}
		clock.Add(85 * time.Hour) // the last word is asked for when all was placed, and no key stands for a refusal
		phase(true, []fault{noFault}, 2)
		checkDecision(t, p, told)
	})
}

func checkDecision(t *rapid.T, p *provider, told []Decision) {
	if (len(p.intents) > 1 && p.canBeFound()) || p.captures > 1 || p.byAbort > 0 {
		t.Fatalf("%d intents, %d captures, %d cards authorized by an abort", len(p.intents), p.captures, p.byAbort)
	}
	if len(told) == 0 {
		t.Fatal("nobody was told a decision")
	}
	for _, d := range told {
		a := told[0]
		if !p.canBeFound() || a.IntentID == "" || d.IntentID == "" { // without an intent nothing names the outcome but the run's own reason, and facts of both outcomes fold into one
			a, d = Decision{Decision: a.Decision}, Decision{Decision: d.Decision}
		}
		if a != d {
			t.Fatalf("told %+v and %+v", a, d)
		}
		if (d.Decision == "captured") != (p.captures == 1) {
			t.Fatalf("told %+v with %d captures", d, p.captures)
		}
	}
}

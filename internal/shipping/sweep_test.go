package shipping

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"twofold/internal/fact"

	"twofold/internal/platform/clocktest"
)

func TestTheSweepDoesWhatTheOutcomeAsksFor(t *testing.T) {
	clock := clocktest.New()
	known := func(s fact.State) Outcome { return Outcome{Known: true, State: s} }
	cases := map[string]struct {
		outcome Outcome
		before  Status
		after   Status
		owed    bool
	}{
		"confirmed":              {known(fact.StateConfirmed), statusBooked, statusReleased, false},
		"dispatched":             {known(fact.StateDispatched), statusDispatched, statusDispatched, false},
		"rejected":               {known(fact.StateRejected), statusBooked, statusCancelled, false},
		"cancelled":              {known(fact.StateCancelled), statusBooked, statusCancelled, false},
		"rejected, never booked": {known(fact.StateRejected), "", "", false},
		"placed":                 {known(fact.StatePlaced), statusBooked, statusBooked, true},
		"unknown":                {Outcome{State: fact.StateUnknown}, statusBooked, statusBooked, true},
		"confirmed, stopped":     {known(fact.StateConfirmed), statusCancelled, statusCancelled, true},
		"cancelled, stopped":     {known(fact.StateCancelled), statusCancelled, statusCancelled, false},
		"rejected, picked up":    {known(fact.StateRejected), statusDispatched, statusDispatched, true},
	}
	d, l, o := newDepot(), ledger{"young": clock.Now(), "unanswered": clock.Now().Add(-time.Hour)}, desk{outcomes: map[string]Outcome{}}
	for id, c := range cases {
		d.shipments[id], o.outcomes[id] = c.before, c.outcome
		l[id] = clock.Now().Add(-openFor - time.Second)
	}
	var again starts
	s := sweep{obligations: l, round: &lastOrder{}, orders: o, sagas: &again, carrier: d, clock: clock, log: slog.New(slog.DiscardHandler)}
	res, err := s.run(t.Context(), struct{}{})
	if err != nil || res != (SweepResult{Settled: 6, Open: 2, Failed: 3}) {
		t.Errorf("got %+v, %v", res, err)
	}
	if !slices.Equal(again, starts{"confirmed, stopped"}) {
		t.Errorf("sagas of %q were started: who gives the money back for goods that were stopped?", again)
	}
	for _, after := range []time.Duration{time.Minute, openFor} {
		clock.Add(after)
		if _, err := s.run(t.Context(), struct{}{}); err != nil || len(again) != 1+int(after/openFor) {
			t.Errorf("%s later %q were started, %v: a saga has some minutes for it", after, again, err)
		}
	}
	for id, c := range cases {
		if d.shipments[id] != c.after || l.owes(id) != c.owed {
			t.Errorf("%s: the carrier has %q, want %q; owed: %v", id, d.shipments[id], c.after, l.owes(id))
		}
	}
	if !l.owes("young") {
		t.Error("a run that may be under way was disturbed")
	}
}

// starts are the orders whose sagas were started.
type starts []string

func (s *starts) Start(_ context.Context, orderID string) error { *s = append(*s, orderID); return nil }

type lastOrder struct{ id string }

func (l *lastOrder) Last(context.Context) (string, error) { return l.id, nil }
func (l *lastOrder) SetLast(_ context.Context, id string) error {
	l.id = id
	return nil
}

// tiring is an order service whose every answer takes a second, of a clock whose contexts know that.
type tiring struct {
	*clocktest.Clock
	asked []string
}

func (s *tiring) Outcome(_ context.Context, id string) (Outcome, error) {
	s.Add(time.Second)
	s.asked = append(s.asked, id)
	return Outcome{Known: true, State: fact.StatePlaced}, nil
}

func TestStuckShipmentsDoNotHideLaterOnes(t *testing.T) {
	slow, l := &tiring{Clock: clocktest.New()}, ledger{}
	for i := range 60 {
		l[fmt.Sprintf("%02d", i)] = slow.Now().Add(-time.Hour)
	}
	s := sweep{obligations: l, round: &lastOrder{}, orders: slow, carrier: newDepot(), clock: slow, log: slog.New(slog.DiscardHandler)}
	for range 2 {
		if res, err := s.run(t.Context(), struct{}{}); err != nil || res.Open != int(sweepTime/time.Second) {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(slow.asked)))); n != 60 {
		t.Errorf("two sweeps, which have time for 80, looked at %d of 60", n)
	}
}

// rushed is an order service that takes long: before it has answered, a run has begun to book the order.
type rushed struct {
	desk
	then func()
}

func (r rushed) Outcome(ctx context.Context, id string) (Outcome, error) {
	r.then()
	return r.desk.Outcome(ctx, id)
}

func TestABookingThatBeginsWhileTheSweepLooksStaysAnObligation(t *testing.T) {
	clock, d := clocktest.New(), newDepot()
	l := ledger{"ord_1": clock.Now().Add(-time.Hour)} // of a run that died before it booked
	o := rushed{desk{outcomes: map[string]Outcome{"ord_1": {Known: true, State: fact.StateRejected}}}, func() {
		if err := l.Open(t.Context(), "ord_1", clock.Now()); err != nil {
			t.Fatal(err)
		}
	}}
	s := sweep{obligations: l, round: &lastOrder{}, orders: o, carrier: d, clock: clock, log: slog.New(slog.DiscardHandler)}
	if res, err := s.run(t.Context(), struct{}{}); err != nil || res.Open != 1 || !l.owes("ord_1") {
		t.Errorf("%+v, %v, owed: %v", res, err, l.owes("ord_1"))
	}
}

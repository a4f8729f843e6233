package shipping

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"twofold/internal/fact"
)

func TestTheSweepDoesWhatTheOutcomeAsksFor(t *testing.T) {
	clock := newClock()
	known := func(s fact.State) Outcome { return Outcome{Known: true, State: s} }
	cases := map[string]struct {
		outcome Outcome
		before  Status
		after   Status
		record  State
	}{
		"confirmed":              {known(fact.StateConfirmed), statusBooked, statusReleased, Released},
		"dispatched":             {known(fact.StateDispatched), statusDispatched, statusDispatched, Released},
		"rejected":               {known(fact.StateRejected), statusBooked, statusCancelled, Cancelled},
		"cancelled":              {known(fact.StateCancelled), statusBooked, statusCancelled, Cancelled},
		"rejected, never booked": {known(fact.StateRejected), "", "", Cancelled},
		"placed":                 {known(fact.StatePlaced), statusBooked, statusBooked, Booked},
		"unknown":                {Outcome{State: fact.StateUnknown}, statusBooked, statusBooked, Booked},
		"confirmed, stopped":     {known(fact.StateConfirmed), statusCancelled, statusCancelled, Cancelled},
		"rejected, picked up":    {known(fact.StateRejected), statusDispatched, statusDispatched, Booked},
	}
	d, l, o := newDepot(), ledger{"young": {state: Booked, at: clock.now}, "unanswered": {state: Booked, at: clock.now.Add(-time.Hour)}}, desk{outcomes: map[string]Outcome{}}
	for id, c := range cases {
		d.shipments[id], o.outcomes[id] = c.before, c.outcome
		l[id] = &entry{state: Booked, at: clock.now.Add(-openFor - time.Second)}
	}
	s := sweep{obligations: l, round: &lastOrder{}, orders: o, carrier: d, records: l, clock: clock, log: slog.New(slog.DiscardHandler)}
	res, err := s.run(t.Context(), struct{}{})
	if err != nil || res != (SweepResult{Settled: 6, Open: 1, Failed: 3}) {
		t.Errorf("got %+v, %v", res, err)
	}
	for id, c := range cases {
		if d.shipments[id] != c.after || l.stateOf(id) != c.record {
			t.Errorf("%s: the carrier has %q, want %q; the record is %q, want %q", id, d.shipments[id], c.after, l.stateOf(id), c.record)
		}
	}
	if l.stateOf("young") != Booked {
		t.Error("a run that may be under way was disturbed")
	}
}

type lastOrder struct{ id string }

func (l *lastOrder) Last(context.Context) (string, error) { return l.id, nil }
func (l *lastOrder) SetLast(_ context.Context, id string) error {
	l.id = id
	return nil
}

// tiring is an order service whose every answer takes a second, of a clock whose contexts know that.
type tiring struct {
	handClock
	asked []string
}

func (s *tiring) Outcome(_ context.Context, id string) (Outcome, error) {
	s.now, s.asked = s.now.Add(time.Second), append(s.asked, id)
	return Outcome{Known: true, State: fact.StatePlaced}, nil
}

func (s *tiring) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return tiringContext{ctx, s, s.now.Add(d)}, func() {}
}

type tiringContext struct {
	context.Context
	of *tiring
	at time.Time
}

func (c tiringContext) Err() error {
	if c.of.now.Before(c.at) {
		return nil
	}
	return context.DeadlineExceeded
}

func TestStuckShipmentsDoNotHideLaterOnes(t *testing.T) {
	slow, l := &tiring{handClock: *newClock()}, ledger{}
	for i := range 60 {
		l[fmt.Sprintf("%02d", i)] = &entry{state: Booked, at: slow.now.Add(-time.Hour)}
	}
	s := sweep{obligations: l, round: &lastOrder{}, orders: slow, carrier: newDepot(), records: l, clock: slow, log: slog.New(slog.DiscardHandler)}
	for range 2 {
		if res, err := s.run(t.Context(), struct{}{}); err != nil || res.Open != int(sweepTime/time.Second) {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(slow.asked)))); n != 60 {
		t.Errorf("two sweeps, which have time for 80, looked at %d of 60", n)
	}
}

package shipping

import (
	"log/slog"
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
	s := sweep{obligations: l, orders: o, carrier: d, records: l, clock: clock, log: slog.New(slog.DiscardHandler)}
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

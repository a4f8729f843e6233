package shipping

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

func input(t *testing.T) stepInput {
	t.Helper()
	var in stepInput
	if err := json.Unmarshal([]byte(`{"step":"BookShipment","order":{"orderId":"ord_1","lines":[{"sku":"TEA","quantity":2},{"sku":"CUP","quantity":1}],"shipping":{"method":"standard"}}}`), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func newSaga(d *depot, l ledger) saga {
	return saga{carrier: d, records: l, orders: desk{person: ada()}, clock: clocktest.New()}
}

func TestBookingTellsTheCarrierAndNobodyElseWhoGetsTheGoods(t *testing.T) {
	d, l := newDepot(), ledger{}
	s := newSaga(d, l)
	for range 2 {
		got, err := s.book(t.Context(), input(t))
		if err != nil || got.ShipmentID != "shp_ord_1" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	want := []Booking{{Method: "standard", Name: "Ada", Address: ada().Address, Parcels: []Parcel{{Units: 3}}}}
	if !reflect.DeepEqual(d.booked, want) {
		t.Errorf("booked %+v, want %+v", d.booked, want)
	}
	if !l.owes("ord_1") {
		t.Error("it is no obligation")
	}
}

func TestWhatTheCarrierAnswersToABooking(t *testing.T) {
	cases := []struct {
		name   string
		status Status // of the shipment that is there already
		refuse error
		person Person
		code   platform.Code
	}{
		{"released by another run", statusReleased, nil, ada(), ""},
		{"dispatched by now", statusDispatched, nil, ada(), ""},
		{"cancelled by another run", statusCancelled, nil, ada(), platform.ShipmentUnavailable},
		{"cannot be delivered", "", refusal(422), ada(), platform.ShipmentUnavailable},
		{"not understood", "", refusal(400), ada(), platform.ShipmentUnavailable},
		{"another booking under the id", "", refusal(409), ada(), platform.Internal},
		{"busy", "", refusal(429), ada(), platform.Unavailable},
		{"down", "", refusal(503), ada(), platform.Unavailable},
		{"wrong key", "", refusal(401), ada(), platform.Internal},
		{"erased person", "", nil, Person{}, platform.ShipmentUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDepot()
			if c.status != "" {
				d.shipments["ord_1"] = c.status
			}
			d.refuse["book"] = c.refuse
			s := newSaga(d, ledger{})
			s.orders = desk{person: c.person}
			_, err := s.book(t.Context(), input(t))
			wantCode(t, err, c.code)
		})
	}
}

func TestAPersonWhoIsNotSeenYetIsWaitedFor(t *testing.T) {
	d, l := newDepot(), ledger{}
	s := newSaga(d, l)
	s.orders = desk{unseen: true}
	_, err := s.book(t.Context(), input(t))
	wantCode(t, err, platform.Unavailable)
	if len(d.booked) != 0 || len(l) != 0 {
		t.Errorf("booked %v, recorded %v", d.booked, l)
	}
}

func TestABookingWhoseAnswerIsLostIsAnObligation(t *testing.T) {
	d, l := newDepot(), ledger{}
	d.refuse["book"], d.late = refusal(503), true
	_, err := newSaga(d, l).book(t.Context(), input(t))
	wantCode(t, err, platform.Unavailable)
	if d.shipments["ord_1"] != statusBooked || !l.owes("ord_1") {
		t.Errorf("the carrier has %q, owed: %v", d.shipments["ord_1"], l.owes("ord_1"))
	}
}

// A run that is late books what another has settled, and may die of it. The carrier has the shipment as it was, and the sweep takes the obligation off again; but not while
// the order is yet to be cancelled: its saga is started.
func TestASettledShipmentStaysAsItIsWhenItIsBookedAgain(t *testing.T) {
	settled := []struct {
		step    func(s saga) error
		outcome fact.State
		status  Status
		code    platform.Code // of the late booking
	}{
		{func(s saga) error { _, err := s.release(t.Context(), input(t)); return err }, fact.StateConfirmed, statusReleased, ""},
		{func(s saga) error { _, err := s.release(t.Context(), input(t)); return err }, fact.StateDelivered, statusReleased, ""},
		{func(s saga) error { _, err := s.cancel(t.Context(), input(t)); return err }, fact.StateRejected, statusCancelled, platform.ShipmentUnavailable},
		{func(s saga) error { _, err := s.stop(t.Context(), input(t)); return err }, fact.StateCancelled, statusCancelled, platform.ShipmentUnavailable},
		{func(s saga) error { _, err := s.stop(t.Context(), input(t)); return err }, fact.StateConfirmed, statusCancelled, platform.ShipmentUnavailable}, // not written down yet
	}
	for _, c := range settled {
		d, l, clock := newDepot(), ledger{}, clocktest.New()
		s := newSaga(d, l)
		s.clock = clock
		if _, err := s.book(t.Context(), input(t)); err != nil {
			t.Fatal(err)
		}
		if err := c.step(s); err != nil || l.owes("ord_1") {
			t.Fatalf("%s: %v, owed: %v", c.outcome, err, l.owes("ord_1"))
		}
		clock.Add(time.Minute)
		_, err := s.book(t.Context(), input(t))
		wantCode(t, err, c.code)
		if !l.owes("ord_1") || d.shipments["ord_1"] != c.status {
			t.Errorf("%s: owed: %v, the carrier has %q", c.outcome, l.owes("ord_1"), d.shipments["ord_1"])
		}
		clock.Add(openFor + time.Second)
		var again starts
		w := sweep{obligations: l, round: &lastOrder{}, orders: desk{outcomes: map[string]Outcome{"ord_1": {Known: true, State: c.outcome}}}, sagas: &again, carrier: d, clock: clock, log: slog.New(slog.DiscardHandler)}
		open := c.outcome == fact.StateConfirmed && c.status == statusCancelled
		res, err := w.run(t.Context(), struct{}{})
		if err != nil || res.Settled+res.Open != 1 || (res.Open == 1) != open || l.owes("ord_1") != open || (len(again) == 1) != open || d.shipments["ord_1"] != c.status {
			t.Errorf("%s: %+v, %v, owed: %v, the carrier has %q, sagas of %q were started", c.outcome, res, err, l.owes("ord_1"), d.shipments["ord_1"], again)
		}
	}
}

func TestReleasing(t *testing.T) {
	cases := []struct {
		name     string
		status   Status
		decision string
		code     platform.Code
	}{
		{"booked", statusBooked, notStopped, ""},
		{"again", statusReleased, notStopped, ""},
		{"dispatched", statusDispatched, notStopped, ""},
		{"not there", "", "", platform.Internal},
		{"stopped as the shopper wished", statusCancelled, stoppedInTime, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, l := newDepot(), ledger{"ord_1": clocktest.Noon}
			d.shipments["ord_1"] = c.status
			if c.decision == stoppedInTime {
				delete(l, "ord_1") // another region has booked it
			}
			got, err := newSaga(d, l).release(t.Context(), input(t))
			wantCode(t, err, c.code)
			if got.Decision != c.decision {
				t.Errorf("got %+v, want %q", got, c.decision)
			}
			if l.owes("ord_1") != (c.code != "" || c.decision == stoppedInTime) || d.shipments["ord_1"] == statusBooked {
				t.Errorf("owed: %v; the carrier has %q", l.owes("ord_1"), d.shipments["ord_1"])
			}
		})
	}
}

func TestCancelling(t *testing.T) {
	cases := []struct {
		name   string
		status Status
		owed   bool
		code   platform.Code
		after  bool // it is owed
	}{
		{"booked", statusBooked, true, "", false},
		{"again", statusCancelled, false, "", false},
		{"booked by the other region", statusBooked, false, "", false},
		{"never booked", "", false, "", false},
		{"not there yet: the sweep looks again", "", true, "", true},
		{"picked up", statusDispatched, true, platform.Internal, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, l := newDepot(), ledger{}
			d.shipments["ord_1"] = c.status
			if c.owed {
				l["ord_1"] = clocktest.Noon
			}
			_, err := newSaga(d, l).cancel(t.Context(), input(t))
			wantCode(t, err, c.code)
			if got := l.owes("ord_1"); got != c.after {
				t.Errorf("owed: %v", got)
			}
		})
	}
}

func TestTheCarrierDecidesWhetherAShipmentIsStopped(t *testing.T) {
	cases := []struct {
		name     string
		status   Status
		decision string
		code     platform.Code
	}{
		{"booked", statusBooked, stoppedInTime, ""},
		{"handed over", statusReleased, stoppedInTime, ""},
		{"stopped before", statusCancelled, stoppedInTime, ""},
		{"picked up", statusDispatched, stoppedTooLate, ""},
		{"delivered", statusDelivered, stoppedTooLate, ""},
		{"not there", "", "", platform.Internal},
	}
	for _, c := range cases {
		for _, owed := range []bool{false, true} { // an obligation of a run that came to nothing, or of none here
			t.Run(fmt.Sprintf("%s, owed: %v", c.name, owed), func(t *testing.T) {
				d, l := newDepot(), ledger{}
				d.shipments["ord_1"] = c.status
				if owed {
					l["ord_1"] = clocktest.Noon
				}
				for range 2 {
					got, err := newSaga(d, l).stop(t.Context(), input(t))
					wantCode(t, err, c.code)
					if got.Decision != c.decision || l.owes("ord_1") != (owed && c.code != "") {
						t.Errorf("got %+v, owed: %v", got, l.owes("ord_1"))
					}
				}
			})
		}
	}
}

func TestAStoppedShipmentIsNeverHandedOverByALateRun(t *testing.T) {
	d, l := newDepot(), ledger{}
	s := newSaga(d, l)
	for _, step := range []func() error{
		func() error { _, err := s.book(t.Context(), input(t)); return err },
		func() error { _, err := s.release(t.Context(), input(t)); return err },
		func() error { _, err := s.stop(t.Context(), input(t)); return err },
		func() error { _, err := s.release(t.Context(), input(t)); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.book(t.Context(), input(t))
	wantCode(t, err, platform.ShipmentUnavailable)
	if d.shipments["ord_1"] != statusCancelled {
		t.Errorf("the carrier has %q", d.shipments["ord_1"])
	}
}

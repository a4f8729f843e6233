package shipping

import (
	"encoding/json"
	"reflect"
	"testing"

	"twofold/internal/platform"
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
	return saga{carrier: d, records: l, orders: desk{person: ada()}, clock: newClock()}
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
	if e := *l["ord_1"]; e.state != Booked || e.id != "shp_ord_1" {
		t.Errorf("the record is %+v", e)
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
	if d.shipments["ord_1"] != statusBooked || l.stateOf("ord_1") != Booked {
		t.Errorf("the carrier has %q, the record is %q", d.shipments["ord_1"], l.stateOf("ord_1"))
	}
}

func TestAReleasedShipmentStaysReleasedWhenItIsBookedAgain(t *testing.T) {
	d, l := newDepot(), ledger{}
	s := newSaga(d, l)
	for _, step := range []func() error{
		func() error { _, err := s.book(t.Context(), input(t)); return err },
		func() error { _, err := s.release(t.Context(), input(t)); return err },
		func() error { _, err := s.book(t.Context(), input(t)); return err },
		func() error { _, err := s.release(t.Context(), input(t)); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if d.shipments["ord_1"] != statusReleased || l.stateOf("ord_1") != Released {
		t.Errorf("the carrier has %q, the record is %q", d.shipments["ord_1"], l.stateOf("ord_1"))
	}
}

func TestReleasing(t *testing.T) {
	cases := []struct {
		name   string
		status Status
		code   platform.Code
	}{
		{"booked", statusBooked, ""},
		{"again", statusReleased, ""},
		{"dispatched", statusDispatched, ""},
		{"not there", "", platform.Internal},
		{"stopped as the shopper wished", statusCancelled, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, l := newDepot(), ledger{"ord_1": {state: Booked}}
			d.shipments["ord_1"] = c.status
			_, err := newSaga(d, l).release(t.Context(), input(t))
			wantCode(t, err, c.code)
			want := Released
			if c.code != "" {
				want = Booked
			} else if c.status == statusCancelled {
				want = Cancelled
			}
			if l.stateOf("ord_1") != want || d.shipments["ord_1"] == statusBooked {
				t.Errorf("the record is %q, want %q; the carrier has %q", l.stateOf("ord_1"), want, d.shipments["ord_1"])
			}
		})
	}
}

func TestCancelling(t *testing.T) {
	cases := []struct {
		name   string
		status Status
		record State
		code   platform.Code
		want   State
	}{
		{"booked", statusBooked, Booked, "", Cancelled},
		{"again", statusCancelled, Cancelled, "", Cancelled},
		{"booked by the other region", statusBooked, "", "", ""},
		{"never booked", "", "", "", ""},
		{"not there yet: the sweep looks again", "", Booked, "", Booked},
		{"picked up", statusDispatched, Booked, platform.Internal, Booked},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, l := newDepot(), ledger{}
			d.shipments["ord_1"] = c.status
			if c.record != "" {
				l["ord_1"] = &entry{state: c.record}
			}
			_, err := newSaga(d, l).cancel(t.Context(), input(t))
			wantCode(t, err, c.code)
			if got := l.stateOf("ord_1"); got != c.want {
				t.Errorf("the record is %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheCarrierDecidesWhetherAShipmentIsStopped(t *testing.T) {
	cases := []struct {
		name     string
		status   Status
		record   State
		decision string
		code     platform.Code
		want     State
	}{
		{"booked", statusBooked, Booked, stoppedInTime, "", Cancelled},
		{"handed over", statusReleased, Released, stoppedInTime, "", Cancelled},
		{"stopped before", statusCancelled, Cancelled, stoppedInTime, "", Cancelled},
		{"booked by the other region", statusReleased, "", stoppedInTime, "", ""},
		{"picked up", statusDispatched, Released, stoppedTooLate, "", Released},
		{"delivered", statusDelivered, Released, stoppedTooLate, "", Released},
		{"not there", "", Released, "", platform.Internal, Released},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, l := newDepot(), ledger{}
			d.shipments["ord_1"] = c.status
			if c.record != "" {
				l["ord_1"] = &entry{state: c.record}
			}
			for range 2 {
				got, err := newSaga(d, l).stop(t.Context(), input(t))
				wantCode(t, err, c.code)
				if got.Decision != c.decision || l.stateOf("ord_1") != c.want {
					t.Errorf("got %+v, the record is %q, want %q", got, l.stateOf("ord_1"), c.want)
				}
			}
		})
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

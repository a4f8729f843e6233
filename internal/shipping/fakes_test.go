package shipping

import (
	"context"
	"testing"
	"time"

	"twofold/internal/platform"
)

// depot is a carrier with one shipment for each reference. A fault is what a call of that name answers, after doing it if late.
type depot struct {
	shipments map[string]Status
	booked    []Booking
	refuse    map[string]error
	late      bool
}

func newDepot() *depot { return &depot{shipments: map[string]Status{}, refuse: map[string]error{}} }

func (d *depot) answer(call string, do func() error) error {
	if err := d.refuse[call]; err != nil {
		if d.late {
			if err := do(); err != nil {
				return err
			}
		}
		return err
	}
	return do()
}

func (d *depot) Book(_ context.Context, ref string, b Booking) (Shipment, error) {
	err := d.answer("book", func() error {
		if _, ok := d.shipments[ref]; !ok {
			d.shipments[ref] = statusBooked
			d.booked = append(d.booked, b)
		}
		return nil
	})
	return Shipment{ID: "shp_" + ref, Status: d.shipments[ref]}, err
}

func (d *depot) Release(_ context.Context, ref string) error {
	return d.answer("release", func() error {
		switch d.shipments[ref] {
		case "":
			return refusal(404)
		case statusCancelled:
			return refusal(409)
		case statusBooked:
			d.shipments[ref] = statusReleased
		}
		return nil
	})
}

func (d *depot) Cancel(_ context.Context, ref string) error {
	return d.answer("cancel", func() error {
		switch d.shipments[ref] {
		case "":
			return refusal(404)
		case statusDispatched, statusDelivered:
			return refusal(409)
		}
		d.shipments[ref] = statusCancelled
		return nil
	})
}

// ledger is one region's list of obligations.
type ledger map[string]time.Time

func (l ledger) Open(_ context.Context, orderID string, at time.Time) error {
	if at.After(l[orderID]) {
		l[orderID] = at
	}
	return nil
}

func (l ledger) Close(_ context.Context, orderID string) error {
	delete(l, orderID)
	return nil
}

func (l ledger) CloseOlder(_ context.Context, orderID string, before time.Time) (bool, error) {
	if !l[orderID].Before(before) {
		return false, nil
	}
	delete(l, orderID)
	return true, nil
}

func (l ledger) Booked(_ context.Context, before time.Time) (ids []string, err error) {
	for id, at := range l {
		if at.Before(before) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (l ledger) owes(orderID string) bool {
	_, ok := l[orderID]
	return ok
}

// desk is the order service.
type desk struct {
	person   Person
	unseen   bool // replication has not brought the person yet
	outcomes map[string]Outcome
}

func (d desk) Person(context.Context, string) (Person, error) {
	if d.unseen {
		return Person{}, platform.Refuse(platform.NotFound, "not seen in this region")
	}
	return d.person, nil
}

func (d desk) Outcome(_ context.Context, orderID string) (Outcome, error) {
	o, ok := d.outcomes[orderID]
	if !ok {
		return Outcome{}, platform.Refuse(platform.Unavailable, "no answer")
	}
	return o, nil
}

func ada() Person {
	return Person{Name: "Ada", Address: Address{Line1: "1 High Street", City: "Delft", PostalCode: "2611", Country: "NL"}}
}

func wantCode(t *testing.T, err error, code platform.Code) {
	t.Helper()
	if err == nil && code == "" {
		return
	}
	if err == nil || platform.CodeOf(err) != code {
		t.Fatalf("got %v, want %q", err, code)
	}
}

package payment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"twofold/internal/fact"
	"twofold/internal/money"

	"twofold/internal/platform/clocktest"
)

// books are all that the reconciler touches besides the provider.
type books struct {
	outcomes  map[string]Outcome
	homes     []string
	cancelled []string
	place     map[string]place
	again     map[string]bool
	last      string
}

func (b *books) Last(context.Context) (string, error) { return b.last, nil }
func (b *books) SetLast(_ context.Context, id string) error {
	b.last = id
	return nil
}

func (b *books) Outcome(_ context.Context, id string) (Outcome, error) {
	if id == "ord_mute" {
		return Outcome{}, errors.New("no answer")
	}
	return b.outcomes[id], nil
}
func (b *books) Homes(context.Context) ([]string, error) { return b.homes, nil }
func (b *books) Cancel(_ context.Context, id string) error {
	b.cancelled = append(b.cancelled, id)
	return nil
}
func (b *books) Place(_ context.Context, home string) (place, error) { return b.place[home], nil }
func (b *books) SetPlace(_ context.Context, home string, p place) error {
	b.place[home] = p
	return nil
}
func (b *books) Again(context.Context) (ids []string, err error) {
	for id := range b.again {
		ids = append(ids, id)
	}
	return ids, nil
}
func (b *books) SetAgain(_ context.Context, id string, again bool) error {
	if b.again[id] = true; !again {
		delete(b.again, id)
	}
	return nil
}

// Recent pages three at a time.
func (p *provider) Recent(_ context.Context, from, to time.Time, after string) (page []Intent, more bool, err error) {
	begun := after == ""
	for i := len(p.intents) - 1; i >= 0; i-- {
		a := p.intents[i]
		if begun && !a.created.Before(from) && !a.created.After(to) {
			if len(page) == 3 {
				return page, true, nil
			}
			page = append(page, a.Intent)
		}
		begun = begun || a.ID == after
	}
	return page, false, nil
}

func newReconciler(homes ...string) (reconciler, *provider, *books, *clocktest.Clock) {
	clock := clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	p, b := newProvider(clock), &books{outcomes: map[string]Outcome{}, homes: homes, place: map[string]place{}, again: map[string]bool{}}
	return reconciler{gateway: p, orders: b, shipping: b, places: b, clock: clock, log: slog.New(slog.DiscardHandler)}, p, b, clock
}

func (p *provider) holds(order, home string, status Status) *account {
	a := &account{created: p.clock.Now(), params: Params{Amount: money.Money{Amount: 790}},
		Intent: Intent{ID: fmt.Sprint("pi_", order), OrderID: order, PlacedRegion: home, Status: status, Created: p.clock.Now()}}
	if status == succeeded {
		a.Received = 790
	}
	p.intents = append(p.intents, a)
	return a
}

func TestIntentsWithoutALivingOrderAreEnded(t *testing.T) {
	r, p, b, clock := newReconciler("us-east-1")
	known := func(s fact.State) Outcome { return Outcome{Known: true, State: s} }
	cases := []struct {
		order          string
		status         Status
		outcome        Outcome
		want           Status
		back, shipment bool
	}{
		{"unknown and held", requiresCapture, Outcome{}, canceled, false, true},
		{"unknown and paid", succeeded, Outcome{}, succeeded, true, true},
		{"rejected and held", requiresCapture, known(fact.StateRejected), canceled, false, false},
		{"cancelled and paid", succeeded, known(fact.StateCancelled), succeeded, true, false},
		{"confirmed and paid", succeeded, known(fact.StateConfirmed), succeeded, false, false},
		{"delivered with a second hold", requiresCapture, known(fact.StateDelivered), canceled, false, false},
		{"under way", requiresCapture, known(fact.StatePlaced), requiresCapture, false, false},
		{"paid and not yet confirmed", succeeded, known(fact.StatePlaced), succeeded, false, false},
	}
	made := map[string]*account{}
	for _, c := range cases {
		made[c.order] = p.holds(c.order, "us-east-1", c.status)
		b.outcomes[c.order] = c.outcome
	}
	foreign := p.holds("foreign", "us-west-2", requiresCapture)
	for range 20 {
		clock.Add(time.Minute)
		if _, err := r.run(t.Context(), struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range cases {
		_, back := paidBack(made[c.order].refunds)
		shipment := false
		for _, id := range b.cancelled {
			shipment = shipment || id == c.order
		}
		if got := made[c.order]; got.Status != c.want || (back == 790) != c.back || shipment != c.shipment {
			t.Errorf("%s: %s, %d back, shipment cancelled: %v", c.order, got.Status, back, shipment)
		}
	}
	if foreign.Status != requiresCapture {
		t.Error("an intent of the other region's order was touched")
	}
	if len(b.again) != 2 {
		t.Errorf("looked at again: %v", b.again)
	}
	b.homes = append(b.homes, "us-west-2") // it was given up
	for range 20 {
		clock.Add(time.Minute)
		if _, err := r.run(t.Context(), struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	if foreign.Status != canceled {
		t.Errorf("an intent of a region that was given up is %s", foreign.Status)
	}
}

func TestAnUnknownOrderHasTimeToArrive(t *testing.T) {
	r, p, b, clock := newReconciler("us-east-1")
	late := p.holds("late", "us-east-1", succeeded)
	mute := p.holds("ord_mute", "us-east-1", requiresCapture)
	for range 12 {
		clock.Add(time.Minute)
		if _, err := r.run(t.Context(), struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	b.outcomes["late"] = Outcome{Known: true, State: fact.StateConfirmed}
	clock.Add(time.Hour)
	res, err := r.run(t.Context(), struct{}{})
	if err != nil || res.Failed == 0 || len(late.refunds) > 0 || mute.Status != requiresCapture || !b.again["pi_ord_mute"] {
		t.Errorf("%+v, %v: refunds %v, the unanswered one is %s", res, err, late.refunds, mute.Status)
	}
}

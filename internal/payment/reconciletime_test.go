package payment

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"twofold/internal/fact"
)

// slowProvider needs seconds for each answer, and knows of the time of contexts.
type slowProvider struct {
	*provider
	takes     time.Duration
	retrieved map[string]int
}

func (p *slowProvider) Retrieve(ctx context.Context, id string) (Intent, error) {
	p.clock.Add(p.takes)
	if ctx.Err() != nil {
		return Intent{}, fmt.Errorf("retrieving: %w", ctx.Err())
	}
	p.retrieved[id]++
	return p.provider.Retrieve(ctx, id)
}

func TestAFullListDoesNotKeepTheReconcilerFromNewIntents(t *testing.T) {
	r, p, b, clock := newReconciler(east)
	slow := &slowProvider{provider: p, takes: time.Second, retrieved: map[string]int{}}
	r.gateway, r.clock = slow, clock
	for i := range 50 { // their shoppers have not answered their banks yet
		a := p.holds(fmt.Sprintf("waiting %02d", i), east, requiresAction)
		b.outcomes[a.OrderID], b.again[a.ID] = Outcome{Known: true, State: fact.StateActionRequired}, true
	}
	orphan := p.holds("nobody", east, requiresCapture)
	clock.Add(time.Hour)
	for range 3 {
		if _, err := r.run(t.Context(), struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	if orphan.Status != canceled {
		t.Errorf("the new intent is %s", orphan.Status)
	}
	for id := range b.again {
		if slow.retrieved[id] == 0 {
			t.Errorf("%s had no turn", id)
		}
	}
}

func TestAnErrorIsToldThoughTheTimeIsUp(t *testing.T) {
	r, p, b, clock := newReconciler(east)
	slow := &slowProvider{provider: p, takes: time.Minute, retrieved: map[string]int{}}
	r.gateway, r.clock, r.places = slow, clock, lostPlaces{b}
	a := p.holds("waiting", east, requiresAction)
	b.again[a.ID] = true
	if _, err := r.run(t.Context(), struct{}{}); !errors.Is(err, errLost) {
		t.Errorf("got %v", err)
	}
}

var errLost = errors.New("the table is gone")

type lostPlaces struct{ *books }

func (lostPlaces) Place(context.Context, string) (place, error) { return place{}, errLost }

// paysMeanwhile is an order service of which an answer takes so long that the order is paid and confirmed before it comes.
type paysMeanwhile struct {
	*books
	paid *account
}

func (o paysMeanwhile) Outcome(ctx context.Context, id string) (Outcome, error) {
	out, err := o.books.Outcome(ctx, id)
	o.paid.Status, o.paid.Received = succeeded, 790
	o.outcomes[id] = Outcome{Known: true, State: fact.StateConfirmed}
	return out, err
}

func TestAnIntentThatWasPaidSinceItWasListedIsLeftAlone(t *testing.T) {
	r, p, b, clock := newReconciler(east)
	a := p.holds("late", east, requiresCapture)
	r.orders = paysMeanwhile{b, a}
	clock.Add(time.Hour)
	if res, err := r.run(t.Context(), struct{}{}); err != nil || res.Voided+res.Refunded > 0 || a.Status != succeeded || a.RejectedFor != "" || len(a.refunds) > 0 {
		t.Errorf("%+v, %v: %+v", res, err, a)
	}
}

package inventory

import (
	"context"
	"errors"
	"testing"

	"twofold/internal/fact"
)

// hurried is a stock in which another run settles the reservation between every look and change, as often as told.
type hurried struct {
	*memory
	times int
	moves []State // what the other run does
}

func (h *hurried) Settle(ctx context.Context, r Reservation, to State, move Move) error {
	if h.times > 0 {
		h.times--
		now, _, err := h.memory.Reservation(ctx, r.OrderID)
		if err != nil {
			return err
		}
		next := h.moves[0]
		h.moves = h.moves[1:]
		if err := h.memory.Settle(ctx, now, next, transitions[[2]State{now.State, next}]); err != nil {
			return err
		}
	}
	return h.memory.Settle(ctx, r, to, move)
}

func TestWhoSettlesSecondLooksAgainAtOnce(t *testing.T) {
	m := &memory{shards: map[shardID]Ledger{{"TEA", 0}: {Received: 5, Available: 5}}, reservations: map[string]Reservation{}}
	r := Reservation{OrderID: "ord_1", State: Held, Lines: []ReservedLine{{SKU: "TEA", Quantity: 2}}}
	if _, err := m.Hold(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	h := &hurried{memory: m, times: 1, moves: []State{Consumed}} // the confirmation arrives while the cancellation is settled
	if err := settle(t.Context(), h, "ord_1", Returned); err != nil {
		t.Fatal(err)
	}
	got, _, err := m.Reservation(t.Context(), "ord_1")
	if err != nil || got.State != Returned || m.shards[shardID{"TEA", 0}] != (Ledger{Received: 5, Available: 5}) {
		t.Errorf("%v: %+v with %+v", err, got, m.shards)
	}
}

func TestSettlingGivesUpWhenItAlwaysComesSecond(t *testing.T) {
	always := &raced{}
	if err := settle(t.Context(), always, "ord_1", Consumed); !errors.Is(err, errRaced) || always.tries != settleTries {
		t.Errorf("%v after %d tries", err, always.tries)
	}
}

type raced struct{ tries int }

func (raced) Reservation(context.Context, string) (Reservation, bool, error) {
	return Reservation{OrderID: "ord_1", State: Held}, true, nil
}

func (r *raced) Settle(context.Context, Reservation, State, Move) error {
	r.tries++
	return errRaced
}

func TestGoodsThatHaveLeftSettleNothingUntilItIsSeenWhoCommitted(t *testing.T) {
	for _, state := range []fact.State{fact.StateConfirmed, fact.StateDispatched, fact.StateDelivered} {
		if to, decided := verdict(Outcome{Known: true, State: state}, "us-west-2"); decided {
			t.Errorf("%s by nobody: %s", state, to)
		}
		for by, want := range map[string]State{"us-east-1": Released, "us-west-2": Consumed} {
			if to, decided := verdict(Outcome{Known: true, State: state, CommittedBy: by}, "us-west-2"); !decided || to != want {
				t.Errorf("%s by %s: %s, %v, want %s", state, by, to, decided, want)
			}
		}
	}
}

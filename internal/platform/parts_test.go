package platform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"twofold/internal/platform/clocktest"
)

func TestAPartThatTakesAllItsTimeLeavesTheOthersTheirs(t *testing.T) {
	clock, did := clocktest.At(time.Unix(0, 0)), ""
	busy := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			for ; ctx.Err() == nil; clock.Add(time.Second) {
				did += name
			}
			return Wrap(Unavailable, fmt.Errorf("call: %w", ctx.Err()))
		}
	}
	idle := func(context.Context) error { return nil }
	if err := InParts(t.Context(), clock, 12*time.Second, busy("a"), idle, busy("b"), busy("c")); err != nil {
		t.Error(err)
	}
	if did != "aaabbbbbcccc" { // what one leaves, the others share
		t.Errorf("did %q", did)
	}
}

func TestOnlyTheEndOfItsOwnTimeIsNoError(t *testing.T) {
	real := errors.New("the table is gone")
	cases := []struct {
		name  string
		takes time.Duration
		err   error
		want  bool
	}{
		{"its time is up", time.Minute, fmt.Errorf("call: %w", context.DeadlineExceeded), false},
		{"its time is up, and something failed", time.Minute, errors.Join(context.DeadlineExceeded, real), true},
		{"its time is up, and something failed, wrapped", time.Minute, Wrap(Unavailable, errors.Join(real, context.DeadlineExceeded)), true},
		{"something failed when its time was up", time.Minute, real, true},
		{"a call of its own timed out", 0, context.DeadlineExceeded, true},
	}
	for _, c := range cases {
		clock := clocktest.At(time.Unix(0, 0))
		err := InParts(t.Context(), clock, time.Second, func(context.Context) error {
			clock.Add(c.takes)
			return c.err
		})
		if (err != nil) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

type note struct{ last string }

func (n *note) Last(context.Context) (string, error) { return n.last, nil }
func (n *note) SetLast(ctx context.Context, id string) error {
	n.last = id
	return ctx.Err()
}

func TestEveryoneHasATurnThoughTheFirstTakeAllTheTime(t *testing.T) {
	clock, n := clocktest.At(time.Unix(0, 0)), &note{}
	var turns []string
	for range 3 {
		err := InParts(t.Context(), clock, 3*time.Second, func(ctx context.Context) error {
			return Turns(ctx, clock, n, []string{"c", "a", "e", "b", "d"}, func(id string) {
				clock.Add(time.Second)
				turns = append(turns, id)
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
	if want := []string{"a", "b", "c", "c", "d", "e", "e", "a", "b"}; !slices.Equal(turns, want) {
		t.Errorf("got %v, want %v", turns, want)
	}
	turns, n.last = nil, ""
	for range 2 { // nobody has enough time
		err := InParts(t.Context(), clock, time.Second, func(ctx context.Context) error {
			return Turns(ctx, clock, n, []string{"a", "b"}, func(id string) {
				clock.Add(time.Minute)
				turns = append(turns, id)
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
	if want := []string{"a", "b"}; !slices.Equal(turns, want) {
		t.Errorf("got %v, want %v", turns, want)
	}
	n.last = "bb" // it is on the list no more
	turns = nil
	if err := Turns(t.Context(), clock, n, []string{"a", "b", "c"}, func(id string) { turns = append(turns, id) }); err != nil || !slices.Equal(turns, []string{"c", "a", "b"}) {
		t.Errorf("%v, %v", turns, err)
	}
}

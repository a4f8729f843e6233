package inventory

import (
	"testing"

	"pgregory.net/rapid"
)

func TestAMoveKeepsTheEquationAndNothingNegativeWhateverTheQuantity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Ledger
		for range rapid.IntRange(0, 40).Draw(t, "moves") {
			move := rapid.SampledFrom([]Move{credit(), reserve(), release(), nothing(), give(), take()}).Draw(t, "move")
			quantity := rapid.Int64Range(1, 50).Draw(t, "quantity")
			next, ok := move.Apply(c, quantity)
			if !ok && next != c {
				t.Fatalf("a refused move changed %+v into %+v", c, next)
			}
			if err := next.Check(); err != nil {
				t.Fatal(err)
			}
			c = next
		}
	})
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]Ledger{
		"negative":   {Received: 1, Available: 2, Taken: -1},
		"lost":       {Received: 5, Available: 4},
		"multiplied": {Got: 1, Available: 1, Taken: 1},
	} {
		if c.Check() == nil {
			t.Errorf("%s: %+v passes", name, c)
		}
	}
}

func TestWhatIsToldKeepsTheEquationWhateverIsSaidToBeHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(0, 50)
		l := Ledger{Got: units.Draw(t, "got"), Available: units.Draw(t, "available"), Taken: units.Draw(t, "taken"), Given: units.Draw(t, "given")}
		l.Received = l.Available + l.Taken + l.Given - min(l.Got, l.Available+l.Taken+l.Given)
		c := l.told(units.Draw(t, "held"))
		if min(c.Held, c.Consumed) < 0 || c.Held+c.Consumed != l.Taken || c.ledger() != l {
			t.Fatalf("%+v is told as %+v", l, c)
		}
	})
}

func TestMovesAreTheseUpdates(t *testing.T) {
	cases := []struct {
		name              string
		move              Move
		update, condition string
	}{
		{"credit", credit(), "ADD received :q, available :q", ""},
		{"reserve", reserve(), "ADD taken :q, available :minus", "available >= :q"},
		{"release", release(), "ADD available :q, taken :minus", "taken >= :q"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := c.move.update("stock", shardKey("TEA", 0), 3)
			plain := func(s *string) string {
				if s == nil {
					return ""
				}
				return expand(*s, u.ExpressionAttributeNames)
			}
			if got := plain(u.UpdateExpression); got != c.update {
				t.Errorf("update %q, want %q", got, c.update)
			}
			if got := plain(u.ConditionExpression); got != c.condition {
				t.Errorf("condition %q, want %q", got, c.condition)
			}
		})
	}
}

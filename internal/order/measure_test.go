package order

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// measured runs f with metrics and answers the lines that were written.
func measured(t *testing.T, now time.Time, f func(m platform.Metrics)) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	f(platform.Runtime{Clock: clocktest.At(now), Log: slog.New(slog.NewJSONHandler(&out, nil)), Getenv: func(string) string { return "Twofold/test" }}.Metrics())
	var lines []map[string]any
	for text := range strings.Lines(out.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestAnOutcomeIsCountedByWhoWroteIt(t *testing.T) {
	in := decided{}
	in.Order.PlacedAt, in.Order.State = noon.Add(-3*time.Second).UTC().Format(timeForm), fact.StatePlaced
	cases := []struct {
		name string
		fact fact.Fact
		want map[string]any // nil for no line
	}{
		{"confirmed here", fact.Fact{Kind: fact.Confirmed, CommittedBy: east, At: noon}, map[string]any{"OrdersConfirmed": 1.0, "TimeToConfirm": 3000.0}},
		{"committed by the other region", fact.Fact{Kind: fact.Confirmed, CommittedBy: "us-west-2", At: noon}, nil},
		{"rejected", fact.Fact{Kind: fact.Rejected, Reason: "InsufficientStock"}, map[string]any{"OrdersRejected": 1.0, "Reason": "InsufficientStock"}},
		{"rejected in a provider's words", fact.Fact{Kind: fact.Rejected, Reason: "card of Ada Lovelace"}, map[string]any{"OrdersRejected": 1.0, "Reason": "Other"}},
		{"cancelled", fact.Fact{Kind: fact.Cancelled}, map[string]any{"OrdersCancelled": 1.0}},
		{"no outcome", fact.Fact{Kind: fact.ActionRequired}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lines := measured(t, noon, func(m platform.Metrics) { (&saga{region: east, metrics: m}).measure(t.Context(), in, c.fact) })
			if len(lines) != min(1, len(c.want)) {
				t.Fatalf("%d lines", len(lines))
			}
			for name, v := range c.want {
				if lines[0][name] != v {
					t.Errorf("%s is %v, want %v", name, lines[0][name], v)
				}
			}
		})
	}
}

func TestTheTimeThatAShopperTookIsNotCounted(t *testing.T) {
	in := decided{}
	in.Order.PlacedAt, in.Order.State = noon.Add(-time.Hour).UTC().Format(timeForm), fact.StateActionRequired
	if got := confirmation(in, fact.Fact{At: noon}); len(got) != 1 || got[0].Metric != platform.OrdersConfirmed {
		t.Errorf("%+v", got)
	}
}

func TestARepeatedStepIsNotCountedAgain(t *testing.T) {
	lines := measured(t, noon, func(m platform.Metrics) {
		var written standing
		clock := clocktest.At(noon)
		s := &saga{region: east, facts: &written, clock: clock, metrics: m}
		in := decided{}
		in.Order.OrderID, in.Order.Home, in.Payment.Decision, in.Payment.Outcome, in.Payment.Code = "ord_x", east, "cancelled", "rejected", "PaymentDeclined"
		for range 2 {
			if _, err := s.close(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			clock.Add(time.Second)
		}
	})
	if len(lines) != 1 {
		t.Errorf("one fact was counted %d times", len(lines))
	}
}

// standing keeps the first fact of each kind, as the table does.
type standing map[fact.Kind]platform.Item

func (s *standing) append(_ context.Context, f fact.Fact) (platform.Item, error) {
	if *s == nil {
		*s = standing{}
	}
	if item, stands := (*s)[f.Kind]; stands {
		return item, nil
	}
	(*s)[f.Kind] = factItem(f)
	return (*s)[f.Kind], nil
}

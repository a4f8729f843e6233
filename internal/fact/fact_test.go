package fact_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/fact"
	"twofold/internal/money"
)

var regions = []string{"us-east-1", "us-west-2"}

// anyFacts draws facts of one order as the platform can write them: one for each kind and region at most, but of the provider's events
// and of kinds that this version does not know.
func anyFacts(t *rapid.T) []fact.Fact {
	kinds := append(fact.Kinds(), "gift-wrapped", "gift-wrapped", fact.PaymentUpdated)
	var out []fact.Fact
	for i, k := range kinds {
		for _, r := range regions {
			if !rapid.Bool().Draw(t, string(k)+"@"+r) {
				continue
			}
			f := fact.Fact{OrderID: "ord_1", Kind: k, Region: r, Home: r, At: time.Unix(rapid.Int64Range(0, 1e6).Draw(t, "at"), 0),
				CommittedBy: "us-west-2", PlacedRegion: "us-west-2", Reason: "from " + r, URL: "https://" + r}
			if k == fact.PaymentUpdated {
				f.EventID = fmt.Sprintf("evt_%d", i)
			}
			out = append(out, f)
		}
	}
	return out
}

func TestFoldIsTheSameForAnyPermutationAndDuplicates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		want := fact.Fold(facts)
		shuffled := rapid.Permutation(facts).Draw(t, "permutation")
		if len(facts) > 0 {
			shuffled = append(shuffled, rapid.SampledFrom(facts).Draw(t, "duplicate"))
		}
		if got := fact.Fold(shuffled); !reflect.DeepEqual(got, want) {
			t.Fatalf("fold depends on arrival:\n got %+v\nwant %+v", got, want)
		}
	})
}

func TestFoldOfAFoldedSubsetAndTheRestIsTheFoldOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.Permutation(anyFacts(t)).Draw(t, "arrival")
		cut := rapid.IntRange(0, len(facts)).Draw(t, "cut")
		part := fact.Fold(facts[:cut])
		if got, want := fact.Fold(append(part.Timeline, facts[cut:]...)), fact.Fold(facts); !reflect.DeepEqual(got, want) {
			t.Fatalf("fold is not associative:\n got %+v\nwant %+v", got, want)
		}
	})
}

func TestMoreFactsNeverTakeAnOutcomeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.Permutation(anyFacts(t)).Draw(t, "arrival")
		had := false
		for i := range facts {
			has := fact.Fold(facts[:i+1]).HasOutcome()
			if had && !has {
				t.Fatalf("the outcome vanished with %+v", facts[i])
			}
			had = has
		}
	})
}

func TestStateIsThatOfTheStrongestFact(t *testing.T) {
	f := func(k fact.Kind, region string) fact.Fact {
		return fact.Fact{OrderID: "ord_1", Kind: k, Region: region, Home: region, CommittedBy: "us-west-2", PlacedRegion: "us-west-2", Reason: "why " + region}
	}
	east, west := regions[0], regions[1]
	cases := []struct {
		name  string
		facts []fact.Fact
		state fact.State
		home  string
	}{
		{"nothing", nil, fact.StateUnknown, ""},
		{"an outcome whose placed fact has not arrived", []fact.Fact{f(fact.Confirmed, east)}, fact.StateUnknown, ""},
		{"placed", []fact.Fact{f(fact.Placed, west)}, fact.StatePlaced, west},
		{"placed in both", []fact.Fact{f(fact.Placed, west), f(fact.Placed, east)}, fact.StatePlaced, east},
		{"the placed fact that was charged gives the home", []fact.Fact{f(fact.Placed, west), f(fact.Placed, east), f(fact.Confirmed, east)}, fact.StateConfirmed, west},
		{"rejected", []fact.Fact{f(fact.Placed, east), f(fact.Rejected, west)}, fact.StateRejected, east},
		{"cancelled after it was confirmed", []fact.Fact{f(fact.Cancelled, east), f(fact.Placed, east), f(fact.Confirmed, east)}, fact.StateCancelled, east},
		{"a provider's event", []fact.Fact{f(fact.Placed, east), f(fact.PaymentUpdated, east)}, fact.StatePlaced, east},
		{"dispatched", []fact.Fact{f(fact.Placed, east), f(fact.Confirmed, east), f(fact.Dispatched, west)}, fact.StateDispatched, east},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := fact.Fold(c.facts)
			if got.State != c.state || got.Home != c.home {
				t.Errorf("got %s with home %q, want %s with home %q", got.State, got.Home, c.state, c.home)
			}
		})
	}
}

func TestACancelRequestIsOpenUntilItIsAnswered(t *testing.T) {
	placed := fact.Fact{OrderID: "ord_1", Kind: fact.Placed, Region: "us-east-1", Home: "us-east-1"}
	with := func(kinds ...fact.Kind) []fact.Fact {
		out := []fact.Fact{placed}
		for _, k := range kinds {
			out = append(out, fact.Fact{OrderID: "ord_1", Kind: k, Region: "us-east-1", Home: "us-east-1"})
		}
		return out
	}
	open := [][]fact.Kind{{fact.CancelRequested}, {fact.CancelRequested, fact.Confirmed}}
	answered := [][]fact.Kind{{}, {fact.CancelRequested, fact.Cancelled}, {fact.CancelRequested, fact.Rejected},
		{fact.CancelRequested, fact.Confirmed, fact.CancelRefused}, {fact.CancelRequested, fact.Confirmed, fact.Dispatched}}
	for _, kinds := range open {
		if !fact.Fold(with(kinds...)).CancelOpen {
			t.Errorf("%v: the request is not open", kinds)
		}
	}
	for _, kinds := range answered {
		if fact.Fold(with(kinds...)).CancelOpen {
			t.Errorf("%v: the request is open", kinds)
		}
	}
}

func TestTheProvidersEventsAreKeptApartByTheirIds(t *testing.T) {
	event := func(region, id string) fact.Fact {
		return fact.Fact{OrderID: "ord_1", Kind: fact.PaymentUpdated, Region: region, EventID: id}
	}
	facts := []fact.Fact{event("us-east-1", "evt_2"), event("us-east-1", "evt_1"), event("us-west-2", "evt_1"), event("us-east-1", "evt_2")}
	if got := fact.Fold(facts).Timeline; len(got) != 3 {
		t.Errorf("%d facts, want 3: %+v", len(got), got)
	}
}

func TestAnOrderCostsWhatWasChargedAlsoWhenThePlacedFactOfThatIsLost(t *testing.T) {
	eur := func(n int64) money.Money { return money.Money{Amount: n, Currency: "EUR"} }
	own := fact.Fact{OrderID: "ord_1", Kind: fact.Placed, Region: "us-west-2", Home: "us-west-2", Amount: eur(1480)}
	lost := fact.Fact{OrderID: "ord_1", Kind: fact.Placed, Region: "us-east-1", Home: "us-east-1", Amount: eur(1280)}
	confirmed := fact.Fact{OrderID: "ord_1", Kind: fact.Confirmed, Region: "us-west-2", CommittedBy: "us-west-2", PlacedRegion: "us-east-1", Amount: eur(1280)}
	before := confirmed
	before.Amount = money.Money{} // a version that did not write it
	for want, facts := range map[int64][][]fact.Fact{1480: {{own}, {own, before}}, 1280: {{own, confirmed}, {own, lost, confirmed}, {own, lost, before}}} {
		for _, set := range facts {
			if got := fact.Fold(set).Amount; got != eur(want) {
				t.Errorf("got %+v, want %d: %+v", got, want, set)
			}
		}
	}
}

func TestACancelledFactNamesTheCommitterBeforeTheConfirmedOneArrives(t *testing.T) {
	placed := fact.Fact{OrderID: "ord_1", Kind: fact.Placed, Region: "us-east-1", Home: "us-east-1"}
	cancelled := fact.Fact{OrderID: "ord_1", Kind: fact.Cancelled, Region: "us-east-1", Home: "us-east-1", CommittedBy: "us-west-2"}
	never := cancelled
	never.CommittedBy = ""
	if got := fact.Fold([]fact.Fact{placed, cancelled}).CommittedBy; got != "us-west-2" {
		t.Errorf("committed by %q", got)
	}
	if got := fact.Fold([]fact.Fact{placed, never}).CommittedBy; got != "" {
		t.Errorf("an order that was called off before it was committed is committed by %q", got)
	}
}

func TestGoodsThatHaveLeftAreNoOutcomeUntilItIsSeenWhoCommitted(t *testing.T) {
	placed := fact.Fact{OrderID: "ord_1", Kind: fact.Placed, Region: "us-east-1", Home: "us-east-1"}
	confirmed := fact.Fact{OrderID: "ord_1", Kind: fact.Confirmed, Region: "us-east-1", CommittedBy: "us-east-1", PlacedRegion: "us-east-1"}
	for _, kind := range []fact.Kind{fact.Dispatched, fact.Delivered} {
		left := fact.Fact{OrderID: "ord_1", Kind: kind, Region: "us-west-2"}
		if o := fact.Fold([]fact.Fact{placed, left}); o.HasOutcome() || o.State == fact.StatePlaced {
			t.Errorf("%s alone: %s, outcome %v", kind, o.State, o.HasOutcome())
		}
		if o := fact.Fold([]fact.Fact{placed, left, confirmed}); !o.HasOutcome() || o.CommittedBy == "" {
			t.Errorf("%s and confirmed: outcome %v by %q", kind, o.HasOutcome(), o.CommittedBy)
		}
	}
}

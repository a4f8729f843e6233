package promises_test

import (
	"strings"
	"testing"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/local/promises"
)

const east, west = "us-east-1", "us-west-2"

// kept is a view of two orders, one sold and one rejected, in which every promise holds.
func kept() promises.View {
	placed := func(id string) fact.Fact {
		return fact.Fact{OrderID: id, Kind: fact.Placed, Region: east, Home: east, Amount: money.Money{Amount: 790, Currency: "EUR"}, Lines: []fact.Line{{SKU: "TEA", Quantity: 1, UnitAmount: 790}}}
	}
	facts := func() []fact.Fact {
		return []fact.Fact{placed("ord_1"), placed("ord_2"),
			{OrderID: "ord_1", Kind: fact.Confirmed, Region: east, Home: east, CommittedBy: east, PlacedRegion: east},
			{OrderID: "ord_2", Kind: fact.Rejected, Region: east, Home: east, Reason: "PaymentDeclined"}}
	}
	return promises.View{
		Regions:     []string{east, west},
		Facts:       map[string][]fact.Fact{east: facts(), west: facts()},
		Stock:       map[string][]promises.Counters{east: {{SKU: "TEA", Received: 5, Available: 4, Consumed: 1, Taken: 1}}, west: {{SKU: "TEA", Received: 5, Available: 5}}},
		Held:        map[string]int{},
		Intents:     []promises.Intent{{OrderID: "ord_1", Status: "succeeded", CommittedBy: east, Captured: 790, Captures: 1}, {OrderID: "ord_2", Status: "canceled"}},
		Shipments:   []promises.Shipment{{OrderID: "ord_1", Status: "released"}},
		Mails:       []promises.Mail{{"ord_1", "confirmed", east}, {"ord_2", "rejected", east}},
		DeadLetters: map[string]int{"mails-dead": 0},
		Accepted:    []string{"ord_1", "ord_2"},
	}
}

func TestEveryPromiseHoldsWhereNothingIsWrong(t *testing.T) {
	for _, r := range promises.Check(kept()) {
		for _, b := range r.Broken {
			t.Errorf("%s: %s", r.Name, b)
		}
	}
}

// Each promise is broken on purpose: a check that cannot fail would not be one.
func TestEachPromiseCanBreak(t *testing.T) {
	cases := map[string]struct {
		promise string
		breakIt func(v *promises.View)
	}{
		"an accepted order is lost":     {"accepted", func(v *promises.View) { v.Accepted = append(v.Accepted, "ord_3") }},
		"an order has no outcome":       {"accepted", func(v *promises.View) { v.Facts[west] = v.Facts[west][:3] }},
		"the regions disagree":          {"same outcome", func(v *promises.View) { v.Facts[west][3].Kind = fact.Cancelled }},
		"charged but not confirmed":     {"charged once", func(v *promises.View) { v.Intents[1].Captured = 790 }},
		"confirmed but not charged":     {"charged once", func(v *promises.View) { v.Intents[0].Captured = 0 }},
		"charged twice":                 {"charged once", func(v *promises.View) { v.Intents[0].Captures = 2 }},
		"money of an unknown order":     {"charged once", func(v *promises.View) { v.Intents[1].OrderID, v.Intents[1].Captured = "ord_9", 1 }},
		"stock that came from nowhere":  {"received + got", func(v *promises.View) { v.Stock[west][0].Available = 6 }},
		"a negative term":               {"received + got", func(v *promises.View) { v.Stock[west][0].Available, v.Stock[west][0].Held = 6, -1 }},
		"taken and not reserved":        {"received + got", func(v *promises.View) { v.Stock[east][0].Taken = 2 }},
		"sold and not consumed":         {"units sold", func(v *promises.View) { v.Stock[east][0].Available, v.Stock[east][0].Consumed = 5, 0 }},
		"a reservation left over":       {"held", func(v *promises.View) { v.Held[west] = 1 }},
		"confirmed and not handed over": {"carrier", func(v *promises.View) { v.Shipments[0].Status = "booked" }},
		"rejected and handed over":      {"carrier", func(v *promises.View) { v.Shipments[0].OrderID = "ord_2" }},
		"a mail twice":                  {"mail", func(v *promises.View) { v.Mails = append(v.Mails, v.Mails[0]) }},
		"a mail missing":                {"mail", func(v *promises.View) { v.Mails = v.Mails[:1] }},
		"a mail that no fact bears out": {"mail", func(v *promises.View) { v.Mails = append(v.Mails, promises.Mail{"ord_1", "rejected", east}) }},
		"a mail from the wrong region":  {"mail", func(v *promises.View) { v.Mails[0].Region = west }},
		"sold without any stock":        {"units sold", func(v *promises.View) { v.Stock = nil }},
		"dispatched without a commit": {"accepted", func(v *promises.View) {
			for _, r := range v.Regions {
				v.Facts[r][2].Kind, v.Facts[r][2].CommittedBy = fact.Dispatched, ""
			}
		}},
		"a replicated write beat another":    {"beat a different", func(v *promises.View) { v.Conflicts = []string{"x"} }},
		"replicas differ":                    {"replicas", func(v *promises.View) { v.Differences = []string{"x"} }},
		"a dead letter":                      {"dead-letter", func(v *promises.View) { v.DeadLetters["mails-dead"] = 1 }},
		"a denied call":                      {"denied", func(v *promises.View) { v.Denied = []string{"x", "x"} }},
		"a dropped delivery":                 {"dropped", func(v *promises.View) { v.Dropped = []string{"x"} }},
		"the local cloud itself has a fault": {"no failure", func(v *promises.View) { v.Failures = []string{"x"} }},
		"an event is not as its schema says": {"as its schema says", func(v *promises.View) { v.Invalid = []string{"x"} }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := kept()
			c.breakIt(&v)
			results := promises.Check(v)
			if promises.Held(results) {
				t.Fatal("every promise holds")
			}
			for _, r := range results {
				if strings.Contains(r.Name, c.promise) && len(r.Broken) > 0 {
					return
				}
			}
			t.Errorf("broken is something else: %+v", results)
		})
	}
}

// What a region that is lost for good sold and mailed is not asked for; what the other one did is.
func TestARegionLostForGoodIsExcused(t *testing.T) {
	gone := func() promises.View {
		v := kept()
		v.Gone, v.Regions, v.Mails = east, []string{west}, nil
		delete(v.Facts, east)
		delete(v.Stock, east)
		return v
	}
	for _, r := range promises.Check(gone()) {
		for _, b := range r.Broken {
			t.Errorf("%s: %s", r.Name, b)
		}
	}
	v := gone()
	v.Facts[west][2].CommittedBy = west
	if promises.Held(promises.Check(v)) {
		t.Error("what the survivor sold need not be consumed, nor mailed")
	}
}

package simulation

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// sagaState is what is known of a Task state beside the machine's file.
type sagaState struct {
	undoneBy []string // the states that undo what it does: before the commit, after it
	none     string   // why nothing has to undo it
	story    string   // a story whose orders meet it
}

// saga names every Task state. A state that is added to the file has to be added here, with what undoes it.
var saga = map[string]sagaState{
	"LoadOrder":        {none: "it only reads", story: "paid"},
	"ReserveStock":     {undoneBy: []string{"ReleaseStock", "ReturnStock"}, story: "paid"},
	"AuthorizePayment": {undoneBy: []string{"VoidPayment", "RefundPayment"}, story: "paid"},
	"RequireAction":    {none: "it tells the shopper where to go; after half an hour VoidPayment ends what it began", story: "authenticated"},
	"BookShipment":     {undoneBy: []string{"CancelShipment", "StopShipment"}, story: "paid"},
	"CapturePayment":   {undoneBy: []string{"RefundPayment"}, story: "paid"},
	"ConfirmOrder":     {undoneBy: []string{"CancelOrder"}, story: "paid"},
	"ReleaseShipment":  {undoneBy: []string{"StopShipment"}, story: "paid"},
	"SettleStock":      {undoneBy: []string{"ReturnStock"}, story: "paid"},
	"StopShipment":     {none: "it undoes BookShipment and ReleaseShipment, and the carrier decides whether it comes in time", story: "called off"},
	"RefundPayment":    {none: "it undoes CapturePayment and AuthorizePayment", story: "called off"},
	"CancelOrder":      {none: "it undoes ConfirmOrder", story: "called off"},
	"ReturnStock":      {none: "it undoes ReserveStock", story: "called off"},
	"RefuseCancel":     {none: "it is an answer", story: "called off too late"},
	"VoidPayment":      {none: "it undoes AuthorizePayment", story: "undeliverable"},
	"CancelShipment":   {none: "it undoes BookShipment", story: "undeliverable"},
	"ReleaseStock":     {none: "it undoes ReserveStock", story: "undeliverable"},
	"CloseOrder":       {none: "it writes down what VoidPayment decided", story: "undeliverable"},
}

func isCompensation(name string) bool {
	for _, s := range saga {
		if slices.Contains(s.undoneBy, name) {
			return true
		}
	}
	return false
}

func TestEveryStateOfTheSagaHasACompensationOrNeedsNone(t *testing.T) {
	file := tasks(t)
	for name := range file {
		if s := saga[name]; (len(s.undoneBy) == 0) == (s.none == "") {
			t.Errorf("%s: name in the table saga the states that undo it, or say why none has to", name)
		} else if stories[s.story] == nil {
			t.Errorf("%s: there is no story %q whose orders meet it", name, s.story)
		}
	}
	for name, s := range saga {
		for _, state := range append([]string{name}, s.undoneBy...) {
			if _, ok := file[state]; !ok {
				t.Errorf("the table saga names %s, which the machine does not have", state)
			}
		}
	}
}

// stories are the ways that an order can go. Each changes an order that is paid, picked up and delivered; n is its number.
var stories = map[string]func(p *Purchase, n int){
	"paid":                func(*Purchase, int) {},
	"declined":            func(p *Purchase, _ int) { p.Card = declinedCard },
	"undeliverable":       func(p *Purchase, _ int) { p.Postcode = "UNDELIVERABLE" },
	"sold out":            func(p *Purchase, _ int) { p.Lines = []Line{{"RARE-1", 5}} },
	"from the other":      func(p *Purchase, n int) { p.Lines = []Line{{fmt.Sprintf("ONESIDED-%d", n%2+1), 3}} },
	"authenticated":       func(p *Purchase, _ int) { p.Card, p.Bank, p.Thinks = bankCard, "pass", 20*time.Second },
	"not authenticated":   func(p *Purchase, _ int) { p.Card, p.Bank, p.Thinks = bankCard, "fail", 20*time.Second },
	"never authenticated": func(p *Purchase, _ int) { p.Card, p.Bank = bankCard, "never" },
	"asked for twice":     func(p *Purchase, _ int) { p.Again = &Visit{time.Second, other(p.Region)} },
	"cancelled at once":   func(p *Purchase, _ int) { p.PickUp, p.Cancel = 0, &Visit{time.Duration(1), other(p.Region)} },
	"called off":          func(p *Purchase, _ int) { p.PickUp, p.Cancel = 0, &Visit{15 * time.Second, p.Region} },
	"called off too late": func(p *Purchase, n int) {
		p.PickUp, p.Customer, p.Cancel = 0, fmt.Sprintf("late-%d", n), &Visit{15 * time.Second, p.Region}
	},
}

// twoRegions are those that samconfig.toml deploys.
var twoRegions = []string{"us-east-1", "us-west-2"}

func other(region string) string { return twoRegions[1-slices.Index(twoRegions, region)] }

// storyPlan has one order of every story, and many of one. The fault that comes with them lasts for three minutes.
func storyPlan(often string, times int) Plan {
	east, west := twoRegions[0], twoRegions[1]
	plan := Plan{Seed: 1, Lasts: 3 * time.Minute, Products: []Product{
		{"COLD-1", 790, map[string]int64{east: 200, west: 200}}, {"RARE-1", 4900, map[string]int64{east: 1, west: 1}},
		{"ONESIDED-1", 1250, map[string]int64{east: 50}}, {"ONESIDED-2", 1250, map[string]int64{west: 50}},
	}}
	names := slices.Repeat([]string{often}, times)
	for name := range stories {
		names = append(names, name)
	}
	slices.Sort(names)
	for n, name := range names {
		p := Purchase{N: n, Customer: fmt.Sprintf("customer-%d", n), Key: fmt.Sprintf("key-%d", n), At: time.Duration(n) * 2 * time.Second, Region: twoRegions[n%2],
			Lines: []Line{{"COLD-1", 2}}, Card: goodCard, Postcode: "SW1Y 4JH", PickUp: 10 * time.Second, Deliver: 10 * time.Second}
		stories[name](&p, n)
		plan.Purchases = append(plan.Purchases, p)
	}
	return plan
}

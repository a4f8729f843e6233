package cost

import (
	"cmp"
	"errors"
	"slices"

	"twofold/local/core"
	"twofold/local/world"
)

// Bill is what one order of a story takes and what that costs.
type Bill struct {
	Story Story
	Units map[core.Unit]float64 // of one order
	parts map[core.Part]float64
	calls map[string]float64
}

// Line is a unit of a bill.
type Line struct {
	Price
	Units   float64 // of one order
	Million float64 // US dollars for a million orders
}

// Lines are the units that the story takes, in the order of the price list.
func (b Bill) Lines() []Line {
	var out []Line
	for _, p := range Prices() {
		if n := b.Units[p.Unit]; n > 0 {
			out = append(out, Line{p, n, n * p.Dollars * million})
		}
	}
	return out
}

// Total is what a million orders cost, without mails.
func (b Bill) Total() float64 { return b.sum(func(p Price) bool { return p.Service != mailService }) }

// Mails is what their mails cost.
func (b Bill) Mails() float64 { return b.sum(func(p Price) bool { return p.Service == mailService }) }

// Service is what one service takes of it.
func (b Bill) Service(name string) float64 {
	return b.sum(func(p Price) bool { return p.Service == name })
}

func (b Bill) sum(which func(Price) bool) float64 {
	var out float64
	for _, p := range Prices() {
		if which(p) {
			out += b.Units[p.Unit] * p.Dollars * million
		}
	}
	return out
}

// Share is a part of a bill with its units for one order.
type Share struct {
	Name  string
	Units float64
}

// Parts are who took units of a kind, the most first.
func (b Bill) Parts(unit core.Unit) []Share {
	out := map[string]float64{}
	for p, n := range b.parts {
		if p.Unit == unit {
			out[short(p.Subject)] += n
		}
	}
	return shares(out)
}

// Calls are who called what, the most first. Calls that orders only make more often in a batch have less than one.
func (b Bill) Calls() []Share { return shares(b.calls) }

func shares(in map[string]float64) []Share {
	const noise = 0.02
	var out []Share
	for name, n := range in {
		if n > noise {
			out = append(out, Share{name, n})
		}
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(-cmp.Compare(round(a.Units), round(b.Units)), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Report is everything that was measured.
type Report struct {
	Bills []Bill
	Idle  map[core.Unit]float64 // of an hour without orders, both regions together
	Fixed []Fixed
}

// Measure plays every story, and prices what a deployment has. root is the repository.
func Measure(root string) (Report, error) {
	p, err := world.Prepare(root)
	if err != nil {
		return Report{}, err
	}
	var out Report
	var without reading
	var failed error
	for _, s := range Stories() {
		idle := without
		if without.units == nil || s.During != nil || s.Overrides != nil {
			if idle, err = measure(p, s, 0); err != nil {
				return Report{}, err
			}
		}
		if without.units == nil {
			without = idle
		}
		with, err := measure(p, s, s.orders())
		failed = errors.Join(failed, err)
		one := with.less(idle).of(s.orders())
		out.Bills = append(out.Bills, Bill{s, one.units, one.parts, one.calls})
	}
	hours := window(Story{}).Hours()
	out.Idle = map[core.Unit]float64{}
	for unit, n := range without.units {
		out.Idle[unit] = n / hours
	}
	out.Fixed, err = fixed(root)
	return out, errors.Join(failed, err)
}

// Bill is the bill of a story by name.
func (r Report) Bill(story string) Bill {
	i := slices.IndexFunc(r.Bills, func(b Bill) bool { return b.Story.Name == story })
	if i < 0 {
		return Bill{}
	}
	return r.Bills[i]
}

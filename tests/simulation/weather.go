package simulation

import (
	"fmt"
	"slices"
	"sort"
	"time"
)

// Change is what an event of the weather does.
type Change string

// A region is lost with its work where it stands, and comes back with its stores; the link between the regions is cut, both sides alive,
// and heals. One that is lost for good leaves its stores and what they had not replicated behind.
const (
	LoseRegion    Change = "lose"
	LoseForGood   Change = "lose for good"
	RestoreRegion Change = "restore"
	CutLink       Change = "cut"
	HealLink      Change = "heal"
)

// Event is a change of the weather, after the opening of the shop.
type Event struct {
	At     time.Duration
	Change Change
	Region string // of all but the link's
}

func (e Event) String() string {
	return fmt.Sprintf("%s %s %s", e.At.Round(time.Millisecond), e.Change, e.Region)
}

// weather loses a region at least once while orders come in, for seconds or for longer than any sweep waits, perhaps the other one after it,
// and cuts the link now and then. Never are both regions lost at once.
func weather(d dice, regions []string) ([]Event, time.Duration) {
	var out []Event
	at := d.upTo(openFor)
	for n := range pick(d, 1, 1, 2) {
		if n > 0 {
			at += time.Minute + d.upTo(10*time.Minute)
		}
		lost, back := pick(d, regions...), at+time.Second+d.upTo(pick(d, 30*time.Second, 5*time.Minute, 25*time.Minute, 90*time.Minute))
		out = append(out, Event{at, LoseRegion, lost}, Event{back, RestoreRegion, lost})
		at = back
	}
	if d.chance(2) {
		cut := d.upTo(openFor)
		healed := cut + time.Second + d.upTo(pick(d, 30*time.Second, 12*time.Minute))
		out = append(out, Event{At: cut, Change: CutLink}, Event{At: healed, Change: HealLink})
		at = max(at, healed)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].At < out[j].At })
	return out, max(at, openFor)
}

// fewOrders is how many a shop takes whose other region is away for a day: it is the sweeps that such a history is about.
const fewOrders = 12

// rare gives some seeds a weather of their own: one in 25 loses a region for good while orders come in, one in 50 has it away for longer than
// streams or idempotency keys last. What it draws is its own, so that all other seeds are the plans that they would be without.
func rare(p *Plan, regions []string) {
	d := newDice(p.Seed ^ 0x7261_7265)
	kind, lost := d.IntN(50), Event{time.Second + d.upTo(openFor), LoseRegion, pick(d, regions...)}
	switch {
	case kind < 2:
		lost.Change = LoseForGood
		cuts := slices.DeleteFunc(p.Weather, func(e Event) bool { return e.Change != CutLink && e.Change != HealLink })
		p.Weather, p.Lasts = append(cuts, lost), openFor
	case kind == 2:
		back := lost
		back.Change, back.At = RestoreRegion, lost.At+13*time.Hour+d.upTo(17*time.Hour)
		p.Weather, p.Lasts, p.Purchases = []Event{lost, back}, back.At, p.Purchases[:fewOrders]
	}
	sort.SliceStable(p.Weather, func(i, j int) bool { return p.Weather[i].At < p.Weather[j].At })
	for _, e := range p.Weather {
		p.Lasts = max(p.Lasts, e.At)
	}
}

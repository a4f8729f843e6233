package simulation

import (
	"fmt"
	"sort"
	"time"
)

// Change is what an event of the weather does.
type Change string

// A region is lost with its work where it stands, and comes back with its stores; the link between the regions is cut, both sides alive,
// and heals.
const (
	LoseRegion    Change = "lose"
	RestoreRegion Change = "restore"
	CutLink       Change = "cut"
	HealLink      Change = "heal"
)

// Event is a change of the weather, after the opening of the shop.
type Event struct {
	At     time.Duration
	Change Change
	Region string // of LoseRegion and RestoreRegion
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
		lost, back := pick(d, regions...), at+time.Second+d.upTo(pick(d, 30*time.Second, 5*time.Minute, 25*time.Minute))
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

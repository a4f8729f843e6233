package world

import (
	"sync/atomic"
	"time"

	"twofold/local/core"
)

// weather is what goes wrong at the moment, and what chooses it. It draws from a stream of its own, so that what is ordered and what
// goes wrong do not depend on each other more than they must.
type weather struct {
	faults *core.Faults
	rand   *core.Rand
	rates  atomic.Pointer[FaultRates] // nil: none
	skew   atomic.Pointer[map[string]time.Duration]
	lag    atomic.Int64 // of replication, without what rates add to it
}

func newWeather(faults *core.Faults, seed uint64, lag time.Duration) *weather {
	w := &weather{faults: faults, rand: core.NewRand(seed ^ 0x77ea7)}
	w.lag.Store(int64(lag))
	faults.DrawLag(func() time.Duration { return time.Duration(w.lag.Load()) })
	return w
}

// hits draws whether a fault hits somebody, and counts it as "who what". Without a rate nothing is drawn.
func (w *weather) hits(rate float64, who, what string) bool {
	if rate <= 0 || w.rand.Float64() >= rate {
		return false
	}
	w.faults.Count(who + " " + what)
	return true
}

// upTo draws a duration.
func (w *weather) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(w.rand.Float64() * float64(most))
}

// SetFaults sets how often things go wrong from now on.
func (w *World) SetFaults(r FaultRates) {
	w.weather.rates.Store(&r)
	w.setSkew(r.Skew)
	w.setLag(r)
	w.setProviders(r)
}

// Heal ends every fault: the rates, those injected into providers and webhooks, cut links, skewed clocks, and loss of regions but not
// for good.
func (w *World) Heal() {
	w.SetFaults(FaultRates{})
	w.svc.stripe.ClearFaults()
	w.svc.carrier.ClearFaults()
	for i, a := range w.regions {
		for _, b := range w.regions[i+1:] {
			w.HealLink(a, b)
		}
		if w.cloud.Faults.Region(a) == core.Lost {
			w.RestoreRegion(a)
		}
	}
	w.svc.webhooks.stripe.ClearFaults()
	w.svc.webhooks.carrier.ClearFaults()
}

// FaultCounts are the injected faults so far by kind, e.g. "dynamodb throttled"; also regions lost and links cut.
func (w *World) FaultCounts() map[string]int { return w.cloud.Faults.Counts() }

// LoseRegion takes a region away: its processes are killed, its endpoints refuse, its work stops where it stands.
func (w *World) LoseRegion(region string) { w.lose(region, core.Lost) }

// LoseRegionForGood is LoseRegion without a way back: its tasks end, and what it had not replicated is lost with its stores.
func (w *World) LoseRegionForGood(region string) { w.lose(region, core.Gone) }

func (w *World) lose(region string, state core.RegionState) {
	w.cloud.Faults.Count("region " + state.String())
	w.cloud.Journal.Add(core.Entry{Region: region, Kind: core.KindFault, Subject: region, Detail: state.String()})
	w.cloud.Faults.SetRegion(region, state)
	w.svc.runner.KillRegion(region)
}

// RestoreRegion brings a lost region back with its stores as they were.
func (w *World) RestoreRegion(region string) {
	w.cloud.Journal.Add(core.Entry{Region: region, Kind: core.KindFault, Subject: region, Detail: core.Up.String()})
	w.cloud.Faults.SetRegion(region, core.Up)
}

// CutLink cuts the link between two regions; both go on alone.
func (w *World) CutLink(a, b string) {
	w.cloud.Faults.Count("link cut")
	w.cloud.Journal.Add(core.Entry{Kind: core.KindFault, Subject: a + " " + b, Detail: "cut"})
	w.cloud.Faults.SetCut(a, b, true)
}

// HealLink ends CutLink.
func (w *World) HealLink(a, b string) {
	w.cloud.Journal.Add(core.Entry{Kind: core.KindFault, Subject: a + " " + b, Detail: "healed"})
	w.cloud.Faults.SetCut(a, b, false)
}

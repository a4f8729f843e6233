package world

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// FaultRates says how often things go wrong while they are set: each rate is a chance between 0, never, and 1, always. The zero value
// is fair weather. Every fault that hits is counted by kind (see [World.FaultCounts]).
type FaultRates struct {
	// Each call to an AWS service, by a function or by another service; not the operator's.
	Throttled  float64 // refused as one too many, without effect, in the words of the service
	Failed     float64 // refused with a 5xx, without effect
	AnswerLost float64 // done, but the caller hears nothing: the connection closes, or a 5xx between services

	// Each request that a function makes. In a simulated world only.
	KilledBefore float64 // the function dies before its request is sent
	KilledAfter  float64 // it dies when its request is done and before it has read the answer

	// Each delivery by a bus, a pipe, a schedule or a queue.
	Doubled     float64       // made twice, the second time up to LateBy later: a message in a queue, a started execution, an invocation
	Late        float64       // made up to LateBy late
	LateBy      time.Duration // the longest
	Repeated    float64       // a batch of a stream is put onto the bus twice
	Redelivered float64       // a message of a queue is received again although it was deleted

	// Each request to a provider.
	ProviderUnreachable float64       // no connection: it did not take effect
	ProviderLost        float64       // it took effect, and the connection closes without an answer
	ProviderSlow        float64       // it takes effect late, up to ProviderSlowBy
	ProviderLate        float64       // it takes effect at once, and the answer comes late, up to ProviderSlowBy
	ProviderSlowBy      time.Duration // the longest
	ProviderRefused     float64       // 429, lock time-out or 5xx, without effect

	// Each webhook.
	WebhookLate   float64
	WebhookLateBy time.Duration // the longest
	WebhookTwice  float64

	// Each hop of a request, on top of [Latency]. In a simulated world only.
	SlowHop   float64
	SlowHopBy time.Duration // the longest

	// Each replicated change, on top of Options.Lag: it takes up to LagSpread longer, a few up to LongLagBy. Changes of one item keep
	// their order, others overtake each other.
	LagSpread time.Duration
	LongLag   float64
	LongLagBy time.Duration

	// How far a region's clock may be off, as its functions see it. In a simulated world only.
	Skew time.Duration
}

// DrawFaults mixes a weather by the seed: of each kind none, a little or much.
func DrawFaults(seed uint64) FaultRates {
	d := rand.New(rand.NewPCG(seed, 0xfa017))
	rate := func(most float64) float64 {
		switch d.IntN(3) {
		case 0:
			return 0
		case 1:
			return most / 8 * d.Float64()
		}
		return most * d.Float64()
	}
	by := func(most time.Duration) time.Duration {
		return time.Duration(d.Int64N(int64(most))).Truncate(time.Millisecond)
	}
	return FaultRates{
		Throttled: rate(0.02), Failed: rate(0.02), AnswerLost: rate(0.02), KilledBefore: rate(0.01), KilledAfter: rate(0.01),
		Doubled: rate(0.15), Late: rate(0.1), LateBy: by(time.Minute), Repeated: rate(0.1), Redelivered: rate(0.1),
		ProviderUnreachable: rate(0.05), ProviderLost: rate(0.05), ProviderSlow: rate(0.03), ProviderLate: rate(0.03), ProviderSlowBy: by(20 * time.Second),
		ProviderRefused: rate(0.05), WebhookLate: rate(0.3), WebhookLateBy: by(5 * time.Minute), WebhookTwice: rate(0.3),
		SlowHop: rate(0.01), SlowHopBy: by(2 * time.Second), LagSpread: by(3 * time.Second), LongLag: rate(0.05), LongLagBy: by(2 * time.Minute),
		Skew: by(3 * time.Second),
	}
}

// String lists what is not zero: "Throttled=0.0104 LateBy=12.5s ...".
func (r FaultRates) String() string {
	var out []string
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			continue
		}
		value := fmt.Sprint(v.Field(i).Interface())
		if f, ok := v.Field(i).Interface().(float64); ok {
			value = fmt.Sprintf("%.4f", f)
		}
		out = append(out, v.Type().Field(i).Name+"="+value)
	}
	if len(out) == 0 {
		return "no faults"
	}
	return strings.Join(out, " ")
}

// Latency is how long a request is on its way, each way: between half and one and a half of these. The zero value is no time at all.
type Latency struct {
	Region   time.Duration // inside a region
	Peer     time.Duration // from one region to the other
	Provider time.Duration // to a provider
	Client   time.Duration // from outside to a region's API

	Compute time.Duration // what each invocation takes of a whole CPU, of which a function has MemorySize/1769; exactly this
}

// UsualLatency is what one sees between AWS's regions on two coasts of a continent.
func UsualLatency() Latency {
	return Latency{Region: time.Millisecond, Peer: 32 * time.Millisecond, Provider: 40 * time.Millisecond, Client: 20 * time.Millisecond}
}

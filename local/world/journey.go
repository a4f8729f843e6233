package world

import (
	"context"
	"net/http"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/lambda/simulated"
)

// fate is what becomes of a request on the simulated network.
type fate int

const (
	arrives     fate = iota
	diesBefore       // the function that makes it dies before it is sent
	diesAfter        // the function dies when it is done
	unreachable      // it does not arrive
	answerLost       // it is done, and nobody hears of it
)

// journey is a request's way, drawn before it sets out.
type journey struct {
	ctx                     context.Context // of its task
	inside                  bool            // to the cloud, not to a provider or from outside to an API
	there, slow, late, back time.Duration
	fate                    fate
}

// journey draws how a request fares.
func (n *simNetwork) journey(r *http.Request) journey {
	if r.URL.Host == hostAWS+domain {
		return n.insideCall(r.Context(), regionOfCall(r))
	}
	// What is outside the cloud goes on whatever becomes of the caller's region.
	j := journey{ctx: core.WithRegion(context.WithoutCancel(r.Context()), "")}
	hop := n.latency.Client
	if name := strings.TrimSuffix(r.URL.Host, domain); name == hostStripe || name == hostCarrier {
		hop = n.latency.Provider
		n.weather.provider(name, &j)
	}
	n.weather.killer(r.Context(), &j)
	j.there, j.back = n.weather.hop(hop), n.weather.hop(hop)
	return j
}

// insideCall draws how a call to AWS in a region fares.
func (n *simNetwork) insideCall(ctx context.Context, region string) journey {
	j := journey{ctx: context.WithoutCancel(ctx), inside: true}
	hop := n.latency.Region
	if from := core.RegionOf(ctx); from != "" && from != region {
		hop = n.latency.Peer
	}
	n.weather.killer(ctx, &j)
	j.there, j.back = n.weather.hop(hop), n.weather.hop(hop)
	return j
}

// regionOfCall is the region that a call of the SDK is signed for.
func regionOfCall(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := strings.SplitN(scope, "/", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2]
}

// hop draws how long a request is on its way.
func (w *weather) hop(usual time.Duration) time.Duration {
	var d time.Duration
	if usual > 0 {
		d = usual/2 + w.upTo(usual)
	}
	if r := w.rates.Load(); r != nil && w.hits(r.SlowHop, "slow", "hop") {
		d += w.upTo(r.SlowHopBy)
	}
	return d.Truncate(time.Microsecond)
}

// provider draws what a provider does wrong.
func (w *weather) provider(name string, j *journey) {
	r := w.rates.Load()
	switch {
	case r == nil:
	case w.hits(r.ProviderUnreachable, name, "unreachable"):
		j.fate = unreachable
	case w.hits(r.ProviderLost, name, "did it, answer lost"):
		j.fate = answerLost
	}
	if r != nil && w.hits(r.ProviderSlow, name, "slow") {
		j.slow = w.upTo(r.ProviderSlowBy)
	}
	if r != nil && w.hits(r.ProviderLate, name, "answered late") {
		j.late = w.upTo(r.ProviderSlowBy)
	}
}

// killer draws whether the function that makes a request dies of it.
func (w *weather) killer(ctx context.Context, j *journey) {
	r := w.rates.Load()
	if r == nil || r.KilledBefore+r.KilledAfter <= 0 || !simulated.Running(ctx) {
		return
	}
	switch {
	case w.hits(r.KilledBefore, "function", "killed before a call"):
		j.fate = diesBefore
	case w.hits(r.KilledAfter, "function", "killed after a call"):
		j.fate = diesAfter
	}
}

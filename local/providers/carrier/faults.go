package carrier

import (
	"context"
	"net/http"
	"time"

	"twofold/local/core"
)

// FaultKind is what goes wrong with a request.
type FaultKind int

// Slow delays a request before its effect, LateAnswer after it. LoseAnswer closes the connection after
// the effect, Unreachable before it. RateLimit (429) and Unavailable (503) refuse without an effect.
const (
	None FaultKind = iota
	Slow
	LateAnswer
	LoseAnswer
	Unreachable
	RateLimit
	Unavailable
)

func (k FaultKind) String() string {
	return [...]string{"none", "slow", "answered late", "did it, answer lost", "unreachable", "rate limit", "unavailable"}[k]
}

// Fault breaks matching requests.
type Fault struct {
	Kind      FaultKind
	Op        string // "book", "retrieve", "release", "cancel"; "" is any
	Reference string // "" is any
	Delay     time.Duration
	Times     int     // how many requests it hits; 0 is all until ClearFaults
	Chance    float64 // share of matching requests that it hits, drawn from the cloud's Rand; 0 means every one
}

// Inject adds a fault. Of several that match, the first added hits.
func (p *Provider) Inject(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// ClearFaults heals everything.
func (p *Provider) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (p *Provider) faultFor(op, ref string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if f.Op != "" && f.Op != op || f.Reference != "" && f.Reference != ref {
			continue
		}
		if f.Chance > 0 && p.cloud.Rand.Float64() >= f.Chance {
			continue
		}
		hit := *f
		p.cloud.Faults.Count("carrier " + f.Kind.String())
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
			}
		}
		return hit
	}
	return Fault{}
}

// before acts ahead of the effect and reports whether the request ends here.
func (f Fault) before(cloud *core.Cloud, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case Unreachable:
		panic(http.ErrAbortHandler)
	case RateLimit:
		w.Header().Set("Retry-After", "1")
		write(w, http.StatusTooManyRequests, refuse(0, "rate_limit", "too many requests"))
		return true
	case Unavailable:
		write(w, http.StatusServiceUnavailable, refuse(0, "unavailable", "the carrier is not available"))
		return true
	case Slow:
		delay(cloud, r, f.Delay)
	}
	return false
}

func (f Fault) after(cloud *core.Cloud, r *http.Request) {
	switch f.Kind {
	case LoseAnswer:
		panic(http.ErrAbortHandler)
	case LateAnswer:
		delay(cloud, r, f.Delay)
	}
}

// delay holds a request up; a caller that stops waiting does not stop the carrier, so the
// error of an ended context changes nothing.
func delay(cloud *core.Cloud, r *http.Request, d time.Duration) {
	_ = cloud.Sleep(context.WithoutCancel(r.Context()), d)
}

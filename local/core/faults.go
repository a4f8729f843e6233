package core

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnreachable is a call that met no server: the region is lost or the link is cut.
// The wire closes the connection without an answer.
var ErrUnreachable = &Error{Code: "Unreachable", Message: "no route to the region", Status: http.StatusBadGateway}

// RegionState is what has become of a region.
type RegionState int

// A region is up, lost for a while (its work waits), or gone with its stores.
const (
	Up RegionState = iota
	Lost
	Gone
)

func (s RegionState) String() string { return [...]string{"up", "lost", "gone"}[s] }

// Interceptor sees every call before or after its service; an error it returns is the
// answer. After a service has run, an error means "done, but the answer was lost".
type Interceptor func(ctx context.Context, call *Call) error

// Faults is what is broken at the moment. Safe for many tasks.
type Faults struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change of a region's state
	regions map[string]RegionState
	away    atomic.Pointer[[]string] // the regions that are lost for a while; nil if none ever was
	cut     map[[2]string]bool
	lag     func() time.Duration
	before  []Interceptor
	after   []Interceptor
	watch   []func()
	counts  map[string]int
}

// NewFaults: nothing is broken, and replication takes lag.
func NewFaults(lag time.Duration) *Faults {
	return &Faults{changed: make(chan struct{}), regions: map[string]RegionState{}, cut: map[[2]string]bool{},
		lag: func() time.Duration { return lag }, counts: map[string]int{}}
}

// Count counts an injected fault of a kind, e.g. "dynamodb throttled".
func (f *Faults) Count(kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[kind]++
}

// Counts are the faults injected so far, by kind.
func (f *Faults) Counts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.counts)
}

// OnChange calls fn after every change of a region's state or of a link, so that what waits for a link need not look again and
// again. fn must be short and may not change faults.
func (f *Faults) OnChange(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = append(f.watch, fn)
}

// tell calls those who watch; outside the lock, since they ask.
func (f *Faults) tell() {
	f.mu.Lock()
	list := f.watch
	f.mu.Unlock()
	for _, fn := range list {
		fn()
	}
}

// SetRegion loses or restores a region.
func (f *Faults) SetRegion(region string, s RegionState) {
	f.setRegion(region, s)
	f.tell()
}

func (f *Faults) setRegion(region string, s RegionState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.regions[region] = s
	var away []string
	for r, s := range f.regions {
		if s == Lost {
			away = append(away, r)
		}
	}
	f.away.Store(&away)
	close(f.changed)
	f.changed = make(chan struct{})
}

// Region is the state of a region; "" is always up.
func (f *Faults) Region(region string) RegionState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.regions[region]
}

// lost are the regions that are lost for a while. It is asked at every step.
func (f *Faults) lost() []string {
	if away := f.away.Load(); away != nil {
		return *away
	}
	return nil
}

// await blocks a live task while its region is lost.
func (f *Faults) await(ctx context.Context, region string) error {
	for {
		f.mu.Lock()
		state, changed := f.regions[region], f.changed
		f.mu.Unlock()
		switch {
		case state == Gone:
			return ErrRegionLost
		case state == Up:
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SetCut cuts or heals the link between two regions.
func (f *Faults) SetCut(a, b string, cut bool) {
	f.mu.Lock()
	f.cut[link(a, b)] = cut
	f.mu.Unlock()
	f.tell()
}

// Cut reports whether the link between two regions is cut.
func (f *Faults) Cut(a, b string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut[link(a, b)]
}

// Linked reports whether traffic passes from a to b: both up and the link whole. Traffic
// inside a region, or from outside any region (""), needs only b to be up.
func (f *Faults) Linked(a, b string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.regions[a] == Up && f.regions[b] == Up && !f.cut[link(a, b)]
}

func link(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// Lag is how long replication of one change to another region takes: it may be another for each change.
func (f *Faults) Lag() time.Duration {
	f.mu.Lock()
	draw := f.lag
	f.mu.Unlock()
	return draw()
}

// SetLag changes how long replication between regions takes.
func (f *Faults) SetLag(d time.Duration) { f.DrawLag(func() time.Duration { return d }) }

// DrawLag gives each change a lag of its own.
func (f *Faults) DrawLag(draw func() time.Duration) { f.mu.Lock(); defer f.mu.Unlock(); f.lag = draw }

// InterceptBefore adds an interceptor that runs before services.
func (f *Faults) InterceptBefore(i Interceptor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = append(f.before, i)
}

// InterceptAfter adds an interceptor that runs after services, when the effect is done.
func (f *Faults) InterceptAfter(i Interceptor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = append(f.after, i)
}

// Before is run by the cloud ahead of every call.
func (f *Faults) Before(ctx context.Context, call *Call) error {
	if !f.Linked(RegionOf(ctx), call.Region) {
		return ErrUnreachable
	}
	return f.run(ctx, call, func() []Interceptor { return f.before })
}

// After is run by the cloud behind every call.
func (f *Faults) After(ctx context.Context, call *Call) error {
	return f.run(ctx, call, func() []Interceptor { return f.after })
}

func (f *Faults) run(ctx context.Context, call *Call, which func() []Interceptor) error {
	f.mu.Lock()
	list := which()
	f.mu.Unlock()
	for _, i := range list {
		if err := i(ctx, call); err != nil {
			return err
		}
	}
	return nil
}

package core

import (
	"maps"
	"math/rand/v2"
	"sort"
	"sync"
	"time"
)

// Rand draws everything that is random in the cloud, from one seed. Safe for many tasks.
type Rand struct {
	mu sync.Mutex
	r  *rand.Rand
}

// NewRand seeds a Rand.
func NewRand(seed uint64) *Rand {
	return &Rand{r: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

// IntN is uniform in [0,n).
func (r *Rand) IntN(n int) int { r.mu.Lock(); defer r.mu.Unlock(); return r.r.IntN(n) }

// Float64 is uniform in [0,1).
func (r *Rand) Float64() float64 { r.mu.Lock(); defer r.mu.Unlock(); return r.r.Float64() }

// Read fills p, so that a Rand serves as an io.Reader for ids.
func (r *Rand) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range p {
		p[i] = byte(r.r.Uint32())
	}
	return len(p), nil
}

// UUID is a random version 4 UUID.
func (r *Rand) UUID() string {
	var b [16]byte
	_, _ = r.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	const hex = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, v := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, hex[v>>4], hex[v&15])
	}
	return string(out)
}

// Kind names what a journal entry reports.
type Kind string

// The kinds of journal entry. The checkers of demo, tests and simulation read these.
const (
	KindDenied        Kind = "denied"         // a call that IAM refused
	KindConflict      Kind = "lww-conflict"   // a replicated write beat a different write to the same item
	KindDeadLetter    Kind = "dead-letter"    // something was put into a dead-letter queue
	KindDropped       Kind = "dropped"        // a delivery was given up with no dead-letter queue to take it
	KindMissedTick    Kind = "missed-tick"    // a tick of a schedule that comes again was given up: nothing is lost by it
	KindEvent         Kind = "event"          // an event crossed a bus; Data is the whole event
	KindUnmatched     Kind = "unmatched"      // an event that no rule of its bus matched
	KindFunctionError Kind = "function-error" // an invocation ended in an error
	KindFunctionLog   Kind = "function-log"   // a line that a function wrote
	KindExecution     Kind = "execution"      // a state machine execution ended
	KindMail          Kind = "mail"           // an email was sent
	KindFault         Kind = "fault"          // a fault was switched on or off
	KindInternal      Kind = "internal"       // the local cloud itself failed
	KindInvalid       Kind = "invalid-event"  // an event crossed a bus and is not as its schema says; Data is the whole event
)

// Entry is one line of the journal.
type Entry struct {
	At      time.Time
	Region  string
	Kind    Kind
	Subject string // the resource or function
	Detail  string
	Data    any
}

// Journal keeps what happened. Safe for many tasks. Entries of kinds that nobody asked to
// keep are counted only.
type Journal struct {
	now    func() time.Time
	mu     sync.Mutex
	keep   map[Kind]bool
	all    []Entry
	counts map[Kind]int
	sinks  []func(Entry)
}

// NewJournal keeps denied, conflict, dead-letter, dropped, internal and invalid-event entries; Keep adds kinds.
func NewJournal(now func() time.Time) *Journal {
	return &Journal{now: now, counts: map[Kind]int{},
		keep: map[Kind]bool{KindDenied: true, KindConflict: true, KindDeadLetter: true, KindDropped: true, KindInternal: true, KindInvalid: true, KindFault: true}}
}

// Keep makes the journal keep entries of the kinds.
func (j *Journal) Keep(kinds ...Kind) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range kinds {
		j.keep[k] = true
	}
}

// Tap calls sink for every entry, in order, under the journal's lock: it must be short.
func (j *Journal) Tap(sink func(Entry)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sinks = append(j.sinks, sink)
}

// Add records an entry and stamps its time.
func (j *Journal) Add(e Entry) {
	e.At = j.now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[e.Kind]++
	if j.keep[e.Kind] {
		j.all = append(j.all, e)
	}
	for _, sink := range j.sinks {
		sink(e)
	}
}

// Count is how many entries of a kind were added.
func (j *Journal) Count(k Kind) int { j.mu.Lock(); defer j.mu.Unlock(); return j.counts[k] }

// Entries are the kept entries of a kind, in order.
func (j *Journal) Entries(k Kind) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Entry
	for _, e := range j.all {
		if e.Kind == k {
			out = append(out, e)
		}
	}
	return out
}

// Unit is something that AWS bills, e.g. "dynamodb:WriteRequestUnits".
type Unit string

// Meter adds up billable units by region, and for what names its subject by that too. Safe for many tasks.
type Meter struct {
	mu    sync.Mutex
	units map[MeterKey]float64
	parts map[Part]float64
}

// Part names what units were for: a function, a table.
type Part struct {
	Unit    Unit
	Subject string
}

// MeterKey is one meter reading's name.
type MeterKey struct {
	Region string
	Unit   Unit
}

// NewMeter makes a meter at zero.
func NewMeter() *Meter { return &Meter{units: map[MeterKey]float64{}, parts: map[Part]float64{}} }

// Add counts n units.
func (m *Meter) Add(region string, u Unit, n float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units[MeterKey{region, u}] += n
}

// AddFor is Add of units whose subject is known.
func (m *Meter) AddFor(region string, u Unit, subject string, n float64) {
	m.Add(region, u, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts[Part{u, subject}] += n
}

// Parts are what AddFor added up, over all regions.
func (m *Meter) Parts() map[Part]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.parts)
}

// Reading is one line of a meter.
type Reading struct {
	MeterKey
	N float64
}

// Read gives all readings, sorted by unit and region.
func (m *Meter) Read() []Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Reading, 0, len(m.units))
	for k, n := range m.units {
		out = append(out, Reading{k, n})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Unit != out[j].Unit {
			return out[i].Unit < out[j].Unit
		}
		return out[i].Region < out[j].Region
	})
	return out
}

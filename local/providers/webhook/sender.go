package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"twofold/local/core"
)

// How an event that is not answered is sent again.
const (
	firstPause   = time.Second // doubled each time
	longestPause = time.Minute
	giveUp       = 3 * 24 * time.Hour
)

// Config is an endpoint that a provider knows.
type Config struct {
	Name   string   // of the provider, for traces: "stripe"
	Header string   // that carries the signature
	Secret string   // what it is made with
	Types  []string // of events that the endpoint wants
	// Post makes one request. An error means that it was not answered with a 2xx.
	Post func(ctx context.Context, body []byte, header http.Header) error
}

// Sender sends a provider's events to its endpoint. The nil Sender has no endpoint and sends nothing. Safe for many tasks.
type Sender struct {
	ctx   context.Context
	cloud *core.Cloud
	cfg   Config

	mu      sync.Mutex
	faults  []*Fault
	pending int
}

// New makes a sender whose deliveries end with ctx.
func New(ctx context.Context, cloud *core.Cloud, cfg Config) *Sender {
	return &Sender{ctx: ctx, cloud: cloud, cfg: cfg}
}

// Fault makes events of a type late or sends them more than once.
type Fault struct {
	Type   string        // "" is any
	Delay  time.Duration // before the first attempt; of a copy twice as long, of the next three times
	Copies int           // how many more times the event is sent
	Times  int           // how many events it hits; 0 is all until ClearFaults
	Chance float64       // share of matching events that it hits, drawn from the cloud's Rand; 0 means every one
}

// Inject adds a fault. Of several that match, the first added hits.
func (s *Sender) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults heals everything.
func (s *Sender) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Pending is how many deliveries have not ended.
func (s *Sender) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending
}

// Wants reports whether there is an endpoint that wants events of a type.
func (s *Sender) Wants(kind string) bool { return s != nil && slices.Contains(s.cfg.Types, kind) }

// Send sends an event as JSON, if the endpoint wants its type. It returns at once; the event must not change afterwards.
func (s *Sender) Send(kind string, event any) { s.SendThen(kind, event, nil) }

// SendThen is Send; done, unless it is nil, is called for each copy that was answered or given up, not when the cloud ends first.
func (s *Sender) SendThen(kind string, event any, done func()) {
	if !s.Wants(kind) {
		return
	}
	body, err := json.Marshal(event)
	if err != nil {
		s.cloud.Journal.Add(core.Entry{Kind: core.KindInternal, Subject: s.cfg.Name, Detail: fmt.Sprintf("%s cannot be sent: %v", kind, err)})
		return
	}
	f := s.faultFor(kind)
	for i := range f.Copies + 1 {
		s.cloud.Go(s.ctx, s.cfg.Name+"/"+kind, func(ctx context.Context) {
			defer s.count(-1)
			if s.deliver(ctx, kind, body, f.Delay*time.Duration(i+1)) && done != nil {
				done()
			}
		})
	}
}

// faultFor chooses an event's fault, and counts its deliveries.
func (s *Sender) faultFor(kind string) (hit Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Type != "" && f.Type != kind || f.Chance > 0 && s.cloud.Rand.Float64() >= f.Chance {
			continue
		}
		hit = *f
		if f.Delay > 0 {
			s.cloud.Faults.Count(s.cfg.Name + " webhook late")
		}
		if f.Copies > 0 {
			s.cloud.Faults.Count(s.cfg.Name + " webhook again")
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		break
	}
	s.pending += hit.Copies + 1
	return hit
}

func (s *Sender) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending += n
}

// deliver tries until it is answered or too old; it reports false when the cloud ends first.
func (s *Sender) deliver(ctx context.Context, kind string, body []byte, pause time.Duration) bool {
	begin, next := s.cloud.Now(), firstPause
	for {
		if pause > 0 && s.cloud.Sleep(ctx, pause) != nil {
			return false
		}
		at := s.cloud.Now()
		err := s.cfg.Post(ctx, body, http.Header{"Content-Type": {"application/json"}, s.cfg.Header: {Sign(body, s.cfg.Secret, at)}})
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case at.Sub(begin) >= giveUp:
			s.cloud.Journal.Add(core.Entry{Kind: core.KindDropped, Subject: s.cfg.Name, Detail: fmt.Sprintf("webhook %s: %v", kind, err)})
			return true
		}
		pause, next = next, min(2*next, longestPause)
	}
}

// Sign gives the signature of a body: the time in Unix seconds, and the HMAC-SHA256 of it, a full stop and the body.
func Sign(body []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body) // a hash never fails
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

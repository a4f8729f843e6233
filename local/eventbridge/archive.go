package eventbridge

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// archive keeps the events of a bus that match its pattern, for a time.
type archive struct {
	name, arn, source, description string
	patternText                    string
	pattern                        *pattern.Pattern // nil keeps every event
	days                           int              // 0 keeps events for ever
	created                        time.Time

	mu     sync.Mutex
	events []*event // in order of receipt
	bytes  int
}

// archiveSpec is what CreateArchive and a template say of an archive.
type archiveSpec struct {
	ArchiveName, EventSourceArn, EventPattern, Description string
	RetentionDays                                          core.Int
}

// archive adds an event to the archives that want it.
func (s *Service) archive(archives []*archive, e *event) {
	kept := *e
	kept.parsed = nil // a replay reads the event again; what was parsed is several times as large
	for _, a := range archives {
		if a.pattern != nil && !a.pattern.Match(e.parsed) {
			continue
		}
		a.mu.Lock()
		a.expire(s.cloud.Now())
		a.events = append(a.events, &kept)
		a.bytes += len(e.raw)
		a.mu.Unlock()
	}
}

// expire drops what is older than the retention. Call with a.mu held.
func (a *archive) expire(now time.Time) {
	if a.days == 0 {
		return
	}
	oldest := now.AddDate(0, 0, -a.days)
	i, _ := slices.BinarySearchFunc(a.events, oldest, func(e *event, t time.Time) int { return e.received.Compare(t) })
	for _, e := range a.events[:i] {
		a.bytes -= len(e.raw)
	}
	a.events = slices.Delete(a.events, 0, i)
}

// between are the events received from start until before end.
func (a *archive) between(start, end, now time.Time) []*event {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(now)
	var out []*event
	for _, e := range a.events {
		if !e.received.Before(start) && e.received.Before(end) {
			out = append(out, e)
		}
	}
	return out
}

// putArchive makes an archive, or replaces the settings of one when replace is set. Call with mu held.
func (s *Service) putArchive(region string, in archiveSpec, replace bool) (*archive, error) {
	name := busName(in.EventSourceArn)
	b := s.find(region, name)
	if b == nil {
		return nil, noBus(name)
	}
	a := &archive{name: in.ArchiveName, arn: core.ARN("events", region, "archive/"+in.ArchiveName), source: b.arn,
		description: in.Description, patternText: in.EventPattern, days: int(in.RetentionDays), created: s.cloud.Now()}
	if in.EventPattern != "" {
		var err error
		if a.pattern, err = pattern.Compile([]byte(in.EventPattern)); err != nil {
			return nil, err
		}
	}
	old := s.archiveNamed(region, in.ArchiveName)
	if old != nil && !replace {
		return nil, core.Errorf("ResourceAlreadyExistsException", "Archive %s already exists.", in.ArchiveName)
	}
	if old != nil {
		a.events, a.bytes, a.created = old.events, old.bytes, old.created
		s.dropArchive(region, old)
	}
	b.archives = append(slices.Clone(b.archives), a)
	return a, nil
}

// archiveNamed is an archive of a region, or nil. Call with mu held.
func (s *Service) archiveNamed(region, name string) *archive {
	for k, b := range s.buses {
		if k.region != region {
			continue
		}
		for _, a := range b.archives {
			if a.name == name {
				return a
			}
		}
	}
	return nil
}

func (s *Service) dropArchive(region string, old *archive) {
	for k, b := range s.buses {
		if k.region == region {
			b.archives = slices.DeleteFunc(slices.Clone(b.archives), func(a *archive) bool { return a == old })
		}
	}
}

func (s *Service) createArchive(_ context.Context, call *core.Call) (any, error) {
	var in archiveSpec
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:CreateArchive", core.ARN("events", call.Region, "archive/"+in.ArchiveName)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.putArchive(call.Region, in, false)
	if err != nil {
		return nil, wireError(err)
	}
	return map[string]any{"ArchiveArn": a.arn, "State": "ENABLED", "CreationTime": epoch(a.created)}, nil
}

// wireError gives a bad pattern its wire shape.
func wireError(err error) error {
	if _, bad := err.(*pattern.Error); bad {
		return patternError(err)
	}
	return err
}

func (s *Service) describeArchive(_ context.Context, call *core.Call) (any, error) {
	var in struct{ ArchiveName string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:DescribeArchive", core.ARN("events", call.Region, "archive/"+in.ArchiveName)); err != nil {
		return nil, err
	}
	s.mu.RLock()
	a := s.archiveNamed(call.Region, in.ArchiveName)
	s.mu.RUnlock()
	if a == nil {
		return nil, noArchive(in.ArchiveName)
	}
	out := a.summary(s)
	out["ArchiveArn"] = a.arn
	if a.patternText != "" {
		out["EventPattern"] = a.patternText
	}
	if a.description != "" {
		out["Description"] = a.description
	}
	return out, nil
}

// replay is guarded by the service's mutex.
type replay struct {
	name, arn            string
	bus                  *bus
	archive              *archive
	rules                []string  // ARNs; none means all
	start, end           time.Time // of the events
	state                string
	started, ended, last time.Time
}

// replaySpec is the input of StartReplay.
type replaySpec struct {
	ReplayName, EventSourceArn   string
	EventStartTime, EventEndTime json.RawMessage
	Destination                  struct {
		Arn        string
		FilterArns []string
	}
}

func (s *Service) startReplay(_ context.Context, call *core.Call) (any, error) {
	var in replaySpec
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:StartReplay", core.ARN("events", call.Region, "replay/"+in.ReplayName)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	r, err := s.newReplay(call.Region, in)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	s.cloud.Go(core.WithRegion(s.base, call.Region), "replay/"+r.name, func(ctx context.Context) { s.replay(ctx, r) })
	return map[string]any{"ReplayArn": r.arn, "State": "STARTING", "ReplayStartTime": epoch(r.started)}, nil
}

// newReplay checks and records a replay. Call with mu held.
func (s *Service) newReplay(region string, in replaySpec) (*replay, error) {
	b := s.find(region, busName(in.Destination.Arn))
	if b == nil {
		return nil, noBus(busName(in.Destination.Arn))
	}
	start, startOK := entryTime(in.EventStartTime, time.Time{})
	end, endOK := entryTime(in.EventEndTime, time.Time{})
	if !startOK || !endOK || !start.Before(end) {
		return nil, invalid("Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
	}
	_, name, _ := strings.Cut(in.EventSourceArn, ":archive/")
	a := s.archiveNamed(region, name)
	if a == nil {
		return nil, invalid("Parameter EventSourceArn is not valid. Reason: Archive %s does not exist.", name)
	}
	if a.source != b.arn {
		return nil, invalid("Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
	}
	key := busKey{region, in.ReplayName}
	if s.replays[key] != nil {
		return nil, core.Errorf("ResourceAlreadyExistsException", "Replay %s already exists.", in.ReplayName)
	}
	r := &replay{name: in.ReplayName, arn: core.ARN("events", region, "replay/"+in.ReplayName), bus: b, archive: a,
		rules: in.Destination.FilterArns, start: start, end: end, state: "STARTING", started: s.cloud.Now()}
	s.replays[key] = r
	return r, nil
}

// replay puts archived events on their bus again, with the replay's name.
func (s *Service) replay(ctx context.Context, r *replay) {
	s.setReplay(r, "RUNNING", time.Time{})
	for _, e := range r.archive.between(r.start, r.end, s.cloud.Now()) {
		if s.cloud.Point(ctx, "") != nil {
			return
		}
		name := []byte(`,"replay-name":` + pattern.StringValue(r.name).JSON() + `,"resources":`)
		raw := bytes.Replace(e.raw, []byte(`,"resources":`), name, 1)
		parsed, err := pattern.ParseEvent(raw)
		if err != nil {
			s.cloud.Journal.Add(core.Entry{Region: r.bus.region, Kind: core.KindInternal, Subject: r.arn, Detail: err.Error()})
			continue
		}
		s.accept(r.bus, &event{raw: raw, parsed: parsed, received: s.cloud.Now(), replayed: true, replayTo: r.rules})
		s.setReplay(r, "RUNNING", e.received)
	}
	s.setReplay(r, "COMPLETED", time.Time{})
}

func (s *Service) setReplay(r *replay, state string, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.state = state
	if !last.IsZero() {
		r.last = last
	}
	if state == "COMPLETED" {
		r.ended = s.cloud.Now()
	}
}

func (s *Service) describeReplay(_ context.Context, call *core.Call) (any, error) {
	var in struct{ ReplayName string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:DescribeReplay", core.ARN("events", call.Region, "replay/"+in.ReplayName)); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.replays[busKey{call.Region, in.ReplayName}]
	if r == nil {
		return nil, core.Errorf("ResourceNotFoundException", "Replay %s does not exist.", in.ReplayName)
	}
	out := r.summary()
	out["ReplayArn"] = r.arn
	out["Destination"] = map[string]any{"Arn": r.bus.arn, "FilterArns": append([]string{}, r.rules...)}
	return out, nil
}

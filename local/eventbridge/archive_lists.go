package eventbridge

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"twofold/local/core"
)

// listing is the input of ListArchives and ListReplays.
type listing struct {
	NamePrefix, EventSourceArn, State string
	paging
}

func (l *listing) takes(name, source, state string) bool {
	return strings.HasPrefix(name, l.NamePrefix) && (l.EventSourceArn == "" || l.EventSourceArn == source) && (l.State == "" || l.State == state)
}

func noArchive(name string) error {
	return core.Errorf("ResourceNotFoundException", "Archive %s does not exist.", name)
}

func (s *Service) listArchives(_ context.Context, call *core.Call) (any, error) {
	var in listing
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:ListArchives", core.ARN("events", call.Region, "archive/*")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.EventSourceArn != "" && s.find(call.Region, busName(in.EventSourceArn)) == nil {
		return nil, noBus(busName(in.EventSourceArn))
	}
	out := []map[string]any{}
	for k, b := range s.buses {
		for _, a := range b.archives {
			if k.region == call.Region && in.takes(a.name, a.source, "ENABLED") {
				out = append(out, a.summary(s))
			}
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int {
		return cmp.Compare(a["ArchiveName"].(string), b["ArchiveName"].(string))
	})
	return page(in.paging, "Archives", out)
}

// summary is an archive as a list shows it.
func (a *archive) summary(s *Service) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.expire(s.cloud.Now())
	return map[string]any{"ArchiveName": a.name, "EventSourceArn": a.source, "State": "ENABLED", "RetentionDays": a.days,
		"EventCount": len(a.events), "SizeBytes": a.bytes, "CreationTime": epoch(a.created)}
}

func (s *Service) updateArchive(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		ArchiveName               string
		EventPattern, Description *string
		RetentionDays             *core.Int
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:UpdateArchive", core.ARN("events", call.Region, "archive/"+in.ArchiveName)); err != nil {
		return nil, err
	}
	if in.EventPattern == nil && in.Description == nil && in.RetentionDays == nil {
		return nil, invalid("At least one of EventPattern, RetentionDays or Description must be provided.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.archiveNamed(call.Region, in.ArchiveName)
	if old == nil {
		return nil, noArchive(in.ArchiveName)
	}
	spec := archiveSpec{ArchiveName: old.name, EventSourceArn: old.source, EventPattern: or(in.EventPattern, old.patternText),
		Description: or(in.Description, old.description), RetentionDays: or(in.RetentionDays, core.Int(old.days))}
	a, err := s.putArchive(call.Region, spec, true)
	if err != nil {
		return nil, wireError(err)
	}
	return map[string]any{"ArchiveArn": a.arn, "State": "ENABLED", "CreationTime": epoch(a.created)}, nil
}

func or[T any](v *T, otherwise T) T {
	if v == nil {
		return otherwise
	}
	return *v
}

func (s *Service) deleteArchive(_ context.Context, call *core.Call) (any, error) {
	var in struct{ ArchiveName string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:DeleteArchive", core.ARN("events", call.Region, "archive/"+in.ArchiveName)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.archiveNamed(call.Region, in.ArchiveName)
	if a == nil {
		return nil, noArchive(in.ArchiveName)
	}
	s.dropArchive(call.Region, a)
	return nil, nil
}

func (s *Service) listReplays(_ context.Context, call *core.Call) (any, error) {
	var in listing
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:ListReplays", core.ARN("events", call.Region, "replay/*")); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []map[string]any{}
	for k, r := range s.replays {
		if k.region == call.Region && in.takes(r.name, r.archive.arn, r.state) {
			out = append(out, r.summary())
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return cmp.Compare(a["ReplayName"].(string), b["ReplayName"].(string)) })
	return page(in.paging, "Replays", out)
}

// summary is a replay as a list shows it. Call with the service's mutex held.
func (r *replay) summary() map[string]any {
	out := map[string]any{"ReplayName": r.name, "EventSourceArn": r.archive.arn, "EventStartTime": epoch(r.start), "EventEndTime": epoch(r.end),
		"State": r.state, "ReplayStartTime": epoch(r.started)}
	if !r.last.IsZero() {
		out["EventLastReplayedTime"] = epoch(r.last)
	}
	if !r.ended.IsZero() {
		out["ReplayEndTime"] = epoch(r.ended)
	}
	return out
}

package eventbridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

const (
	maxEntries = 10
	// maxRequest is the size of all entries of a request as the API reference has it. AWS has announced 1 MB since; the
	// lower limit stays here, so that what passes here passes in every region.
	maxRequest = 256 << 10
	// chunk is what is billed as one event.
	chunk = 64 << 10

	timeFormat = "2006-01-02T15:04:05Z"
)

// unitEvent is one 64 KB chunk of a custom event.
const unitEvent core.Unit = "events:CustomEvent"

// Entry is one event of a PutEvents call.
type Entry struct {
	Time         json.RawMessage
	Source       string
	Resources    []string
	DetailType   string
	Detail       string
	EventBusName string
	TraceHeader  string
}

// Result is the answer for one entry: EventID, or what was wrong with it.
type Result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// event is one event on a bus. It is immutable.
type event struct {
	raw       []byte
	parsed    *pattern.Event
	received  time.Time
	forwarded bool // it came from another bus
	replayTo  []string
	replayed  bool
}

func (s *Service) putEvents(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		Entries    []Entry
		EndpointID string `json:"EndpointId"`
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if in.EndpointID != "" {
		return nil, core.NotRun("EventBridge", "global endpoints")
	}
	if err := s.checkRequest(call, in.Entries); err != nil {
		return nil, err
	}
	results, failed := make([]Result, len(in.Entries)), 0
	for i := range in.Entries {
		results[i] = s.putEntry(call.Region, &in.Entries[i])
		if results[i].ErrorCode != "" {
			failed++
		}
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": results}, nil
}

func (s *Service) checkRequest(call *core.Call, entries []Entry) error {
	if len(entries) == 0 {
		return invalid("1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if len(entries) > maxEntries {
		return invalid("1 validation error detected: Value '%s' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10", shown(entries))
	}
	size := 0
	checked := ""
	for i := range entries {
		size += entries[i].size()
		arn := busARN(call.Region, busName(entries[i].EventBusName))
		if arn == checked {
			continue
		}
		if err := call.Authorize("events:PutEvents", arn); err != nil {
			return err
		}
		checked = arn
	}
	if size > maxRequest {
		return invalid("Total size of the entries in the request is over the limit.")
	}
	return nil
}

// shown is a list of entries as a validation error shows it.
func shown(entries []Entry) string {
	text := func(s string) string { return cmp.Or(s, "null") }
	out := make([]string, len(entries))
	for i, e := range entries {
		resources := "null"
		if e.Resources != nil {
			resources = "[" + strings.Join(e.Resources, ", ") + "]"
		}
		out[i] = fmt.Sprintf("PutEventsRequestEntry(time=%s, source=%s, resources=%s, detailType=%s, detail=%s, eventBusName=%s, traceHeader=%s, kmsKeyIdentifier=null, internalMetadata=null)",
			text(string(e.Time)), text(e.Source), resources, text(e.DetailType), text(e.Detail), text(e.EventBusName), text(e.TraceHeader))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// size is an entry's size as billed and limited, see
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
func (e *Entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if len(e.Time) > 0 {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

func (s *Service) putEntry(region string, in *Entry) Result {
	at, bad := in.check(s.cloud.Now())
	if bad.ErrorCode != "" {
		return bad
	}
	id := s.cloud.Rand.UUID()
	raw, ok := envelope(region, id, at, in)
	if !ok {
		return Result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	parsed, err := pattern.ParseEvent(raw)
	if err != nil {
		return Result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	s.cloud.Meter.Add(region, unitEvent, math.Ceil(float64(in.size())/chunk))
	name := busName(in.EventBusName)
	if owner := arnRegion(in.EventBusName); owner != "" && owner != region {
		name = in.EventBusName // no bus of this region
	}
	b := s.bus(region, name)
	if b == nil {
		s.cloud.Journal.Add(core.Entry{Region: region, Kind: core.KindDropped, Subject: name,
			Detail: "event " + id + " (" + in.DetailType + ") was put on a bus that does not exist", Data: json.RawMessage(raw)})
		return Result{EventID: id}
	}
	s.accept(b, &event{raw: raw, parsed: parsed, received: s.cloud.Now()})
	return Result{EventID: id}
}

// check validates an entry in EventBridge's order and words.
func (e *Entry) check(now time.Time) (time.Time, Result) {
	required := func(name string) Result {
		return Result{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter " + name + " is not valid. Reason: " + name + " is a required argument."}
	}
	switch {
	case e.Source == "":
		return now, required("Source")
	case strings.HasPrefix(e.Source, "aws."):
		return now, Result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	case e.DetailType == "":
		return now, required("DetailType")
	case e.Detail == "":
		return now, required("Detail")
	}
	at, ok := entryTime(e.Time, now)
	if !ok {
		return now, Result{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter Time is not valid."}
	}
	return at, Result{}
}

// entryTime reads seconds since 1970 or RFC 3339; none is now.
func entryTime(raw json.RawMessage, now time.Time) (time.Time, bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return now, true
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) == nil {
		return time.UnixMilli(int64(seconds * 1000)).UTC(), true
	}
	var text time.Time
	err := json.Unmarshal(raw, &text)
	return text.UTC(), err == nil
}

// envelope is the event as rules and targets see it; false when the detail is no JSON object.
func envelope(region, id string, at time.Time, in *Entry) ([]byte, bool) {
	var b bytes.Buffer
	b.Grow(len(in.Detail) + 320)
	b.WriteString(`{"version":"0","id":"` + id + `","detail-type":`)
	writeString(&b, in.DetailType)
	b.WriteString(`,"source":`)
	writeString(&b, in.Source)
	b.WriteString(`,"account":"` + core.AccountID + `","time":"` + at.Format(timeFormat) + `","region":"` + region + `","resources":[`)
	for i, r := range in.Resources {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(&b, r)
	}
	b.WriteString(`],"detail":`)
	start := b.Len()
	if err := json.Compact(&b, []byte(in.Detail)); err != nil || b.Bytes()[start] != '{' {
		return nil, false
	}
	b.WriteByte('}')
	return b.Bytes(), true
}

func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)       // a string always encodes
	b.Truncate(b.Len() - 1) // Encode ends the line
}

// accept puts an event on a bus: journal, archives, rules.
func (s *Service) accept(b *bus, e *event) {
	detailType := e.parsed.Root().Field("detail-type").Text()
	s.cloud.Journal.Add(core.Entry{Region: b.region, Kind: core.KindEvent, Subject: b.name, Detail: detailType, Data: json.RawMessage(e.raw)})
	s.validate(b, e)
	s.mu.RLock()
	rules, archives := b.rules, b.archives
	s.mu.RUnlock()
	if !e.replayed {
		s.archive(archives, e)
	}
	matched := false
	for _, r := range rules {
		if r.enabled && r.pattern != nil && e.meant(r) && r.pattern.Match(e.parsed) {
			matched = true
			s.deliverAll(r, e)
		}
	}
	if !matched {
		s.cloud.Journal.Add(core.Entry{Region: b.region, Kind: core.KindUnmatched, Subject: b.name, Detail: detailType, Data: json.RawMessage(e.raw)})
	}
}

// meant is false for rules that a replay was not started for.
func (e *event) meant(r *rule) bool {
	for _, arn := range e.replayTo {
		if arn == r.arn {
			return true
		}
	}
	return len(e.replayTo) == 0
}

func (s *Service) validate(b *bus, e *event) {
	if s.ports.Validate == nil {
		return
	}
	err := s.ports.Validate(b.region, b.name, e.raw)
	if err == nil {
		return
	}
	s.cloud.Journal.Add(core.Entry{Region: b.region, Kind: core.KindInvalid, Subject: b.name,
		Detail: err.Error(), Data: json.RawMessage(e.raw)})
	if s.ports.Invalid != nil {
		s.ports.Invalid(b.region, b.name, e.raw, err)
	}
}

// fire sends a scheduled rule's event to its targets.
func (s *Service) fire(_ context.Context, r *rule, at time.Time) {
	s.mu.RLock()
	current := r
	if b := s.buses[busKey{r.region, r.bus}]; b != nil {
		if i, ok := b.search(r.name); ok {
			current = b.rules[i] // its targets are added after the rule is made
		}
	}
	s.mu.RUnlock()
	raw, ok := envelope(r.region, s.cloud.Rand.UUID(), at, &Entry{Source: "aws.events", DetailType: "Scheduled Event",
		Resources: []string{r.arn}, Detail: "{}"})
	if !ok {
		return // {} is an object
	}
	parsed, err := pattern.ParseEvent(raw)
	if err != nil {
		s.cloud.Journal.Add(core.Entry{Region: r.region, Kind: core.KindInternal, Subject: r.arn, Detail: err.Error()})
		return
	}
	s.deliverAll(current, &event{raw: raw, parsed: parsed, received: s.cloud.Now()})
}

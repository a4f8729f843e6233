package scheduler

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
)

// Spec is a schedule as the API and templates give it. A member that is not here is refused.
type Spec struct {
	Name                       string `json:",omitempty"`
	GroupName                  string `json:",omitempty"`
	Description                string `json:",omitempty"`
	ScheduleExpression         string
	ScheduleExpressionTimezone string          `json:",omitempty"`
	StartDate                  json.RawMessage `json:",omitempty"`
	EndDate                    json.RawMessage `json:",omitempty"`
	State                      string          `json:",omitempty"`
	ActionAfterCompletion      string          `json:",omitempty"`
	FlexibleTimeWindow         struct {
		Mode                   string
		MaximumWindowInMinutes *core.Int `json:",omitempty"`
	}
	Target Target
}

// Target is what a schedule invokes.
type Target struct {
	Arn         string
	RoleArn     string
	Input       string `json:",omitempty"`
	RetryPolicy struct {
		MaximumRetryAttempts     *core.Int `json:",omitempty"`
		MaximumEventAgeInSeconds *core.Int `json:",omitempty"`
	}
	DeadLetterConfig struct {
		Arn string `json:",omitempty"`
	}
	SqsParameters         *struct{ MessageGroupId string }     `json:",omitempty"`
	EventBridgeParameters *struct{ DetailType, Source string } `json:",omitempty"`
}

// schedule is a checked Spec. It is immutable; stop is nil when it is not running.
type schedule struct {
	Spec
	region, arn string
	expr        expression
	end         time.Time
	from        time.Time // occurrences are after this
	created     time.Time
	stop        func()
}

func scheduleARN(region, group, name string) string {
	return core.ARN("scheduler", region, "schedule/"+group+"/"+name)
}

func invalid(format string, args ...any) *core.Error {
	return core.Errorf("ValidationException", format, args...)
}

func (in Spec) check() error {
	if in.Name == "" || len(in.Name) > 64 || strings.ContainsAny(in.Name, " /:") {
		return invalid("Invalid schedule name %q.", in.Name)
	}
	if in.State != "ENABLED" && in.State != "DISABLED" {
		return invalid("Invalid State %q: must be ENABLED or DISABLED.", in.State)
	}
	if in.ActionAfterCompletion != "" && in.ActionAfterCompletion != "NONE" {
		return core.NotRun("Scheduler", "ActionAfterCompletion "+in.ActionAfterCompletion)
	}
	switch in.FlexibleTimeWindow.Mode {
	case "OFF":
	case "FLEXIBLE":
		return core.NotRun("Scheduler", "the FlexibleTimeWindow mode FLEXIBLE")
	default:
		return invalid("FlexibleTimeWindow Mode must be OFF or FLEXIBLE, not %q.", in.FlexibleTimeWindow.Mode)
	}
	return nil
}

// newSchedule checks a spec and computes its times.
func (s *Service) newSchedule(region string, in Spec) (*schedule, error) {
	in.GroupName = cmp.Or(in.GroupName, defaultGroup)
	in.State = cmp.Or(in.State, "ENABLED")
	in.ScheduleExpressionTimezone = cmp.Or(in.ScheduleExpressionTimezone, "UTC")
	sc := &schedule{Spec: in, region: region, arn: scheduleARN(region, in.GroupName, in.Name), created: s.cloud.Now()}
	if err := in.check(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(in.ScheduleExpressionTimezone)
	if err != nil {
		return nil, invalid("Invalid ScheduleExpressionTimezone %q.", in.ScheduleExpressionTimezone)
	}
	start, err := date("StartDate", in.StartDate)
	if err != nil {
		return nil, err
	}
	if sc.end, err = date("EndDate", in.EndDate); err != nil {
		return nil, err
	}
	now := s.now()
	origin := now // a rate without StartDate fires at once
	if !start.IsZero() {
		origin = start
	}
	sc.from = later(start, now).Add(-time.Nanosecond)
	if sc.expr, err = parse(in.ScheduleExpression, zone, origin); err != nil {
		return nil, invalid("Invalid Schedule Expression %s: %v.", in.ScheduleExpression, err)
	}
	return sc, in.Target.check(region)
}

// date reads RFC 3339 or seconds since 1970; none is the zero time.
func date(name string, raw json.RawMessage) (time.Time, error) {
	var seconds float64
	var text time.Time
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return time.Time{}, nil
	case json.Unmarshal(raw, &seconds) == nil:
		return time.UnixMilli(int64(seconds * 1000)).UTC(), nil
	case json.Unmarshal(raw, &text) == nil:
		return text.UTC(), nil
	}
	return time.Time{}, invalid("%s %s is not a time.", name, raw)
}

func (t Target) check(region string) error {
	parts := strings.SplitN(t.Arn, ":", 6)
	switch {
	case len(parts) < 6 || parts[0] != "arn":
		return invalid("Provided Arn %q is not in correct format.", t.Arn)
	case strings.Contains(t.Arn, ":aws-sdk:"):
		return core.NotRun("Scheduler", "the universal target "+t.Arn)
	case parts[3] != region:
		return invalid("The target %s is not in %s, where the schedule is.", t.Arn, region)
	case t.RoleArn == "":
		return invalid("Target RoleArn is required.")
	case t.Input != "" && !strings.Contains(t.Arn, ":sqs:") && !json.Valid([]byte(attributes("0", "0", "0", "0").Replace(t.Input))):
		return invalid("Target Input is not JSON.")
	}
	if n := t.RetryPolicy.MaximumRetryAttempts; n != nil && (*n < 0 || *n > 185) {
		return invalid("MaximumRetryAttempts must be between 0 and 185, not %d.", *n)
	}
	if n := t.RetryPolicy.MaximumEventAgeInSeconds; n != nil && (*n < 60 || *n > 86400) {
		return invalid("MaximumEventAgeInSeconds must be between 60 and 86400, not %d.", *n)
	}
	return nil
}

// put stores a schedule in place of one of the same name and starts it.
func (s *Service) put(sc *schedule) {
	if sc.State == "ENABLED" {
		sc.stop = s.loop(sc.region, sc.Name, sc.expr, sc.end, sc.from, func(_ context.Context, at time.Time) { s.invoke(sc, at) })
	}
	s.mu.Lock()
	k := scheduleKey{sc.region, sc.GroupName, sc.Name}
	old := s.schedules[k]
	s.schedules[k] = sc
	s.mu.Unlock()
	old.halt()
}

// halt stops a schedule; nil and stopped ones are fine.
func (sc *schedule) halt() {
	if sc != nil && sc.stop != nil {
		sc.stop()
	}
}

func (s *Service) remove(k scheduleKey) bool {
	s.mu.Lock()
	old := s.schedules[k]
	delete(s.schedules, k)
	s.mu.Unlock()
	old.halt()
	return old != nil
}

// Handle implements core.Service: CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule and
// ListSchedules.
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	rest, ok := strings.CutPrefix(call.Path, "/schedules")
	name := strings.TrimPrefix(rest, "/")
	if !ok || strings.Contains(name, "/") {
		return nil, core.NotRun("Scheduler", call.Method+" "+call.Path)
	}
	switch {
	case call.Method == "GET" && name == "":
		return s.list(call)
	case call.Method == "GET":
		return s.get(call, name)
	case call.Method == "POST":
		return s.save(call, name, "scheduler:CreateSchedule", false)
	case call.Method == "PUT":
		return s.save(call, name, "scheduler:UpdateSchedule", true)
	case call.Method == "DELETE":
		return s.delete(call, name)
	}
	return nil, core.NotRun("Scheduler", call.Method+" "+call.Path)
}

func notFound(name string) error {
	return &core.Error{Code: "ResourceNotFoundException", Message: "Schedule " + name + " does not exist.", Status: 404}
}

func (s *Service) find(call *core.Call, name, action string) (*schedule, scheduleKey, error) {
	k := scheduleKey{call.Region, cmp.Or(call.Query.Get("groupName"), defaultGroup), name}
	if err := call.Authorize(action, scheduleARN(k.region, k.group, k.name)); err != nil {
		return nil, k, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.schedules[k]
	if sc == nil {
		return nil, k, notFound(name)
	}
	return sc, k, nil
}

func (s *Service) save(call *core.Call, name, action string, update bool) (*core.Reply, error) {
	var in struct {
		Spec
		ClientToken string
	}
	dec := json.NewDecoder(bytes.NewReader(call.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, core.NotRun("Scheduler", "this schedule: "+err.Error())
	}
	in.Name = name
	sc, err := s.newSchedule(call.Region, in.Spec)
	if err != nil {
		return nil, err
	}
	if err := call.Authorize(action, sc.arn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	old := s.schedules[scheduleKey{sc.region, sc.GroupName, name}]
	_, group := s.groups[key{call.Region, sc.GroupName}]
	s.mu.Unlock()
	switch {
	case !group && sc.GroupName != defaultGroup:
		return nil, &core.Error{Code: "ResourceNotFoundException", Message: "Schedule group " + sc.GroupName + " does not exist.", Status: 404}
	case update && old == nil:
		return nil, notFound(name)
	case !update && old != nil:
		return nil, &core.Error{Code: "ConflictException", Message: "Schedule " + name + " already exists.", Status: 409}
	}
	s.put(sc)
	return &core.Reply{Body: map[string]any{"ScheduleArn": sc.arn}}, nil
}

func (s *Service) get(call *core.Call, name string) (*core.Reply, error) {
	sc, _, err := s.find(call, name, "scheduler:GetSchedule")
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: struct {
		Spec
		Arn          string
		CreationDate float64
	}{sc.Spec, sc.arn, float64(sc.created.Unix())}}, nil
}

func (s *Service) list(call *core.Call) (*core.Reply, error) {
	if err := call.Authorize("scheduler:ListSchedules", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []map[string]any{}
	for k, sc := range s.schedules {
		if k.region == call.Region && strings.HasPrefix(k.name, call.Query.Get("NamePrefix")) {
			out = append(out, map[string]any{"Arn": sc.arn, "Name": sc.Name, "GroupName": sc.GroupName, "State": sc.State,
				"Target": map[string]any{"Arn": sc.Target.Arn}})
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return cmp.Compare(a["Arn"].(string), b["Arn"].(string)) })
	return &core.Reply{Body: map[string]any{"Schedules": out}}, nil
}

func (s *Service) delete(call *core.Call, name string) (*core.Reply, error) {
	_, k, err := s.find(call, name, "scheduler:DeleteSchedule")
	if err != nil {
		return nil, err
	}
	s.remove(k)
	return &core.Reply{Body: struct{}{}}, nil
}

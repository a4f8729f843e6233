package eventbridge

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// rule is immutable; changes make a new one.
type rule struct {
	region, bus, name, arn string
	patternText            string
	pattern                *pattern.Pattern // nil without one
	schedule, description  string
	enabled                bool
	targets                []*target // by id
	stop                   func()    // ends the schedule; nil without one
}

func ruleARN(region, bus, name string) string {
	if bus == defaultBus {
		return core.ARN("events", region, "rule/"+name)
	}
	return core.ARN("events", region, "rule/"+bus+"/"+name)
}

// ruleSpec is what PutRule and a template say of a rule.
type ruleSpec struct {
	Name, EventBusName, EventPattern, ScheduleExpression, State, Description string
	Tags                                                                     []Tag
}

// patternError makes EventBridge's error of a bad pattern.
func patternError(err error) error {
	return core.Errorf("InvalidEventPatternException", "%s", err.Error())
}

func newRule(region string, in ruleSpec) (*rule, error) {
	name := busName(in.EventBusName)
	r := &rule{region: region, bus: name, name: in.Name, arn: ruleARN(region, name, in.Name), patternText: in.EventPattern,
		schedule: in.ScheduleExpression, description: in.Description}
	if in.Name == "" || strings.ContainsFunc(in.Name, notNameRune) || len(in.Name) > 64 {
		return nil, invalid("1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+ with at most 64 characters", in.Name)
	}
	if in.EventPattern == "" && in.ScheduleExpression == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if in.ScheduleExpression != "" && name != defaultBus {
		return nil, invalid("ScheduleExpression is supported only on the default event bus.")
	}
	switch in.State {
	case "", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS":
		r.enabled = true
	case "DISABLED":
	default:
		return nil, invalid("1 validation error detected: Value '%s' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]", in.State)
	}
	if in.EventPattern != "" {
		var err error
		if r.pattern, err = pattern.Compile([]byte(in.EventPattern)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func notNameRune(r rune) bool {
	return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
}

// put stores a rule and starts its schedule; keepTargets gives it those of the rule it replaces.
func (s *Service) put(r *rule, keepTargets bool) error {
	if err := s.startSchedule(r); err != nil {
		return err
	}
	s.mu.Lock()
	old, err := s.place(r, keepTargets)
	s.mu.Unlock()
	if err != nil {
		old = r
	}
	if old != nil && old.stop != nil {
		old.stop()
	}
	return err
}

// place puts a rule on its bus and answers the rule that stood there. Call with mu held.
func (s *Service) place(r *rule, keepTargets bool) (*rule, error) {
	b := s.find(r.region, r.bus)
	if b == nil {
		return nil, noBus(r.bus)
	}
	i, exists := b.search(r.name)
	if !exists {
		b.rules = slices.Insert(slices.Clone(b.rules), i, r)
		return nil, nil
	}
	old := b.rules[i]
	if keepTargets {
		r.targets = old.targets
	}
	b.replace(r)
	return old, nil
}

func (s *Service) startSchedule(r *rule) error {
	if r.schedule == "" || !r.enabled {
		return nil
	}
	if s.ports.Schedule == nil {
		return core.NotRun("EventBridge", "the ScheduleExpression of a rule")
	}
	stop, err := s.ports.Schedule(r.region, r.arn, r.schedule, func(ctx context.Context, at time.Time) { s.fire(ctx, r, at) })
	if err != nil {
		return invalid("Parameter ScheduleExpression is not valid.")
	}
	r.stop = stop
	return nil
}

func (b *bus) search(name string) (int, bool) {
	return slices.BinarySearchFunc(b.rules, name, func(r *rule, n string) int { return cmp.Compare(r.name, n) })
}

// lookup is a rule of a bus. Call with mu held.
func (s *Service) lookup(region, nameOrARN, ruleName string) (*bus, *rule, error) {
	name := busName(nameOrARN)
	b := s.find(region, name)
	if b == nil {
		return nil, nil, noBus(name)
	}
	i, ok := b.search(ruleName)
	if !ok {
		return b, nil, core.Errorf("ResourceNotFoundException", "Rule %s does not exist on EventBus %s.", ruleName, name)
	}
	return b, b.rules[i], nil
}

func (s *Service) putRule(_ context.Context, call *core.Call) (any, error) {
	var in ruleSpec
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:PutRule", ruleARN(call.Region, busName(in.EventBusName), in.Name)); err != nil {
		return nil, err
	}
	r, err := newRule(call.Region, in)
	var bad *pattern.Error
	if errors.As(err, &bad) {
		return nil, patternError(bad)
	}
	if err != nil {
		return nil, err
	}
	if err := s.put(r, true); err != nil {
		return nil, err
	}
	if len(in.Tags) > 0 {
		s.mu.Lock()
		s.tags[r.arn] = tagged(s.tags[r.arn], in.Tags)
		s.mu.Unlock()
	}
	return map[string]any{"RuleArn": r.arn}, nil
}

type ruleDescription struct {
	Name               string
	Arn                string
	EventPattern       string `json:",omitempty"`
	ScheduleExpression string `json:",omitempty"`
	Description        string `json:",omitempty"`
	State              string
	EventBusName       string
	CreatedBy          string `json:",omitempty"`
}

func (r *rule) describe() ruleDescription {
	d := ruleDescription{Name: r.name, Arn: r.arn, EventPattern: r.patternText, ScheduleExpression: r.schedule,
		Description: r.description, State: "DISABLED", EventBusName: r.bus}
	if r.enabled {
		d.State = "ENABLED"
	}
	return d
}

// named is the input of the operations on one rule.
type named struct{ Name, Rule, EventBusName string }

// one decodes, authorizes and finds the rule that a call is about. It returns with mu held when
// there is no error.
func (s *Service) one(call *core.Call) (*bus, *rule, error) {
	var in named
	if err := call.Decode(&in); err != nil {
		return nil, nil, err
	}
	name := cmp.Or(in.Name, in.Rule)
	if err := call.Authorize("events:"+call.Operation, ruleARN(call.Region, busName(in.EventBusName), name)); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	b, r, err := s.lookup(call.Region, in.EventBusName, name)
	if err != nil {
		s.mu.Unlock()
	}
	return b, r, err
}

func (s *Service) describeRule(_ context.Context, call *core.Call) (any, error) {
	_, r, err := s.one(call)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	d := r.describe()
	d.CreatedBy = core.AccountID
	return d, nil
}

// lockedBus finds the bus whose rules an action is about. Without an error the service is locked, for the caller to unlock.
func (s *Service) lockedBus(call *core.Call, action, given string) (*bus, error) {
	name := busName(given)
	if err := call.Authorize(action, ruleARN(call.Region, name, "*")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if b := s.find(call.Region, name); b != nil {
		return b, nil
	}
	s.mu.Unlock()
	return nil, noBus(name)
}

func (s *Service) listRules(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		EventBusName, NamePrefix string
		paging
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	b, err := s.lockedBus(call, "events:ListRules", in.EventBusName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := []ruleDescription{}
	for _, r := range b.rules {
		if strings.HasPrefix(r.name, in.NamePrefix) {
			out = append(out, r.describe())
		}
	}
	return page(in.paging, "Rules", out)
}

func (s *Service) listRuleNamesByTarget(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		TargetArn, EventBusName string
		paging
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	b, err := s.lockedBus(call, "events:ListRuleNamesByTarget", in.EventBusName)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := []string{}
	for _, r := range b.rules {
		if slices.ContainsFunc(r.targets, func(t *target) bool { return t.ARN == in.TargetArn }) {
			out = append(out, r.name)
		}
	}
	return page(in.paging, "RuleNames", out)
}

func (s *Service) deleteRule(_ context.Context, call *core.Call) (any, error) {
	b, r, err := s.one(call)
	var e *core.Error
	if errors.As(err, &e) && strings.HasPrefix(e.Message, "Rule ") {
		return nil, nil // deleting a rule that is not there succeeds
	}
	if err != nil {
		return nil, err
	}
	s.mu.Unlock()
	if len(r.targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	s.drop(b, r.name)
	return nil, nil
}

// drop takes a rule off its bus and ends its schedule.
func (s *Service) drop(b *bus, name string) {
	s.mu.Lock()
	i, ok := b.search(name)
	var old *rule
	if ok {
		old = b.rules[i]
		b.rules = slices.Delete(slices.Clone(b.rules), i, i+1)
		delete(s.tags, old.arn)
	}
	s.mu.Unlock()
	if old != nil && old.stop != nil {
		old.stop()
	}
}

func (s *Service) enableRule(_ context.Context, call *core.Call) (any, error) {
	return s.setEnabled(call, true)
}

func (s *Service) disableRule(_ context.Context, call *core.Call) (any, error) {
	return s.setEnabled(call, false)
}

func (s *Service) setEnabled(call *core.Call, enabled bool) (any, error) {
	_, r, err := s.one(call)
	if err != nil {
		return nil, err
	}
	next := *r
	s.mu.Unlock()
	next.enabled, next.stop = enabled, nil
	return nil, s.put(&next, true)
}

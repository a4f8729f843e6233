package eventbridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"twofold/local/core"
	"twofold/local/pattern"
)

// Target is a target of a rule, as PutTargets and templates give it. A member that is not here
// is refused.
type Target struct {
	ID               string            `json:"Id"`
	ARN              string            `json:"Arn"`
	RoleARN          string            `json:"RoleArn,omitempty"`
	Input            string            `json:",omitempty"`
	InputPath        string            `json:",omitempty"`
	InputTransformer *InputTransformer `json:",omitempty"`
	RetryPolicy      *RetryPolicy      `json:",omitempty"`
	DeadLetterConfig *DeadLetterConfig `json:",omitempty"`
	SqsParameters    *SqsParameters    `json:",omitempty"`
}

// InputTransformer makes a target's input from values of the event.
type InputTransformer struct {
	InputPathsMap map[string]string `json:",omitempty"`
	InputTemplate string
}

// RetryPolicy bounds retries. nil members mean 185 attempts and 86,400 seconds.
type RetryPolicy struct {
	MaximumRetryAttempts     *core.Int `json:",omitempty"`
	MaximumEventAgeInSeconds *core.Int `json:",omitempty"`
}

// DeadLetterConfig names the SQS queue that takes what could not be delivered.
type DeadLetterConfig struct {
	ARN string `json:"Arn,omitempty"`
}

// SqsParameters are for FIFO queues.
type SqsParameters struct {
	MessageGroupID string `json:"MessageGroupId"`
}

// target is a checked Target. It is immutable.
type target struct {
	Target
	input input
}

const maxTargets = 5

func newTarget(region string, t Target) (*target, error) {
	if len(t.ID) > 64 {
		return nil, invalid("1 validation error detected: Value '%s' at 'targets.1.member.id' failed to satisfy constraint: Member must have length less than or equal to 64", t.ID)
	}
	if t.ID == "" || strings.ContainsFunc(t.ID, notNameRune) {
		return nil, invalid("1 validation error detected: Value '%s' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+", t.ID)
	}
	if !strings.HasPrefix(t.ARN, "arn:") {
		return nil, invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", t.ARN)
	}
	other := arnRegion(t.ARN) != region
	if other && !isBus(t.ARN) {
		return nil, invalid("Target %s is in another region: only an event bus may be (%s)", t.ID, t.ARN)
	}
	if other && t.RoleARN == "" {
		return nil, invalid("RoleArn is required for target %s: an event bus of another region", t.ID)
	}
	if isBus(t.ARN) && (t.Input != "" || t.InputPath != "" || t.InputTransformer != nil) {
		return nil, core.NotRun("EventBridge", "Input, InputPath or InputTransformer of target "+t.ID+", an event bus: it takes events as they are")
	}
	if err := checkPolicy(t); err != nil {
		return nil, err
	}
	in, err := newInput(t)
	return &target{Target: t, input: in}, err
}

func checkPolicy(t Target) error {
	if d := t.DeadLetterConfig; d != nil && d.ARN != "" && !strings.Contains(d.ARN, ":sqs:") {
		return invalid("Parameter DeadLetterConfig.Arn of target %s is not valid: it must be an SQS queue", t.ID)
	}
	if t.RetryPolicy == nil {
		return nil
	}
	if n := t.RetryPolicy.MaximumRetryAttempts; n != nil && (*n < 0 || *n > 185) {
		return invalid("MaximumRetryAttempts of target %s must be between 0 and 185", t.ID)
	}
	if n := t.RetryPolicy.MaximumEventAgeInSeconds; n != nil && (*n < 60 || *n > 86400) {
		return invalid("MaximumEventAgeInSeconds of target %s must be between 60 and 86400", t.ID)
	}
	return nil
}

// limits are the retries and the seconds that the target allows.
func (t *target) limits() (retries int, seconds int) {
	retries, seconds = 185, 86400
	if p := t.RetryPolicy; p != nil && p.MaximumRetryAttempts != nil {
		retries = int(*p.MaximumRetryAttempts)
	}
	if p := t.RetryPolicy; p != nil && p.MaximumEventAgeInSeconds != nil {
		seconds = int(*p.MaximumEventAgeInSeconds)
	}
	return retries, seconds
}

// withTargets is a copy of the rule with targets added or, by id, replaced.
func (r *rule) withTargets(add []*target) (*rule, error) {
	next := *r
	next.targets = slices.Clone(r.targets)
	for _, t := range add {
		i, ok := slices.BinarySearchFunc(next.targets, t.ID, func(x *target, id string) int { return cmp.Compare(x.ID, id) })
		if ok {
			next.targets[i] = t
		} else {
			next.targets = slices.Insert(next.targets, i, t)
		}
	}
	if len(next.targets) > maxTargets {
		return nil, limitExceeded()
	}
	return &next, nil
}

func (b *bus) replace(r *rule) {
	if i, ok := b.search(r.name); ok {
		b.rules = slices.Replace(slices.Clone(b.rules), i, i+1, r)
	}
}

func (s *Service) putTargets(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		Rule, EventBusName string
		Targets            []Target
	}
	dec := json.NewDecoder(bytes.NewReader(call.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, core.NotRun("EventBridge", "these targets: "+err.Error())
	}
	var add []*target
	for _, t := range in.Targets {
		checked, err := newTarget(call.Region, t)
		if err != nil {
			return nil, err
		}
		add = append(add, checked)
	}
	b, r, err := s.one(call)
	if err != nil {
		return nil, err
	}
	for _, t := range add {
		s.cloud.PassRole(call.Principal, t.RoleARN)
	}
	defer s.mu.Unlock()
	if r, err = r.withTargets(add); err != nil {
		return nil, err
	}
	b.replace(r)
	return noFailures(), nil
}

func noFailures() map[string]any {
	return map[string]any{"FailedEntryCount": 0, "FailedEntries": []any{}}
}

func (s *Service) removeTargets(_ context.Context, call *core.Call) (any, error) {
	var in struct{ Ids []string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	b, r, err := s.one(call)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	next := *r
	next.targets = slices.DeleteFunc(slices.Clone(r.targets), func(t *target) bool { return slices.Contains(in.Ids, t.ID) })
	b.replace(&next)
	return noFailures(), nil
}

func (s *Service) listTargetsByRule(_ context.Context, call *core.Call) (any, error) {
	var in paging
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	_, r, err := s.one(call)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := []Target{}
	for _, t := range r.targets {
		out = append(out, t.Target)
	}
	return page(in, "Targets", out)
}

func (s *Service) testEventPattern(_ context.Context, call *core.Call) (any, error) {
	var in struct{ EventPattern, Event string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:TestEventPattern", "*"); err != nil {
		return nil, err
	}
	e, err := pattern.ParseEvent([]byte(in.Event))
	if err != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	for _, name := range []string{"id", "account", "source", "time", "region", "detail-type"} {
		if e.Root().Field(name) == nil {
			return nil, invalid("Parameter Event is not valid.")
		}
	}
	p, err := pattern.Compile([]byte(in.EventPattern))
	if err != nil {
		return nil, patternError(err)
	}
	return map[string]any{"Result": p.Match(e)}, nil
}

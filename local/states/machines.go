package states

import (
	"encoding/json"
	"slices"
	"time"

	"twofold/local/core"
)

// machine is a state machine. Its fields are guarded by Service.mu; a revision never changes.
type machine struct {
	arn, name, region, typ string
	created                time.Time
	current                *revision
	versions               []*version // oldest first
	lastVersion            int
	aliases                []*alias
	executions             []*execution // STANDARD ones, oldest first
	tags                   []tag
	deleted                bool
}

// revision is a definition with what belongs to it.
type revision struct {
	id         string // "" for the first one
	definition string
	workflow   *workflow
	role       string
	logging    json.RawMessage
	tracing    json.RawMessage
	updated    time.Time
}

// logs reports whether the machine asks for execution logs.
func (r *revision) logs() bool {
	var l struct{ Level string }
	return json.Unmarshal(r.logging, &l) == nil && l.Level != "" && l.Level != "OFF"
}

var (
	noLogging = json.RawMessage(`{"level":"OFF","includeExecutionData":false}`)
	noTracing = json.RawMessage(`{"enabled":false}`)
)

// machineRequest is what creates or changes a machine.
type machineRequest struct {
	StateMachineArn      string
	Name                 string
	Definition           *string
	RoleArn              *string
	Type                 string
	LoggingConfiguration json.RawMessage
	TracingConfiguration json.RawMessage
	Publish              bool
	VersionDescription   string
	Tags                 []tag
}

func (r *machineRequest) check() error {
	if r.VersionDescription != "" && !r.Publish {
		return core.Errorf("ValidationException", "Version description can only be set when publish is true")
	}
	if r.Definition != nil {
		return tooLong(*r.Definition, "definition", maxDefinition)
	}
	return nil
}

func (s *Service) createStateMachine(c *core.Call) (any, error) {
	var r machineRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	arn := core.ARN("states", c.Region, "stateMachine:"+r.Name)
	if err := firstError(required(r.Name, "name"), required(text(r.Definition), "definition"), required(text(r.RoleArn), "roleArn"),
		tooLong(r.Name, "name", maxName), checkName(r.Name), r.check(), c.Authorize("states:CreateStateMachine", arn)); err != nil {
		return nil, err
	}
	s.cloud.PassRole(c.Principal, *r.RoleArn)
	m, v, err := s.create(c.Region, r)
	if err != nil {
		return nil, err
	}
	out := obj("creationDate", stamp(m.created), "stateMachineArn", m.arn)
	if v != nil {
		out.set("stateMachineVersionArn", v.arn)
	}
	return out, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// create makes a machine, or answers the one that was made by the same request.
func (s *Service) create(region string, r machineRequest) (*machine, *version, error) {
	switch r.Type {
	case "":
		r.Type = Standard
	case Standard, Express:
	default:
		return nil, nil, invalid(r.Type, "type", "Member must satisfy enum value set: [STANDARD, EXPRESS]")
	}
	w, problems := compile(*r.Definition, r.Type)
	if len(problems) > 0 {
		return nil, nil, invalidDefinition(problems)
	}
	now := s.cloud.Now()
	rev := &revision{definition: *r.Definition, workflow: w, role: *r.RoleArn, updated: now,
		logging: or(r.LoggingConfiguration, noLogging), tracing: or(r.TracingConfiguration, noTracing)}
	arn := core.ARN("states", region, "stateMachine:"+r.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[arn]
	if m != nil && !m.same(r.Type, rev) {
		return nil, nil, core.Errorf("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", arn)
	}
	if m == nil {
		m = &machine{arn: arn, name: r.Name, region: region, typ: r.Type, created: now, current: rev, tags: tagged(nil, r.Tags)}
		s.machines[arn] = m
	}
	var v *version
	if r.Publish {
		v = m.publish(r.VersionDescription, now)
	}
	return m, v, nil
}

func or(v, otherwise json.RawMessage) json.RawMessage {
	if len(v) == 0 {
		return otherwise
	}
	return v
}

// same is AWS's test for an idempotent CreateStateMachine: role and tags do not count.
func (m *machine) same(typ string, r *revision) bool {
	c := m.current
	return m.typ == typ && c.definition == r.definition && string(c.logging) == string(r.logging) && string(c.tracing) == string(r.tracing)
}

// find gives a machine by the ARN in a request, which may not name a version or alias. The caller holds s.mu.
func (s *Service) find(arn string) (*machine, error) {
	if _, err := parseARN(arn, "stateMachine"); err != nil {
		return nil, err
	}
	m := s.machines[arn]
	if m == nil {
		return nil, noMachine(arn)
	}
	return m, nil
}

func noMachine(arn string) error {
	return core.Errorf("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
}

func (s *Service) updateStateMachine(c *core.Call) (any, error) {
	var r machineRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if r.Definition == nil && r.RoleArn == nil && r.LoggingConfiguration == nil && r.TracingConfiguration == nil && !r.Publish {
		return nil, core.Errorf("MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
	}
	if err := firstError(r.check(), c.Authorize("states:UpdateStateMachine", r.StateMachineArn)); err != nil {
		return nil, err
	}
	s.cloud.PassRole(c.Principal, text(r.RoleArn))
	m, v, err := s.update(r)
	if err != nil {
		return nil, err
	}
	out := obj("updateDate", stamp(m.updated))
	if m.id != "" {
		out.set("revisionId", m.id)
	}
	if v != nil {
		out.set("stateMachineVersionArn", v.arn)
	}
	return out, nil
}

// update makes a new revision when something changes. Executions that run keep theirs.
func (s *Service) update(r machineRequest) (*revision, *version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(r.StateMachineArn)
	if err != nil {
		return nil, nil, err
	}
	next := *m.current
	if r.Definition != nil && *r.Definition != next.definition {
		w, problems := compile(*r.Definition, m.typ)
		if len(problems) > 0 {
			return nil, nil, invalidDefinition(problems)
		}
		next.definition, next.workflow = *r.Definition, w
	}
	if r.RoleArn != nil {
		next.role = *r.RoleArn
	}
	next.logging, next.tracing = or(r.LoggingConfiguration, next.logging), or(r.TracingConfiguration, next.tracing)
	now := s.cloud.Now()
	if !m.same(m.typ, &next) || next.role != m.current.role {
		next.id = s.cloud.Rand.UUID()
	}
	next.updated = now
	if next.id != m.current.id {
		m.current = &next
	}
	var v *version
	if r.Publish {
		v = m.publish(r.VersionDescription, now)
	}
	return &next, v, nil
}

func (s *Service) deleteStateMachine(c *core.Call) (any, error) {
	var r struct{ StateMachineArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if _, err := parseARN(r.StateMachineArn, "stateMachine"); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DeleteStateMachine", r.StateMachineArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	m := s.machines[r.StateMachineArn]
	delete(s.machines, r.StateMachineArn)
	var open []*execution
	if m != nil {
		m.deleted = true
		open = slices.Clone(m.executions)
	}
	s.mu.Unlock()
	for _, x := range open {
		x.end(aborted, doc{}, &failure{}, 0)
	}
	return &object{}, nil
}

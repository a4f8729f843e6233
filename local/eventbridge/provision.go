package eventbridge

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"twofold/local/core"
	"twofold/local/pattern"
)

// Provision creates or updates AWS::Events::EventBus, ::EventBusPolicy, ::Rule and ::Archive and
// AWS::EventSchemas::Registry and ::Schema.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::Events::EventBus":
		return s.provisionBus(r)
	case "AWS::Events::EventBusPolicy":
		return s.provisionPolicy(r)
	case "AWS::Events::Rule":
		return s.provisionRule(r)
	case "AWS::Events::Archive":
		return s.provisionArchive(r)
	case "AWS::EventSchemas::Registry":
		return s.provisionRegistry(r)
	case "AWS::EventSchemas::Schema":
		return s.provisionSchema(r)
	}
	return core.Physical{}, r.Errorf("not a resource of EventBridge")
}

func resourceKey(r core.Resource) string { return r.Region + "|" + r.Stack + "|" + r.LogicalID }

func (s *Service) provisionBus(r core.Resource) (core.Physical, error) {
	var in struct {
		Name, Description string
		Policy            json.RawMessage
	}
	if err := r.Decode(&in, "Tags", "KmsKeyIdentifier", "LogConfig", "DeadLetterConfig"); err != nil {
		return core.Physical{}, err
	}
	if in.Policy != nil {
		return core.Physical{}, r.Errorf("the local cloud does not run the property Policy: use AWS::Events::EventBusPolicy")
	}
	name := cmp.Or(in.Name, r.PhysicalName())
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(r.Region, name)
	if b == nil {
		b = s.add(r.Region, name)
	}
	b.description = in.Description
	return core.Physical{Ref: name, Attrs: map[string]any{"Arn": b.arn, "Name": name}}, nil
}

func (s *Service) provisionPolicy(r core.Resource) (core.Physical, error) {
	var in struct {
		EventBusName, StatementId string
		Statement                 map[string]any
	}
	if err := r.Decode(&in); err != nil {
		return core.Physical{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(r.Region, busName(in.EventBusName))
	if b == nil {
		return core.Physical{}, r.Errorf("%v", noBus(busName(in.EventBusName)))
	}
	if b.policy == nil {
		b.policy = map[string]any{}
	}
	b.policy[in.StatementId] = in.Statement
	return core.Physical{Ref: in.StatementId}, nil
}

// BusPolicy gives the resource policy statements of a bus by statement id.
func (s *Service) BusPolicy(region, bus string) map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]any{}
	if b := s.buses[busKey{region, busName(bus)}]; b != nil {
		for id, statement := range b.policy {
			out[id] = statement
		}
	}
	return out
}

func (s *Service) provisionRule(r core.Resource) (core.Physical, error) {
	var in struct {
		Name, EventBusName, ScheduleExpression, State, Description string
		EventPattern                                               json.RawMessage
		Targets                                                    []Target
	}
	if err := r.Decode(&in, "Tags"); err != nil {
		return core.Physical{}, err
	}
	text, err := patternText(in.EventPattern)
	if err != nil {
		return core.Physical{}, r.Errorf("EventPattern: %v", err)
	}
	made, err := newRule(r.Region, ruleSpec{Name: cmp.Or(in.Name, short(r.PhysicalName())), EventBusName: in.EventBusName,
		EventPattern: text, ScheduleExpression: in.ScheduleExpression, State: in.State, Description: in.Description})
	if err != nil {
		return core.Physical{}, r.Errorf("%s", plain("EventPattern", err))
	}
	var targets []*target
	for _, t := range in.Targets {
		checked, err := newTarget(r.Region, t)
		if err != nil {
			return core.Physical{}, r.Errorf("Targets: %s", plain("", err))
		}
		targets = append(targets, checked)
	}
	if made, err = made.withTargets(targets); err != nil {
		return core.Physical{}, r.Errorf("Targets: %s", plain("", err))
	}
	if err := s.placeRule(r, made); err != nil {
		return core.Physical{}, r.Errorf("%s", plain("", err))
	}
	ref := made.name
	if made.bus != defaultBus {
		ref = made.bus + "|" + made.name
	}
	return core.Physical{Ref: ref, Attrs: map[string]any{"Arn": made.arn}}, nil
}

// placeRule puts a template's rule in the place of the one that the resource made before.
func (s *Service) placeRule(r core.Resource, made *rule) error {
	if err := s.put(made, false); err != nil {
		return err
	}
	key, at := resourceKey(r), made.bus+"/"+made.name
	s.mu.Lock()
	old := s.made[key]
	s.made[key] = at
	s.mu.Unlock()
	if old == "" || old == at {
		return nil
	}
	bus, name, _ := strings.Cut(old, "/")
	if b := s.bus(r.Region, bus); b != nil {
		s.drop(b, name)
	}
	return nil
}

// short keeps a generated rule name within its 64 characters, the logical id at the end.
func short(name string) string { return name[max(0, len(name)-64):] }

// patternText is a pattern that a template gives as an object or, as JSON, in a string.
func patternText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return string(raw), nil
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err
}

// plain is an error for people: a bad pattern with its pointer, others without their code.
func plain(property string, err error) string {
	var bad *pattern.Error
	if errors.As(err, &bad) {
		return property + ": " + bad.Short()
	}
	var e *core.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

func (s *Service) provisionArchive(r core.Resource) (core.Physical, error) {
	var in struct {
		ArchiveName, SourceArn, Description string
		EventPattern                        json.RawMessage
		RetentionDays                       core.Int
	}
	if err := r.Decode(&in, "KmsKeyIdentifier"); err != nil {
		return core.Physical{}, err
	}
	text, err := patternText(in.EventPattern)
	if err != nil {
		return core.Physical{}, r.Errorf("EventPattern: %v", err)
	}
	if arnRegion(in.SourceArn) != r.Region {
		return core.Physical{}, r.Errorf("SourceArn must be the ARN of an event bus of %s, not %q", r.Region, in.SourceArn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := cmp.Or(in.ArchiveName, r.PhysicalName())
	a, err := s.putArchive(r.Region, archiveSpec{ArchiveName: name, EventSourceArn: in.SourceArn, EventPattern: text,
		Description: in.Description, RetentionDays: in.RetentionDays}, true)
	if err != nil {
		return core.Physical{}, r.Errorf("%s", plain("EventPattern", err))
	}
	return core.Physical{Ref: a.name, Attrs: map[string]any{"Arn": a.arn}}, nil
}

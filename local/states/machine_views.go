package states

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
)

func (s *Service) describeStateMachine(c *core.Call) (any, error) {
	var r struct{ StateMachineArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	a, err := parseARN(r.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DescribeStateMachine", r.StateMachineArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[a.machine()]
	if m == nil {
		return nil, noMachine(a.text)
	}
	if a.more == "" {
		return m.describe(m.arn, m.created, m.current), nil
	}
	for _, v := range m.versions {
		if v.arn == a.text {
			out := m.describe(v.arn, v.created, v.rev)
			if v.description != "" {
				out.set("description", v.description)
			}
			return out, nil
		}
	}
	return nil, noMachine(a.text)
}

func (m *machine) describe(arn string, created time.Time, r *revision) *object {
	out := obj("stateMachineArn", arn, "name", m.name, "status", "ACTIVE", "definition", r.definition, "roleArn", r.role,
		"type", m.typ, "creationDate", stamp(created), "loggingConfiguration", raw(r.logging), "tracingConfiguration", raw(r.tracing))
	if r.id != "" {
		out.set("revisionId", r.id)
	}
	return out
}

// raw is JSON that was accepted before, as a value.
func raw(text json.RawMessage) any {
	v, err := parse(string(text))
	if err != nil {
		return nil
	}
	return v
}

func (s *Service) listStateMachines(c *core.Call) (any, error) {
	var r pageRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:ListStateMachines", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	var list []*machine
	for _, m := range s.machines {
		if m.region == c.Region {
			list = append(list, m)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b *machine) int { return strings.Compare(a.name, b.name) })
	return page(r, 1024, "stateMachines", list, func(m *machine) *object {
		return obj("stateMachineArn", m.arn, "name", m.name, "type", m.typ, "creationDate", stamp(m.created))
	})
}

func (s *Service) validateDefinition(c *core.Call) (any, error) {
	var r struct {
		Definition, Type, Severity string
		MaxResults                 int
	}
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:ValidateStateMachineDefinition", "*"); err != nil {
		return nil, err
	}
	if r.Type == "" {
		r.Type = Standard
	}
	_, problems := compile(r.Definition, r.Type)
	limit := r.MaxResults
	if limit <= 0 || limit > 100 {
		limit = 100
	}
	list, result := []any{}, "OK"
	for _, p := range problems[:min(limit, len(problems))] {
		d := obj("severity", "ERROR", "code", p.Code, "message", p.Message)
		if p.Location != "" {
			d.set("location", p.Location)
		}
		list, result = append(list, d), "FAIL"
	}
	return obj("result", result, "diagnostics", list, "truncated", len(problems) > limit), nil
}

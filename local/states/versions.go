package states

import (
	"fmt"
	"strconv"
	"time"

	"twofold/local/core"
)

// version is a published revision.
type version struct {
	arn, description string
	number           int
	created          time.Time
	rev              *revision
}

// initialRevision is what names the first revision, which has no id.
const initialRevision = "INITIAL"

// publish makes a version of the current revision, or gives the one that the last publishing made of
// it. The caller holds Service.mu.
func (m *machine) publish(description string, now time.Time) *version {
	if n := len(m.versions); n > 0 && m.versions[n-1].rev == m.current {
		return m.versions[n-1]
	}
	m.lastVersion++
	v := &version{arn: m.arn + ":" + strconv.Itoa(m.lastVersion), description: description, number: m.lastVersion, created: now, rev: m.current}
	m.versions = append(m.versions, v)
	return v
}

func (m *machine) version(arn string) *version {
	for _, v := range m.versions {
		if v.arn == arn {
			return v
		}
	}
	return nil
}

func (s *Service) publishVersion(c *core.Call) (any, error) {
	var r struct{ StateMachineArn, RevisionID, Description string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:PublishStateMachineVersion", r.StateMachineArn); err != nil {
		return nil, err
	}
	v, err := s.publish(r.StateMachineArn, r.RevisionID, r.Description)
	if err != nil {
		return nil, err
	}
	return obj("creationDate", stamp(v.created), "stateMachineVersionArn", v.arn), nil
}

func (s *Service) publish(arn, revisionID, description string) (*version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(arn)
	if err != nil {
		return nil, err
	}
	current := m.current.id
	if current == "" {
		current = initialRevision
	}
	if revisionID != "" && revisionID != current {
		return nil, core.Errorf("ConflictException",
			"Failed to publish the State Machine version for revision %s. The current State Machine revision is %s.", revisionID, current)
	}
	return m.publish(description, s.cloud.Now()), nil
}

func (s *Service) listVersions(c *core.Call) (any, error) {
	var r struct {
		StateMachineArn string
		pageRequest
	}
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:ListStateMachineVersions", r.StateMachineArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(r.StateMachineArn)
	if err != nil {
		return nil, err
	}
	newest := make([]*version, len(m.versions))
	for i, v := range m.versions {
		newest[len(newest)-1-i] = v
	}
	return page(r.pageRequest, 1024, "stateMachineVersions", newest, func(v *version) *object {
		return obj("stateMachineVersionArn", v.arn, "creationDate", stamp(v.created))
	})
}

func (s *Service) deleteVersion(c *core.Call) (any, error) {
	var r struct{ StateMachineVersionArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	a, err := parseARN(r.StateMachineVersionArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DeleteStateMachineVersion", a.text); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[a.machine()]
	if m == nil {
		return &object{}, nil
	}
	var users []string
	for _, al := range m.aliases {
		if al.uses(a.text) {
			users = append(users, al.name)
		}
	}
	if len(users) > 0 {
		return nil, core.Errorf("ConflictException",
			"Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: %s", fmt.Sprint(users))
	}
	for i, v := range m.versions {
		if v.arn == a.text {
			m.versions = append(m.versions[:i:i], m.versions[i+1:]...)
			break
		}
	}
	return &object{}, nil
}

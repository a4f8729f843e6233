package states

import (
	"slices"

	"twofold/local/core"
)

// tag is one tag of a state machine.
type tag struct{ Key, Value string }

// maxTags is how many tags a resource may have.
const maxTags = 50

// tagged is a set of tags with more of them laid over it; the order is that of their first setting.
func tagged(old, more []tag) []tag {
	out := slices.Clone(old)
	for _, t := range more {
		if i := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i] = t
		} else {
			out = append(out, t)
		}
	}
	return out
}

// taggable finds the machine that a request for tags names; versions and aliases have none. The caller holds s.mu.
func (s *Service) taggable(arn string) (*machine, error) {
	if _, err := parseARN(arn, "stateMachine", "activity"); err != nil {
		return nil, err
	}
	m := s.machines[arn]
	if m == nil {
		return nil, core.Errorf("ResourceNotFound", "Resource not found: '%s'", arn)
	}
	return m, nil
}

func (s *Service) tagResource(c *core.Call) (any, error) {
	var r struct {
		ResourceArn string
		Tags        []tag
	}
	return s.retag(c, &r, &r.ResourceArn, func(old []tag) []tag { return tagged(old, r.Tags) })
}

func (s *Service) untagResource(c *core.Call) (any, error) {
	var r struct {
		ResourceArn string
		TagKeys     []string
	}
	return s.retag(c, &r, &r.ResourceArn, func(old []tag) []tag {
		return slices.DeleteFunc(slices.Clone(old), func(t tag) bool { return slices.Contains(r.TagKeys, t.Key) })
	})
}

// retag reads a request and changes the tags of the machine that it names.
func (s *Service) retag(c *core.Call, request any, arn *string, change func([]tag) []tag) (any, error) {
	if err := c.Decode(request); err != nil {
		return nil, err
	}
	if err := firstError(required(*arn, "resourceArn"), c.Authorize("states:"+c.Operation, *arn)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.taggable(*arn)
	if err != nil {
		return nil, err
	}
	next := change(m.tags)
	if len(next) > maxTags {
		return nil, core.Errorf("TooManyTags", "Too many tags: '%s'", *arn)
	}
	m.tags = next
	return &object{}, nil
}

func (s *Service) listTags(c *core.Call) (any, error) {
	var r struct{ ResourceArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := firstError(required(r.ResourceArn, "resourceArn"), c.Authorize("states:ListTagsForResource", r.ResourceArn)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.taggable(r.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range m.tags {
		out = append(out, obj("key", t.Key, "value", t.Value))
	}
	return obj("tags", out), nil
}

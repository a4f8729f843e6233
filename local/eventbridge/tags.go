package eventbridge

import (
	"context"
	"slices"
	"strings"

	"twofold/local/core"
)

// Tag is one tag of a bus or rule.
type Tag struct{ Key, Value string }

// tagged is a set of tags with more of them laid over it.
func tagged(old, more []Tag) []Tag {
	out := slices.Clone(old)
	for _, t := range more {
		if i := slices.IndexFunc(out, func(o Tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i] = t
		} else {
			out = append(out, t)
		}
	}
	return out
}

// taggable finds the bus or rule that an ARN names, and where its tags are kept. Call with mu held.
func (s *Service) taggable(region, arn string) (string, error) {
	if isBus(arn) {
		name := busName(arn)
		if s.find(region, name) == nil {
			return "", noBus(name)
		}
		return arn, nil
	}
	_, path, ok := strings.Cut(arn, ":rule/")
	if !ok {
		return "", invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.")
	}
	bus, name, custom := strings.Cut(path, "/")
	if !custom {
		bus, name = defaultBus, path
	}
	_, r, err := s.lookup(region, bus, name)
	if err != nil {
		return "", err
	}
	return r.arn, nil
}

// tagRequest is the input of the three operations on tags.
type tagRequest struct {
	ResourceARN string
	Tags        []Tag
	TagKeys     []string
}

// onTags decodes and authorizes a request and runs do with the tags' key, with mu held.
func (s *Service) onTags(call *core.Call, do func(key string, in tagRequest) any) (any, error) {
	var in tagRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:"+call.Operation, in.ResourceARN); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, err := s.taggable(call.Region, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return do(key, in), nil
}

func (s *Service) tagResource(_ context.Context, call *core.Call) (any, error) {
	return s.onTags(call, func(key string, in tagRequest) any {
		s.tags[key] = tagged(s.tags[key], in.Tags)
		return nil
	})
}

func (s *Service) untagResource(_ context.Context, call *core.Call) (any, error) {
	return s.onTags(call, func(key string, in tagRequest) any {
		s.tags[key] = slices.DeleteFunc(slices.Clone(s.tags[key]), func(t Tag) bool { return slices.Contains(in.TagKeys, t.Key) })
		return nil
	})
}

func (s *Service) listTags(_ context.Context, call *core.Call) (any, error) {
	return s.onTags(call, func(key string, _ tagRequest) any {
		return map[string]any{"Tags": append([]Tag{}, s.tags[key]...)}
	})
}

package dynamodb

import (
	"context"
	"slices"
	"strings"

	"twofold/local/core"
)

// Tags of a table. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html
type tagSpec struct{ Key, Value string }

const maxTags = 50

// tagRequest is what TagResource, UntagResource and ListTagsOfResource have in common.
type tagRequest struct {
	ResourceArn string
	Tags        []tagSpec
	TagKeys     []string
}

func (s *Service) tagHandler(operation string) handler {
	change := map[string]func(*table, *tagRequest) ([]byte, *core.Error){
		"TagResource": (*table).tag, "UntagResource": (*table).untag, "ListTagsOfResource": (*table).listTags}[operation]
	if change == nil {
		return nil
	}
	return func(_ context.Context, call *core.Call) ([]byte, *core.Error) {
		var r tagRequest
		t, err := s.tagged(call, &r, operation)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		return change(t, &r)
	}
}

// tagged finds the table that a request is about. AWS denies access to a table that it does not know.
func (s *Service) tagged(call *core.Call, r *tagRequest, operation string) (*table, *core.Error) {
	if err := call.Decode(r); err != nil {
		return nil, coreError(err)
	}
	var c constraints
	c.present(r.ResourceArn != "", "resourceArn")
	c.present(operation != "TagResource" || r.Tags != nil, "tags")
	c.present(operation != "UntagResource" || r.TagKeys != nil, "tagKeys")
	if err := c.err(); err != nil {
		return nil, err
	}
	_, name, ok := strings.Cut(r.ResourceArn, ":table/")
	if !ok || !strings.HasPrefix(r.ResourceArn, "arn:aws:dynamodb:") || strings.Contains(name, "/") {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", r.ResourceArn)
	}
	if err := call.Authorize("dynamodb:"+operation, r.ResourceArn); err != nil {
		return nil, coreError(err)
	}
	t, known := s.table(call.Region, name)
	switch {
	case operation == "ListTagsOfResource" && (!known || t.arn != r.ResourceArn):
		return nil, core.Errorf("AccessDeniedException", "User is not authorized to perform: dynamodb:%s on resource: %s", operation, r.ResourceArn)
	case !known || t.arn != r.ResourceArn:
		return nil, core.Errorf("ResourceNotFoundException", "Requested resource not found: ResourcArn: %s not found", r.ResourceArn)
	}
	return t, nil
}

func (t *table) tag(r *tagRequest) ([]byte, *core.Error) {
	if len(r.Tags) == 0 {
		return nil, invalid("Atleast one Tag needs to be provided as Input.")
	}
	tags := slices.Clone(t.tags)
	for _, tag := range r.Tags {
		tags = slices.DeleteFunc(tags, func(o tagSpec) bool { return o.Key == tag.Key })
		tags = append(tags, tag)
	}
	if len(tags) > maxTags {
		return nil, core.Errorf("LimitExceededException", "Too many tags: a table can have %d", maxTags)
	}
	t.tags = tags
	return []byte("{}"), nil
}

func (t *table) untag(r *tagRequest) ([]byte, *core.Error) {
	if len(r.TagKeys) == 0 {
		return nil, invalid("Atleast one Tag Key needs to be provided as Input.")
	}
	t.tags = slices.DeleteFunc(slices.Clone(t.tags), func(o tagSpec) bool { return slices.Contains(r.TagKeys, o.Key) })
	return []byte("{}"), nil
}

func (t *table) listTags(*tagRequest) ([]byte, *core.Error) {
	return marshal(map[string]any{"Tags": append([]tagSpec{}, t.tags...)})
}

package states

import (
	"fmt"
	"testing"
)

func TestTagsAreKeptChangedAndRemoved(t *testing.T) {
	b := newBench(t)
	pass := single(`{"Type":"Pass","End":true}`)
	arn := b.must("CreateStateMachine", map[string]any{"name": "m", "definition": pass, "roleArn": "arn:aws:iam::000000000000:role/saga",
		"tags": []any{map[string]any{"key": "a", "value": "1"}, map[string]any{"key": "b", "value": "2"}}})["stateMachineArn"]
	b.must("TagResource", map[string]any{"resourceArn": arn, "tags": []any{map[string]any{"key": "a", "value": "3"}}})
	b.must("UntagResource", map[string]any{"resourceArn": arn, "tagKeys": []any{"b"}})
	if got := fmt.Sprint(b.must("ListTagsForResource", map[string]any{"resourceArn": arn})["tags"]); got != "[map[key:a value:3]]" {
		t.Errorf("tags are %s", got)
	}
	version := fmt.Sprint(arn, ":1")
	_, err := b.call("TagResource", map[string]any{"resourceArn": version, "tags": []any{}})
	if want := "ResourceNotFound: Resource not found: '" + version + "'"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

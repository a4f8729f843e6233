package eventbridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"twofold/local/pattern"
)

// input makes what a target gets from an event.
type input func(e *event, r *rule) ([]byte, error)

// reserved are the variables that every template may use.
var reserved = []string{"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time", "aws.events.event", "aws.events.event.json"}

func newInput(t Target) (input, error) {
	given := 0
	for _, set := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if set {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.ID)
	case t.Input != "":
		if !json.Valid([]byte(t.Input)) {
			return nil, invalid("JSON syntax error in input for target %s.", t.ID)
		}
		return func(*event, *rule) ([]byte, error) { return []byte(t.Input), nil }, nil
	case t.InputPath != "":
		return newPathInput(t)
	case t.InputTransformer != nil:
		return newTransformer(t)
	}
	return func(e *event, _ *rule) ([]byte, error) { return e.raw, nil }, nil
}

func newPathInput(t Target) (input, error) {
	path, err := pattern.ParsePath(t.InputPath)
	if err != nil {
		return nil, invalid("InputPath for target %s is not valid: %v.", t.ID, err)
	}
	return func(e *event, _ *rule) ([]byte, error) {
		v := path.Find(e.parsed.Root())
		if v == nil {
			return nil, fmt.Errorf("the event has nothing at InputPath %s", path)
		}
		return []byte(v.JSON()), nil
	}, nil
}

// newTransformer checks and compiles an input transformer, see
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func newTransformer(t Target) (input, error) {
	paths := map[string]*pattern.Path{}
	for name, text := range t.InputTransformer.InputPathsMap {
		if strings.HasPrefix(strings.ToLower(name), "aws.") {
			return nil, invalid("InputPathsMap key %s of target %s is reserved.", name, t.ID)
		}
		path, err := pattern.ParsePath(text)
		if err != nil {
			return nil, invalid("InputPathsMap for target %s is not valid: %v.", t.ID, err)
		}
		paths[name] = path
	}
	tpl, err := pattern.ParseTemplate(t.InputTransformer.InputTemplate, func(name string) error {
		if paths[name] == nil && !strings.HasPrefix(name, "aws.events.") {
			return invalid("InputTemplate for target %s contains invalid placeholder %s.", t.ID, name)
		}
		return checkReserved(t.ID, name)
	})
	if err != nil {
		return nil, err
	}
	return func(e *event, r *rule) ([]byte, error) {
		return tpl.Render(func(name string) *pattern.Value {
			if p := paths[name]; p != nil {
				return p.Find(e.parsed.Root())
			}
			return e.variable(name, r)
		})
	}, nil
}

func checkReserved(id, name string) error {
	if !strings.HasPrefix(name, "aws.") {
		return nil
	}
	for _, known := range reserved {
		if name == known {
			return nil
		}
	}
	return invalid("InputTemplate for target %s contains invalid placeholder %s.", id, name)
}

// variable is the value of a predefined variable.
func (e *event) variable(name string, r *rule) *pattern.Value {
	switch name {
	case "aws.events.rule-arn":
		return pattern.StringValue(r.arn)
	case "aws.events.rule-name":
		return pattern.StringValue(r.name)
	case "aws.events.event.ingestion-time":
		return pattern.StringValue(e.received.Format(time.RFC3339))
	case "aws.events.event":
		return e.withoutDetail()
	case "aws.events.event.json":
		return e.parsed.Root()
	}
	return nil
}

// withoutDetail is the event without its detail; EventBridge spells detailType there.
func (e *event) withoutDetail() *pattern.Value {
	out := map[string]json.RawMessage{}
	for _, name := range []string{"id", "account", "detail-type", "time", "source", "region", "resources", "version"} {
		if v := e.parsed.Root().Field(name); v != nil {
			out[strings.ReplaceAll(name, "detail-type", "detailType")] = json.RawMessage(v.JSON())
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	v, err := pattern.ParseJSON(raw)
	if err != nil {
		return nil
	}
	return v
}

// inputFailure is the failure of an input that could not be made: it will never pass.
func inputFailure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Code: "INVALID_JSON", Message: err.Error()}
}

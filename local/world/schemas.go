package world

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"twofold/local/eventbridge"
)

// schemas holds events against the schemas of the deployed registry, compiled when an event of theirs is first seen. AWS's bus does not do this:
// it is a check of the platform, and the event goes on whatever it says. Safe for many tasks.
type schemas struct {
	find     func(region, name string) (eventbridge.Schema, bool)
	compiled *compiledSchemas
}

// compiledSchemas are the schemas that were compiled, by content, which regions and worlds share. Safe for many tasks.
type compiledSchemas struct {
	mu        sync.Mutex
	byContent map[string]*jsonschema.Schema
}

func newCompiledSchemas() *compiledSchemas {
	return &compiledSchemas{byContent: map[string]*jsonschema.Schema{}}
}

// validator checks the events of the platform's own buses; others are nobody's business here.
func (w *World) validator() func(region, bus string, event []byte) error {
	name := "twofold-" + w.opts.Stage
	s := &schemas{compiled: newCompiledSchemas(), find: func(region, schema string) (eventbridge.Schema, bool) {
		return w.svc.events.Schema(region, name, schema)
	}}
	if w.opts.prepared != nil {
		s.compiled = w.opts.prepared.schemas
	}
	return func(region, bus string, event []byte) error {
		if bus != name || len(w.opts.Bare) > 0 {
			return nil
		}
		return s.check(region, event)
	}
}

func (s *schemas) check(region string, event []byte) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(event)))
	if err != nil {
		return err
	}
	var head struct {
		Source     string
		DetailType string `json:"detail-type"`
	}
	if err := json.Unmarshal(event, &head); err != nil {
		return err
	}
	name := head.Source + "@" + head.DetailType // as the registry names it
	found, ok := s.find(region, name)
	if !ok {
		return fmt.Errorf("the registry of %s has no schema %s", region, name)
	}
	schema, err := s.compiled.of(found)
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		return fmt.Errorf("an event is not as the schema %s says: %w", name, err)
	}
	return nil
}

func (s *compiledSchemas) of(found eventbridge.Schema) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byContent[found.Content]; c != nil {
		return c, nil
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(found.Content))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	if err := c.AddResource("registry:"+found.Name, doc); err != nil {
		return nil, err
	}
	compiled, err := c.Compile("registry:" + found.Name)
	if err == nil {
		s.byContent[found.Content] = compiled
	}
	return compiled, err
}

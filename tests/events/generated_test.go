package events

import (
	"encoding/json"
	"testing"
)

// TestTheRegistryStackHoldsTheSchemas: stacks/schemas.yaml is written by `make generate`; what is deployed is what is checked here.
func TestTheRegistryStackHoldsTheSchemas(t *testing.T) {
	root, err := parse(repository(), "stacks/schemas.yaml")
	if err != nil {
		t.Fatal(err)
	}
	declared, seen := schemas(t, repository()), 0
	for name, r := range root.at("Resources").members() {
		if r.at("Type").text() != "AWS::EventSchemas::Schema" {
			continue
		}
		seen++
		s := declared[name.text()]
		if s == nil {
			t.Errorf("%s: the registry holds %s, of which %s has no schema: run make generate", name, name.text(), SchemaFolder)
			continue
		}
		want, err := s.root.plain()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var deployed any
		if err := json.Unmarshal([]byte(r.at("Properties", "Content").text()), &deployed); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(deployed)
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(text) {
			t.Errorf("%s is not what %s says: run make generate", name, s.root)
		}
	}
	if all := len(declared); seen != all {
		t.Errorf("stacks/schemas.yaml holds %d schemas, %s %d: run make generate", seen, SchemaFolder, all)
	}
}

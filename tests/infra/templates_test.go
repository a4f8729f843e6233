package infra_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// declaration is a resource of a template. Intrinsic functions are text: !Sub and !Ref as "${...}".
type declaration struct {
	file, id, kind string
	properties     map[string]any
}

// templates are all stacks and the template that nests them.
type templates struct{ all []declaration }

func (ts *templates) of(kind string) []declaration {
	var out []declaration
	for _, d := range ts.all {
		if d.kind == kind {
			out = append(out, d)
		}
	}
	return out
}

// named tells whether a resource of a kind has this physical name.
func (ts *templates) named(kind, name string) bool {
	for _, d := range ts.of(kind) {
		for _, key := range []string{"QueueName", "Name", "FunctionName", "TableName", "LogGroupName", "AlarmName"} {
			if d.properties[key] == name {
				return true
			}
		}
	}
	return false
}

func readTemplates(t *testing.T) *templates {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "stacks", "*.yaml"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d stacks, %v", len(files), err)
	}
	ts := &templates{}
	for _, f := range append(files, filepath.Join(root, "template.yaml")) {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ts.read(t, filepath.Base(f), raw)
	}
	return ts
}

func (ts *templates) read(t *testing.T, file string, raw []byte) {
	t.Helper()
	var doc struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for id, r := range doc.Resources {
		properties, _ := plain(&r.Properties).(map[string]any)
		ts.all = append(ts.all, declaration{file, id, r.Type, properties})
	}
}

// plain makes values of a node: scalars are strings.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!Ref" || n.Tag == "!GetAtt" {
			return "${" + n.Value + "}"
		}
		return n.Value
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			out = append(out, plain(c))
		}
		return out
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			value := plain(n.Content[i+1])
			if key == "Fn::Sub" && len(n.Content) == 2 {
				return value
			}
			out[key] = value
		}
		return out
	}
	return nil
}

// text is a property that is one; "" otherwise.
func (d declaration) text(name string) string { s, _ := d.properties[name].(string); return s }

// at goes down through mappings.
func (d declaration) at(path ...string) any {
	var v any = d.properties
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// short is a physical name without the stage.
func short(name string) string { return strings.TrimPrefix(name, "twofold-${Stage}-") }

package events

import (
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is a place in a YAML or JSON file (JSON is YAML). The zero node is one that is not there.
type node struct {
	file string
	y    *yaml.Node
}

func parse(fsys fs.FS, file string) (node, error) {
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return node{}, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return node{}, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return node{}, fmt.Errorf("%s is empty", file)
	}
	return node{file, doc.Content[0]}, nil
}

func (n node) there() bool { return n.y != nil }

// String is the place: file:line.
func (n node) String() string {
	if n.y == nil {
		return "(nowhere)"
	}
	return fmt.Sprintf("%s:%d", n.file, n.y.Line)
}

// at goes down mappings by key; the zero node where one is missing.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		next := node{}
		for k, v := range n.members() {
			if k.text() == key {
				next = v
				break
			}
		}
		n = next
	}
	return n
}

func (n node) text() string {
	if n.y == nil {
		return ""
	}
	return n.y.Value
}

// members are the keys and values of a mapping.
func (n node) members() iter.Seq2[node, node] {
	return func(yield func(k, v node) bool) {
		if n.y == nil || n.y.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.y.Content); i += 2 {
			if !yield(node{n.file, n.y.Content[i]}, node{n.file, n.y.Content[i+1]}) {
				return
			}
		}
	}
}

func (n node) items() []node {
	if n.y == nil || n.y.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]node, len(n.y.Content))
	for i, c := range n.y.Content {
		out[i] = node{n.file, c}
	}
	return out
}

// texts are the values of a sequence.
func (n node) texts() []string {
	var out []string
	for _, item := range n.items() {
		out = append(out, item.text())
	}
	return out
}

// regions stand for the pseudo parameter and the parameter that patterns name them by.
var regions = map[string]string{"AWS::Region": "us-east-1", "PeerRegion": "us-west-2"}

// plain is the value as JSON would have it. Regions are all that patterns refer to.
func (n node) plain() (any, error) {
	switch {
	case n.y == nil:
		return nil, nil
	case n.y.Kind == yaml.MappingNode:
		out := map[string]any{}
		for k, v := range n.members() {
			p, err := v.plain()
			if err != nil {
				return nil, err
			}
			out[k.text()] = p
		}
		return out, nil
	case n.y.Kind == yaml.SequenceNode:
		out := []any{}
		for _, item := range n.items() {
			p, err := item.plain()
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	case n.y.Tag == "!Ref" && regions[n.text()] != "":
		return regions[n.text()], nil
	case strings.HasPrefix(n.y.Tag, "!") && !strings.HasPrefix(n.y.Tag, "!!"):
		return nil, fmt.Errorf("%s: %s %s in a pattern is not understood here", n, n.y.Tag, n.text())
	}
	var out any
	err := n.y.Decode(&out)
	return out, err
}

package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// Path is a JSON path as EventBridge takes them: $.name.name-2, [0] or .0 for an element of an
// array, * for all members or elements. Safe for many tasks.
type Path struct {
	text  string
	steps []step
}

type step struct {
	name  string
	index int // of an element; -1 when the step is a name only
	all   bool
}

// ParsePath reads a path that starts with $.
func ParsePath(text string) (*Path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, fmt.Errorf("JSON path %q must start with $", text)
	}
	p := &Path{text: text}
	for rest != "" {
		var word string
		bracket := rest[0] == '['
		switch {
		case bracket:
			word, rest, ok = strings.Cut(rest[1:], "]")
			if !ok {
				return nil, fmt.Errorf("JSON path %q: [ without ]", text)
			}
			word = strings.Trim(word, "'\"")
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			word, rest = rest[1:end+1], rest[end+1:]
		}
		if word == "" || strings.ContainsAny(word, " ?()@,:<>") {
			return nil, fmt.Errorf("JSON path %q: names, [index] and * are supported, not %q", text, rest+word)
		}
		p.steps = append(p.steps, newStep(word))
	}
	return p, nil
}

func newStep(word string) step {
	s := step{name: word, index: -1, all: word == "*"}
	if i, err := strconv.Atoi(word); err == nil && i >= 0 {
		s.index = i
	}
	return s
}

// String is the path as it was written.
func (p *Path) String() string { return p.text }

// Find is what stands at the path, or nil. What * finds is an array of all it finds.
func (p *Path) Find(v *Value) *Value {
	for i, s := range p.steps {
		if s.all {
			return findAll(v, &Path{steps: p.steps[i+1:]})
		}
		if v = s.find(v); v == nil {
			return nil
		}
	}
	return v
}

func (s step) find(v *Value) *Value {
	if v == nil || v.kind != kindArray {
		return v.Field(s.name)
	}
	if s.index < 0 || s.index >= len(v.items) {
		return nil
	}
	return v.items[s.index]
}

func findAll(v *Value, rest *Path) *Value {
	if v == nil {
		return nil
	}
	found := append([]*Value{}, v.items...)
	for _, f := range v.fields {
		found = append(found, f.val)
	}
	list := &Value{kind: kindArray}
	var raw []string
	for _, item := range found {
		if hit := rest.Find(item); hit != nil {
			list.items = append(list.items, hit)
			raw = append(raw, hit.raw)
		}
	}
	list.raw = "[" + strings.Join(raw, ",") + "]"
	return list
}

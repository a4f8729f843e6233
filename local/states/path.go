package states

import (
	"strconv"
	"strings"
)

// pathRoot is what a path starts from.
type pathRoot int

const (
	rootInput    pathRoot = iota // $
	rootContext                  // $$
	rootVariable                 // $name
)

type stepKind int

const (
	stepNames stepKind = iota
	stepIndexes
	stepSlice
	stepAll
	stepFilter
	stepLength // the function length()
)

// pathStep is one step of a path; deep is set when ".." stands before it.
type pathStep struct {
	kind     stepKind
	deep     bool
	names    []string
	indexes  []int
	from, to *int
	filter   filter
}

// path is a compiled JSONPath.
type path struct {
	text     string
	root     pathRoot
	variable string
	steps    []pathStep
	definite bool // at most one match: only single names and indexes
}

// single reports whether the step matches at most one value.
func (s *pathStep) single() bool {
	return !s.deep && (s.kind == stepLength || len(s.names) == 1 || len(s.indexes) == 1)
}

// find gives the path's value in root: the match of a definite path, the list of matches of another.
func (p *path) find(root any) (any, error) {
	if !p.definite {
		return p.matches(root), nil
	}
	v := root
	for i := range p.steps {
		next, ok := p.steps[i].one(v)
		if !ok {
			return nil, p.missing(i, v)
		}
		v = next
	}
	return v, nil
}

// outOfBounds is the error of a path, in bracket notation, whose last step is an index behind the end of a list.
type outOfBounds string

func (o outOfBounds) Error() string {
	return "Index out of bounds when evaluating path " + string(o)
}

// missing says why step i found nothing in v, as Jayway JsonPath words it.
func (p *path) missing(i int, v any) error {
	step, upTo := &p.steps[i], p.canonical(i+1)
	if step.kind == stepIndexes {
		if _, ok := v.([]any); ok {
			if i == len(p.steps)-1 {
				return outOfBounds(upTo)
			}
			return saysf("Index out of bounds when evaluating path %s", upTo)
		}
		return saysf("Filter: [%d] can only be applied to arrays. Current context is: %s", step.indexes[0], encode(v))
	}
	if _, ok := v.(*object); !ok && step.kind == stepNames {
		return saysf("Expected to find an object with property ['%s'] in path %s but found '%s'. This is not a json object according to the JsonProvider.",
			step.names[0], p.canonical(i), typeName(v))
	}
	if i < len(p.steps)-1 {
		return saysf("Missing property in path %s", upTo)
	}
	return saysf("No results for path: %s", upTo)
}

// canonical writes the first n steps of a definite path in bracket notation.
func (p *path) canonical(n int) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range p.steps[:n] {
		switch s.kind {
		case stepNames:
			b.WriteString("['" + s.names[0] + "']")
		case stepIndexes:
			b.WriteString("[" + strconv.Itoa(s.indexes[0]) + "]")
		default:
			b.WriteString(".length()")
		}
	}
	return b.String()
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case *object:
		return "object"
	}
	return "number"
}

// one follows a step that matches at most one value.
func (s *pathStep) one(v any) (any, bool) {
	switch s.kind {
	case stepLength:
		return length(v)
	case stepNames:
		if o, ok := v.(*object); ok {
			return o.get(s.names[0])
		}
	case stepIndexes:
		if a, ok := v.([]any); ok {
			return at(a, s.indexes[0])
		}
	}
	return nil, false
}

func length(v any) (any, bool) {
	switch x := v.(type) {
	case []any:
		return number(int64(len(x))), true
	case *object:
		return number(int64(len(x.keys))), true
	case string:
		return number(int64(len(x))), true
	}
	return nil, false
}

func at(a []any, i int) (any, bool) {
	if i < 0 {
		i += len(a)
	}
	if i < 0 || i >= len(a) {
		return nil, false
	}
	return a[i], true
}

// matches follows all steps from root; the list is never nil.
func (p *path) matches(root any) []any {
	current := []any{root}
	for i := range p.steps {
		next := []any{}
		for _, v := range current {
			next = p.steps[i].each(root, v, next)
		}
		current = next
	}
	return current
}

func (s *pathStep) each(root, v any, out []any) []any {
	out = s.here(root, v, out)
	if !s.deep {
		return out
	}
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			out = s.each(root, e, out)
		}
	case *object:
		for _, e := range x.vals {
			out = s.each(root, e, out)
		}
	}
	return out
}

func (s *pathStep) here(root, v any, out []any) []any {
	switch s.kind {
	case stepLength:
		if n, ok := length(v); ok {
			out = append(out, n)
		}
		return out
	case stepFilter:
		return s.filtered(root, v, out)
	}
	if o, ok := v.(*object); ok {
		return s.members(o, out)
	}
	if a, ok := v.([]any); ok {
		return s.elements(a, out)
	}
	return out
}

func (s *pathStep) members(o *object, out []any) []any {
	if s.kind == stepAll {
		return append(out, o.vals...)
	}
	for _, name := range s.names {
		if v, ok := o.get(name); ok {
			out = append(out, v)
		}
	}
	return out
}

func (s *pathStep) elements(a, out []any) []any {
	switch s.kind {
	case stepAll:
		return append(out, a...)
	case stepSlice:
		from, to := bound(s.from, 0, len(a)), bound(s.to, len(a), len(a))
		if from < to {
			out = append(out, a[from:to]...)
		}
		return out
	}
	for _, i := range s.indexes {
		if v, ok := at(a, i); ok {
			out = append(out, v)
		}
	}
	return out
}

func bound(i *int, otherwise, n int) int {
	if i == nil {
		return otherwise
	}
	if *i < 0 {
		return max(0, n+*i)
	}
	return min(*i, n)
}

// filtered adds the elements of an array, or the object itself, that the filter lets pass.
func (s *pathStep) filtered(root, v any, out []any) []any {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			if s.filter(root, e) {
				out = append(out, e)
			}
		}
	case *object:
		if s.filter(root, x) {
			out = append(out, x)
		}
	}
	return out
}

// put is a copy of doc in which the definite path's place holds v. Missing members are
// made; an element must exist.
func (p *path) put(doc, v any) (any, error) { return put(doc, p.steps, v) }

func put(doc any, steps []pathStep, v any) (any, error) {
	if len(steps) == 0 {
		return v, nil
	}
	if steps[0].kind == stepIndexes {
		return putElement(doc, steps, v)
	}
	o, ok := doc.(*object)
	if !ok && doc != nil {
		return nil, saysf("Unable to apply step %q to input %s", steps[0].names[0], encode(doc))
	}
	var child any
	if o != nil {
		child, _ = o.get(steps[0].names[0])
	}
	changed, err := put(child, steps[1:], v)
	if err != nil {
		return nil, err
	}
	return o.with(steps[0].names[0], changed), nil
}

func putElement(doc any, steps []pathStep, v any) (any, error) {
	a, ok := doc.([]any)
	i := steps[0].indexes[0]
	if !ok || i < 0 || i >= len(a) {
		return nil, saysf("Unable to apply step \"%d\" to input %s", i, encode(doc))
	}
	changed, err := put(a[i], steps[1:], v)
	if err != nil {
		return nil, err
	}
	c := append([]any(nil), a...)
	c[i] = changed
	return c, nil
}

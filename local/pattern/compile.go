package pattern

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern is a compiled event pattern. It is immutable.
type Pattern struct {
	text  string
	alts  []*node // one for each alternative that $or makes; an event matches if one does
	rules []rule
}

// rule is one alternative: every path must match.
type rule []condition

type condition struct {
	path  string // names joined with dots
	tests []test
}

// node is a rule as a tree, by name.
type node struct {
	name     string
	path     []string
	tests    []test
	children []*node
}

const (
	maxAlternatives = 1000
	orKeyword       = "$or"
)

// reserved are the names that EventBridge keeps for itself inside $or.
var reserved = []string{"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard",
	"numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case",
	"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range",
	"ip-address-in-range", "ip-address-not-in-range"}

// Compile reads an event pattern. The error is an *[Error].
func Compile(text []byte) (*Pattern, error) {
	src := string(text)
	root, serr := parseSource(src)
	if serr != nil {
		return nil, serr
	}
	c := &compiler{src: &source{text: src}}
	if root.kind != kindObject {
		return nil, c.fail(root.loc, "Filter is not an object")
	}
	rules, err := c.object(nil, root, nil, false)
	if err != nil {
		return nil, err
	}
	p := &Pattern{text: src, rules: rules}
	for _, r := range rules {
		p.alts = append(p.alts, tree(r))
	}
	return p, nil
}

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// compiler turns the parsed text into rules. pointer is where it stands.
type compiler struct {
	src     *source
	pointer []string
}

func (c *compiler) fail(pos int, format string, args ...any) error {
	e := c.src.fail(pos, format, args...)
	e.Pointer = c.at()
	return e
}

// failTwice is a fault inside a list of anything-but, whose place EventBridge tells two times.
func (c *compiler) failTwice(pos int, format string, args ...any) error {
	e := c.src.fail(pos, format, args...)
	e.Pointer, e.twice = c.at(), true
	return e
}

// failBare is a fault that EventBridge reports without a place.
func (c *compiler) failBare(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf(format, args...), Pointer: c.at()}
}

func (c *compiler) at() string {
	var b strings.Builder
	for _, p := range c.pointer {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

// within runs f with the pointer one step deeper; it leaves the pointer there on error.
func (c *compiler) within(step string, f func() error) error {
	c.pointer = append(c.pointer, step)
	err := f()
	if err == nil {
		c.pointer = c.pointer[:len(c.pointer)-1]
	}
	return err
}

func (c *compiler) object(rules []rule, e *element, path []string, inOr bool) ([]rule, error) {
	for _, f := range e.fields {
		err := c.within(f.name, func() (err error) {
			rules, err = c.field(rules, f, path, inOr)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(e.fields) == 0 {
		return nil, c.fail(e.closing(), "Empty objects are not allowed")
	}
	return rules, nil
}

func (c *compiler) field(rules []rule, f entry, path []string, inOr bool) ([]rule, error) {
	if f.name == orKeyword {
		return c.or(rules, f.val, path)
	}
	if inOr && slices.Contains(reserved, f.name) {
		return nil, c.fail(f.val.loc, "%s is Ruler reserved fieldName which cannot be used inside %s.", f.name, orKeyword)
	}
	path = append(slices.Clip(path), f.name)
	switch f.val.kind {
	case kindObject:
		return c.object(rules, f.val, path, inOr)
	case kindArray:
		tests, err := c.tests(f.val)
		return addCondition(rules, strings.Join(path, "."), tests), err
	}
	return nil, c.fail(f.val.loc, "\"%s\" must be an object or an array", f.name)
}

// addCondition adds a condition to every rule; a path named again is replaced.
func addCondition(rules []rule, path string, tests []test) []rule {
	if len(rules) == 0 {
		rules = []rule{nil}
	}
	for i, r := range rules {
		next := slices.DeleteFunc(slices.Clone(r), func(x condition) bool { return x.path == path })
		rules[i] = append(next, condition{path, tests})
	}
	return rules
}

func (c *compiler) or(rules []rule, list *element, path []string) ([]rule, error) {
	if list.kind != kindArray {
		return nil, c.fail(list.loc, "It must be an Array followed with %s.", orKeyword)
	}
	if len(rules) == 0 {
		rules = []rule{nil}
	}
	var out []rule
	for i, alt := range list.items {
		if alt.kind != kindObject {
			return nil, c.fail(alt.loc, "Only JSON object is allowed in array of %s relationship.", orKeyword)
		}
		err := c.within(fmt.Sprint(i), func() error {
			more, err := c.object(slices.Clone(rules), alt, path, true)
			out = append(out, more...)
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(out) > maxAlternatives {
			return nil, c.fail(alt.closing(), "Rule is too complex - try using fewer %s alternatives", orKeyword)
		}
	}
	if len(list.items) < 2 {
		return nil, c.fail(list.closing(), "There must have at least 2 Objects in %s relationship.", orKeyword)
	}
	return out, nil
}

// tests reads the list of alternatives of one field.
func (c *compiler) tests(list *element) ([]test, error) {
	var out []test
	for i, e := range list.items {
		err := c.within(fmt.Sprint(i), func() error {
			t, err := c.test(e)
			out = append(out, t)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, c.fail(list.closing(), "Empty arrays are not allowed")
	}
	return out, nil
}

func (c *compiler) test(e *element) (test, error) {
	switch e.kind {
	case kindObject:
		return c.operator(e)
	case kindString:
		return exactString(e.text), nil
	case kindNumber:
		return exactNumber(e.text), nil
	case kindArray:
		return nil, c.fail(e.loc, "Match value must be String, number, true, false, or null")
	}
	return exact{e.kind, e.text}, nil
}

// tree arranges the conditions of a rule by name.
func tree(r rule) *node {
	root := &node{}
	for _, c := range r {
		n := root
		for _, name := range strings.Split(c.path, ".") {
			n = n.child(name)
		}
		n.tests = c.tests
	}
	return root
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	c := &node{name: name, path: append(slices.Clip(n.path), name)}
	n.children = append(n.children, c)
	return c
}

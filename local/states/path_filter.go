package states

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// filter tells whether the element current passes; root is the whole document.
type filter func(root, current any) bool

// operand is one side of a comparison; ok is false when its path has no match.
type operand func(root, current any) (v any, ok bool)

// filter reads "(expression)" after the question mark.
func (p *pathParser) filter() (filter, error) {
	p.space()
	if !p.accept("(") {
		return nil, fmt.Errorf("a filter stands in ?( )")
	}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.accept(")") {
		return nil, fmt.Errorf("the filter is not closed at %d", p.i)
	}
	return f, nil
}

func (p *pathParser) or() (filter, error) {
	return p.chain("||", p.and, func(a, b filter) filter {
		return func(root, v any) bool { return a(root, v) || b(root, v) }
	})
}

func (p *pathParser) and() (filter, error) {
	return p.chain("&&", p.not, func(a, b filter) filter {
		return func(root, v any) bool { return a(root, v) && b(root, v) }
	})
}

func (p *pathParser) chain(op string, next func() (filter, error), join func(a, b filter) filter) (filter, error) {
	f, err := next()
	for err == nil {
		p.space()
		if !p.accept(op) {
			return f, nil
		}
		var g filter
		if g, err = next(); err == nil {
			f = join(f, g)
		}
	}
	return nil, err
}

func (p *pathParser) not() (filter, error) {
	p.space()
	if p.accept("!") {
		f, err := p.not()
		if err != nil {
			return nil, err
		}
		return func(root, v any) bool { return !f(root, v) }, nil
	}
	if p.peek("(") {
		mark := p.i
		f, err := p.filter()
		if err != nil {
			p.i = mark
		}
		return f, err
	}
	return p.comparison()
}

// operators, the longer ones first.
var operators = []string{"==", "!=", "<=", ">=", "=~", "<", ">", "subsetof", "anyof", "noneof", "contains", "nin", "in", "size", "empty"}

func (p *pathParser) comparison() (filter, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	i := slices.IndexFunc(operators, p.accept)
	if i < 0 {
		return func(root, v any) bool { _, ok := left(root, v); return ok }, nil
	}
	if operators[i] == "=~" {
		return p.regex(left)
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	test := comparisons[operators[i]]
	return func(root, v any) bool {
		a, okA := left(root, v)
		b, okB := right(root, v)
		if !okA || !okB {
			return operators[i] == "!=" && okA != okB
		}
		return test(a, b)
	}, nil
}

var comparisons = map[string]func(a, b any) bool{
	"==":       equal,
	"!=":       func(a, b any) bool { return !equal(a, b) },
	"<":        func(a, b any) bool { c, ok := order(a, b); return ok && c < 0 },
	"<=":       func(a, b any) bool { c, ok := order(a, b); return ok && c <= 0 },
	">":        func(a, b any) bool { c, ok := order(a, b); return ok && c > 0 },
	">=":       func(a, b any) bool { c, ok := order(a, b); return ok && c >= 0 },
	"in":       func(a, b any) bool { return contains(b, a) },
	"nin":      func(a, b any) bool { return !contains(b, a) },
	"contains": holds,
	"subsetof": func(a, b any) bool { return every(a, func(e any) bool { return contains(b, e) }) },
	"anyof":    func(a, b any) bool { return !every(a, func(e any) bool { return !contains(b, e) }) },
	"noneof":   func(a, b any) bool { return every(a, func(e any) bool { return !contains(b, e) }) },
	"size":     func(a, b any) bool { n, ok := length(a); return ok && equal(n, b) },
	"empty":    func(a, b any) bool { n, ok := length(a); return ok && (n == json.Number("0")) == (b == true) },
}

// order compares two numbers or two strings.
func order(a, b any) (int, bool) {
	switch x := a.(type) {
	case json.Number:
		if y, ok := b.(json.Number); ok {
			return compareNumbers(x, y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true
		}
	}
	return 0, false
}

func contains(list, v any) bool {
	a, ok := list.([]any)
	return ok && slices.ContainsFunc(a, func(e any) bool { return equal(e, v) })
}

func holds(a, b any) bool {
	if s, ok := a.(string); ok {
		sub, ok := b.(string)
		return ok && strings.Contains(s, sub)
	}
	return contains(a, b)
}

func every(list any, test func(any) bool) bool {
	a, ok := list.([]any)
	return ok && !slices.ContainsFunc(a, func(e any) bool { return !test(e) })
}

// regex reads /pattern/flags; the whole value must match, as with Java's matches().
func (p *pathParser) regex(left operand) (filter, error) {
	p.space()
	if !p.accept("/") {
		return nil, fmt.Errorf("=~ needs a /pattern/ at %d", p.i)
	}
	from := p.i
	for p.i < len(p.s) && p.s[p.i] != '/' {
		if p.s[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	if p.i >= len(p.s) {
		return nil, fmt.Errorf("the pattern is not closed")
	}
	pattern := p.s[from:p.i]
	p.i++
	flags := ""
	for p.i < len(p.s) && strings.IndexByte("ims", p.s[p.i]) >= 0 {
		flags += p.s[p.i : p.i+1]
		p.i++
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	re, err := regexp.Compile(flags + "^(?:" + pattern + ")$")
	if err != nil {
		return nil, err
	}
	return func(root, v any) bool {
		x, ok := left(root, v)
		s, isString := x.(string)
		return ok && isString && re.MatchString(s)
	}, nil
}

// operand reads a path from @ or $, or a literal.
func (p *pathParser) operand() (operand, error) {
	p.space()
	switch {
	case p.accept("@"):
		return p.pathOperand(func(_, current any) any { return current })
	case p.accept("$"):
		return p.pathOperand(func(root, _ any) any { return root })
	}
	v, err := p.constant()
	return constant(v), err
}

// constant reads a literal; strings may stand in single quotes.
func (p *pathParser) constant() (any, error) {
	p.space()
	switch {
	case p.peek("'"):
		return p.quoted()
	case p.accept("["):
		return p.constants()
	}
	j := parser{s: p.s, i: p.i}
	v, err := j.value(0)
	if err != nil {
		return nil, fmt.Errorf("a path or value is missing at %d", p.i)
	}
	p.i = j.i
	return v, nil
}

func (p *pathParser) constants() (any, error) {
	list := []any{}
	for p.space(); !p.accept("]"); p.space() {
		if len(list) > 0 && !p.accept(",") {
			return nil, fmt.Errorf("a comma or ] is missing at %d", p.i)
		}
		v, err := p.constant()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func constant(v any) operand { return func(_, _ any) (any, bool) { return v, true } }

func (p *pathParser) pathOperand(start func(root, current any) any) (operand, error) {
	steps, err := p.steps()
	if err != nil {
		return nil, err
	}
	inner := &path{steps: steps, definite: allSingle(steps)}
	return func(root, current any) (any, bool) {
		if !inner.definite {
			list := inner.matches(start(root, current))
			return list, len(list) > 0
		}
		v, err := inner.find(start(root, current))
		return v, err == nil
	}, nil
}

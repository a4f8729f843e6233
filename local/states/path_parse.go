package states

import (
	"fmt"
	"strconv"
	"strings"
)

// compilePath reads a JSONPath with its root: $, $$ or $variable.
func compilePath(text string) (*path, error) {
	p := &pathParser{s: text}
	out := &path{text: text}
	if !p.accept("$") {
		return nil, fmt.Errorf("a path starts with $")
	}
	if p.accept("$") {
		out.root = rootContext
	} else if name := p.identifier(); name != "" {
		out.root, out.variable = rootVariable, name
	}
	steps, err := p.steps()
	if err != nil {
		return nil, err
	}
	if p.i < len(p.s) {
		return nil, fmt.Errorf("unexpected %q in path", p.s[p.i:])
	}
	out.steps, out.definite = steps, allSingle(steps)
	return out, nil
}

func allSingle(steps []pathStep) bool {
	for i := range steps {
		if !steps[i].single() {
			return false
		}
	}
	return true
}

// compileReference reads a Reference Path: one that names exactly one place.
func compileReference(text string) (*path, error) {
	p, err := compilePath(text)
	if err != nil {
		return nil, err
	}
	if !p.definite {
		return nil, fmt.Errorf("a reference path names one place: no wildcard, slice, filter or descent")
	}
	return p, nil
}

type pathParser struct {
	s string
	i int
}

func (p *pathParser) peek(s string) bool { return strings.HasPrefix(p.s[p.i:], s) }

func (p *pathParser) accept(s string) bool {
	if p.peek(s) {
		p.i += len(s)
		return true
	}
	return false
}

func (p *pathParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t' || p.s[p.i] == '\n') {
		p.i++
	}
}

// identifier reads a variable's name, "" if there is none.
func (p *pathParser) identifier() string {
	from := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
		if !letter && (p.i == from || c < '0' || c > '9') {
			break
		}
		p.i++
	}
	return p.s[from:p.i]
}

// steps reads steps until one cannot start.
func (p *pathParser) steps() ([]pathStep, error) {
	var out []pathStep
	for {
		var s pathStep
		var err error
		switch {
		case p.accept(".."):
			s, err = p.deep()
		case p.accept("."):
			s, err = p.dotted()
		case p.accept("["):
			s, err = p.bracket()
		default:
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
}

func (p *pathParser) deep() (s pathStep, err error) {
	if p.accept("[") {
		s, err = p.bracket()
	} else {
		s, err = p.dotted()
	}
	s.deep = true
	return s, err
}

func (p *pathParser) dotted() (pathStep, error) {
	if p.accept("*") {
		return pathStep{kind: stepAll}, nil
	}
	from := p.i
	for p.i < len(p.s) && !strings.ContainsRune(".[]()' \t\n\",=<>!&|*?@~", rune(p.s[p.i])) {
		p.i++
	}
	name := p.s[from:p.i]
	if name == "" {
		return pathStep{}, fmt.Errorf("a name is missing after the dot at %d", from)
	}
	if name == "length" && p.accept("()") {
		return pathStep{kind: stepLength}, nil
	}
	return pathStep{kind: stepNames, names: []string{name}}, nil
}

func (p *pathParser) bracket() (s pathStep, err error) {
	p.space()
	switch {
	case p.accept("*"):
		s.kind = stepAll
	case p.accept("?"):
		s.kind = stepFilter
		s.filter, err = p.filter()
	case p.peek("'"), p.peek(`"`):
		s.kind = stepNames
		s.names, err = p.names()
	default:
		s, err = p.numbers()
	}
	if err != nil {
		return s, err
	}
	p.space()
	if !p.accept("]") {
		return s, fmt.Errorf("a closing ] is missing at %d", p.i)
	}
	return s, nil
}

func (p *pathParser) names() ([]string, error) {
	var out []string
	for {
		p.space()
		name, err := p.quoted()
		if err != nil {
			return nil, err
		}
		out = append(out, name)
		p.space()
		if !p.accept(",") {
			return out, nil
		}
	}
}

// quoted reads a quoted string. A backslash escapes the quote and itself; before any other
// character it stands for itself.
func (p *pathParser) quoted() (string, error) {
	if p.i >= len(p.s) || p.s[p.i] != '\'' && p.s[p.i] != '"' {
		return "", fmt.Errorf("a quoted name is missing at %d", p.i)
	}
	quote := p.s[p.i]
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		c := p.s[p.i]
		if c == quote {
			p.i++
			return b.String(), nil
		}
		if c == '\\' && p.i+1 < len(p.s) && (p.s[p.i+1] == quote || p.s[p.i+1] == '\\' && quote == '\'' && p.closes(p.i+2, quote)) {
			p.i++
			c = p.s[p.i]
		}
		b.WriteByte(c)
	}
	return "", fmt.Errorf("a quote is not closed")
}

// closes reports whether a closing quote follows at i: then a double backslash before it is one backslash.
func (p *pathParser) closes(i int, quote byte) bool { return i < len(p.s) && p.s[i] == quote }

func (p *pathParser) numbers() (pathStep, error) {
	first, ok := p.int()
	p.space()
	if p.accept(":") {
		p.space()
		to, hasTo := p.int()
		s := pathStep{kind: stepSlice}
		if ok {
			s.from = &first
		}
		if hasTo {
			s.to = &to
		}
		if !ok && !hasTo {
			return s, fmt.Errorf("a slice needs a bound at %d", p.i)
		}
		return s, nil
	}
	if !ok {
		return pathStep{}, fmt.Errorf("an index, name, slice, filter or * is missing at %d", p.i)
	}
	s := pathStep{kind: stepIndexes, indexes: []int{first}}
	for p.accept(",") {
		p.space()
		i, ok := p.int()
		if !ok {
			return s, fmt.Errorf("an index is missing at %d", p.i)
		}
		s.indexes = append(s.indexes, i)
		p.space()
	}
	return s, nil
}

func (p *pathParser) int() (int, bool) {
	from := p.i
	p.accept("-")
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	i, err := strconv.Atoi(p.s[from:p.i])
	if err != nil {
		p.i = from
	}
	return i, err == nil
}

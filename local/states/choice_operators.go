package states

import (
	"encoding/json"
	"strings"
	"time"
)

// operatorSpec is a comparison operator: what it compares and which orders it accepts.
type operatorSpec struct {
	name string
	kind string // String, Numeric, Boolean, Timestamp, Is, Matches
	want func(int) bool
	path bool // the operand is a path
}

var orders = map[string]func(int) bool{
	"Equals":            func(c int) bool { return c == 0 },
	"LessThan":          func(c int) bool { return c < 0 },
	"GreaterThan":       func(c int) bool { return c > 0 },
	"LessThanEquals":    func(c int) bool { return c <= 0 },
	"GreaterThanEquals": func(c int) bool { return c >= 0 },
}

func comparisonNamed(name string) (operatorSpec, bool) {
	switch name {
	case "IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp":
		return operatorSpec{name: name, kind: "Is"}, true
	case "StringMatches":
		return operatorSpec{name: name, kind: "Matches"}, true
	}
	base, isPath := strings.CutSuffix(name, "Path")
	for _, kind := range []string{"String", "Numeric", "Boolean", "Timestamp"} {
		rest, ok := strings.CutPrefix(base, kind)
		if want := orders[rest]; ok && want != nil && (kind != "Boolean" || rest == "Equals") {
			return operatorSpec{name: name, kind: kind, want: want, path: isPath}, true
		}
	}
	return operatorSpec{}, false
}

// comparison makes the condition; the operand must have the operator's type.
func (c *compiler) comparison(f *fields, variable *path, op operatorSpec, operand any) condition {
	if variable == nil {
		return nil
	}
	if op.path {
		other := f.path(op.name, compilePath)
		return func(e *env) (bool, error) {
			a, err := choiceValue(variable, e)
			if err != nil {
				return false, err
			}
			b, err := choiceValue(other, e)
			return err == nil && op.holds(a, b), err
		}
	}
	if err := op.check(operand); err != nil {
		f.problem(op.name, "%v", err)
		return nil
	}
	if op.name == "IsPresent" {
		return func(e *env) (bool, error) {
			v, err := variable.eval(e)
			none := err != nil || !variable.definite && len(v.([]any)) == 0
			return none != (operand == true), nil
		}
	}
	return func(e *env) (bool, error) {
		v, err := choiceValue(variable, e)
		return err == nil && op.holds(v, operand), err
	}
}

// choiceValue is the value of a path; one match of an indefinite path stands for itself.
func choiceValue(p *path, e *env) (any, error) {
	v, err := p.eval(e)
	if err != nil {
		return nil, saysf("Invalid path '%s': The choice state's condition path references an invalid value.", p.text)
	}
	if list, ok := v.([]any); ok && !p.definite && len(list) == 1 {
		return list[0], nil
	}
	return v, nil
}

func (op operatorSpec) check(operand any) error {
	ok := false
	switch op.kind {
	case "Is", "Boolean":
		_, ok = operand.(bool)
	case "Numeric":
		_, ok = operand.(json.Number)
	case "Timestamp":
		if _, ok = timestamp(operand); !ok {
			return saysf("String does not match RFC3339 timestamp")
		}
	default:
		_, ok = operand.(string)
	}
	if !ok {
		return saysf("Value has the wrong type for %s", op.name)
	}
	return nil
}

// holds compares two values; values of other types than the operator's never compare.
func (op operatorSpec) holds(a, b any) bool {
	switch op.kind {
	case "Is":
		return isOfType(op.name, a) == (b == true)
	case "Matches":
		s, ok := a.(string)
		return ok && globMatch(b.(string), s)
	case "Boolean":
		x, okX := a.(bool)
		y, okY := b.(bool)
		return okX && okY && x == y
	case "Timestamp":
		x, okX := timestamp(a)
		y, okY := timestamp(b)
		return okX && okY && op.want(x.Compare(y))
	}
	_, isString := a.(string)
	c, ok := order(a, b)
	return ok && isString == (op.kind == "String") && op.want(c)
}

func isOfType(name string, v any) bool {
	switch name {
	case "IsNull":
		return v == nil
	case "IsTimestamp":
		_, ok := timestamp(v)
		return ok
	}
	return typeName(v) == map[string]string{"IsNumeric": "number", "IsString": "string", "IsBoolean": "boolean"}[name]
}

// timestamp reads an RFC 3339 time with a capital T and, without an offset, a capital Z.
func timestamp(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// globMatch is StringMatches: * stands for any characters, \* and \\ for themselves.
func globMatch(pattern, s string) bool {
	type token struct {
		c   byte
		any bool
	}
	var tokens []token
	for i := 0; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern) && (pattern[i+1] == '*' || pattern[i+1] == '\\'):
			i++
			tokens = append(tokens, token{c: pattern[i]})
		default:
			tokens = append(tokens, token{c: pattern[i], any: pattern[i] == '*'})
		}
	}
	at, star, mark := 0, -1, 0
	for i := 0; i < len(s); {
		switch {
		case at < len(tokens) && tokens[at].any:
			star, mark = at, i
			at++
		case at < len(tokens) && tokens[at].c == s[i]:
			at++
			i++
		case star >= 0:
			mark++
			at, i = star+1, mark
		default:
			return false
		}
	}
	for at < len(tokens) && tokens[at].any {
		at++
	}
	return at == len(tokens)
}

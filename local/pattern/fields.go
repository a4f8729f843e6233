package pattern

import "strings"

// Field is one field that a pattern asks about.
type Field struct {
	// Path is the names from the top of the event, e.g. ["detail", "home"].
	Path []string
	// Values are the literal values that are allowed: string, float64, bool or nil.
	Values []any
	// Open is true when other tests (prefix, numeric, anything-but, ...) allow more than Values.
	Open bool
	// Absent is true when the field may be missing ({"exists": false}).
	Absent bool
}

// Alternatives lists what the pattern asks, one list for each alternative that its $or make. An
// event matches when all fields of one alternative do. Tools hold this against schemas: a field
// that no schema has, or a value that no schema allows, can never match.
func (p *Pattern) Alternatives() [][]Field {
	out := make([][]Field, 0, len(p.rules))
	for _, r := range p.rules {
		fields := make([]Field, 0, len(r))
		for _, c := range r {
			f := Field{Path: strings.Split(c.path, ".")}
			for _, t := range c.tests {
				f.add(t)
			}
			fields = append(fields, f)
		}
		out = append(out, fields)
	}
	return out
}

func (f *Field) add(t test) {
	switch t := t.(type) {
	case exact:
		f.Values = append(f.Values, literal(t))
	case exactIP:
		f.Values = append(f.Values, t.text)
	case number:
		f.Values = append(f.Values, t.n)
	case exists:
		f.Absent = f.Absent || !bool(t)
		f.Open = f.Open || bool(t)
	default:
		f.Open = true
	}
}

func literal(t exact) any {
	switch t.kind {
	case kindNull:
		return nil
	case kindBool:
		return t.text == "true"
	}
	return t.text
}

// Operators are the names of the operators that the pattern uses, each once; an operator inside
// anything-but is named like "anything-but/prefix". Services that take only a part of the language
// check this.
func (p *Pattern) Operators() []string {
	seen := map[string]bool{}
	var out []string
	for _, r := range p.rules {
		for _, c := range r {
			for _, t := range c.tests {
				if name := operatorName(t); name != "" && !seen[name] {
					seen[name] = true
					out = append(out, name)
				}
			}
		}
	}
	return out
}

func operatorName(t test) string {
	switch t := t.(type) {
	case not:
		if len(t.tests) > 0 {
			if inner := operatorName(t.tests[0]); inner != "" {
				return "anything-but/" + inner
			}
		}
		return "anything-but"
	case affix:
		if t.suffix {
			return "suffix"
		}
		return "prefix"
	case sameFold:
		return "equals-ignore-case"
	case wildcard:
		return "wildcard"
	case exists:
		return "exists"
	case cidr:
		return "cidr"
	case rangeTest:
		return "numeric"
	}
	return ""
}

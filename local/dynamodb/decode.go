package dynamodb

import "encoding/base64"

// What is wrong with an attribute value is found while it is decoded, but it is reported only
// after the whole request has been read, and with words that depend on where the value
// stands. So decoding gives the value and the first problem found in it ("" for none).

const (
	problemEmpty   = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	problemMany    = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	problemNull    = "One or more parameter values were invalid: Null attribute value types must have the value of true"
	problemNesting = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	maxNesting     = 32
)

// attributes reads a map of about size attribute values. Each problem is given to bad with its name.
func (s *scanner) attributes(bad func(name, problem string), depth, size int) attributes {
	out := make(attributes, 0, size)
	s.object(func(name string) {
		v, problem := s.value(depth)
		if problem != "" {
			bad(name, problem)
		}
		out = append(out, attribute{name, v})
	})
	return out.normalize()
}

// value reads {"S": "..."}.
func (s *scanner) value(depth int) (v value, problem string) {
	if c := s.peek(); c != '{' {
		s.mismatch('{')
		return v, ""
	}
	note := func(p string) {
		if problem == "" {
			problem = p
		}
	}
	if depth >= maxNesting {
		note(problemNesting)
	}
	count := 0
	s.object(func(name string) {
		k := kindOf(name)
		if k == kindNone || s.literal("null") {
			if k == kindNone {
				s.skip()
			}
			return
		}
		count++
		v = s.typed(k, depth, note)
	})
	switch {
	case count == 0:
		note(problemEmpty)
	case count > 1:
		note(problemMany)
	}
	return v, problem
}

func (s *scanner) typed(k kind, depth int, note func(string)) value {
	v := value{kind: k}
	switch k {
	case kindS:
		v.text = s.str()
	case kindN:
		v.text = s.numeric(note)
	case kindB:
		v.text = s.blob()
	case kindBOOL:
		v.flag = s.boolean()
	case kindNULL:
		if v.flag = true; !s.boolean() {
			note(problemNull)
		}
	case kindM:
		v.tree = s.attributes(func(_, p string) { note(p) }, depth+1, 4)
	case kindL:
		v.list = []value{}
		s.array(func() {
			e, p := s.value(depth + 1)
			if p != "" {
				note(p)
			}
			v.list = append(v.list, e)
		})
	default:
		s.set(&v, note)
	}
	return v
}

func (s *scanner) numeric(note func(string)) string {
	text, problem := canonicalNumber(s.str())
	if problem != "" {
		note(problem)
	}
	return text
}

func (s *scanner) blob() string {
	if s.peek() != '"' {
		s.fail("only base-64-encoded strings are convertible to bytes")
		return ""
	}
	text := s.quoted()
	if len(text)%4 != 0 {
		s.fail("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(text))
		return ""
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		s.fail("Invalid last non-pad Base64 character dectected")
	}
	return string(raw)
}

func (s *scanner) set(v *value, note func(string)) {
	member := v.kind.member()
	var as string // the members as they came, for the message
	s.array(func() {
		m := value{kind: member}
		switch member {
		case kindS:
			m.text = s.str()
		case kindN:
			m.text = s.numeric(note)
		default:
			m.text = s.blob()
		}
		if as != "" {
			as += ", "
		}
		as += m.text
		v.list = append(v.list, m)
	})
	if problem := setProblem(v, as); problem != "" {
		note(problem)
	}
}

func setProblem(v *value, members string) string {
	distinct := sortSet(v.list)
	switch {
	case len(v.list) == 0 && v.kind == kindSS:
		return "One or more parameter values were invalid: An string set  may not be empty"
	case len(v.list) == 0 && v.kind == kindNS:
		return "One or more parameter values were invalid: An number set  may not be empty"
	case len(v.list) == 0:
		return "One or more parameter values were invalid: Binary sets should not be empty"
	case distinct:
		return ""
	case v.kind == kindNS:
		return "Input collection contains duplicates"
	case v.kind == kindBS:
		return "One or more parameter values were invalid: Input collection of type BS contains duplicates."
	}
	return "One or more parameter values were invalid: Input collection [" + members + "] contains duplicates."
}

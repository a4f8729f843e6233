package pattern

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// maxDepth is how deep events may nest: what PutEvents processes.
const maxDepth = 1100

// Value is one JSON value of an [Event]. It refers to the event's text.
type Value struct {
	kind   kind
	text   string // a string's content; a number, true, false or null as written
	raw    string // the JSON as written
	items  []*Value
	fields []member
	// nested is fields with dotted names taken apart; nil when no name has a dot.
	nested []member
}

type member struct {
	name string
	val  *Value
}

// Event is a parsed JSON object. It is immutable.
type Event struct{ root *Value }

// ParseEvent reads a JSON object. The event keeps a copy of raw.
func ParseEvent(raw []byte) (*Event, error) {
	v, err := parseValue(string(raw))
	if err != nil {
		return nil, err
	}
	if v.kind != kindObject {
		return nil, errors.New("an event must be a JSON object")
	}
	return &Event{root: v}, nil
}

// Root is the whole event as a value.
func (e *Event) Root() *Value { return e.root }

// JSON is the value as it was written.
func (v *Value) JSON() string { return v.raw }

// Text is a string's content, and of every other value its JSON.
func (v *Value) Text() string {
	if v.kind == kindString {
		return v.text
	}
	return v.raw
}

// IsString reports whether the value is a JSON string.
func (v *Value) IsString() bool { return v.kind == kindString }

// Field is the member of an object with exactly this name, or nil.
func (v *Value) Field(name string) *Value {
	if v == nil || v.kind != kindObject {
		return nil
	}
	return find(v.fields, name)
}

// Items are the elements of an array; nil for other values.
func (v *Value) Items() []*Value { return v.items }

func find(fields []member, name string) *Value {
	for i := range fields {
		if fields[i].name == name {
			return fields[i].val
		}
	}
	return nil
}

func parseValue(src string) (*Value, error) {
	r := &reader{src: src}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.pos != len(src) {
		return nil, r.errorf("something follows the JSON value")
	}
	return v, nil
}

type reader struct {
	src string
	pos int
}

func (r *reader) errorf(format string, args ...any) error {
	return fmt.Errorf("%s at byte %d", fmt.Sprintf(format, args...), r.pos)
}

func (r *reader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// peek is the next byte that is not white space, 0 at the end.
func (r *reader) peek() byte {
	if r.space(); r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

func (r *reader) value(depth int) (*Value, error) {
	if depth > maxDepth {
		return nil, r.errorf("nested deeper than %d levels", maxDepth)
	}
	c := r.peek()
	start := r.pos
	v := &Value{}
	var err error
	switch {
	case c == '{':
		err = r.object(v, depth)
	case c == '[':
		err = r.array(v, depth)
	case c == '"':
		v.kind = kindString
		v.text, err = r.str()
	default:
		err = r.scalar(v)
	}
	if err != nil {
		return nil, err
	}
	v.raw = r.src[start:r.pos]
	return v, nil
}

func (r *reader) object(v *Value, depth int) error {
	v.kind = kindObject
	r.pos++
	dotted := false
	for first := true; ; first = false {
		c := r.peek()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return r.errorf("a field name must start with a double quote")
		}
		name, err := r.str()
		if err != nil {
			return err
		}
		if r.peek() != ':' {
			return r.errorf("a colon must follow the field name %q", name)
		}
		r.pos++
		val, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		dotted = dotted || strings.Contains(name, ".")
		v.fields = setMember(v.fields, name, val)
		if c = r.peek(); c == '}' {
			break
		}
		if c != ',' {
			return r.errorf("a comma or } must follow the field %q", name)
		}
		r.pos++
	}
	r.pos++
	if dotted {
		v.nested = unfold(v.fields)
	}
	return nil
}

// setMember appends a member, or replaces the one of the same name: the last wins.
func setMember(fields []member, name string, val *Value) []member {
	for i := range fields {
		if fields[i].name == name {
			fields[i].val = val
			return fields
		}
	}
	return append(fields, member{name, val})
}

// unfold takes dotted names apart: {"a.b": 1} is {"a": {"b": 1}} to a pattern.
func unfold(fields []member) []member {
	var out []member
	for _, f := range fields {
		head, rest, dotted := strings.Cut(f.name, ".")
		val := f.val
		if dotted {
			inner := []member{{rest, f.val}}
			val = &Value{kind: kindObject, fields: inner, nested: unfold(inner)}
		}
		if old := find(out, head); old != nil && old.kind == kindObject && val.kind == kindObject {
			both := append(append([]member{}, old.members()...), val.members()...)
			val = &Value{kind: kindObject, fields: both, nested: unfold(both)}
		}
		out = setMember(out, head, val)
	}
	return out
}

// members are the fields as patterns see them.
func (v *Value) members() []member {
	if v.nested != nil {
		return v.nested
	}
	return v.fields
}

func (r *reader) array(v *Value, depth int) error {
	v.kind = kindArray
	r.pos++
	for first := true; ; first = false {
		if first && r.peek() == ']' {
			break
		}
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
		c := r.peek()
		if c == ']' {
			break
		}
		if c != ',' {
			return r.errorf("a comma or ] must follow an array's element")
		}
		r.pos++
	}
	r.pos++
	return nil
}

// str reads a string and gives its content; without escapes that is a part of the source.
func (r *reader) str() (string, error) {
	start := r.pos
	escaped := false
	for r.pos++; r.pos < len(r.src); r.pos++ {
		switch c := r.src[r.pos]; {
		case c == '\\':
			escaped = true
			r.pos++
		case c < ' ':
			return "", r.errorf("a control character in a string must be escaped")
		case c == '"':
			r.pos++
			if !escaped {
				return r.src[start+1 : r.pos-1], nil
			}
			s, err := unquote(r.src[start:r.pos])
			if err != nil {
				return "", r.errorf("a string has a bad escape")
			}
			return s, nil
		}
	}
	return "", r.errorf("a string has no end")
}

func (r *reader) scalar(v *Value) error {
	start := r.pos
	for r.pos < len(r.src) && !strings.ContainsRune(" \t\r\n,]}:", rune(r.src[r.pos])) {
		r.pos++
	}
	v.text = r.src[start:r.pos]
	switch v.text {
	case "true", "false":
		v.kind = kindBool
	case "null":
		v.kind = kindNull
	default:
		if !isNumber(v.text) {
			r.pos = start
			return r.errorf("%s is not a JSON value", strconv.Quote(v.text))
		}
		v.kind = kindNumber
	}
	return nil
}

// isNumber reports whether s is a number as JSON writes them.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || (whole > 1 && s[0] == '0') {
		return false
	}
	if s = s[whole:]; strings.HasPrefix(s, ".") {
		n := digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == len(s)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Template is a compiled input template: JSON, or quoted text, with placeholders in angle
// brackets. Safe for many tasks.
//
// A placeholder outside quotes is replaced by the value as JSON, so it keeps its type; inside
// quotes it is replaced by the value's text. A value that is not there becomes "" outside quotes
// and nothing inside. Objects and arrays lose their quotes inside a quoted text, and make the
// result invalid inside a string of a JSON object, as in EventBridge. See
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
type Template struct {
	parts []part
	text  bool // the whole template is quoted text, not an object or array
}

type part struct {
	literal string
	name    string // of a placeholder; "" for a literal
	quoted  bool
}

var placeholder = regexp.MustCompile(`<([A-Za-z0-9_.$\-\[\]*/']+)>`)

// ParseTemplate reads a template. known answers an error for a placeholder that means nothing.
func ParseTemplate(text string, known func(name string) error) (*Template, error) {
	t := &Template{text: strings.HasPrefix(strings.TrimSpace(text), `"`)}
	quoted, from := false, 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		literal, name := text[from:m[0]], text[m[2]:m[3]]
		if err := known(name); err != nil {
			return nil, err
		}
		quoted = quotedAfter(literal, quoted)
		t.parts = append(t.parts, part{literal: literal}, part{name: name, quoted: quoted})
		from = m[1]
	}
	t.parts = append(t.parts, part{literal: text[from:]})
	return t, nil
}

// quotedAfter reports whether the place behind text is inside a JSON string.
func quotedAfter(text string, quoted bool) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		}
	}
	return quoted
}

// Names are the placeholders in order of appearance.
func (t *Template) Names() []string {
	var out []string
	for _, p := range t.parts {
		if p.name != "" {
			out = append(out, p.name)
		}
	}
	return out
}

// Render fills the template in; lookup gives nil for what is not there. It is an error when the
// result is not JSON (or lines of JSON strings).
func (t *Template) Render(lookup func(name string) *Value) ([]byte, error) {
	var b bytes.Buffer
	for _, p := range t.parts {
		if p.name == "" {
			b.WriteString(p.literal)
			continue
		}
		t.insert(&b, p, lookup(p.name))
	}
	out := bytes.TrimSpace(b.Bytes())
	if !validOutput(out) {
		return nil, fmt.Errorf("the input template does not make valid JSON: %.200s", out)
	}
	return out, nil
}

func (t *Template) insert(b *bytes.Buffer, p part, v *Value) {
	switch {
	case v == nil && !p.quoted:
		b.WriteString(`""`)
	case v == nil:
	case !p.quoted:
		b.WriteString(v.raw)
	case v.kind == kindString:
		b.WriteString(v.raw[1 : len(v.raw)-1])
	case t.text:
		b.WriteString(strings.ReplaceAll(v.raw, `"`, ""))
	default:
		b.WriteString(v.raw)
	}
}

// validOutput: JSON, or several JSON strings on lines of their own.
func validOutput(out []byte) bool {
	if json.Valid(out) {
		return true
	}
	lines := bytes.Split(out, []byte("\n"))
	for _, line := range lines {
		line = bytes.TrimSpace(line)
		if len(line) < 2 || line[0] != '"' || !json.Valid(line) {
			return false
		}
	}
	return len(lines) > 1
}

// StringValue is a JSON string with the content s, for a placeholder.
func StringValue(s string) *Value {
	raw, err := json.Marshal(s)
	if err != nil {
		raw = []byte(`""`) // strings always encode
	}
	return &Value{kind: kindString, text: s, raw: string(raw)}
}

// ParseJSON reads any JSON value, for a placeholder or a path.
func ParseJSON(raw []byte) (*Value, error) { return parseValue(string(raw)) }

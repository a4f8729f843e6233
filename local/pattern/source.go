package pattern

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// unquote decodes a JSON string literal.
func unquote(lit string) (string, error) {
	var s string
	err := json.Unmarshal([]byte(lit), &s)
	return s, err
}

// element is one value of a pattern's text with the places at which EventBridge's parser would
// stand when it complains about it.
type element struct {
	kind   kind
	text   string
	loc    int // behind the opening token; behind the opening quote of a string
	end    int // behind the whole value
	items  []*element
	fields []entry
}

type entry struct {
	name string
	val  *element
}

// closing is where the parser stands when it has read the end of a list or object.
func (e *element) closing() int { return e.end }

// source reads the text of a pattern.
type source struct {
	text string
	pos  int
}

func parseSource(text string) (*element, *Error) {
	s := &source{text: text}
	e, err := s.element()
	if err != nil {
		return nil, err
	}
	if c := s.peek(); c != 0 {
		return nil, s.unexpected("was expecting end of input")
	}
	return e, nil
}

func (s *source) fail(pos int, format string, args ...any) *Error {
	line := 1 + strings.Count(s.text[:pos], "\n")
	column := 1 + utf8.RuneCountInString(s.text[strings.LastIndexByte(s.text[:pos], '\n')+1:pos])
	return &Error{Reason: fmt.Sprintf(format, args...), Line: line, Column: column, source: s.text}
}

func (s *source) unexpected(expecting string) *Error {
	if s.pos >= len(s.text) {
		return s.fail(s.pos, "Unexpected end-of-input: %s", expecting)
	}
	c, _ := utf8.DecodeRuneInString(s.text[s.pos:])
	return s.fail(s.pos, "Unexpected character ('%c' (code %d)): %s", c, c, expecting)
}

func (s *source) peek() byte {
	r := reader{src: s.text, pos: s.pos}
	c := r.peek()
	s.pos = r.pos
	return c
}

func (s *source) element() (*element, *Error) {
	switch s.peek() {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		e := &element{kind: kindString, loc: s.pos + 1}
		var err *Error
		e.text, err = s.str()
		e.end = s.pos
		return e, err
	case 0, ',', ':', ']', '}':
		return nil, s.unexpected("expected a value")
	}
	return s.scalar()
}

func (s *source) str() (string, *Error) {
	r := reader{src: s.text, pos: s.pos}
	text, err := r.str()
	s.pos = min(r.pos, len(s.text))
	if err != nil {
		return "", s.fail(s.pos, "%v", err)
	}
	return text, nil
}

func (s *source) scalar() (*element, *Error) {
	r, v := reader{src: s.text, pos: s.pos}, &Value{}
	if err := r.scalar(v); err != nil {
		s.pos += len(v.text)
		return nil, s.fail(s.pos, "Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", v.text)
	}
	s.pos = r.pos
	return &element{kind: v.kind, text: v.text, loc: s.pos, end: s.pos}, nil
}

func (s *source) object() (*element, *Error) {
	s.pos++
	e := &element{kind: kindObject, loc: s.pos}
	for first := true; ; first = false {
		c := s.peek()
		if c == '}' && first {
			break
		}
		if c != '"' {
			return nil, s.unexpected("was expecting double-quote to start field name")
		}
		name, err := s.str()
		if err != nil {
			return nil, err
		}
		if s.peek() != ':' {
			return nil, s.unexpected("was expecting a colon to separate field name and value")
		}
		s.pos++
		val, err := s.element()
		if err != nil {
			return nil, err
		}
		e.fields = append(e.fields, entry{name, val})
		if c = s.peek(); c == '}' {
			break
		}
		if c != ',' {
			return nil, s.unexpected("was expecting comma to separate Object entries")
		}
		s.pos++
	}
	s.pos++
	e.end = s.pos
	return e, nil
}

func (s *source) array() (*element, *Error) {
	s.pos++
	e := &element{kind: kindArray, loc: s.pos}
	for first := true; ; first = false {
		if first && s.peek() == ']' {
			break
		}
		item, err := s.element()
		if err != nil {
			return nil, err
		}
		e.items = append(e.items, item)
		c := s.peek()
		if c == ']' {
			break
		}
		if c != ',' {
			return nil, s.unexpected("was expecting comma to separate Array entries")
		}
		s.pos++
	}
	s.pos++
	e.end = s.pos
	return e, nil
}

// Error says what is wrong with a pattern and where.
type Error struct {
	// Reason is EventBridge's own words, e.g. "Empty arrays are not allowed".
	Reason string
	// Pointer is the JSON pointer (RFC 6901) of the field at fault; "" for the whole pattern.
	Pointer string
	// Line and Column count from 1, where EventBridge's parser stands when it gives up; 0 for
	// faults that EventBridge reports without a place.
	Line, Column int

	source string
	twice  bool // EventBridge tells the place two times
}

// Error is the message of an InvalidEventPatternException, without the pointer.
func (e *Error) Error() string {
	msg := "Event pattern is not valid. Reason: " + e.Reason
	if e.Line > 0 {
		place := fmt.Sprintf("\n at [Source: (String)\"%s\"; line: %d, column: %d]", e.source, e.Line, e.Column)
		msg += place
		if e.twice {
			msg += place
		}
	}
	return msg
}

// Short is a message for people: the reason and the pointer on one line.
func (e *Error) Short() string {
	if e.Pointer == "" {
		return e.Reason
	}
	return e.Reason + " at " + e.Pointer
}

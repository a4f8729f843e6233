package dynamodb

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"twofold/local/core"
)

// scanner reads one JSON text in a single pass, without reflection and without an
// intermediate tree. The first error stays in err and makes every later call a no-op.
type scanner struct {
	text string
	at   int
	err  *core.Error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = core.Errorf("SerializationException", format, args...)
	}
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek is the next byte that is no white space; 0 at the end and after an error.
func (s *scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	s.space()
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) expect(c byte) {
	if !s.take(c) {
		s.fail("Unexpected character at offset %d: %q is expected", s.at, c)
	}
}

// literal consumes a word such as null.
func (s *scanner) literal(word string) bool {
	s.peek()
	if s.err == nil && strings.HasPrefix(s.text[s.at:], word) {
		s.at += len(word)
		return true
	}
	return false
}

// object calls field for each member; field must consume its value. null is an empty object.
func (s *scanner) object(field func(name string)) {
	s.members('{', '}', func() {
		name := s.quoted()
		s.expect(':')
		if s.err == nil {
			field(name)
		}
	})
}

// array calls element for each element; element must consume it. null is an empty array.
func (s *scanner) array(element func()) { s.members('[', ']', element) }

func (s *scanner) members(open, end byte, one func()) {
	if s.literal("null") {
		return
	}
	if !s.take(open) {
		s.mismatch(open)
		return
	}
	if s.take(end) {
		return
	}
	for s.err == nil {
		one()
		if !s.take(',') {
			s.expect(end)
			return
		}
	}
}

// mismatch reports a value of the wrong JSON type the way DynamoDB's front end does.
func (s *scanner) mismatch(open byte) {
	switch c := s.peek(); {
	case open == '{' && c == '[':
		s.fail("Unrecognized collection type")
	case c == '{':
		s.fail("Start of structure or map found where not expected")
	case c == 0:
		s.fail("Unexpected end of input")
	default:
		s.fail("Unexpected field type")
	}
}

// str reads a string where the API has one.
func (s *scanner) str() string {
	if s.peek() == '"' {
		return s.quoted()
	}
	if s.literal("null") {
		return ""
	}
	s.wrongScalar("String")
	return ""
}

func (s *scanner) wrongScalar(want string) {
	switch c := s.peek(); {
	case c == '{':
		s.fail("Start of structure or map found where not expected")
	case c == '[':
		s.fail("Unrecognized collection type class java.lang.%s", want)
	case c == '"':
		s.fail("STRING_VALUE cannot be converted to %s", want)
	case c == 't':
		s.fail("TRUE_VALUE cannot be converted to %s", want)
	case c == 'f':
		s.fail("FALSE_VALUE cannot be converted to %s", want)
	case strings.ContainsAny(s.number(), ".eE"):
		s.fail("DECIMAL_VALUE cannot be converted to %s", want)
	default:
		s.fail("NUMBER_VALUE cannot be converted to %s", want)
	}
}

func (s *scanner) boolean() bool {
	switch {
	case s.literal("true"):
		return true
	case s.literal("false"), s.literal("null"):
		return false
	case s.peek() == '"':
		b, err := strconv.ParseBool(strings.ToLower(s.quoted()))
		if err != nil {
			s.fail("Unexpected token received from parser")
		}
		return b
	}
	s.wrongScalar("Boolean")
	return false
}

// integer reads a whole number; null is nil.
func (s *scanner) integer() *int {
	if s.literal("null") {
		return nil
	}
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.wrongScalar("Integer")
		return nil
	}
	f, err := strconv.ParseFloat(s.number(), 64)
	if err != nil {
		s.fail("Unexpected token received from parser")
	}
	n := int(f)
	return &n
}

func (s *scanner) number() string {
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-0123456789.eE", s.text[s.at]) >= 0 {
		s.at++
	}
	return s.text[start:s.at]
}

// skip consumes one value of any type.
func (s *scanner) skip() {
	switch c := s.peek(); {
	case c == '{':
		s.object(func(string) { s.skip() })
	case c == '[':
		s.array(s.skip)
	case c == '"':
		s.quoted()
	case s.literal("true"), s.literal("false"), s.literal("null"):
	case s.number() == "":
		s.fail("Unexpected character at offset %d", s.at)
	}
}

// quoted reads a JSON string. A string without escapes shares the memory of the request.
func (s *scanner) quoted() string {
	s.expect('"')
	if s.err != nil {
		return ""
	}
	rest := s.text[s.at:]
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			s.at += i + 1
			return rest[:i]
		case c == '\\':
			return s.escaped()
		case c < 0x20:
			s.fail("Illegal unquoted character in a string")
			return ""
		}
	}
	s.fail("Unexpected end of input in a string")
	return ""
}

func (s *scanner) escaped() string {
	var b strings.Builder
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return b.String()
		case c == '\\' && s.at < len(s.text):
			s.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	s.fail("Unexpected end of input in a string")
	return ""
}

func (s *scanner) escape(b *strings.Builder) {
	c := s.text[s.at]
	s.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		return
	}
	if c != 'u' {
		s.fail("Unrecognized character escape %q", c)
		return
	}
	r := s.hex4()
	if utf16.IsSurrogate(r) && strings.HasPrefix(s.text[s.at:], `\u`) {
		s.at += 2
		r = utf16.DecodeRune(r, s.hex4())
	}
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	b.WriteRune(r)
}

func (s *scanner) hex4() rune {
	if s.at+4 > len(s.text) {
		s.fail("Unexpected end of input in a string")
		return 0
	}
	n, err := strconv.ParseUint(s.text[s.at:s.at+4], 16, 32)
	if err != nil {
		s.fail("Expected a hex-digit for character escape sequence")
	}
	s.at += 4
	return rune(n)
}

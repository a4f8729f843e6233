package states

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a document may nest, as AWS's parser allows.
const maxDepth = 1000

// syntaxError says what is wrong with a JSON text, in the words that AWS uses.
type syntaxError struct {
	msg string
	at  int
}

func (e *syntaxError) Error() string { return e.msg }

// parse reads one JSON text. Strings without escapes share the text's memory.
func parse(text string) (any, error) {
	p := parser{s: text}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		return nil, p.unexpected("expected end of input")
	}
	return v, nil
}

type parser struct {
	s string
	i int
}

func (p *parser) fail(format string, args ...any) error {
	return &syntaxError{msg: fmt.Sprintf(format, args...), at: p.i}
}

func (p *parser) unexpected(expecting string) error {
	if p.i >= len(p.s) {
		return p.fail("Unexpected end-of-input: %s", expecting)
	}
	r, _ := utf8.DecodeRuneInString(p.s[p.i:])
	return p.fail("Unexpected character ('%c' (code %d)): %s", r, r, expecting)
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) (any, error) {
	p.space()
	if depth > maxDepth {
		return nil, p.fail("Document nesting depth (%d) exceeds the maximum allowed (%d)", depth, maxDepth)
	}
	if p.i >= len(p.s) {
		return nil, p.unexpected("expected a value")
	}
	switch c := p.s[p.i]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.str()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return p.word()
}

func (p *parser) word() (any, error) {
	end := p.i
	for p.letterAt(end) {
		end++
	}
	word := p.s[p.i:end]
	switch word {
	case "":
		return nil, p.unexpected("expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
	case "true", "false", "null":
		p.i = end
		if word == "null" {
			return nil, nil
		}
		return word == "true", nil
	}
	p.i = end
	return nil, p.fail("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", word)
}

func (p *parser) letterAt(i int) bool {
	return i < len(p.s) && (p.s[i]|0x20 >= 'a' && p.s[i]|0x20 <= 'z' || p.s[i] >= '0' && p.s[i] <= '9' || p.s[i] == '_' || p.s[i] == '$')
}

func (p *parser) digits() bool {
	from := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > from
}

func (p *parser) accept(chars string) bool {
	if p.i < len(p.s) && strings.IndexByte(chars, p.s[p.i]) >= 0 {
		p.i++
		return true
	}
	return false
}

func (p *parser) number() (any, error) {
	from := p.i
	p.accept("-")
	zero := p.i < len(p.s) && p.s[p.i] == '0'
	if !p.digits() {
		return nil, p.unexpected("expected digit (0-9) to follow minus sign, for valid numeric value")
	}
	if zero && p.s[from] == '0' && p.i-from > 1 || zero && p.s[from] == '-' && p.i-from > 2 {
		return nil, p.fail("Invalid numeric value: Leading zeroes not allowed")
	}
	if p.accept(".") && !p.digits() {
		return nil, p.unexpected("Decimal point not followed by a digit")
	}
	if p.accept("eE") {
		p.accept("+-")
		if !p.digits() {
			return nil, p.unexpected("Exponent indicator not followed by a digit")
		}
	}
	return json.Number(p.s[from:p.i]), nil
}

func (p *parser) array(depth int) (any, error) {
	p.i++
	out := []any{}
	p.space()
	if p.accept("]") {
		return out, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		p.space()
		if p.accept("]") {
			return out, nil
		}
		if !p.accept(",") {
			return nil, p.unexpected("was expecting comma to separate Array entries")
		}
	}
}

func (p *parser) object(depth int) (any, error) {
	p.i++
	out := &object{}
	p.space()
	if p.accept("}") {
		return out, nil
	}
	for {
		p.space()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return nil, p.unexpected("was expecting double-quote to start field name")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.accept(":") {
			return nil, p.unexpected("was expecting a colon to separate field name and value")
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out.set(key, v)
		p.space()
		if p.accept("}") {
			return out, nil
		}
		if !p.accept(",") {
			return nil, p.unexpected("was expecting comma to separate Object entries")
		}
	}
}

func (p *parser) str() (string, error) {
	p.i++
	from := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[from : p.i-1], nil
		case c == '\\':
			return p.escaped(from)
		case c < 0x20:
			return "", p.fail("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		}
		p.i++
	}
	return "", p.unexpected("was expecting closing quote for a string value")
}

// escaped reads the rest of a string whose first escape is at p.i.
func (p *parser) escaped(from int) (string, error) {
	out := append(make([]byte, 0, 2*(p.i-from)+16), p.s[from:p.i]...)
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return string(out), nil
		case c == '\\':
			p.i++
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			continue
		case c < 0x20:
			return "", p.fail("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		default:
			out = append(out, c)
		}
		p.i++
	}
	return "", p.unexpected("was expecting closing quote for a string value")
}

func (p *parser) escape() (rune, error) {
	if p.i >= len(p.s) {
		return 0, p.unexpected("expected an escape sequence")
	}
	c := p.s[p.i]
	p.i++
	if at := strings.IndexByte(`"\/bfnrt`, c); at >= 0 {
		return rune("\"\\/\b\f\n\r\t"[at]), nil
	}
	if c != 'u' {
		p.i--
		return 0, p.fail("Unrecognized character escape '%c' (code %d)", c, c)
	}
	r, err := p.hex()
	if err != nil || !utf16.IsSurrogate(r) || !strings.HasPrefix(p.s[p.i:], `\u`) {
		return r, err
	}
	at := p.i
	p.i += 2
	low, err := p.hex()
	if err != nil {
		return 0, err
	}
	if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
		return both, nil
	}
	p.i = at // a lone surrogate: what follows is a character of its own
	return utf8.RuneError, nil
}

func (p *parser) hex() (rune, error) {
	var r rune
	for range 4 {
		if p.i >= len(p.s) {
			return 0, p.unexpected("expected a hex-digit for character escape sequence")
		}
		d := strings.IndexByte("0123456789abcdefABCDEF", p.s[p.i])
		if d > 15 {
			d -= 6
		}
		if d < 0 {
			return 0, p.unexpected("expected a hex-digit for character escape sequence")
		}
		r = r<<4 | rune(d)
		p.i++
	}
	return r, nil
}

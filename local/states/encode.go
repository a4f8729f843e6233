package states

import (
	"encoding/json"
	"unicode/utf8"
)

// encode writes a value as compact JSON, members in their order, nothing escaped that
// need not be, as Step Functions writes it.
func encode(v any) string { return string(appendJSON(nil, v)) }

func appendJSON(b []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		if x {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case string:
		return appendString(b, x)
	case json.Number:
		return append(b, x...)
	case []any:
		b = append(b, '[')
		for i, e := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case *object:
		b = append(b, '{')
		for i, k := range x.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendJSON(b, x.vals[i])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		b = appendEscape(b, c)
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	}
	const hex = "0123456789ABCDEF"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// size is len(encode(v)) without writing it.
func size(v any) int {
	switch x := v.(type) {
	case bool:
		if x {
			return 4
		}
		return 5
	case string:
		return stringSize(x)
	case json.Number:
		return len(x)
	case []any:
		n := 2 + max(0, len(x)-1)
		for _, e := range x {
			n += size(e)
		}
		return n
	case *object:
		n := 2 + max(0, len(x.keys)-1)
		for i, k := range x.keys {
			n += stringSize(k) + 1 + size(x.vals[i])
		}
		return n
	}
	return 4
}

func stringSize(s string) int {
	n := len(s) + 2
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf || c >= 0x20 && c != '"' && c != '\\':
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t', c == '\b', c == '\f':
			n++
		default:
			n += 5
		}
	}
	return n
}

// doc is a document with its text, which is made once and only when it is asked for. The
// text of an execution's input is the caller's own.
type doc struct {
	v    any
	text string
}

func (d *doc) String() string {
	if d.text == "" {
		d.text = encode(d.v)
	}
	return d.text
}

// size is the length of the text in bytes.
func (d *doc) size() int {
	if d.text != "" {
		return len(d.text)
	}
	return size(d.v)
}

package dynamodb

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// Answers are written straight from the stored values into one buffer.

func appendItem(b []byte, a attributes) []byte {
	b = append(b, '{')
	for i := range a {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, a[i].name)
		b = append(b, ':')
		b = appendValue(b, &a[i].value)
	}
	return append(b, '}')
}

func appendValue(b []byte, v *value) []byte {
	b = append(append(append(b, `{"`...), v.kind.String()...), `":`...)
	switch v.kind {
	case kindBOOL, kindNULL:
		b = strconv.AppendBool(b, v.flag)
	case kindM:
		b = appendItem(b, v.tree)
	case kindL, kindSS, kindNS, kindBS:
		b = append(b, '[')
		for i := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			if v.kind == kindL {
				b = appendValue(b, &v.list[i])
			} else {
				b = appendScalar(b, &v.list[i])
			}
		}
		b = append(b, ']')
	default:
		b = appendScalar(b, v)
	}
	return append(b, '}')
}

func appendScalar(b []byte, v *value) []byte {
	if v.kind == kindB {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, []byte(v.text))
		return append(b, '"')
	}
	return appendString(b, v.text)
}

const hexDigits = "0123456789abcdef"

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		b = append(b, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= utf8.RuneSelf:
			b = append(b, `\ufffd`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// answer builds the JSON object of a reply.
type answer struct{ b []byte }

func newAnswer() *answer { return &answer{append(make([]byte, 0, 512), '{')} }

// key starts a member; its value is appended to b next.
func (a *answer) key(name string) *answer {
	if len(a.b) > 1 {
		a.b = append(a.b, ',')
	}
	a.b = appendString(a.b, name)
	a.b = append(a.b, ':')
	return a
}

func (a *answer) item(name string, item attributes) {
	a.key(name)
	a.b = appendItem(a.b, item)
}

func (a *answer) integer(name string, n int) {
	a.key(name)
	a.b = strconv.AppendInt(a.b, int64(n), 10)
}

func (a *answer) raw(name string, raw []byte) {
	a.key(name)
	a.b = append(a.b, raw...)
}

func (a *answer) done() []byte { return append(a.b, '}') }

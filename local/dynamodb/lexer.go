package dynamodb

import "strings"

// tokenKind tells the tokens of expressions apart.
type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // an attribute name, function name or keyword
	tokenName             // #name
	tokenValue            // :value
	tokenNumber           // digits, in a list index
	tokenSymbol           // an operator or bracket, or a character that has no place at all
)

type token struct {
	kind       tokenKind
	text       string
	start, end int32
}

// lex cuts an expression into tokens; it never fails: a character that fits nowhere becomes a
// symbol that no rule of the grammar accepts.
func lex(src string) []token {
	tokens := make([]token, 0, len(src)/5+4)
	for i := 0; i < len(src); {
		c := src[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			i++
			continue
		}
		kind, end := tokenSymbol, i+1
		switch {
		case isLetter(c):
			kind, end = tokenWord, wordEnd(src, i+1)
		case c == '#' && wordEnd(src, i+1) > i+1:
			kind, end = tokenName, wordEnd(src, i+1)
		case c == ':' && wordEnd(src, i+1) > i+1:
			kind, end = tokenValue, wordEnd(src, i+1)
		case isDigit(c):
			for kind = tokenNumber; end < len(src) && isDigit(src[end]); end++ {
			}
		case i+1 < len(src) && (c == '<' && (src[i+1] == '>' || src[i+1] == '=') || c == '>' && src[i+1] == '='):
			end = i + 2
		}
		tokens = append(tokens, token{kind, src[i:end], int32(i), int32(end)})
		i = end
	}
	return append(tokens, token{kind: tokenEnd, text: "<EOF>", start: int32(len(src)), end: int32(len(src))})
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func wordEnd(src string, i int) int {
	for i < len(src) && (isLetter(src[i]) || isDigit(src[i]) || src[i] == '_') {
		i++
	}
	return i
}

// step is one part of a document path: a name, or an index when name is "" and index counts.
type step struct {
	name    string
	index   int
	indexed bool
}

type path []step

// String is the form that error messages use: [a, b, [1]].
func (p path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		if parts[i] = s.name; s.indexed {
			parts[i] = "[" + itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p path) equal(q path) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}

// find is the value at a path, or nil.
func (p path) find(item attributes) *value {
	v := item.get(p[0].name)
	for _, s := range p[1:] {
		switch {
		case v == nil:
			return nil
		case s.indexed:
			if v.kind != kindL || s.index >= len(v.list) {
				return nil
			}
			v = &v.list[s.index]
		default:
			v = v.tree.get(s.name)
		}
	}
	return v
}

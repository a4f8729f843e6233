package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Limits of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
const (
	maxExpression = 4096
	maxInOperands = 100
	maxOperators  = 300
)

// bindings are the names and values an expression may use, and which of them were used by any
// expression of the request.
type bindings struct {
	names      map[string]string
	values     attributes
	usedNames  []string
	usedValues []string
}

// fault orders what can be wrong with an expression that is grammatical: DynamoDB reports the
// first class that has an error.
type fault int

const (
	faultParens fault = iota
	faultFunction
	faultMisuse
	faultReserved
	faultSection
	faultName
	faultValue
	faultOverlap
	faultConflict
	faultCount
	faultDistinct
	faultOperand
	faultClasses
)

// parser reads one expression. A syntax error ends it at once; other faults are collected.
type parser struct {
	src       string
	tokens    []token
	at        int
	bind      *bindings
	keywords  []string // words that are no names here
	syntax    string
	faults    [faultClasses]string
	operators int
	paths     []path // of an update or projection, for overlaps
	heads     []path // every path that was read
}

func newParser(src string, keywords []string, bind *bindings) *parser {
	p := &parser{src: src, bind: bind, keywords: keywords}
	switch {
	case src == "":
		p.syntax = "The expression can not be empty;"
	case len(src) > maxExpression:
		p.syntax = "Expression size has exceeded the maximum allowed size; expression size: " + itoa(len(src))
	default:
		p.tokens = lex(src)
	}
	return p
}

// problem is what is wrong with the expression, or "".
func (p *parser) problem() string {
	if p.syntax != "" {
		return p.syntax
	}
	for _, f := range p.faults {
		if f != "" {
			return f
		}
	}
	return ""
}

func (p *parser) fault(class fault, text string) {
	if p.faults[class] == "" {
		p.faults[class] = text
	}
}

func (p *parser) broken() bool { return p.syntax != "" }

// fail reports a syntax error at the current token.
func (p *parser) fail() {
	if p.broken() {
		return
	}
	t := p.tokens[p.at]
	from, to := t.start, t.end
	if p.at > 0 {
		from = p.tokens[p.at-1].start
	} else if t.kind == tokenEnd {
		from = 0
	}
	if t.kind != tokenEnd {
		to = p.tokens[p.at+1].end
	}
	p.syntax = `Syntax error; token: "` + t.text + `", near: "` + p.src[from:to] + `"`
}

func (p *parser) peek() token {
	if p.broken() {
		return token{}
	}
	return p.tokens[p.at]
}

func (p *parser) symbol(text string) bool {
	if t := p.peek(); t.kind != tokenSymbol || t.text != text {
		return false
	}
	p.at++
	return true
}

func (p *parser) keyword(word string) bool {
	if t := p.peek(); t.kind != tokenWord || !strings.EqualFold(t.text, word) {
		return false
	}
	p.at++
	return true
}

func (p *parser) expect(text string) {
	if !p.symbol(text) {
		p.fail()
	}
}

func (p *parser) end() {
	if p.peek().kind != tokenEnd {
		p.fail()
	}
}

func (p *parser) isKeyword(word string) bool {
	return slices.ContainsFunc(p.keywords, func(k string) bool { return strings.EqualFold(k, word) })
}

// atPath reports whether a document path starts here.
func (p *parser) atPath() bool {
	t := p.peek()
	return t.kind == tokenName || t.kind == tokenWord && !p.isKeyword(t.text)
}

// atCall reports whether a function call starts here.
func (p *parser) atCall() bool {
	t := p.peek()
	return t.kind == tokenWord && !p.isKeyword(t.text) && p.tokens[p.at+1].text == "("
}

func (p *parser) path() path {
	out := make(path, 0, 2)
	out = append(out, step{name: p.pathName()})
	for !p.broken() {
		switch {
		case p.symbol("."):
			out = append(out, step{name: p.pathName()})
		case p.symbol("["):
			out = append(out, p.pathIndex())
		default:
			if len(out) > maxNesting {
				p.fault(faultOperand, "The document path has too many nesting levels; nesting levels: "+itoa(len(out)))
			}
			p.heads = append(p.heads, out)
			return out
		}
	}
	return out
}

func (p *parser) pathIndex() step {
	t := p.peek()
	if t.kind != tokenNumber {
		p.fail()
		return step{}
	}
	n, err := strconv.ParseInt(t.text, 10, 32)
	if err != nil {
		p.fault(faultOperand, "List index is not within the allowable range; index: ["+t.text+"]")
	}
	p.at++
	p.expect("]")
	return step{index: int(n), indexed: true}
}

func (p *parser) pathName() string {
	t := p.peek()
	switch {
	case t.kind == tokenName:
		p.at++
		return p.boundName(t.text)
	case p.atPath():
		p.at++
		if reserved(t.text) {
			p.fault(faultReserved, "Attribute name is a reserved keyword; reserved keyword: "+t.text)
		}
		return t.text
	}
	p.fail()
	return ""
}

func (p *parser) boundName(placeholder string) string {
	name, ok := p.bind.names[placeholder]
	if !ok {
		p.fault(faultName, "An expression attribute name used in the document path is not defined; attribute name: "+placeholder)
	}
	p.bind.usedNames = append(p.bind.usedNames, placeholder)
	return name
}

// value reads a :value.
func (p *parser) value() *value {
	t := p.peek()
	if t.kind != tokenValue {
		p.fail()
		return nil
	}
	p.at++
	v := p.bind.values.get(t.text)
	if v == nil {
		p.fault(faultValue, "An expression attribute value used in expression is not defined; attribute value: "+t.text)
		return nil
	}
	p.bind.usedValues = append(p.bind.usedValues, t.text)
	return v
}

// distinctPath keeps the paths of an update or projection apart: none may be another or lie in it.
func (p *parser) distinctPath(q path) {
	for _, o := range p.paths {
		if p.collide(o, q) {
			return
		}
	}
	p.paths = append(p.paths, q)
}

func (p *parser) collide(one, two path) bool {
	for i := 0; i < len(one) && i < len(two); i++ {
		if one[i].indexed != two[i].indexed {
			p.fault(faultConflict, "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: "+
				one.String()+", path two: "+two.String())
			return true
		}
		if one[i] != two[i] {
			return false
		}
	}
	p.fault(faultOverlap, "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "+
		one.String()+", path two: "+two.String())
	return true
}

// parseProjection reads a ProjectionExpression.
func parseProjection(src string, bind *bindings) ([]path, string) {
	p := newParser(src, nil, bind)
	for !p.broken() {
		p.distinctPath(p.path())
		if !p.symbol(",") {
			p.end()
			break
		}
	}
	return p.paths, p.problem()
}

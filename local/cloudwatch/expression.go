package cloudwatch

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// number answers an expression from the values of metrics by id; false where one is missing.
type number func(of func(id string) (float64, bool)) (float64, bool)

var mathTokens = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*|[0-9.]+|[-+*/(),]`)

// parser goes through tokens.
type parser struct {
	tokens []string
	ids    []string // of metrics that are named
}

func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) expect(t string) error {
	if got := p.next(); got != t {
		return fmt.Errorf("expected %q and found %q", t, got)
	}
	return nil
}

// compile reads metric math.
func compile(text string) (number, []string, error) {
	p := &parser{tokens: mathTokens.FindAllString(text, -1)}
	if strings.ReplaceAll(strings.Join(p.tokens, ""), " ", "") != strings.ReplaceAll(text, " ", "") {
		return nil, nil, fmt.Errorf("the local cloud does not run the expression %q", text)
	}
	n, err := p.sum()
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("unexpected %q", p.peek())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("expression %q: %w", text, err)
	}
	return n, p.ids, nil
}

func (p *parser) sum() (number, error) { return p.chain("+-", p.product) }

func (p *parser) product() (number, error) { return p.chain("*/", p.value) }

func (p *parser) chain(operators string, part func() (number, error)) (number, error) {
	left, err := part()
	for err == nil && p.peek() != "" && strings.Contains(operators, p.peek()) {
		op, before := p.next(), left
		var right number
		right, err = part()
		left = func(of func(string) (float64, bool)) (float64, bool) {
			a, has := before(of)
			b, also := right(of)
			return apply(op, a, b), has && also && (op != "/" || b != 0)
		}
	}
	return left, err
}

func apply(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	return a / b
}

func (p *parser) value() (number, error) {
	switch t := p.next(); {
	case t == "(":
		n, err := p.sum()
		if err != nil {
			return nil, err
		}
		return n, p.expect(")")
	case t == "FILL":
		return p.fill()
	case t != "" && (t[0] >= '0' && t[0] <= '9' || t[0] == '.'):
		v, err := strconv.ParseFloat(t, 64)
		return func(func(string) (float64, bool)) (float64, bool) { return v, true }, err
	case t != "" && t[0] >= 'a' && t[0] <= 'z':
		p.ids = append(p.ids, t)
		return func(of func(string) (float64, bool)) (float64, bool) { return of(t) }, nil
	default:
		return nil, fmt.Errorf("the local cloud does not run %q", t)
	}
}

// fill is FILL(expression, number).
func (p *parser) fill() (number, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	of, err := p.sum()
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	with, err := p.sum()
	if err != nil {
		return nil, err
	}
	return func(known func(string) (float64, bool)) (float64, bool) {
		if v, ok := of(known); ok {
			return v, true
		}
		return with(known)
	}, p.expect(")")
}

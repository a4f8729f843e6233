package cloudwatch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// condition answers a composite alarm's rule from the states of alarms.
type condition func(of func(name string) State) bool

var ruleTokens = regexp.MustCompile(`"[^"]*"|[A-Za-z_][A-Za-z0-9_:-]*|[()]`)

// compileRule reads a rule (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html). It answers the alarms that it names.
func compileRule(text string) (condition, []string, error) {
	p := &parser{tokens: ruleTokens.FindAllString(text, -1)}
	c, err := p.either()
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("unexpected %q", p.peek())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("AlarmRule: %w", err)
	}
	return c, p.ids, nil
}

func (p *parser) either() (condition, error) {
	left, err := p.both()
	for err == nil && p.peek() == "OR" {
		p.next()
		a := left
		var b condition
		b, err = p.both()
		left = func(of func(string) State) bool { return a(of) || b(of) }
	}
	return left, err
}

func (p *parser) both() (condition, error) {
	left, err := p.single()
	for err == nil && p.peek() == "AND" {
		p.next()
		a := left
		var b condition
		b, err = p.single()
		left = func(of func(string) State) bool { return a(of) && b(of) }
	}
	return left, err
}

func (p *parser) single() (condition, error) {
	switch t := p.next(); t {
	case "NOT":
		c, err := p.single()
		return func(of func(string) State) bool { return !c(of) }, err
	case "(":
		c, err := p.either()
		if err != nil {
			return nil, err
		}
		return c, p.expect(")")
	case "TRUE", "FALSE":
		return func(func(string) State) bool { return t == "TRUE" }, nil
	case string(Alarm), string(OK), string(Insufficient):
		return p.stateIs(State(t))
	default:
		return nil, fmt.Errorf("%q is not understood", t)
	}
}

func (p *parser) stateIs(want State) (condition, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	name := strings.Trim(p.next(), `"`)
	if !slices.Contains(p.ids, name) {
		p.ids = append(p.ids, name)
	}
	return func(of func(string) State) bool { return of(name) == want }, p.expect(")")
}

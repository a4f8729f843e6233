package states

import (
	"fmt"
	"strings"

	"twofold/local/core"
)

// env is what expressions are evaluated against.
type env struct {
	input   any            // $
	context func() *object // $$, built when it is asked for
	vars    *scope         // $name
	rand    *core.Rand
}

// expr is a compiled path, intrinsic function or literal.
type expr interface {
	eval(e *env) (any, error)
	String() string
}

func (p *path) String() string { return p.text }

// eval gives the path's value; the error says why there is none.
func (p *path) eval(e *env) (any, error) {
	switch p.root {
	case rootContext:
		return p.find(e.context())
	case rootVariable:
		v, ok := e.vars.get(p.variable)
		if !ok {
			return nil, saysf("The variable '%s' referenced by '%s' does not exist.", p.variable, p.text)
		}
		return p.find(v)
	}
	return p.find(e.input)
}

// literal is a constant argument of an intrinsic function. raw keeps the escapes of a string.
type literal struct {
	v   any
	raw string
}

func (l *literal) eval(*env) (any, error) { return l.v, nil }
func (l *literal) String() string         { return l.raw }

// call is an intrinsic function with its arguments.
type call struct {
	text  string
	whole string // the field's whole expression, which nested functions tell when an argument is missing
	fn    *function
	args  []expr
}

func (c *call) String() string { return c.text }

func (c *call) eval(e *env) (any, error) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		v, err := a.eval(e)
		if p, ok := a.(*path); ok && err != nil {
			return nil, c.missing(p, e, err)
		}
		if err != nil {
			return nil, c.fault(err)
		}
		args[i] = v
	}
	if l, ok := c.args0(); ok && c.fn.template {
		args[0] = l.raw[1 : len(l.raw)-1]
	}
	v, err := c.fn.run(e, args)
	if err != nil {
		return nil, c.fault(err)
	}
	return v, nil
}

func (c *call) args0() (*literal, bool) {
	if len(c.args) == 0 {
		return nil, false
	}
	l, ok := c.args[0].(*literal)
	return l, ok && len(l.raw) > 1 && l.raw[0] == '\''
}

func (c *call) fault(err error) error {
	if w, ok := err.(*wrong); ok {
		return w // the inner function has said it
	}
	return &wrong{errIntrinsic, says(fmt.Sprintf("The function '%s' had the following error: %v", c.text, err))}
}

// missing is the failure of an argument whose path leads nowhere: AWS does not count it as the function's own.
func (c *call) missing(p *path, e *env, err error) error {
	why := err.Error()
	if !strings.HasPrefix(why, "Filter: ") && p.root != rootVariable {
		why = "The JsonPath argument for the field '" + strings.TrimPrefix(p.text, "$$.") + "' could not be found in the input '" + encode(e.input) + "'"
		if p.root == rootContext {
			why = strings.Replace(why, "field '", "field '$.", 1)
		}
	}
	return &wrong{errRuntime, says(fmt.Sprintf("The function '%s' had the following error: %s", c.whole, why))}
}

// within tells a function and those inside it the whole expression.
func (c *call) within(whole string) {
	c.whole = whole
	for _, a := range c.args {
		if inner, ok := a.(*call); ok {
			inner.within(whole)
		}
	}
}

// maxNesting is how many intrinsic functions one field may nest.
const maxNesting = 10

// compileExpr reads the value of a field that ends in ".$": a path or an intrinsic function.
func compileExpr(text string) (expr, error) {
	if strings.HasPrefix(text, "$") {
		return compilePath(text)
	}
	p := &pathParser{s: text}
	x, err := p.call(1)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(p.s) {
		return nil, fmt.Errorf("unexpected %q after the function", p.s[p.i:])
	}
	x.within(text)
	return x, nil
}

func (p *pathParser) call(depth int) (*call, error) {
	from := p.i
	if !p.accept("States.") {
		return nil, fmt.Errorf("neither a path nor an intrinsic function")
	}
	fn := functions[p.identifier()]
	if fn == nil || !p.accept("(") {
		return nil, fmt.Errorf("no such intrinsic function: %s", p.s[from:p.i])
	}
	if depth > maxNesting {
		return nil, fmt.Errorf("more than %d nested intrinsic functions", maxNesting)
	}
	c := &call{fn: fn}
	for p.space(); !p.accept(")"); p.space() {
		if len(c.args) > 0 && !p.accept(",") {
			return nil, fmt.Errorf("a comma or ) is missing at %d", p.i)
		}
		a, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, a)
	}
	if len(c.args) < fn.min || fn.max >= 0 && len(c.args) > fn.max {
		return nil, fmt.Errorf("wrong number of arguments")
	}
	c.text = p.s[from:p.i]
	return c, nil
}

func (p *pathParser) argument(depth int) (expr, error) {
	p.space()
	switch {
	case p.peek("States."):
		return p.call(depth + 1)
	case p.peek("$"):
		return p.pathArgument()
	case p.peek("'"):
		return p.stringArgument()
	}
	j := parser{s: p.s, i: p.i}
	v, err := j.value(0)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case string, []any, *object:
		return nil, fmt.Errorf("an argument is a path, function, 'string', number, true, false or null")
	}
	raw := p.s[p.i:j.i]
	p.i = j.i
	return &literal{v: v, raw: raw}, nil
}

// pathArgument reads a path up to the comma or parenthesis that ends the argument.
func (p *pathParser) pathArgument() (expr, error) {
	from, depth := p.i, 0
	for ; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '[' || c == '(':
			depth++
		case depth > 0 && (c == ']' || c == ')'):
			depth--
		case depth > 0 && (c == '\'' || c == '"'):
			if _, err := p.quoted(); err != nil {
				return nil, err
			}
			p.i--
		case depth == 0 && (c == ',' || c == ')'):
			return compilePath(strings.TrimSpace(p.s[from:p.i]))
		}
	}
	return nil, fmt.Errorf("a ) is missing")
}

// stringArgument reads 'text' in which \' \{ \} and \\ are the escapes.
func (p *pathParser) stringArgument() (expr, error) {
	from := p.i
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case '\'':
			p.i++
			return &literal{v: b.String(), raw: p.s[from:p.i]}, nil
		case '\\':
			p.i++
			if p.i >= len(p.s) || strings.IndexByte(`'{}\`, p.s[p.i]) < 0 {
				return nil, fmt.Errorf("an escape that is none of \\' \\{ \\} \\\\")
			}
			b.WriteByte(p.s[p.i])
		default:
			b.WriteByte(c)
		}
	}
	return nil, fmt.Errorf("a quote is not closed")
}

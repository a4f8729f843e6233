package states

import "strconv"

// choiceAction goes on at the first rule that matches.
type choiceAction struct {
	rules     []choiceRule
	otherwise target // Default
}

type choiceRule struct {
	test   condition
	next   target
	assign *template
}

// condition decides a Choice rule; the error is a path without a value.
type condition func(e *env) (bool, error)

func (a *choiceAction) run(v *visit, input any) (any, *failure) {
	e := v.env(input)
	for i := range a.rules {
		ok, err := a.rules[i].test(e)
		if err != nil {
			return nil, runtime(errRuntime, err)
		}
		if ok {
			v.next, v.assign = a.rules[i].next.state, a.rules[i].assign
			return input, nil
		}
	}
	if a.otherwise.state == nil {
		return nil, runtime(errNoChoice, says("Failed to transition out of the state. The state does not point to a next state."))
	}
	v.next = a.otherwise.state
	return input, nil
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

func compileChoice(c *compiler, s *state, f *fields) {
	s.inAndOut(f)
	f.require("Choices")
	a := &choiceAction{otherwise: target{name: f.str("Default"), at: s.at + "/Default"}}
	rules := f.list("Choices")
	if len(rules) == 0 && f.has("Choices") {
		f.problem("Choices", "Value cannot be empty")
	}
	for i, v := range rules {
		r := c.fields(v, s.at+"/Choices"+index(i))
		if r == nil {
			continue
		}
		r.require("Next")
		rule := choiceRule{next: target{name: r.str("Next"), at: r.at + "/Next"}, assign: r.template("Assign")}
		rule.test = c.condition(r)
		a.rules = append(a.rules, rule)
	}
	s.does = a
}

// condition reads a comparison or And, Or, Not.
func (c *compiler) condition(f *fields) condition {
	defer f.done()
	if f.has("Condition") {
		f.refuse("Condition", "the query language JSONata, to which Condition belongs")
		return nil
	}
	if v, ok := f.get("Not"); ok {
		return negated(c.inner(v, f.at+"/Not"))
	}
	if v, ok := f.get("And"); ok {
		return joined(c.innerList(v, f.at+"/And"), false)
	}
	if v, ok := f.get("Or"); ok {
		return joined(c.innerList(v, f.at+"/Or"), true)
	}
	f.require("Variable")
	variable := f.path("Variable", compilePath)
	for _, name := range f.o.keys {
		if op, ok := comparisonNamed(name); ok {
			operand, _ := f.get(name)
			return c.comparison(f, variable, op, operand)
		}
	}
	c.problem(schemaFailed, f.at, "A comparison operator, And, Or or Not is required")
	return nil
}

func (c *compiler) inner(v any, at string) condition {
	f := c.fields(v, at)
	if f == nil {
		return nil
	}
	if f.has("Next") {
		c.problem(schemaFailed, at, "Field 'Next' is not supported")
		f.read["Next"] = true
	}
	return c.condition(f)
}

func (c *compiler) innerList(v any, at string) []condition {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		c.problem(schemaFailed, at, "Value cannot be empty")
	}
	out := make([]condition, len(list))
	for i, e := range list {
		out[i] = c.inner(e, at+index(i))
	}
	return out
}

func negated(test condition) condition {
	return func(e *env) (bool, error) { ok, err := test(e); return !ok, err }
}

// joined is And (until false) or Or (until true).
func joined(tests []condition, until bool) condition {
	return func(e *env) (bool, error) {
		for _, test := range tests {
			if ok, err := test(e); err != nil || ok == until {
				return ok, err
			}
		}
		return !until, nil
	}
}

package dynamodb

import (
	"slices"
	"strings"

	"twofold/local/core"
)

// comparison is how a ComparisonOperator is carried out: as an operator of expressions, with a number of arguments (-1: one or more).
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Condition.html
type comparison struct {
	op        string
	arguments int
	kinds     []kind // of the arguments; nil for all
}

var scalarKinds = []kind{kindS, kindN, kindB}

func comparisonOf(operator string) (c comparison, ok bool) {
	switch operator {
	case "EQ":
		return comparison{"=", 1, nil}, true
	case "NE":
		return comparison{"<>", 1, nil}, true
	case "LE":
		return comparison{"<=", 1, scalarKinds}, true
	case "LT":
		return comparison{"<", 1, scalarKinds}, true
	case "GE":
		return comparison{">=", 1, scalarKinds}, true
	case "GT":
		return comparison{">", 1, scalarKinds}, true
	case "BETWEEN":
		return comparison{"between", 2, scalarKinds}, true
	case "BEGINS_WITH":
		return comparison{"begins_with", 1, []kind{kindS, kindB}}, true
	case "CONTAINS", "NOT_CONTAINS":
		return comparison{"contains", 1, scalarKinds}, true
	case "IN":
		return comparison{"in", -1, scalarKinds}, true
	case "NULL":
		return comparison{"attribute_not_exists", 0, nil}, true
	case "NOT_NULL":
		return comparison{"attribute_exists", 0, nil}, true
	}
	return c, false
}

func badParameter(format string, args ...any) *core.Error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// check refuses what does not fit together, with the words of the service.
func (l *legacyParameters) check() *core.Error {
	conditions := slices.Concat(l.expected, l.keyConditions, l.filter)
	var c constraints
	c.one(l.operator, "conditionalOperator", "OR", "AND")
	for _, e := range conditions {
		if _, known := comparisonOf(e.op); e.op != "" && !known {
			c.one(e.op, lowerFirst(e.parameter)+"."+e.name+".member.comparisonOperator", "IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT",
				"NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS")
		}
	}
	for _, u := range l.updates {
		c.one(u.action, "attributeUpdates."+u.name+".member.action", "ADD", "DELETE", "PUT")
	}
	if err := c.err(); err != nil {
		return err
	}
	for i := range conditions {
		if err := conditions[i].check(); err != nil {
			return err
		}
	}
	for _, u := range l.updates {
		if err := u.check(); err != nil {
			return err
		}
	}
	return l.checkOperator()
}

func (l *legacyParameters) checkOperator() *core.Error {
	if name, twice := duplicate(l.toGet); twice {
		return badParameter("Duplicate value in attribute name: %s", name)
	}
	switch conditions := max(len(l.expected), len(l.filter)); {
	case !slices.Contains(l.sent, "ConditionalOperator"):
	case conditions == 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	case conditions == 1:
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

func duplicate(list []string) (first string, found bool) {
	for i, e := range list {
		if slices.Contains(list[:i], e) {
			return e, true
		}
	}
	return "", false
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func (u legacyUpdate) check() *core.Error {
	switch {
	case u.problem != "":
		return invalid("%s", u.problem)
	case u.value == nil && u.action != "DELETE":
		return badParameter("Only DELETE action is allowed when no attribute value is specified")
	case u.value == nil || u.action == "PUT" || u.value.kind.member() != kindNone:
	case u.action == "ADD" && (u.value.kind == kindN || u.value.kind == kindL):
	case u.action == "ADD":
		return badParameter("ADD action is not supported for the type %s", longKind(u.value.kind))
	default:
		return badParameter("DELETE action with value is not supported for the type %s", longKind(u.value.kind))
	}
	return nil
}

// check looks at one condition; those of Expected may also say Exists and Value.
func (c *legacyCondition) check() *core.Error {
	if c.problem != "" {
		return invalid("%s", c.problem)
	}
	if err := c.checkMembers(); err != nil {
		return err
	}
	if c.op == "" {
		if c.parameter != "Expected" {
			return invalid("1 validation error detected: Value null at '%s.%s.member.comparisonOperator' failed to satisfy constraint: Member must not be null",
				lowerFirst(c.parameter), c.name)
		}
		return nil
	}
	how, _ := comparisonOf(c.op)
	arguments := c.arguments()
	if how.arguments >= 0 && len(arguments) != how.arguments || how.arguments < 0 && len(arguments) == 0 {
		return badParameter("Invalid number of argument(s) for the %s ComparisonOperator", c.op)
	}
	for _, v := range arguments {
		if how.kinds != nil && !slices.Contains(how.kinds, v.kind) {
			return badParameter("ComparisonOperator %s is not valid for %s AttributeValue type", c.op, v.kind)
		}
		if v.kind != arguments[0].kind {
			return badParameter("AttributeValues inside AttributeValueList must be of same type")
		}
	}
	if how.op == "between" && arguments[0].compare(&arguments[1]) > 0 {
		return invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	}
	return nil
}

func (c *legacyCondition) checkMembers() *core.Error {
	switch {
	case c.op != "" && c.exists != nil:
		return badParameter("Exists and ComparisonOperator cannot be used together for Attribute: %s", c.name)
	case c.value != nil && c.hasList:
		return badParameter("Value and AttributeValueList cannot be used together for Attribute: %s", c.name)
	case c.op != "" && c.op != "NULL" && c.op != "NOT_NULL" && c.value == nil && !c.hasList:
		return badParameter("Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", c.op, c.name)
	case c.op == "" && c.hasList:
		return badParameter("AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", c.name)
	case c.parameter != "Expected" || c.op != "":
	case c.exists == nil && c.value == nil:
		return badParameter("Value must be provided when Exists is null for Attribute: %s", c.name)
	case c.exists != nil && *c.exists && c.value == nil:
		return badParameter("Value must be provided when Exists is true for Attribute: %s", c.name)
	case c.exists != nil && !*c.exists && c.value != nil:
		return badParameter("Value cannot be used when Exists is false for Attribute: %s", c.name)
	}
	return nil
}

func (c *legacyCondition) arguments() []value {
	if c.value != nil {
		return []value{*c.value}
	}
	return c.list
}

// node is the condition as an expression would say it.
func (c *legacyCondition) node() *node {
	how, _ := comparisonOf(c.op)
	switch {
	case c.op == "" && c.exists != nil && !*c.exists:
		how = comparison{op: "attribute_not_exists"}
	case c.op == "":
		how = comparison{op: "="}
	}
	n := &node{op: how.op, kids: []*node{{op: "path", path: path{{name: c.name}}}}}
	for _, v := range c.arguments() {
		n.kids = append(n.kids, &node{op: "value", val: &v})
	}
	if c.op == "NOT_CONTAINS" {
		// What is not there contains nothing, but a comparison with it does not hold either.
		exists := &node{op: "attribute_exists", kids: n.kids[:1]}
		return &node{op: "and", kids: []*node{exists, {op: "not", kids: []*node{n}}}}
	}
	return n
}

// condition joins conditions as ConditionalOperator says; nil for none.
func (l *legacyParameters) condition(list []legacyCondition) *node {
	var all *node
	for i := range list {
		switch n := list[i].node(); {
		case all == nil:
			all = n
		case l.operator == "OR":
			all = &node{op: "or", kids: []*node{all, n}}
		default:
			all = &node{op: "and", kids: []*node{all, n}}
		}
	}
	return all
}

// actions are AttributeUpdates as an update expression would say them.
func (l *legacyParameters) actions() []action {
	out := make([]action, 0, len(l.updates))
	for _, u := range l.updates {
		a := action{verb: u.action, path: path{{name: u.name}}, val: u.value, legacy: true}
		switch {
		case u.action == "PUT":
			a.verb, a.to = "SET", &setter{op: "value", val: u.value}
		case u.action == "DELETE" && u.value == nil:
			a.verb = "REMOVE"
		case u.action == "ADD" && u.value.kind == kindL:
			before := &setter{op: "if_not_exists", kids: []*setter{{op: "path", path: a.path}, {op: "value", val: &value{kind: kindL}}}}
			a.verb, a.to = "SET", &setter{op: "list_append", kids: []*setter{before, {op: "value", val: u.value}}}
		}
		out = append(out, a)
	}
	return out
}

// projection is AttributesToGet as paths.
func (l *legacyParameters) projection() []path {
	var out []path
	for _, name := range l.toGet {
		out = append(out, path{{name: name}})
	}
	return out
}

// onKeys is KeyConditions as a key condition expression would say it.
func (l *legacyParameters) onKeys() ([]keyCondition, *core.Error) {
	var out []keyCondition
	for i := range l.keyConditions {
		c := &l.keyConditions[i]
		how, _ := comparisonOf(c.op)
		switch how.op {
		case "=", "<", "<=", ">", ">=", "between", "begins_with":
		default:
			return nil, invalid("Attempted conditional constraint is not an indexable operation")
		}
		k := keyCondition{name: c.name, op: how.op}
		for _, v := range c.arguments() {
			k.values = append(k.values, &v)
		}
		out = append(out, k)
	}
	return out, nil
}

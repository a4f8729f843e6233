package iam

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"twofold/local/core"
)

// condition is one operator on one context key.
type condition struct {
	key      string // lower case
	values   []string
	compare  func(want, have string) bool
	negate   bool
	quantify quantifier
	ifExists bool
	null     bool // the Null operator: values say whether the key must be absent
}

type quantifier int

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// keyset is the context of a request: values by lower-case key.
type keyset map[string][]string

// operator is a comparison; negated forms are the positive one turned round.
type operator struct {
	compare func(want, have string) bool
	negate  bool
	check   func(want string) error // of a value in the policy
}

func operators(name string) (operator, bool) {
	equal := func(w, h string) bool { return w == h }
	switch name {
	case "StringEquals", "StringNotEquals":
		return operator{compare: equal, negate: name == "StringNotEquals"}, true
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		return operator{compare: strings.EqualFold, negate: name == "StringNotEqualsIgnoreCase"}, true
	case "StringLike", "StringNotLike":
		return operator{compare: glob, negate: name == "StringNotLike"}, true
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike":
		return operator{compare: arnLike, negate: strings.HasPrefix(name, "ArnNot")}, true
	case "Bool":
		return operator{compare: strings.EqualFold, check: checkBool}, true
	}
	return numericOperator(name)
}

func numericOperator(name string) (operator, bool) {
	var holds func(have, want float64) bool
	switch name {
	case "NumericEquals", "NumericNotEquals":
		holds = func(h, w float64) bool { return h == w }
	case "NumericLessThan":
		holds = func(h, w float64) bool { return h < w }
	case "NumericLessThanEquals":
		holds = func(h, w float64) bool { return h <= w }
	case "NumericGreaterThan":
		holds = func(h, w float64) bool { return h > w }
	case "NumericGreaterThanEquals":
		holds = func(h, w float64) bool { return h >= w }
	default:
		return operator{}, false
	}
	compare := func(want, have string) bool {
		w, werr := strconv.ParseFloat(want, 64)
		h, herr := strconv.ParseFloat(have, 64)
		return werr == nil && herr == nil && holds(h, w)
	}
	return operator{compare: compare, negate: name == "NumericNotEquals", check: checkNumber}, true
}

func checkBool(v string) error {
	if !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
		return fmt.Errorf("%q is neither true nor false", v)
	}
	return nil
}

func checkNumber(v string) error {
	if _, err := strconv.ParseFloat(v, 64); err != nil {
		return fmt.Errorf("%q is not a number", v)
	}
	return nil
}

// anyKey takes keys of aws: that the local cloud does not fill in.
func compileConditions(raw map[string]map[string]json.RawMessage, variables, anyKey bool) ([]condition, error) {
	var out []condition
	for name, keys := range raw {
		for key, values := range keys {
			if err := checkGlobal(strings.ToLower(key)); err != nil && !anyKey {
				return nil, fmt.Errorf("condition %s on %s: %w", name, key, err)
			}
			c, err := compileCondition(name, key, values, variables)
			if err != nil {
				return nil, fmt.Errorf("condition %s on %s: %w", name, key, err)
			}
			out = append(out, c)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out, nil
}

func compileCondition(name, key string, raw json.RawMessage, variables bool) (condition, error) {
	c := condition{key: strings.ToLower(key)}
	if err := checkKey(c.key); err != nil {
		return c, err
	}
	var err error
	if c.values, err = conditionValues(raw, variables); err != nil {
		return c, err
	}
	base := name
	for prefix, q := range map[string]quantifier{"ForAllValues:": forAllValues, "ForAnyValue:": forAnyValue} {
		if rest, ok := strings.CutPrefix(base, prefix); ok {
			base, c.quantify = rest, q
		}
	}
	base, c.ifExists = strings.CutSuffix(base, "IfExists")
	if base == "Null" && !c.ifExists && c.quantify == single {
		c.null = true
		return c, checkAll(c.values, checkBool)
	}
	op, ok := operators(base)
	if !ok {
		return c, fmt.Errorf("the local cloud does not run the operator %s", name)
	}
	c.compare, c.negate = op.compare, op.negate
	return c, checkAll(c.values, op.check)
}

// globalKeys are the keys of every service that the local cloud fills in itself. Another
// aws: key would always be absent, and a negated test of it would silently pass.
var globalKeys = map[string]bool{"aws:principalarn": true, "aws:principalaccount": true, "aws:sourcearn": true,
	"aws:sourceaccount": true, "aws:securetransport": true}

func checkKey(key string) error {
	if !strings.Contains(key, ":") {
		return fmt.Errorf("%q is not of the form service:Key", key)
	}
	return nil
}

func checkGlobal(key string) error {
	if strings.HasPrefix(key, "aws:") && !globalKeys[key] {
		return fmt.Errorf("the local cloud does not fill in %s", key)
	}
	return nil
}

func checkAll(values []string, check func(string) error) error {
	if check == nil {
		return nil
	}
	for _, v := range values {
		if err := check(v); err != nil {
			return err
		}
	}
	return nil
}

// conditionValues reads a scalar or a list of scalars.
func conditionValues(raw json.RawMessage, variables bool) ([]string, error) {
	var value any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	many, ok := value.([]any)
	if !ok {
		many = []any{value}
	}
	out := make([]string, len(many))
	for i, v := range many {
		switch v.(type) {
		case string, bool, json.Number:
			out[i] = fmt.Sprint(v)
		default:
			return nil, fmt.Errorf("%v is not a scalar", v)
		}
		if variables && strings.Contains(out[i], "${") {
			return nil, fmt.Errorf("%q: the local cloud does not run policy variables", out[i])
		}
	}
	return out, nil
}

// holds decides as described in
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// and, for sets, reference_policies_condition-single-vs-multi-valued-context-keys.html.
func (c *condition) holds(ctx keyset) bool {
	have, present := ctx[c.key]
	present = present && len(have) > 0
	if c.null {
		return anyOf(c.values, func(v string) bool { return strings.EqualFold(v, "true") == !present })
	}
	if !present {
		return c.ifExists || c.quantify == forAllValues || (c.negate && c.quantify == single)
	}
	if c.quantify == forAllValues || (c.negate && c.quantify == single) {
		return !anyOf(have, func(h string) bool { return !c.test(h) })
	}
	return anyOf(have, c.test)
}

func (c *condition) test(have string) bool {
	return anyOf(c.values, func(want string) bool { return c.compare(want, have) }) != c.negate
}

func anyOf(values []string, f func(string) bool) bool {
	for _, v := range values {
		if f(v) {
			return true
		}
	}
	return false
}

// keysOf is the context that a principal and the given keys make.
func keysOf(p core.Principal, given []core.ConditionKey) keyset {
	ctx := keyset{"aws:principalaccount": {core.AccountID}, "aws:securetransport": {"true"}}
	if p.RoleARN != "" {
		ctx["aws:principalarn"] = []string{p.RoleARN}
	}
	for _, k := range given {
		ctx[strings.ToLower(k.Name)] = k.Values
	}
	return ctx
}

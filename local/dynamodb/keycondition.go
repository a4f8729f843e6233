package dynamodb

import (
	"strings"

	"twofold/local/core"
)

// keyCondition is what a KeyConditionExpression asks of one key attribute.
type keyCondition struct {
	name   string
	op     string // "=", "<", "<=", ">", ">=", "between", "begins_with"
	values []*value
}

// keyConditions takes a parsed expression apart.
func keyConditions(n *node) ([]keyCondition, *core.Error) {
	switch n.op {
	case "and":
		left, err := keyConditions(n.kids[0])
		if err != nil {
			return nil, err
		}
		right, err := keyConditions(n.kids[1])
		if err != nil {
			return nil, err
		}
		for _, l := range left {
			for _, r := range right {
				if l.name == r.name {
					return nil, invalid("KeyConditionExpressions must only contain one condition per key")
				}
			}
		}
		return append(left, right...), nil
	case "or", "not", "in":
		return nil, invalid("Invalid operator used in KeyConditionExpression: %s", strings.ToUpper(n.op))
	case "<>", "attribute_exists", "attribute_not_exists", "attribute_type", "contains":
		return nil, invalid("Invalid operator used in KeyConditionExpression: %s", n.op)
	}
	c, err := oneKeyCondition(n)
	return []keyCondition{c}, err
}

func oneKeyCondition(n *node) (c keyCondition, err *core.Error) {
	c.op = n.op
	at := -1
	for i, k := range n.kids {
		switch {
		case k.op == "size":
			return c, invalid("KeyConditionExpressions cannot contain nested operations")
		case k.op == "value":
			c.values = append(c.values, k.val)
		case at >= 0:
			return c, invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		case len(k.path) > 1:
			return c, invalid("KeyConditionExpressions cannot have conditions on nested attributes")
		default:
			at, c.name = i, k.path[0].name
		}
	}
	if at < 0 {
		return c, invalid("Invalid condition in KeyConditionExpression: No key attribute specified")
	}
	if at > 0 {
		if c.op == "between" || c.op == "begins_with" {
			return c, invalid("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand",
				map[string]string{"between": "BETWEEN", "begins_with": "begins_with"}[c.op])
		}
		c.op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[c.op]
	}
	return c, nil
}

// keyRange is the part of a partition that a query reads.
type keyRange struct {
	hash string
	sort *keyCondition // nil for all of it
}

// keyRangeOf matches conditions with a key schema.
func keyRangeOf(conditions []keyCondition, hash, sort keyPart) (r keyRange, err *core.Error) {
	if len(conditions) > 2 {
		return r, invalid("Conditions can be of length 1 or 2 only")
	}
	var onHash *keyCondition
	for i := range conditions {
		switch c := &conditions[i]; {
		case c.name == hash.name:
			onHash = c
		case c.name == sort.name:
			r.sort = c
		}
	}
	switch {
	case onHash == nil:
		return r, invalid("Query condition missed key schema element: %s", hash.name)
	case sort.name == "" && len(conditions) > 1:
		return r, invalid("Query key condition not supported")
	case len(conditions) > 1 && r.sort == nil:
		return r, invalid("Query condition missed key schema element: %s", sort.name)
	}
	if err := onHash.checkKind(hash, true); err != nil {
		return r, err
	}
	if onHash.op != "=" {
		return r, invalid("Query key condition not supported")
	}
	if r.sort != nil {
		if err := r.sort.checkKind(sort, false); err != nil {
			return r, err
		}
	}
	r.hash = keyText(onHash.values[0])
	return r, nil
}

func (c *keyCondition) checkKind(part keyPart, hash bool) *core.Error {
	for _, v := range c.values {
		if v.kind != part.kind {
			return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if c.op == "begins_with" {
			continue
		}
		if err := part.checkText(v, hash); err != nil {
			return err
		}
	}
	return nil
}

// bound is where a walk through the range starts.
func (r keyRange) bound(backward bool) key {
	k := key{place: place(r.hash), hash: r.hash}
	if r.sort == nil {
		if backward {
			k.edge = afterHash
		}
		return k
	}
	first, last := keyText(r.sort.values[0]), keyText(r.sort.values[len(r.sort.values)-1])
	switch op := r.sort.op; {
	case !backward && op != "<" && op != "<=":
		k.sort = first
	case backward && op == "begins_with":
		if k.sort = successor(first); k.sort == "" {
			k.edge = afterHash
		}
	case backward && (op == ">" || op == ">="):
		k.edge = afterHash
	case backward:
		k.sort, k.edge = last, afterSort
	}
	return k
}

// successor is the least text above all that begin with prefix, or "" when there is none.
func successor(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// place of a sort key relative to the range: below it, in it or above it.
func (r keyRange) position(sort string) int {
	if r.sort == nil {
		return 0
	}
	first, last := keyText(r.sort.values[0]), keyText(r.sort.values[len(r.sort.values)-1])
	low, high := strings.Compare(sort, first), strings.Compare(sort, last)
	switch r.sort.op {
	case "=":
		return low
	case "<":
		return max(0, high+1)
	case "<=":
		return max(0, high)
	case ">":
		return min(0, low-1)
	case ">=":
		return min(0, low)
	case "begins_with":
		if strings.HasPrefix(sort, first) {
			return 0
		}
		return low
	}
	if low < 0 {
		return -1
	}
	return max(0, high)
}

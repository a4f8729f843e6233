package dynamodb

import (
	"strings"
	"unicode/utf16"
)

// holds reports whether an item meets a condition; an item that does not exist is empty.
func (n *node) holds(item attributes) bool {
	switch n.op {
	case "and":
		return n.kids[0].holds(item) && n.kids[1].holds(item)
	case "or":
		return n.kids[0].holds(item) || n.kids[1].holds(item)
	case "not":
		return !n.kids[0].holds(item)
	case "attribute_exists":
		return n.kids[0].path.find(item) != nil
	case "attribute_not_exists":
		return n.kids[0].path.find(item) == nil
	case "in":
		return n.isIn(item)
	}
	left, right := n.kids[0].operand(item), n.kids[1].operand(item)
	if left == nil || right == nil {
		return n.op == "<>" // what is not there differs from everything
	}
	switch n.op {
	case "attribute_type":
		return left.kind.String() == right.text
	case "begins_with":
		return left.kind == right.kind && (left.kind == kindS || left.kind == kindB) && strings.HasPrefix(left.text, right.text)
	case "contains":
		return left.contains(right)
	case "between":
		high := n.kids[2].operand(item)
		return high != nil && compares(left, ">=", right) && compares(left, "<=", high)
	}
	return compares(left, n.op, right)
}

func (n *node) isIn(item attributes) bool {
	left := n.kids[0].operand(item)
	if left == nil {
		return false
	}
	for _, k := range n.kids[1:] {
		if v := k.operand(item); v != nil && left.equal(v) {
			return true
		}
	}
	return false
}

// operand is the value of an operand, or nil when it is not there.
func (n *node) operand(item attributes) *value {
	switch n.op {
	case "value":
		return n.val
	case "path":
		return n.path.find(item)
	}
	v := n.kids[0].operand(item) // size is the only function among the operands
	if v == nil {
		return nil
	}
	size, ok := v.length()
	if !ok {
		return nil
	}
	return &value{kind: kindN, text: itoa(size)}
}

// length is what size() counts: UTF-16 units of a string (as DynamoDB Local does), bytes of a
// binary, members of a collection.
func (v *value) length() (int, bool) {
	switch v.kind {
	case kindS:
		n := 0
		for _, r := range v.text {
			n += utf16.RuneLen(r)
		}
		return n, true
	case kindB:
		return len(v.text), true
	case kindM:
		return len(v.tree), true
	case kindL, kindSS, kindNS, kindBS:
		return len(v.list), true
	}
	return 0, false
}

func compares(left *value, op string, right *value) bool {
	switch op {
	case "=":
		return left.equal(right)
	case "<>":
		return !left.equal(right)
	}
	if left.kind != right.kind || !left.kind.ordered() {
		return false
	}
	c := left.compare(right)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (v *value) contains(w *value) bool {
	if v.kind == kindS || v.kind == kindB {
		return v.kind == w.kind && strings.Contains(v.text, w.text)
	}
	for i := range v.list {
		if v.list[i].equal(w) {
			return true
		}
	}
	return false
}

// project keeps what the paths name. Elements of a list keep their order and close up.
func project(item attributes, paths []path) attributes {
	var t shape
	for _, p := range paths {
		t.add(p)
	}
	return t.tree(item)
}

// shape is a set of paths as a tree; a shape without branches is the whole value.
type shape struct {
	steps []step
	kids  []*shape
}

func (t *shape) add(p path) {
	for _, s := range p {
		next := t.kid(s)
		if next == nil {
			next = &shape{}
			t.steps, t.kids = append(t.steps, s), append(t.kids, next)
		}
		t = next
	}
}

func (t *shape) kid(s step) *shape {
	for i, o := range t.steps {
		if o == s {
			return t.kids[i]
		}
	}
	return nil
}

func (t *shape) tree(in attributes) attributes {
	out := make(attributes, 0, len(t.kids))
	for i, s := range t.steps {
		v := in.get(s.name)
		if v == nil || s.indexed {
			continue
		}
		if cut, ok := t.kids[i].cut(v); ok {
			out = append(out, attribute{s.name, cut})
		}
	}
	return out.normalize()
}

func (t *shape) cut(v *value) (value, bool) {
	if len(t.kids) == 0 {
		return *v, true
	}
	switch v.kind {
	case kindM:
		tree := t.tree(v.tree)
		return value{kind: kindM, tree: tree}, len(tree) > 0
	case kindL:
		var list []value
		for i := range v.list {
			k := t.kid(step{index: i, indexed: true})
			if k == nil {
				continue
			}
			if cut, ok := k.cut(&v.list[i]); ok {
				list = append(list, cut)
			}
		}
		return value{kind: kindL, list: list}, len(list) > 0
	}
	return value{}, false
}

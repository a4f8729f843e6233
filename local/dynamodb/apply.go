package dynamodb

import (
	"slices"

	"twofold/local/core"
)

func invalid(format string, args ...any) *core.Error {
	return core.Errorf("ValidationException", format, args...)
}

const (
	problemUpdatePath    = "The document path provided in the update expression is invalid for update"
	problemUpdateType    = "An operand in the update expression has an incorrect data type"
	problemUpdateMissing = "The provided expression refers to an attribute that does not exist in the item"
)

// applyUpdate builds the item that an update makes of old, which stays as it is. Right sides
// see the old item only, and list indexes mean the old positions.
func applyUpdate(old attributes, actions []action) (attributes, *core.Error) {
	results := make([]value, len(actions))
	var root edit
	for i := range actions {
		root.add(actions[i].path, &actions[i], &results[i])
	}
	if !root.fits(&value{kind: kindM, tree: old}) {
		return nil, invalid(problemUpdatePath)
	}
	for i, a := range actions {
		if a.verb != "SET" {
			continue
		}
		v, err := a.to.eval(old)
		if err != nil {
			return nil, err
		}
		results[i] = *v
	}
	return root.inMap(old)
}

func (s *setter) eval(item attributes) (*value, *core.Error) {
	switch s.op {
	case "value":
		return s.val, nil
	case "path":
		if v := s.path.find(item); v != nil {
			return v, nil
		}
		return nil, invalid(problemUpdateMissing)
	case "if_not_exists":
		other, err := s.kids[1].eval(item) // it must exist even when it is not used
		if v := s.kids[0].path.find(item); v != nil && err == nil {
			return v, nil
		}
		return other, err
	}
	left, err := s.kids[0].eval(item)
	if err != nil {
		return nil, err
	}
	right, err := s.kids[1].eval(item)
	if err != nil {
		return nil, err
	}
	if s.op == "list_append" {
		if left.kind != kindL || right.kind != kindL {
			return nil, invalid(problemUpdateType)
		}
		return &value{kind: kindL, list: slices.Concat(left.list, right.list)}, nil
	}
	return arithmetic(left, right, s.op == "-")
}

func arithmetic(left, right *value, subtract bool) (*value, *core.Error) {
	if left.kind != kindN || right.kind != kindN {
		return nil, invalid(problemUpdateType)
	}
	text, problem := addNumbers(left.text, right.text, subtract)
	if problem != "" {
		return nil, invalid("%s", problem)
	}
	return &value{kind: kindN, text: text}, nil
}

// edit is a set of actions as a tree over their paths; a leaf has an action. Parsing made sure
// that no path is another one or lies in it, and that siblings are all names or all indexes.
type edit struct {
	step   step
	kids   []*edit
	action *action
	result *value // of a SET
}

func (e *edit) add(p path, a *action, result *value) {
	for _, s := range p {
		i := slices.IndexFunc(e.kids, func(k *edit) bool { return k.step == s })
		if i < 0 {
			i = len(e.kids)
			e.kids = append(e.kids, &edit{step: s})
		}
		e = e.kids[i]
	}
	e.action, e.result = a, result
}

// fits reports whether the maps and lists that the paths go through are there.
func (e *edit) fits(v *value) bool {
	for _, k := range e.kids {
		var child *value
		switch {
		case v == nil:
			return false
		case k.step.indexed && v.kind == kindL:
			if k.step.index < len(v.list) {
				child = &v.list[k.step.index]
			}
		case !k.step.indexed && v.kind == kindM:
			child = v.tree.get(k.step.name)
		default:
			return false
		}
		if !k.fits(child) {
			return false
		}
	}
	return true
}

// apply gives what becomes of the value here, nil being none; keep is false when nothing is left.
func (e *edit) apply(old *value) (v value, keep bool, err *core.Error) {
	if e.action != nil {
		return e.action.outcome(old, e.result)
	}
	v.kind = old.kind
	if v.kind == kindM {
		v.tree, err = e.inMap(old.tree)
	} else {
		v.list, err = e.inList(old.list)
	}
	return v, true, err
}

func (e *edit) inMap(tree attributes) (attributes, *core.Error) {
	for _, k := range e.kids {
		v, keep, err := k.apply(tree.get(k.step.name))
		switch {
		case err != nil:
			return nil, err
		case keep:
			tree = tree.with(k.step.name, v)
		default:
			tree = tree.without(k.step.name)
		}
	}
	return tree, nil
}

// inList closes up what was removed and appends what was set beyond the end, by index.
func (e *edit) inList(list []value) ([]value, *core.Error) {
	slices.SortFunc(e.kids, func(a, b *edit) int { return a.step.index - b.step.index })
	out, rest := make([]value, 0, len(list)+len(e.kids)), list
	taken := 0
	for _, k := range e.kids {
		var old *value
		if i := k.step.index; i < len(list) {
			out, rest = append(out, rest[:i-taken]...), rest[i-taken+1:]
			old, taken = &list[i], i+1
		} else {
			out, rest = append(out, rest...), nil
		}
		v, keep, err := k.apply(old)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, v)
		}
	}
	return append(out, rest...), nil
}

// outcome is what an action makes of the value at its path; keep is false when nothing is left.
func (a action) outcome(old, result *value) (v value, keep bool, err *core.Error) {
	if a.legacy && a.val != nil && old != nil && (a.verb == "ADD" || a.verb == "DELETE") && old.kind != a.val.kind {
		return v, false, invalid("Type mismatch for attribute to update")
	}
	switch a.verb {
	case "SET":
		return *result, true, nil
	case "REMOVE":
		return v, false, nil
	case "ADD":
		v, err = add(old, a.val)
		return v, true, err
	}
	return subtractSet(old, a.val)
}

func add(old, val *value) (value, *core.Error) {
	if old == nil {
		return *val, nil
	}
	if old.kind != val.kind {
		return value{}, invalid(problemUpdateType)
	}
	if old.kind == kindN {
		v, err := arithmetic(old, val, false)
		if err != nil {
			return value{}, err
		}
		return *v, nil
	}
	out := value{kind: old.kind, list: slices.Clone(old.list)}
	for i := range val.list {
		if !old.contains(&val.list[i]) {
			out.list = append(out.list, val.list[i])
		}
	}
	sortSet(out.list)
	return out, nil
}

func subtractSet(old, val *value) (v value, keep bool, err *core.Error) {
	if old == nil {
		return v, false, nil
	}
	if old.kind != val.kind {
		return v, false, invalid(problemUpdateType)
	}
	v.kind = old.kind
	for i := range old.list {
		if !val.contains(&old.list[i]) {
			v.list = append(v.list, old.list[i])
		}
	}
	return v, len(v.list) > 0, nil
}

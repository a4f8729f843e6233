package states

import "strings"

// template is a compiled payload template: Parameters, ResultSelector, ItemSelector, Assign.
type template struct {
	fixed   any // the value of a template without expressions
	dynamic bool
	fields  []templateField // of an object
	items   []*template     // of an array
}

type templateField struct {
	key   string
	shown string // the name as it is written, e.g. "id.$"
	expr  expr   // or
	value *template
}

// eval fills the template.
func (t *template) eval(e *env) (any, error) {
	if !t.dynamic {
		return t.fixed, nil
	}
	if t.items != nil {
		out := make([]any, len(t.items))
		for i, item := range t.items {
			v, err := item.eval(e)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	out := &object{keys: make([]string, 0, len(t.fields)), vals: make([]any, 0, len(t.fields))}
	for i := range t.fields {
		v, err := t.fields[i].eval(e)
		if err != nil {
			return nil, err
		}
		out.set(t.fields[i].key, v)
	}
	return out, nil
}

func (f *templateField) eval(e *env) (any, error) {
	if f.expr != nil {
		v, err := evalField(f.expr, f.shown, e)
		if err != nil && isBehindEnd(f.expr, e) {
			return nil, nil
		}
		return v, err
	}
	return f.value.eval(e)
}

// isBehindEnd reports a path to an element behind the end of a list: AWS gives null for it in a payload template, and there alone.
func isBehindEnd(x expr, e *env) bool {
	p, ok := x.(*path)
	if !ok {
		return false
	}
	_, err := p.eval(e)
	_, behind := err.(outOfBounds)
	return behind
}

// evalField evaluates the expression that stands in a field, whose name an error tells.
func evalField(x expr, field string, e *env) (any, error) {
	v, err := x.eval(e)
	if err == nil {
		return v, nil
	}
	if w, ok := err.(*wrong); ok {
		return nil, w
	}
	return nil, &wrong{errRuntime, says("The JSONPath '" + x.String() + "' specified for the field '" + field +
		"' could not be found in the input '" + encode(e.input) + "'")}
}

// template compiles the value of a payload template field at the place at.
func (c *compiler) template(v any, at string) *template {
	switch x := v.(type) {
	case []any:
		t := &template{fixed: v, items: make([]*template, len(x))}
		for i, e := range x {
			t.items[i] = c.template(e, at)
			t.dynamic = t.dynamic || t.items[i].dynamic
		}
		return t
	case *object:
		t := &template{fixed: v, fields: make([]templateField, len(x.keys))}
		for i, k := range x.keys {
			t.fields[i] = c.templateField(k, x.vals[i], at)
			t.dynamic = t.dynamic || t.fields[i].expr != nil || t.fields[i].value.dynamic
		}
		return t
	}
	return &template{fixed: v}
}

func (c *compiler) templateField(key string, v any, at string) templateField {
	name, isExpr := strings.CutSuffix(key, ".$")
	if !isExpr {
		return templateField{key: key, shown: key, value: c.template(v, at+"/"+key)}
	}
	text, _ := v.(string)
	x, err := compileExpr(text)
	if err != nil {
		c.problem(schemaFailed, at, "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call", key)
		x = &literal{}
	}
	return templateField{key: name, shown: key, expr: x}
}

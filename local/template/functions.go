package template

import (
	"encoding/base64"
	"strconv"
	"strings"
)

func (s *scope) ref(c *Intrinsic) (any, error) {
	name, ok := c.Arg.(string)
	if !ok {
		return nil, c.Pos.Errorf("Ref takes a name")
	}
	return s.lookup(name, c)
}

// lookup is what a name refers to: a pseudo parameter, a parameter or a resource.
func (s *scope) lookup(name string, c *Intrinsic) (any, error) {
	if v, ok := s.pseudo[name]; ok {
		return v, nil
	}
	if v, ok := s.params[name]; ok {
		return v, nil
	}
	if p, ok := s.physical[name]; ok {
		return p.Ref, nil
	}
	return nil, s.unresolved(name, c)
}

// unresolved says why a name refers to nothing.
func (s *scope) unresolved(name string, c *Intrinsic) error {
	r := s.t.resource(name)
	switch {
	case r == nil:
		return c.Pos.Errorf("%s %s: the template has no parameter or resource of this name", c.Name, name)
	case !s.wanted(r):
		return c.Pos.Errorf("%s %s: the resource is not created, its condition %s is false", c.Name, name, r.Get("Condition"))
	}
	return c.Pos.Errorf("%s %s: a resource cannot be referred to here", c.Name, name)
}

func (s *scope) getAtt(c *Intrinsic) (any, error) {
	pair := c.Arg.([]any) // the parser made it so
	attr, err := s.text(pair[1], c)
	if err != nil {
		return nil, err
	}
	return s.attribute(pair[0].(string), attr, c)
}

func (s *scope) attribute(id, attr string, c *Intrinsic) (any, error) {
	p, ok := s.physical[id]
	if !ok {
		return nil, s.unresolved(id, c)
	}
	if v, ok := p.Attrs[attr]; ok {
		return v, nil
	}
	return nil, c.Pos.Errorf("%s %s.%s: %s has no such attribute; it has %s", c.Name, id, attr,
		s.t.resource(id).Get("Type"), strings.Join(sortedKeys(p.Attrs), ", "))
}

func (s *scope) sub(c *Intrinsic) (any, error) {
	text, vars, err := subArgs(c)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, f := range vars.orEmpty().Fields {
		if values[f.Key], err = s.text(f.Value, c); err != nil {
			return nil, err
		}
	}
	var failed error
	out := substitute(text, func(name string) (string, bool) {
		if v, ok := values[name]; ok {
			return v, true
		}
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}", true
		}
		if failed != nil {
			return "", false
		}
		v, err := s.variable(name, c)
		failed = err
		return v, err == nil
	})
	return out, failed
}

// variable is what ${name} or ${resource.attribute} stands for.
func (s *scope) variable(name string, c *Intrinsic) (string, error) {
	v, err := any(nil), error(nil)
	if id, attr, ok := strings.Cut(name, "."); ok {
		v, err = s.attribute(id, attr, c)
	} else {
		v, err = s.lookup(name, c)
	}
	if err != nil {
		return "", err
	}
	if t, ok := scalar(v); ok {
		return t, nil
	}
	return "", c.Pos.Errorf("Fn::Sub: ${%s} is not a string", name)
}

// subArgs are the text and the own variables of Fn::Sub.
func subArgs(c *Intrinsic) (string, *Map, error) {
	switch arg := c.Arg.(type) {
	case string:
		return arg, nil, nil
	case []any:
		if len(arg) == 2 {
			text, isText := arg[0].(string)
			vars, isMap := arg[1].(*Map)
			if isText && isMap {
				return text, vars, nil
			}
		}
	}
	return "", nil, c.Pos.Errorf("Fn::Sub takes a string, or a string and a mapping")
}

func (s *scope) choose(c *Intrinsic) (any, error) {
	v, err := s.branch(c)
	if err != nil {
		return nil, err
	}
	return s.resolve(v)
}

// branch is the value that Fn::If chooses, unresolved.
func (s *scope) branch(c *Intrinsic) (any, error) {
	args, err := c.args(3)
	if err != nil {
		return nil, err
	}
	name, ok := args[0].(string)
	if !ok {
		return nil, c.Pos.Errorf("Fn::If takes the name of a condition first")
	}
	yes, err := s.named(name, c.Pos, nil)
	if err != nil {
		return nil, err
	}
	if yes {
		return args[1], nil
	}
	return args[2], nil
}

// list resolves v to a list.
func (s *scope) list(v any, c *Intrinsic) ([]any, error) {
	r, err := s.resolve(v)
	if err != nil {
		return nil, err
	}
	if l, ok := r.([]any); ok {
		return l, nil
	}
	return nil, c.Pos.Errorf("%s needs a list", c.Name)
}

func (s *scope) join(c *Intrinsic) (any, error) {
	args, err := c.args(2)
	if err != nil {
		return nil, err
	}
	separator, err := s.text(args[0], c)
	if err != nil {
		return nil, err
	}
	list, err := s.list(args[1], c)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(list))
	for i, e := range list {
		if parts[i], err = s.text(e, c); err != nil {
			return nil, err
		}
	}
	return strings.Join(parts, separator), nil
}

func (s *scope) pick(c *Intrinsic) (any, error) {
	args, err := c.args(2)
	if err != nil {
		return nil, err
	}
	text, err := s.text(args[0], c)
	if err != nil {
		return nil, err
	}
	list, err := s.list(args[1], c)
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i >= len(list) {
		return nil, c.Pos.Errorf("Fn::Select: %s is no index of a list of %d", text, len(list))
	}
	return list[i], nil
}

func (s *scope) split(c *Intrinsic) (any, error) {
	args, err := c.args(2)
	if err != nil {
		return nil, err
	}
	separator, ok := args[0].(string)
	if !ok || separator == "" {
		return nil, c.Pos.Errorf("Fn::Split takes a separator first")
	}
	text, err := s.text(args[1], c)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, part := range strings.Split(text, separator) {
		list = append(list, part)
	}
	return list, nil
}

func (s *scope) findInMap(c *Intrinsic) (any, error) {
	args, err := c.args(3)
	if err != nil {
		return nil, err
	}
	at := s.t.section("Mappings")
	for i, arg := range args {
		key, err := s.text(arg, c)
		if err != nil {
			return nil, err
		}
		f, ok := at.Lookup(key)
		if !ok {
			return nil, c.Pos.Errorf("Fn::FindInMap: there is no %s", key)
		}
		if i == 2 {
			return s.resolve(f.Value)
		}
		if at, ok = f.Value.(*Map); !ok {
			return nil, f.Pos.Errorf("a mapping must have two levels of keys")
		}
	}
	return nil, nil
}

func (s *scope) importValue(c *Intrinsic) (any, error) {
	name, err := s.text(c.Arg, c)
	if err != nil {
		return nil, err
	}
	if v, ok := s.imports(name); ok {
		return v, nil
	}
	return nil, c.Pos.Errorf("Fn::ImportValue: no stack of %s exports %s", s.pseudo["AWS::Region"], name)
}

func (s *scope) base64(c *Intrinsic) (any, error) {
	text, err := s.text(c.Arg, c)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

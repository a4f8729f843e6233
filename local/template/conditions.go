package template

import (
	"fmt"
	"strings"
)

// named is the truth of a condition; path are the conditions that asked for it.
func (s *scope) named(name string, pos Pos, path []string) (bool, error) {
	if v, known := s.conditions[name]; known {
		return v, nil
	}
	f, ok := s.t.section("Conditions").Lookup(name)
	if !ok {
		return false, pos.Errorf("there is no condition %s", name)
	}
	if contains(path, name) {
		return false, f.Pos.Errorf("the conditions %s refer to each other in a circle", strings.Join(append(path, name), " -> "))
	}
	v, err := s.condition(f.Value, f.Pos, append(path, name))
	if err == nil {
		s.conditions[name] = v
	}
	return v, err
}

// wanted reports whether a resource or output is to be created.
func (s *scope) wanted(m *Map) bool {
	name, ok := m.Get("Condition").(string)
	return !ok || s.conditions[name]
}

// condition is the truth of a condition function.
func (s *scope) condition(v any, pos Pos, path []string) (bool, error) {
	if m, ok := v.(*Map); ok && len(m.Fields) == 1 && m.Fields[0].Key == "Condition" {
		v = &Intrinsic{Name: "Condition", Arg: m.Fields[0].Value, Pos: m.Pos}
	}
	c, ok := v.(*Intrinsic)
	if !ok {
		return false, pos.Errorf("a condition must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")
	}
	switch c.Name {
	case "Condition":
		name, _ := c.Arg.(string)
		return s.named(name, c.Pos, path)
	case "Fn::Equals":
		return s.equals(c)
	case "Fn::Not":
		args, err := c.args(1)
		if err != nil {
			return false, err
		}
		yes, err := s.condition(args[0], c.Pos, path)
		return !yes, err
	case "Fn::And", "Fn::Or":
		return s.several(c, path)
	}
	return false, c.Pos.Errorf("%s is no condition", c.Name)
}

// several is And or Or of two to ten conditions; all are looked at, so that a wrong one shows.
func (s *scope) several(c *Intrinsic, path []string) (bool, error) {
	list, ok := c.Arg.([]any)
	if !ok || len(list) < 2 || len(list) > 10 {
		return false, c.Pos.Errorf("%s takes two to ten conditions", c.Name)
	}
	all, some := true, false
	for _, e := range list {
		yes, err := s.condition(e, c.Pos, path)
		if err != nil {
			return false, err
		}
		all, some = all && yes, some || yes
	}
	if c.Name == "Fn::And" {
		return all, nil
	}
	return some, nil
}

func (s *scope) equals(c *Intrinsic) (bool, error) {
	args, err := c.args(2)
	if err != nil {
		return false, err
	}
	var texts [2]string
	for i, arg := range args {
		r, err := s.resolve(arg)
		if err != nil {
			return false, err
		}
		var ok bool
		if texts[i], ok = scalar(r); !ok {
			texts[i] = fmt.Sprintf("%v", r) // two lists are equal if their elements are
		}
	}
	return texts[0] == texts[1], nil
}

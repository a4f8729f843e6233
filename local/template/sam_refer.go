package template

import "strings"

// refer replaces what SAM lets a template say of a generated resource, Ref: Orders.Alias
// for example, by its logical id.
func (s *sam) refer(v any) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := s.refer(e); err != nil {
				return err
			}
		}
	case *Map:
		for _, f := range v.Fields {
			if err := s.refer(f.Value); err != nil {
				return err
			}
		}
	case *Intrinsic:
		return s.referCall(v)
	}
	return nil
}

func (s *sam) referCall(c *Intrinsic) error {
	switch c.Name {
	case "Ref":
		if name, ok := c.Arg.(string); ok && s.generated[name] != "" {
			c.Arg = s.generated[name]
		}
		return nil
	case "Fn::GetAtt":
		return s.referAttribute(c)
	case "Fn::Sub":
		switch arg := c.Arg.(type) {
		case string:
			c.Arg = s.referText(arg, nil)
		case []any:
			if text, ok := arg[0].(string); ok && len(arg) == 2 {
				vars, _ := arg[1].(*Map)
				c.Arg = []any{s.referText(text, vars), arg[1]}
			}
		}
	}
	return s.refer(c.Arg)
}

// referAttribute replaces Orders.Version.Version; the first dot has parted it already.
func (s *sam) referAttribute(c *Intrinsic) error {
	pair := c.Arg.([]any)
	attr, ok := pair[1].(string)
	if !ok {
		return nil
	}
	property, rest, _ := strings.Cut(attr, ".")
	id := s.generated[pair[0].(string)+"."+property]
	if id == "" {
		return nil
	}
	if rest == "" {
		return c.Pos.Errorf("Fn::GetAtt %s.%s needs an attribute: use Ref for the resource itself", pair[0], attr)
	}
	c.Arg = []any{id, rest}
	return nil
}

// referText replaces ${Orders.Alias} and the front of ${Orders.Alias.Name}.
func (s *sam) referText(text string, vars *Map) string {
	return substitute(text, func(name string) (string, bool) {
		if _, own := vars.Lookup(name); own {
			return "", false
		}
		parts := strings.SplitN(name, ".", 3)
		if len(parts) < 2 || s.generated[parts[0]+"."+parts[1]] == "" {
			return "", false
		}
		parts[0] = s.generated[parts[0]+"."+parts[1]]
		return "${" + strings.Join(append(parts[:1], parts[2:]...), ".") + "}", true
	})
}

// substitute replaces each ${name} for which with answers true; the name of ${!literal} begins with "!".
func substitute(text string, with func(name string) (string, bool)) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		name, rest, closed := strings.Cut(after, "}")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if !closed {
			b.WriteString("${" + after)
			return b.String()
		}
		by, ok := with(name)
		if !ok {
			by = "${" + name + "}"
		}
		b.WriteString(by)
		text = rest
	}
}

package template

import "strings"

// order gives the logical ids of the resources to create, each after all that it refers
// to or depends on; among equals the order of the file. It checks every reference.
func (s *scope) order() ([]string, error) {
	var ids []string
	needs := map[string]map[string]bool{}
	for _, f := range s.t.section("Resources").Fields {
		r := s.t.resource(f.Key)
		if name, ok := r.Get("Condition").(string); ok {
			if _, known := s.conditions[name]; !known {
				return nil, r.at("Condition").Errorf("%s: there is no condition %s", f.Key, name)
			}
		}
		if !s.wanted(r) {
			continue
		}
		on, err := s.needs(f.Key, r)
		if err != nil {
			return nil, err
		}
		ids, needs[f.Key] = append(ids, f.Key), on
	}
	return s.sort(ids, needs)
}

// needs are the resources that one must come after.
func (s *scope) needs(id string, r *Map) (map[string]bool, error) {
	on := map[string]bool{}
	list, err := dependsOn(id, r)
	if err != nil {
		return nil, err
	}
	for _, name := range list {
		other := s.t.resource(name)
		if other == nil {
			return nil, r.at("DependsOn").Errorf("%s: DependsOn names %s, which is no resource", id, name)
		}
		if s.wanted(other) {
			on[name] = true
		}
	}
	visit := func(name string, c *Intrinsic) error {
		on[name] = true
		return s.refers(name, c)
	}
	for _, part := range []string{"Properties", "Metadata", "UpdatePolicy"} {
		if err := s.references(r.Get(part), visit); err != nil {
			return nil, err
		}
	}
	return on, nil
}

// refers errors if a name is no resource that will be there.
func (s *scope) refers(name string, c *Intrinsic) error {
	if r := s.t.resource(name); r == nil || !s.wanted(r) {
		return s.unresolved(name, c)
	}
	return nil
}

func (s *scope) sort(ids []string, needs map[string]map[string]bool) ([]string, error) {
	var sorted []string
	done := map[string]bool{}
	for len(sorted) < len(ids) {
		next := ""
		for _, id := range ids {
			if !done[id] && allDone(needs[id], done) {
				next = id
				break
			}
		}
		if next == "" {
			return nil, s.circle(ids, needs, done)
		}
		done[next] = true
		sorted = append(sorted, next)
	}
	return sorted, nil
}

func allDone(needs, done map[string]bool) bool {
	for id := range needs {
		if !done[id] {
			return false
		}
	}
	return true
}

// circle names the resources that wait for each other: from any that is left, following
// what is left of its needs must come back to one seen before.
func (s *scope) circle(ids []string, needs map[string]map[string]bool, done map[string]bool) error {
	at := ""
	for _, id := range ids {
		if !done[id] {
			at = id
			break
		}
	}
	var path []string
	for !contains(path, at) {
		path = append(path, at)
		for _, id := range sortedKeys(needs[at]) {
			if !done[id] {
				at = id
				break
			}
		}
	}
	for path[0] != at {
		path = path[1:]
	}
	return s.t.resource(at).Pos.Errorf("circular dependency: %s", strings.Join(append(path, at), " -> "))
}

// references visits each name in v that is no parameter, following the branches of
// Fn::If that are chosen.
func (s *scope) references(v any, visit func(string, *Intrinsic) error) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := s.references(e, visit); err != nil {
				return err
			}
		}
	case *Map:
		for _, f := range v.Fields {
			if err := s.references(f.Value, visit); err != nil {
				return err
			}
		}
	case *Intrinsic:
		return s.referencesOf(v, visit)
	}
	return nil
}

func (s *scope) referencesOf(c *Intrinsic, visit func(string, *Intrinsic) error) error {
	switch c.Name {
	case "Ref":
		name, _ := c.Arg.(string)
		return s.name(name, c, visit)
	case "Fn::GetAtt":
		pair := c.Arg.([]any)
		if err := s.references(pair[1], visit); err != nil {
			return err
		}
		return visit(pair[0].(string), c)
	case "Fn::If":
		chosen, err := s.branch(c)
		if err != nil {
			return err
		}
		return s.references(chosen, visit)
	case "Fn::Sub":
		return s.referencesOfSub(c, visit)
	}
	return s.references(c.Arg, visit)
}

func (s *scope) referencesOfSub(c *Intrinsic, visit func(string, *Intrinsic) error) error {
	text, vars, err := subArgs(c)
	if err != nil {
		return err
	}
	if vars != nil {
		if err := s.references(vars, visit); err != nil {
			return err
		}
	}
	var failed error
	substitute(text, func(name string) (string, bool) {
		if _, own := vars.Lookup(name); own || failed != nil || strings.HasPrefix(name, "!") {
			return "", false
		}
		id, _, _ := strings.Cut(name, ".")
		failed = s.name(id, c, visit)
		return "", false
	})
	return failed
}

// name visits a name unless it is a parameter.
func (s *scope) name(name string, c *Intrinsic, visit func(string, *Intrinsic) error) error {
	if _, ok := s.pseudo[name]; ok {
		return nil
	}
	if _, ok := s.params[name]; ok {
		return nil
	}
	return visit(name, c)
}

package states

// scope holds the variables of a workflow, a Parallel branch or a Map iteration. Inner
// scopes see the outer ones' variables and write only their own.
type scope struct {
	outer *scope
	vars  map[string]any
}

func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.outer {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// assign sets all members of o at once.
func (s *scope) assign(o *object) {
	if s.vars == nil {
		s.vars = make(map[string]any, len(o.keys))
	}
	for i, k := range o.keys {
		s.vars[k] = o.vals[i]
	}
}

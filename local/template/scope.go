package template

import (
	"sort"

	"twofold/local/core"
)

// scope is what the intrinsic functions of one stack can see.
type scope struct {
	t          *Template
	params     map[string]any
	pseudo     map[string]any
	conditions map[string]bool
	physical   map[string]core.Physical
	imports    func(name string) (string, bool)
}

// noValue is what Ref AWS::NoValue gives; it takes its key or element away.
type noValue struct{}

// newScope resolves the conditions of a template.
func newScope(t *Template, params, pseudo map[string]any, imports func(string) (string, bool)) (*scope, error) {
	s := &scope{t: t, params: params, pseudo: pseudo, conditions: map[string]bool{},
		physical: map[string]core.Physical{}, imports: imports}
	for _, f := range t.section("Conditions").Fields {
		if _, err := s.named(f.Key, f.Pos, nil); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// pseudoParameters are those of one stack.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html.
func pseudoParameters(region, stack, stackID string) map[string]any {
	return map[string]any{"AWS::AccountId": core.AccountID, "AWS::Region": region, "AWS::Partition": "aws",
		"AWS::StackName": stack, "AWS::StackId": stackID, "AWS::URLSuffix": "amazonaws.com",
		"AWS::NotificationARNs": []any{}, "AWS::NoValue": noValue{}}
}

// resolve gives a value without intrinsics, as JSON values.
func (s *scope) resolve(v any) (any, error) {
	switch v := v.(type) {
	case *Map:
		return s.resolveMap(v)
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			r, err := s.resolve(e)
			if err != nil {
				return nil, err
			}
			if !isNoValue(r) {
				list = append(list, r)
			}
		}
		return list, nil
	case *Intrinsic:
		return s.call(v)
	}
	return v, nil
}

func (s *scope) resolveMap(m *Map) (any, error) {
	out := make(map[string]any, len(m.Fields))
	for _, f := range m.Fields {
		r, err := s.resolve(f.Value)
		if err != nil {
			return nil, err
		}
		if !isNoValue(r) {
			out[f.Key] = r
		}
	}
	return out, nil
}

func isNoValue(v any) bool { _, ok := v.(noValue); return ok }

// call runs a function that gives a value; the others are run by condition.
func (s *scope) call(c *Intrinsic) (any, error) {
	switch c.Name {
	case "Ref":
		return s.ref(c)
	case "Fn::GetAtt":
		return s.getAtt(c)
	case "Fn::Sub":
		return s.sub(c)
	case "Fn::If":
		return s.choose(c)
	case "Fn::Join":
		return s.join(c)
	case "Fn::Select":
		return s.pick(c)
	case "Fn::Split":
		return s.split(c)
	case "Fn::FindInMap":
		return s.findInMap(c)
	case "Fn::ImportValue":
		return s.importValue(c)
	case "Fn::Base64":
		return s.base64(c)
	}
	return nil, c.Pos.Errorf("%s may only stand in Conditions", c.Name)
}

// text resolves v to a string; numbers and truth values are written out.
func (s *scope) text(v any, c *Intrinsic) (string, error) {
	r, err := s.resolve(v)
	if err != nil {
		return "", err
	}
	if t, ok := scalar(r); ok {
		return t, nil
	}
	return "", c.Pos.Errorf("%s needs strings here", c.Name)
}

// args are the n arguments of a call.
func (c *Intrinsic) args(n int) ([]any, error) {
	if list, ok := c.Arg.([]any); ok && len(list) == n {
		return list, nil
	}
	return nil, c.Pos.Errorf("%s takes a list of %d", c.Name, n)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

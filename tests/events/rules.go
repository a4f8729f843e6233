package events

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"twofold/local/pattern"
)

// CheckRules holds the rules against the schemas: each detail type that a rule names has a schema that can match the rule, and what the input
// paths of its targets read is there. samples are whole events by detail type.
func CheckRules(schemas map[string]*Schema, stacks *Stacks, samples map[string][]byte) ([]string, error) {
	var faults []string
	for _, r := range stacks.rules {
		if len(r.types) == 0 {
			faults = append(faults, fmt.Sprintf("%s: rule %s names no detail-type: say which events it is for", r.at, r.name))
		}
		for _, t := range r.types {
			s := schemas[t.text()]
			if s == nil {
				faults = append(faults, fmt.Sprintf("%s: rule %s waits for %s, of which %s has no schema", t, r.name, t.text(), SchemaFolder))
				continue
			}
			why, err := r.cannotMatch(s, samples[s.Name])
			if err != nil {
				return nil, fmt.Errorf("%s: rule %s: %w", r.at, r.name, err)
			}
			if why != "" {
				faults = append(faults, fmt.Sprintf("%s: rule %s can never match %s: %s", r.at, r.name, s.Name, why))
			}
			faults = append(faults, r.checkInputs(s)...)
		}
	}
	slices.Sort(faults)
	return faults, nil
}

// cannotMatch says why no event of a schema matches, "" if one does: it looks for one, alternative by alternative.
func (r rule) cannotMatch(s *Schema, sample []byte) (string, error) {
	why := ""
	for _, fields := range r.pattern.Alternatives() {
		event, reason, err := witness(s, sample, fields)
		if err != nil {
			return "", err
		}
		if reason == "" {
			ok, err := r.pattern.MatchJSON(event)
			if ok || err != nil {
				return "", err
			}
			reason = "the sample with the values that the rule names does not match it; " + s.root.file
		}
		why = reason
	}
	return why, nil
}

// witness is the sample with every field that a rule asks about set to a value that rule and schema both allow.
func witness(s *Schema, sample []byte, fields []pattern.Field) (event []byte, why string, err error) {
	for _, f := range fields {
		declared := s.field(f.Path...)
		if !declared.there() && f.Absent {
			continue
		}
		if !declared.there() {
			return nil, fmt.Sprintf("%s declares no %s", s.root.file, strings.Join(f.Path, ".")), nil
		}
		if f.Open || f.Absent {
			continue // the sample's own value is tried
		}
		next, err := choose(s, sample, f)
		if err != nil {
			return nil, "", err
		}
		if next == nil {
			return nil, fmt.Sprintf("it wants %s to be one of %v, and %s allows none of them", strings.Join(f.Path, "."), f.Values, declared), nil
		}
		sample = next
	}
	return sample, "", nil
}

// choose sets a field of an event to the first value that keeps the event valid; nil if there is none.
func choose(s *Schema, event []byte, f pattern.Field) ([]byte, error) {
	for _, v := range f.Values {
		var doc map[string]any
		if err := json.Unmarshal(event, &doc); err != nil {
			return nil, err
		}
		if f.Path[0] == "detail-type" || f.Path[0] == "source" {
			if v != doc[f.Path[0]] {
				continue
			}
		}
		set(doc, f.Path, v)
		changed, err := json.Marshal(doc)
		if err != nil {
			return nil, err
		}
		if s.Validate(changed) == nil {
			return changed, nil
		}
	}
	return nil, nil
}

func set(doc map[string]any, path []string, v any) {
	for _, name := range path[:len(path)-1] {
		next, ok := doc[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			doc[name] = next
		}
		doc = next
	}
	doc[path[len(path)-1]] = v
}

var placeholder = regexp.MustCompile(`<([^<>]+)>`)

// checkInputs looks at what the targets of a rule take out of an event.
func (r rule) checkInputs(s *Schema) (faults []string) {
	check := func(n node, what string) {
		path := strings.Split(strings.TrimPrefix(n.text(), "$."), ".")
		if !s.field(path...).there() {
			faults = append(faults, fmt.Sprintf("%s: rule %s reads %s%s of %s, which %s does not declare", n, r.name, what, n.text(), s.Name, s.root))
		}
	}
	for _, t := range r.targets {
		if n := t.at("InputPath"); n.there() && n.text() != "$" {
			check(n, "the input path ")
		}
		declared := t.at("InputTransformer", "InputPathsMap")
		for _, n := range declared.members() {
			check(n, "")
		}
		template := t.at("InputTransformer", "InputTemplate")
		for _, m := range placeholder.FindAllStringSubmatch(template.text(), -1) {
			if !declared.at(m[1]).there() && !strings.HasPrefix(m[1], "aws.") {
				faults = append(faults, fmt.Sprintf("%s: the template of rule %s uses <%s>, which its InputPathsMap (%s) does not name", template, r.name, m[1], declared))
			}
		}
	}
	return faults
}

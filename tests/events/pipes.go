package events

import (
	"fmt"
	"slices"
	"strings"
)

// CheckPipes holds the pipes against the schemas. emitted are the types that the items of each source can have, which the
// Go code knows; written are the attributes that the Go code of a source writes.
func CheckPipes(schemas map[string]*Schema, stacks *Stacks, emitted map[string][]string, written map[string]map[string]string) ([]string, error) {
	var faults []string
	sentBy := map[string]bool{}
	for _, p := range stacks.pipes {
		types := emitted[p.source]
		if p.detailType != dynamicType {
			types = []string{p.detailType}
		}
		var sends []*Schema
		for _, t := range types {
			ok, err := p.emits(t)
			switch s := schemas[t]; {
			case err != nil:
				return nil, err
			case !ok && p.detailType != dynamicType:
				faults = append(faults, fmt.Sprintf("%s: pipe %s is to send %s and its filter lets no item of that type through", p.at, p.name, t))
			case !ok:
			case s == nil:
				faults = append(faults, fmt.Sprintf("%s: pipe %s sends %s, of which %s has no schema", p.at, p.name, t, SchemaFolder))
			case s.Source != p.source:
				faults = append(faults, fmt.Sprintf("%s: pipe %s sends %s as of %s, and its schema says %s (%s)", p.at, p.name, t, p.source, s.Source, s.root.at("x-amazon-events-source")))
			default:
				sends, sentBy[t] = append(sends, s), true
			}
		}
		faults = append(faults, p.checkFields(sends)...)
		faults = append(faults, p.checkAttributes(written[p.source])...)
	}
	for name, s := range schemas {
		if !sentBy[name] {
			faults = append(faults, fmt.Sprintf("%s: no pipe in stacks sends %s", s.root, name))
		}
	}
	slices.Sort(faults)
	return faults, nil
}

// checkFields compares both ways: what the schemas declare is sent, and what is sent one of them declares.
func (p pipe) checkFields(sends []*Schema) (faults []string) {
	declared := map[string]bool{}
	var names []string
	for _, s := range sends {
		names = append(names, s.Name)
		for _, f := range s.fields() {
			declared[f] = true
			if _, ok := p.sends[f]; !ok {
				faults = append(faults, fmt.Sprintf("%s: %s has %s, which pipe %s (%s) does not send", s.field("detail", f), s.Name, f, p.name, p.at.at("TargetParameters", "InputTemplate")))
			}
		}
		for _, r := range s.detail().at("required").items() {
			if !s.field("detail", r.text()).there() {
				faults = append(faults, fmt.Sprintf("%s: %s requires %s and does not declare it", r, s.Name, r.text()))
			}
		}
	}
	for f, where := range p.sends {
		if !declared[f] {
			faults = append(faults, fmt.Sprintf("%s: pipe %s sends %s, which no schema of its events has (%s/{%s}.json)", where.place, p.name, f, SchemaFolder, strings.Join(names, ",")))
		}
	}
	return faults
}

func (p pipe) checkAttributes(written map[string]string) (faults []string) {
	for f, where := range p.sends {
		if written[where.attribute] == "" {
			faults = append(faults, fmt.Sprintf("%s: pipe %s fills %s from the attribute %s, which no item of %s has (internal/%s)", where.place, p.name, f, where.attribute, p.source, strings.TrimPrefix(p.source, "twofold.")))
		}
	}
	return faults
}

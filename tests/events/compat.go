package events

import (
	"fmt"
	"slices"
	"strings"
)

// constraints are the keywords that say which values a field may have. A change of any counts as a break: whether one pattern
// allows all that another does is not for a program to say.
var constraints = []string{"type", "format", "pattern", "enum", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
	"exclusiveMaximum", "minItems", "maxItems", "uniqueItems", "additionalProperties", "$ref"}

// CheckCompatible compares schemas with those of the last release. What a reader or a writer of the last release could not stand is a fault
// unless the schema's x-twofold-version was raised: a field that is gone, that is not required any more, that is newly required (events in
// the archive and under way lack it), or whose values are others. A version that fell, and a released event that is gone, are faults
// always.
func CheckCompatible(released, now map[string]*Schema) []string {
	var faults []string
	for name, old := range released {
		s := now[name]
		switch {
		case s == nil:
			faults = append(faults, fmt.Sprintf("%s: %s was released and %s has it no more: keep the schema as long as a stage can hold such events, then remove both", old.root, name, SchemaFolder))
		case s.Version < old.Version:
			faults = append(faults, fmt.Sprintf("%s: the version is %d and was released as %d (%s)", s.root.at("x-twofold-version"), s.Version, old.Version, old.root.at("x-twofold-version")))
		case s.Version == old.Version:
			for _, f := range breaks(old.root, s.root, "") {
				faults = append(faults, f+": raise x-twofold-version ("+s.root.at("x-twofold-version").String()+") or take it back")
			}
			for _, f := range breaks(old.detail(), s.detail(), "detail") {
				faults = append(faults, f+": raise x-twofold-version ("+s.root.at("x-twofold-version").String()+") or take it back")
			}
		}
	}
	slices.Sort(faults)
	return faults
}

// breaks compares one object: its own constraints, what is required, its members.
func breaks(old, now node, path string) (faults []string) {
	faults = append(faults, changed(old, now, path)...)
	was, is := old.at("required").texts(), now.at("required").texts()
	for _, f := range was {
		if !slices.Contains(is, f) && now.at("properties", f).there() {
			faults = append(faults, fmt.Sprintf("%s: %s is not required any more, and readers of the last release (%s) count on it", now.at("properties", f), join(path, f), old.at("required")))
		}
	}
	for _, r := range now.at("required").items() {
		if !slices.Contains(was, r.text()) {
			faults = append(faults, fmt.Sprintf("%s: %s is newly required, and events of the last release (%s) may lack it", r, join(path, r.text()), old.at("required")))
		}
	}
	for k, v := range old.at("properties").members() {
		next := now.at("properties", k.text())
		if !next.there() {
			faults = append(faults, fmt.Sprintf("%s: %s is gone, and was released (%s)", now.at("properties"), join(path, k.text()), k))
			continue
		}
		faults = append(faults, breaks(v, next, join(path, k.text()))...)
	}
	return faults
}

func changed(old, now node, path string) (faults []string) {
	for _, c := range constraints {
		was, is := value(old.at(c)), value(now.at(c))
		if was != is {
			place := now
			if now.at(c).there() {
				place = now.at(c)
			}
			faults = append(faults, fmt.Sprintf("%s: %s of %s is %s and was released as %s (%s)", place, c, join(path, ""), is, was, old))
		}
	}
	return faults
}

// value is a constraint as text.
func value(n node) string {
	if !n.there() {
		return "nothing"
	}
	if len(n.items()) > 0 {
		return "[" + strings.Join(n.texts(), " ") + "]"
	}
	return n.text()
}

func join(path, name string) string {
	switch {
	case path == "" && name == "":
		return "the event"
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

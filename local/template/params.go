package template

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var parameterKeys = []string{"Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength",
	"MinValue", "MaxValue", "NoEcho", "Description", "ConstraintDescription"}

// parameters gives every declared parameter its value: a string, or a list of strings for
// the list types. from is where the given values come from, for messages.
func (t *Template) parameters(ctx context.Context, given map[string]string, from Pos, dynamic DynamicReference, region string) (map[string]any, error) {
	declared := t.section("Parameters")
	for _, name := range sortedKeys(given) {
		if _, ok := declared.Lookup(name); !ok {
			return nil, from.Errorf("the parameter %s is not declared by %s", name, t.File)
		}
	}
	values := map[string]any{}
	for _, f := range declared.Fields {
		p, err := newParameter(f)
		if err != nil {
			return nil, err
		}
		text, ok := given[f.Key]
		if !ok {
			text, ok = scalar(p.decl.Get("Default"))
		}
		if !ok {
			return nil, from.Errorf("the parameter %s has no value (declared without Default at %s)", f.Key, f.Pos)
		}
		if p.ssm() {
			if text, err = p.stored(ctx, dynamic, region, text); err != nil {
				return nil, err
			}
		}
		if values[f.Key], err = p.check(text); err != nil {
			return nil, err
		}
	}
	return values, nil
}

type parameter struct {
	name string
	typ  string
	decl *Map
}

const ssmValue = "AWS::SSM::Parameter::Value<"

func newParameter(f Field) (parameter, error) {
	decl, err := asMap(f.Value, f.Pos, "the parameter "+f.Key)
	if err != nil {
		return parameter{}, err
	}
	if err := decl.only("the parameter "+f.Key, parameterKeys...); err != nil {
		return parameter{}, err
	}
	if decl == nil {
		return parameter{}, f.Pos.Errorf("the parameter %s has no Type", f.Key)
	}
	p := parameter{name: f.Key, decl: decl}
	p.typ, _ = decl.Get("Type").(string)
	switch {
	case p.typ == "String", p.typ == "Number", p.list(), strings.HasPrefix(p.typ, "AWS::"):
		return p, nil
	}
	return p, f.Pos.Errorf("the parameter %s: the type %q is unknown", f.Key, p.typ)
}

func (p parameter) ssm() bool { return strings.HasPrefix(p.typ, ssmValue) }

func (p parameter) list() bool {
	return strings.Contains(p.typ, "List<") || strings.Contains(p.typ, "CommaDelimitedList")
}

// stored reads the value of an SSM parameter type.
func (p parameter) stored(ctx context.Context, dynamic DynamicReference, region, name string) (string, error) {
	if dynamic == nil {
		return "", p.errorf("it is read from SSM, which is not run here")
	}
	text, err := dynamic(ctx, region, "ssm", name)
	if err != nil {
		return "", p.errorf("%v", err)
	}
	return text, nil
}

// check applies the constraints and gives the value in its type.
func (p parameter) check(text string) (any, error) {
	if err := p.allowed(text); err != nil {
		return nil, err
	}
	if !p.list() {
		return text, p.one(text)
	}
	list := []any{}
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if err := p.one(part); err != nil {
			return nil, err
		}
		list = append(list, part)
	}
	return list, nil
}

// errorf ends with the template's own explanation, if it gives one.
func (p parameter) errorf(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if why, ok := p.decl.Get("ConstraintDescription").(string); ok {
		text += " (" + why + ")"
	}
	return p.decl.Pos.Errorf("the parameter %s: %s", p.name, text)
}

// allowed checks AllowedValues; a list may hold any of them.
func (p parameter) allowed(text string) error {
	values, _ := p.decl.Get("AllowedValues").([]any)
	if values == nil {
		return nil
	}
	parts := []string{text}
	if p.list() {
		parts = strings.Split(text, ",")
	}
	for _, part := range parts {
		found := false
		for _, v := range values {
			s, _ := scalar(v)
			found = found || s == strings.TrimSpace(part)
		}
		if !found {
			return p.errorf("%q is not among AllowedValues", part)
		}
	}
	return nil
}

// one checks a single value against pattern, type and bounds.
func (p parameter) one(text string) error {
	if pattern, ok := p.decl.Get("AllowedPattern").(string); ok {
		re, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			return p.errorf("AllowedPattern: %v", err)
		}
		if !re.MatchString(text) {
			return p.errorf("%q does not match AllowedPattern %s", text, pattern)
		}
	}
	size := float64(len([]rune(text)))
	if err := p.bounds(size, "MinLength", "MaxLength"); err != nil {
		return err
	}
	if p.typ != "Number" && p.typ != "List<Number>" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return p.errorf("%q is not a number", text)
	}
	return p.bounds(n, "MinValue", "MaxValue")
}

func (p parameter) bounds(n float64, least, most string) error {
	for _, key := range []string{least, most} {
		text, ok := scalar(p.decl.Get(key))
		if !ok {
			continue
		}
		limit, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return p.errorf("%s is not a number", key)
		}
		if (key == least && n < limit) || (key == most && n > limit) {
			return p.errorf("%v is outside %s %s", n, key, text)
		}
	}
	return nil
}

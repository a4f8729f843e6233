package template

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// functions are the intrinsic functions that are resolved; Condition is one only where a condition stands.
var functions = []string{"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Equals", "Fn::Join", "Fn::Select",
	"Fn::Split", "Fn::FindInMap", "Fn::ImportValue", "Fn::Base64", "Fn::And", "Fn::Or", "Fn::Not"}

// octal is a number that YAML 1.1 and 1.2 read differently, such as an account id without quotes.
var octal = regexp.MustCompile(`^[-+]?0[0-9]`)

// truth are words that YAML 1.1, which SAM reads, takes for true and false, and YAML 1.2 does not.
var truth = regexp.MustCompile(`^(?i:yes|no|on|off)$`)

// parser turns YAML (or JSON, which is YAML) into values.
type parser struct {
	file     string
	plain    bool // no intrinsic functions: a file that CloudFormation does not read as a template
	included bool // an AWS::Include snippet, which may not include further
}

// parseFile reads a file whose top is a mapping.
func (p parser) parseFile() (*Map, error) {
	src, err := os.ReadFile(p.file)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, yamlError(p.file, err)
	}
	if len(doc.Content) == 0 {
		return nil, Pos{File: p.file}.Errorf("the file is empty")
	}
	v, err := p.value(doc.Content[0])
	if err != nil {
		return nil, err
	}
	m, ok := v.(*Map)
	if !ok {
		return nil, p.pos(doc.Content[0]).Errorf("the top of the file must be a mapping")
	}
	return m, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func yamlError(file string, err error) error {
	pos := Pos{File: file}
	text := err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil && m[1] != "" {
		line, aerr := strconv.Atoi(m[1])
		if aerr != nil {
			return errors.Join(err, aerr)
		}
		pos.Line = line
	}
	return pos.Errorf("%s", yamlLine.ReplaceAllString(text, ""))
}

func (p parser) pos(n *yaml.Node) Pos { return Pos{File: p.file, Line: n.Line} }

func (p parser) value(n *yaml.Node) (any, error) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, p.pos(n).Errorf("YAML anchors and aliases are not supported by CloudFormation")
	}
	if n.Tag != "" && n.Tag[0] == '!' && !strings.HasPrefix(n.Tag, "!!") {
		return p.short(n)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return p.mapping(n)
	case yaml.SequenceNode:
		return p.sequence(n)
	}
	return p.scalar(n)
}

func (p parser) sequence(n *yaml.Node) (any, error) {
	list := make([]any, 0, len(n.Content))
	for _, c := range n.Content {
		v, err := p.value(c)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (p parser) scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!timestamp": // Version: 2012-10-17 is a string to CloudFormation
		return n.Value, nil
	case "!!str":
		return n.Value, p.notTruth(n)
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!null":
		if p.plain {
			return nil, nil
		}
		return nil, p.pos(n).Errorf("null is not allowed in a template")
	case "!!int", "!!float":
		return p.number(n)
	}
	return nil, p.pos(n).Errorf("the YAML tag %s is not supported", n.Tag)
}

// notTruth errors on a word without quotes that SAM and CloudFormation read as a truth value.
func (p parser) notTruth(n *yaml.Node) error {
	if n.Style == 0 && !p.plain && truth.MatchString(n.Value) {
		return p.pos(n).Errorf("%s is a truth value in YAML 1.1: put it in quotes, or write true or false", n.Value)
	}
	return nil
}

func (p parser) number(n *yaml.Node) (any, error) {
	var f float64
	if octal.MatchString(n.Value) {
		return nil, p.pos(n).Errorf("%s begins with 0: put it in quotes", n.Value)
	}
	if err := n.Decode(&f); err != nil {
		return nil, yamlError(p.file, err)
	}
	return f, nil
}

func (p parser) mapping(n *yaml.Node) (any, error) {
	m := &Map{Pos: p.pos(n)}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, p.pos(key).Errorf("a key must be a plain string")
		}
		if err := p.notTruth(key); err != nil {
			return nil, err
		}
		if _, twice := m.Lookup(key.Value); twice {
			return nil, p.pos(key).Errorf("the key %s stands twice", key.Value)
		}
		v, err := p.value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m.Fields = append(m.Fields, Field{Key: key.Value, Value: v, Pos: p.pos(key)})
	}
	if p.plain {
		return m, nil
	}
	return p.long(m)
}

// long makes the long form of an intrinsic function, {"Fn::Name": argument}, an Intrinsic.
func (p parser) long(m *Map) (any, error) {
	for _, f := range m.Fields {
		if f.Key != "Ref" && !strings.HasPrefix(f.Key, "Fn::") {
			continue
		}
		if len(m.Fields) > 1 {
			return nil, f.Pos.Errorf("%s must be the only key of its mapping", f.Key)
		}
		return p.call(f.Key, f.Value, f.Pos)
	}
	return m, nil
}

// short makes the short form, !Name argument, an Intrinsic.
func (p parser) short(n *yaml.Node) (any, error) {
	if p.plain {
		return nil, p.pos(n).Errorf("the YAML tag %s is not supported", n.Tag)
	}
	name := "Fn::" + n.Tag[1:]
	if n.Tag == "!Ref" || n.Tag == "!Condition" {
		name = n.Tag[1:]
	}
	untagged := *n
	untagged.Tag = ""
	if n.Kind == yaml.ScalarNode {
		untagged.Tag = "!!str"
	}
	arg, err := p.value(&untagged)
	if err != nil {
		return nil, err
	}
	return p.call(name, arg, p.pos(n))
}

func (p parser) call(name string, arg any, pos Pos) (any, error) {
	switch {
	case name == "Fn::Transform":
		return p.include(arg, pos)
	case name == "Fn::GetAtt":
		return attribute(arg, pos)
	case name == "Condition" || contains(functions, name):
		return &Intrinsic{Name: name, Arg: arg, Pos: pos}, nil
	}
	return nil, pos.Errorf("the function %s is not run by the local cloud", name)
}

// attribute makes the argument of Fn::GetAtt a pair, whichever way it is written.
func attribute(arg any, pos Pos) (any, error) {
	if text, ok := arg.(string); ok {
		id, attr, found := strings.Cut(text, ".")
		if !found {
			return nil, pos.Errorf("Fn::GetAtt %s needs a resource and an attribute", text)
		}
		arg = []any{id, attr}
	}
	if pair, ok := arg.([]any); ok && len(pair) == 2 {
		if _, ok := pair[0].(string); ok {
			return &Intrinsic{Name: "Fn::GetAtt", Arg: pair, Pos: pos}, nil
		}
	}
	return nil, pos.Errorf("Fn::GetAtt takes [resource, attribute]")
}

// include reads the snippet that Fn::Transform AWS::Include names. CloudFormation
// runs this transform before SAM's, the deepest first.
func (p parser) include(arg any, pos Pos) (any, error) {
	m, ok := arg.(*Map)
	if !ok || m.Get("Name") != "AWS::Include" {
		return nil, pos.Errorf("Fn::Transform runs AWS::Include only")
	}
	params, err := m.mapField("Parameters", "Fn::Transform")
	if err != nil {
		return nil, err
	}
	location, ok := params.Get("Location").(string)
	if !ok || strings.Contains(location, "://") {
		return nil, pos.Errorf("AWS::Include needs a local path as Location")
	}
	if p.included {
		return nil, pos.Errorf("a file that is included may not include another")
	}
	inner := parser{file: filepath.Join(filepath.Dir(p.file), location), included: true}
	v, err := inner.parseFile()
	if errors.Is(err, os.ErrNotExist) {
		return nil, pos.Errorf("AWS::Include: %v", err)
	}
	return v, err
}

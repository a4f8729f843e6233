package template

import "strings"

// Template is a CloudFormation template: parsed and, once expanded, free of SAM resources.
type Template struct {
	File string // as it was asked for; positions begin with it
	Root *Map
}

const samTransform = "AWS::Serverless-2016-10-31"

var sections = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings",
	"Conditions", "Transform", "Globals", "Resources", "Outputs"}

var resourceAttributes = []string{"Type", "Properties", "DependsOn", "Condition", "Metadata",
	"DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy"}

// load reads and checks the outline of a template.
func load(file string) (*Template, error) {
	root, err := parser{file: file}.parseFile()
	if err != nil {
		return nil, err
	}
	t := &Template{File: file, Root: root}
	if err := root.only("the template", sections...); err != nil {
		return nil, err
	}
	for _, name := range []string{"Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Globals"} {
		if _, err := root.mapField(name, "the template"); err != nil {
			return nil, err
		}
	}
	if len(t.section("Resources").Fields) == 0 {
		return nil, root.Pos.Errorf("the template has no Resources")
	}
	return t, t.checkResources()
}

// section is a top-level mapping, empty if the template has none.
func (t *Template) section(name string) *Map {
	if m, ok := t.Root.Get(name).(*Map); ok {
		return m
	}
	return &Map{Pos: t.Root.Pos}
}

// resource is the declaration of a resource, or nil.
func (t *Template) resource(id string) *Map {
	m, _ := t.section("Resources").Get(id).(*Map)
	return m
}

// MarshalJSON gives the template as CloudFormation JSON.
func (t *Template) MarshalJSON() ([]byte, error) { return t.Root.MarshalJSON() }

func (t *Template) checkResources() error {
	for _, f := range t.section("Resources").Fields {
		r, ok := f.Value.(*Map)
		if !ok {
			return f.Pos.Errorf("the resource %s must be a mapping", f.Key)
		}
		r.Pos = f.Pos
		if err := checkResource(f.Key, r); err != nil {
			return err
		}
	}
	return nil
}

func checkResource(id string, r *Map) error {
	if !alphanumeric(id) {
		return r.Pos.Errorf("the logical id %s may have letters and digits only", id)
	}
	if typ, err := r.text("Type", id); err != nil || typ == "" {
		return r.at("Type").Errorf("%s: Type must be a resource type", id)
	}
	if err := r.only(id, resourceAttributes...); err != nil {
		return err
	}
	for _, name := range []string{"Properties", "Metadata"} {
		if _, err := r.mapField(name, id); err != nil {
			return err
		}
	}
	if _, err := r.text("Condition", id); err != nil {
		return err
	}
	_, err := dependsOn(id, r)
	return err
}

// dependsOn is a resource's DependsOn as a list.
func dependsOn(id string, r *Map) ([]string, error) {
	switch v := r.Get("DependsOn").(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		var ids []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, r.at("DependsOn").Errorf("%s: DependsOn must name resources", id)
			}
			ids = append(ids, s)
		}
		return ids, nil
	}
	return nil, r.at("DependsOn").Errorf("%s: DependsOn must name resources", id)
}

// transforms reports whether the SAM transform is asked for.
func (t *Template) transforms() (bool, error) {
	switch v := t.Root.Get("Transform").(type) {
	case nil:
		return false, nil
	case string:
		return t.isSAM(v)
	case []any:
		if len(v) == 1 {
			return t.isSAM(v[0])
		}
	}
	return false, t.Root.at("Transform").Errorf("Transform runs %s only", samTransform)
}

func (t *Template) isSAM(v any) (bool, error) {
	if v == samTransform {
		return true, nil
	}
	return false, t.Root.at("Transform").Errorf("Transform runs %s only", samTransform)
}

// Expand gives the CloudFormation template that a file stands for, without deploying it.
// Parameters (and the defaults of others) are used where SAM needs a value to choose what
// to generate, an alias name for example; all other references stay as they are.
func Expand(file string, parameters map[string]string) (*Template, error) {
	t, err := load(file)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for _, f := range t.section("Parameters").Fields {
		if decl, ok := f.Value.(*Map); ok && decl.Get("Default") != nil {
			values[f.Key] = decl.Get("Default")
		}
		if v, ok := parameters[f.Key]; ok {
			values[f.Key] = v
		}
	}
	return t, t.expand(values)
}

// expand runs the SAM transform in place, if the template asks for it.
func (t *Template) expand(parameters map[string]any) error {
	wanted, err := t.transforms()
	if err != nil {
		return err
	}
	if wanted {
		return transform(t, parameters)
	}
	if f, ok := t.Root.Lookup("Globals"); ok {
		return f.Pos.Errorf("Globals needs Transform: %s", samTransform)
	}
	for _, f := range t.section("Resources").Fields {
		r := t.resource(f.Key)
		if typ, _ := r.Get("Type").(string); strings.HasPrefix(typ, "AWS::Serverless::") {
			return f.Pos.Errorf("%s: %s needs Transform: %s", f.Key, typ, samTransform)
		}
	}
	return nil
}

func alphanumeric(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

package events

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Folders of the contract, from the root of the repository.
const (
	SchemaFolder   = "events/schemas"
	SampleFolder   = "events/samples"
	ReleasedFolder = "events/released"
)

// Schema is one detail type's JSON Schema, draft 4.
type Schema struct {
	Name    string // detail type and name of the file
	Source  string
	Version int // raised with a change that a reader or writer of the last release could not stand
	root    node
	check   *jsonschema.Schema
}

// Schemas reads and compiles the schemas of a folder by detail type. A folder without any is an error.
func Schemas(fsys fs.FS, folder string) (map[string]*Schema, error) {
	files, err := fs.Glob(fsys, path.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no schemas in %s", folder)
	}
	out := map[string]*Schema{}
	for _, file := range files {
		s, err := readSchema(fsys, file)
		if err != nil {
			return nil, err
		}
		out[s.Name] = s
	}
	return out, nil
}

func readSchema(fsys fs.FS, file string) (*Schema, error) {
	root, err := parse(fsys, file)
	if err != nil {
		return nil, err
	}
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	s := &Schema{Name: strings.TrimSuffix(path.Base(file), ".json"), Source: root.at("x-amazon-events-source").text(), root: root}
	if s.check, err = compile(file, raw); err != nil {
		return nil, err
	}
	if s.Version, err = strconv.Atoi(root.at("x-twofold-version").text()); err != nil || s.Version < 1 {
		return nil, fmt.Errorf("%s: x-twofold-version must be a whole number from 1 on", root)
	}
	if n := root.at("x-amazon-events-detail-type"); n.text() != s.Name {
		return nil, fmt.Errorf("%s: the detail type is %q and must be the file's name", n, n.text())
	}
	if !s.detail().there() {
		return nil, fmt.Errorf("%s: the schema must have properties.detail as $ref to definitions.%s", root, s.Name)
	}
	return s, nil
}

// compile compiles a schema, which must say that it is of draft 4: the registry takes no other
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema.html).
func compile(file string, raw []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if m, ok := doc.(map[string]any); !ok || m["$schema"] != "http://json-schema.org/draft-04/schema#" {
		return nil, fmt.Errorf("%s: $schema must be http://json-schema.org/draft-04/schema#", file)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	if err := c.AddResource(file, doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s, err := c.Compile(file)
	if err != nil {
		return nil, fmt.Errorf("%s does not compile: %w", file, err)
	}
	return s, nil
}

// Validate checks a whole event.
func (s *Schema) Validate(event []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(event))
	if err != nil {
		return err
	}
	if err := s.check.Validate(doc); err != nil {
		return fmt.Errorf("the event is not as %s says: %w", s.root.file, err)
	}
	return nil
}

func (s *Schema) detail() node {
	if s.root.at("properties", "detail", "$ref").text() != "#/definitions/"+s.Name {
		return node{}
	}
	return s.root.at("definitions", s.Name)
}

// field is where a path of the event is declared; the zero node if it is not.
func (s *Schema) field(path ...string) node {
	n := s.root
	for i, name := range path {
		n = n.at("properties", name)
		if i == 0 && name == "detail" && n.there() {
			n = s.detail()
		}
	}
	return n
}

// fields are the members of the detail, sorted.
func (s *Schema) fields() []string {
	var out []string
	for k := range s.detail().at("properties").members() {
		out = append(out, k.text())
	}
	slices.Sort(out)
	return out
}

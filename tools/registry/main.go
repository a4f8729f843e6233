// Command registry writes stacks/schemas.yaml, the schema registry's stack, from events/schemas: one file per detail
// type is the single source. Run by `make generate`; a test fails when the two differ.
//
// Usage: registry <schema folder> <output file>
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: registry <schema folder> <output file>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

type schema struct {
	Name        string
	Source      string `json:"x-amazon-events-source"`
	DetailType  string `json:"x-amazon-events-detail-type"`
	Description string `json:"description"`
	Content     string
}

// SchemaName is how EventBridge names a schema: source@DetailType.
func (s schema) SchemaName() string { return s.Source + "@" + s.DetailType }

func run(folder, output string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no schemas in %s (%v)", folder, err)
	}
	sort.Strings(files)
	var all []schema
	for _, f := range files {
		s, err := read(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		all = append(all, s)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, all); err != nil {
		return err
	}
	return os.WriteFile(output, out.Bytes(), 0o644)
}

func read(file string) (schema, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return schema{}, err
	}
	s := schema{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, err
	}
	if s.DetailType != s.Name {
		return s, fmt.Errorf("x-amazon-events-detail-type is %q: it must be the file's name", s.DetailType)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return s, err
	}
	s.Content = strings.ReplaceAll(compact.String(), "'", "''")
	return s, nil
}

var page = template.Must(template.New("stack").Parse(`# Generated from events/schemas by tools/registry. Do not edit.
AWSTemplateFormatVersion: "2010-09-09"
Description: >-
  Twofold, the schema registry of one region: what each event on the bus looks like.

Parameters:
  Stage:
    Type: String

Resources:
  Registry:
    Type: AWS::EventSchemas::Registry
    Properties:
      RegistryName: !Sub twofold-${Stage}
{{range .}}
  {{.Name}}:
    Type: AWS::EventSchemas::Schema
    Properties:
      RegistryName: !GetAtt Registry.RegistryName
      SchemaName: {{.SchemaName}}
      Type: JSONSchemaDraft4
      Description: {{printf "%q" .Description}}
      Content: '{{.Content}}'
{{end}}`))

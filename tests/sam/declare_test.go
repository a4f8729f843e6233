package sam_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// beside is the name of the templates that declared writes beside those of the build.
const beside = "local.yaml"

// declared writes, beside each template that was built, one whose functions also declare AWS_ENDPOINT_URL, and gives the uppermost.
// `sam local` sets only variables that a template declares, and in an account the functions must not have this one. It also takes the path
// of an included document from the folder of the uppermost template, whichever template includes it: the path becomes an absolute one.
func declared(t *testing.T) string {
	t.Helper()
	build := need(t, "TWOFOLD_SAM_BUILD")
	nested, err := filepath.Glob(filepath.Join(build, "*", "template.yaml"))
	if err != nil || len(nested) == 0 {
		t.Fatalf("%s holds no nested templates (%v): run make sam", build, err)
	}
	top := filepath.Join(build, "template.yaml")
	for _, file := range append(nested, top) {
		doc := map[string]any{}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(raw, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		section(section(section(section(doc, "Globals"), "Function"), "Environment"), "Variables")["AWS_ENDPOINT_URL"] = ""
		for _, r := range section(doc, "Resources") {
			p := section(r.(map[string]any), "Properties")
			if l, ok := p["Location"].(string); ok {
				p["Location"] = strings.TrimSuffix(l, "template.yaml") + beside
			}
			include(t, filepath.Dir(file), p)
		}
		if raw, err = yaml.Marshal(doc); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), beside), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(build, beside)
}

// section is the mapping under a key, made when there is none.
func section(m map[string]any, key string) map[string]any {
	s, ok := m[key].(map[string]any)
	if !ok {
		s = map[string]any{}
		m[key] = s
	}
	return s
}

// include makes the path of an API's included document absolute.
func include(t *testing.T, folder string, properties map[string]any) {
	t.Helper()
	body, _ := properties["DefinitionBody"].(map[string]any)
	if body["Fn::Transform"] == nil {
		return
	}
	parameters := section(section(body, "Fn::Transform"), "Parameters")
	path, err := filepath.Abs(filepath.Join(folder, parameters["Location"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	parameters["Location"] = path
}

package infra_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// functions are the folders of functions/.
func functions(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if len(names) < 16 {
		t.Fatalf("only %d functions", len(names))
	}
	return names
}

func TestEveryFunctionIsDeployedOnceAndDescribed(t *testing.T) {
	stacks, err := filepath.Glob(filepath.Join(root, "stacks", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var deployed string
	for _, s := range stacks {
		deployed += read(t, strings.TrimPrefix(s, root+"/"))
	}
	described := read(t, "docs/architecture.md")
	for _, name := range functions(t) {
		if n := strings.Count(deployed, "CodeUri: ../functions/"+name+"/\n"); n != 1 {
			t.Errorf("%s is deployed by %d stacks", name, n)
		}
		if !strings.Contains(deployed, "FunctionName: !Sub twofold-${Stage}-"+name+"\n") {
			t.Errorf("%s is not named after its folder", name)
		}
		if !strings.Contains(described, "`"+name+"`") {
			t.Errorf("docs/architecture.md does not name %s", name)
		}
	}
}

func TestEveryRelativeLinkInTheDocumentsLeadsSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	checked := 0
	for _, doc := range []string{"README.md", "docs/architecture.md", "docs/setup.md", "docs/adr/README.md"} {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			checked++
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
	if checked < 10 {
		t.Fatalf("only %d links", checked)
	}
}

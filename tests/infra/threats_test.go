package infra_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// filesNamed are the repository's files whose names pass, by their paths in it; what is built or fetched is left out.
func filesNamed(t *testing.T, passes func(name string) bool) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && d.Name() != ".") {
			return fs.SkipDir
		}
		if !d.IsDir() && passes(d.Name()) {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	testName   = regexp.MustCompile("`(Test\\w+)`")
	targetName = regexp.MustCompile("`make ([a-z-]+)`")
	testFunc   = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestEveryTestThatTheSecurityPageNamesExists, and that any other document names; and every row of its table of threats names one.
func TestEveryTestThatTheSecurityPageNamesExists(t *testing.T) {
	exists := map[string]bool{}
	for _, f := range filesNamed(t, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		for _, m := range testFunc.FindAllStringSubmatch(readFile(t, f), -1) {
			exists[m[1]] = true
		}
	}
	all := documents(t)
	for doc, text := range all {
		for _, m := range testName.FindAllStringSubmatch(text, -1) {
			if !exists[m[1]] {
				t.Errorf("%s: there is no test %s", doc, m[1])
			}
		}
	}
	rows := 0
	for line := range strings.Lines(all["docs/security.md"]) {
		if !regexp.MustCompile(`^\| [STRIDE] \|`).MatchString(line) {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if last := cells[len(cells)-1]; len(cells) != 4 || !testName.MatchString(last) && !targetName.MatchString(last) {
			t.Errorf("a threat without a test: %s", line)
		}
	}
	if rows < 25 {
		t.Errorf("only %d threats were read", rows)
	}
}

// address are names of fields whose value a program would go to.
var address = regexp.MustCompile(`(?i)(ur[il]|href|link|host|callback|endpoint|domain)$`)

// TestNoRequestFieldIsAnAddress reads the API's document: a field that names an address could make a function ask there.
func TestNoRequestFieldIsAnAddress(t *testing.T) {
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(readFile(t, "openapi.yaml")), &doc); err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	seen := map[string]bool{}
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && !seen[ref] {
				seen[ref] = true
				collect(lookUp(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")))
			}
			if properties, ok := v["properties"].(map[string]any); ok {
				for name := range properties {
					fields[name] = true
				}
			}
			if f, _ := v["format"].(string); strings.HasPrefix(f, "uri") {
				t.Errorf("a field of a request has the format %s", f)
			}
			for _, e := range v {
				collect(e)
			}
		}
	}
	paths, _ := doc["paths"].(map[string]any)
	for _, p := range paths {
		for _, operation := range p.(map[string]any) {
			if o, ok := operation.(map[string]any); ok {
				collect(o["requestBody"])
			}
		}
	}
	if !fields["lines"] || !fields["method"] || len(fields) < 15 {
		t.Errorf("fields were not found: %v", fields)
	}
	for name := range fields {
		if address.MatchString(name) {
			t.Errorf("the field %s of a request may be an address", name)
		}
	}
}

func lookUp(doc map[string]any, path []string) any {
	var v any = doc
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// TestEveryToolIsPinnedByItsChecksum holds what is installed to versions and hashes: Go modules, Python and npm packages.
func TestEveryToolIsPinnedByItsChecksum(t *testing.T) {
	pins := filesNamed(t, func(name string) bool {
		return slices.Contains([]string{"go.mod", "requirements.txt", "package-lock.json"}, name)
	})
	if len(pins) < 8 {
		t.Errorf("only %v were found", pins)
	}
	for _, f := range pins {
		switch filepath.Base(f) {
		case "go.mod":
			readFile(t, filepath.Join(filepath.Dir(f), "go.sum"))
		case "requirements.txt":
			for _, line := range unhashed(readFile(t, f)) {
				t.Errorf("%s: %s has no version or no hash", f, line)
			}
		case "package-lock.json":
			for _, name := range withoutIntegrity(t, readFile(t, f)) {
				t.Errorf("%s: %s has no integrity", f, name)
			}
		}
	}
	for line := range strings.Lines(readFile(t, "Makefile")) {
		if strings.Contains(line, "pip install") && !strings.Contains(line, "--require-hashes") {
			t.Errorf("packages are installed without their hashes: %s", line)
		}
	}
}

// unhashed are the requirements without a version or a hash; lines that end in a backslash go on.
func unhashed(text string) []string {
	var out []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.Contains(line, "--hash=sha256:") || !strings.Contains(line, "==") {
			out = append(out, line)
		}
	}
	return out
}

func withoutIntegrity(t *testing.T, text string) []string {
	t.Helper()
	var lock struct {
		Packages map[string]struct {
			Integrity string
			Link      bool
		}
	}
	if err := json.Unmarshal([]byte(text), &lock); err != nil {
		t.Fatal(err)
	}
	var out []string
	for name, p := range lock.Packages {
		if name != "" && !p.Link && p.Integrity == "" {
			out = append(out, name)
		}
	}
	return out
}

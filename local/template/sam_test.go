package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	idHash = regexp.MustCompile(`(Version|Deployment)[0-9a-f]{10}\b`)
	idText = regexp.MustCompile(`deployment id: [0-9a-f]{40}`)
)

// masked is JSON with sorted keys, the hashes in logical ids masked as in the golden files:
// they depend on where a bucket holds the code.
func masked(t *testing.T, v any) string {
	t.Helper()
	raw, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var sorted any
	if err := json.Unmarshal(raw, &sorted); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sorted); err != nil {
		t.Fatal(err)
	}
	out := idHash.ReplaceAllString(b.String(), "${1}HASH")
	return idText.ReplaceAllString(out, "deployment id: HASH")
}

// The golden files are what aws-sam-translator makes of the same templates, with local paths put back where it has S3
// locations; tools/sam_goldens.py writes them.
func TestTransformGivesWhatTheRealOneGives(t *testing.T) {
	for _, golden := range glob(t, "testdata/sam/*.golden.json") {
		name := strings.TrimSuffix(golden, ".golden.json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			got, err := Expand(name+".yaml", nil)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			if diff := firstDifference(masked(t, want), masked(t, got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return files
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			from := max(0, i-12)
			return fmt.Sprintf("differs at line %d\nwant:\n%s\ngot:\n%s", i+1,
				strings.Join(w[min(from, len(w)):min(i+6, len(w))], "\n"), strings.Join(g[min(from, len(g)):min(i+6, len(g))], "\n"))
		}
	}
	return ""
}

package mutants

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAPlantedBugIsInTheShadowAndNotInTheTree(t *testing.T) {
	const file = "statemachine/order-saga.asl.json"
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	before := read(t, root, file)
	m := Mutant{Name: "x", Edits: []Edit{{file, `"StartAt": "LoadOrder"`, `"StartAt": "Elsewhere"`}, {"internal/fact/fact.go", "package fact", "package other"}}}
	p, err := plant(m, root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !p.code || p.root == root {
		t.Errorf("%+v", p)
	}
	if read(t, p.root, file) == before || read(t, root, file) != before {
		t.Error("the shadow is as the tree is, or the tree is not as it was")
	}
	if read(t, p.root, "samconfig.toml") != read(t, root, "samconfig.toml") {
		t.Error("the shadow differs where nothing was changed")
	}
}

func TestOnlyTheFailureOfTheNamedTestIsACatch(t *testing.T) {
	const own, other = "=== RUN   TestA\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/part (0.00s)\nFAIL\n", "--- FAIL: TestAB (0.00s)\nFAIL\n"
	for out, want := range map[string]bool{own: true, other: false, own + other: false, "--- PASS: TestA (0.00s)\nok\n": false, "FAIL\tx [build failed]\n": false} {
		if names(testFailed, out, "TestA") != want {
			t.Errorf("%q is taken for a catch: %v", out, !want)
		}
	}
}

func read(t *testing.T, root, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

package mutants_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"twofold/tests/simulation/mutants"
)

func TestEveryPlantedBugAppliesAndNamesWhatCatchesIt(t *testing.T) {
	all, err := mutants.ReadAll(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 15 {
		t.Errorf("there are %d planted bugs", len(all))
	}
	for _, m := range all {
		changed, err := m.Changed("../../..")
		if err != nil {
			t.Error(err)
		}
		for _, e := range m.Edits {
			if e.Old == e.New {
				t.Errorf("mutant %s changes nothing in %s", m.Name, e.File)
			}
		}
		if len(changed) == 0 || m.Seed == 0 && m.Check == nil {
			t.Errorf("mutant %s: name a seed or a test that catches it", m.Name)
		}
		if m.Check != nil && !hasTest(t, m) {
			t.Errorf("mutant %s: there is no test as in %v", m.Name, m.Check)
		}
	}
}

// hasTest reports whether the test that a bug names is there.
func hasTest(t *testing.T, m mutants.Mutant) bool {
	t.Helper()
	pkg, test, err := m.Test()
	if err != nil {
		t.Error(err)
		return false
	}
	files, err := filepath.Glob(filepath.Join("../../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(f string) bool {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(raw), "\nfunc "+test+"(t *testing.T)")
	})
}

func TestACheckNamesOneTestByItsWholeName(t *testing.T) {
	for _, check := range []string{"go test ./internal/x -run Cancel", "go test ./internal/x -run TestA|TestB", "go test ./internal/x", "make test", "go test ./internal/x -run TestA -v"} {
		if _, _, err := (mutants.Mutant{Name: "x", Check: strings.Fields(check)}).Test(); err == nil {
			t.Errorf("%q is taken for a check", check)
		}
	}
	pkg, test, err := mutants.Mutant{Check: strings.Fields("go test ./internal/x -run TestA")}.Test()
	if err != nil || pkg != "./internal/x" || test != "TestA" {
		t.Error(pkg, test, err)
	}
}

const good = `Money is kept.
It should not be.

file: a.go
file: b.json
seed: 7
-- old --
refund
-- new --
keep
-- old --
x
-- new --
y
-- old --
p
-- new --
q
`

func TestAPlantedBugIsReadWithItsFilesInTurn(t *testing.T) {
	m, err := mutants.Parse("money", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	want := []mutants.Edit{{File: "a.go", Old: "refund", New: "keep"}, {File: "b.json", Old: "x", New: "y"}, {File: "b.json", Old: "p", New: "q"}}
	if m.About != "Money is kept. It should not be." || m.Seed != 7 || len(m.Edits) != len(want) {
		t.Fatalf("%+v", m)
	}
	for i, e := range want {
		if m.Edits[i] != e {
			t.Errorf("%+v, not %+v", m.Edits[i], e)
		}
	}
}

func TestWhatIsNoPlantedBugIsRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":       "",
		"no file":       strings.NewReplacer("file: a.go\n", "", "file: b.json\n", "").Replace(good),
		"no words":      good[strings.Index(good, "file:"):],
		"half a pair":   strings.TrimSuffix(good, "-- new --\nq\n"),
		"wrong order":   strings.Replace(good, "-- old --", "-- new --", 1),
		"seed no digit": strings.Replace(good, "seed: 7", "seed: seven", 1),
	} {
		if _, err := mutants.Parse(name, []byte(raw)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABugWhoseTextIsGoneIsNamedWithItsFile(t *testing.T) {
	m := mutants.Mutant{Name: "gone", Edits: []mutants.Edit{{File: "go.mod", Old: "no such text", New: "x"}}}
	if _, err := m.Changed("../../.."); err == nil || !strings.Contains(err.Error(), "gone") || !strings.Contains(err.Error(), "go.mod") {
		t.Error(err)
	}
}

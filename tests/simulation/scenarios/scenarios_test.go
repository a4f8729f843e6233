package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"twofold/local/world"
)

// TestScenarios plays every script of this folder, each in a world of its own.
func TestScenarios(t *testing.T) {
	scripts, err := filepath.Glob("*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	prepared, err := world.Prepare("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(script, ".txt"), func(t *testing.T) { play(t, prepared, script) })
	}
}

func play(t *testing.T, prepared *world.Prepared, script string) {
	s, err := newStage(prepared, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	datadriven.RunTest(t, script, func(t *testing.T, d *datadriven.TestData) string {
		out, err := s.run(lineOf(d))
		if err != nil {
			d.Fatalf(t, "%s: %v", d.Cmd, err)
		}
		return out
	})
}

func lineOf(d *datadriven.TestData) line {
	l := line{command: d.Cmd, values: map[string]string{}, lists: map[string][]string{}}
	for _, a := range d.CmdArgs {
		switch {
		case len(a.Vals) == 0:
			l.words = append(l.words, a.Key)
		default:
			l.values[a.Key], l.lists[a.Key] = a.Vals[0], a.Vals
		}
	}
	return l
}

func TestAScriptThatIsWrongIsToldSo(t *testing.T) {
	prepared, err := world.Prepare("../../..")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStage(prepared, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for name, l := range map[string]line{
		"an unknown command": {command: "explode"},
		"an unknown region":  {command: "lose", words: []string{"north"}},
		"an unknown order":   {command: "look", words: []string{"z"}},
		"an unknown card":    {command: "place", words: []string{"a"}, values: map[string]string{"card": "gold"}},
		"a bad duration":     {command: "wait", words: []string{"long"}},
		"until what":         {command: "until", words: []string{"maybe"}},
	} {
		if _, err := s.run(l); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// TestEveryScriptStandsInTheArgument holds the folder against docs/consistency.md, in both directions.
func TestEveryScriptStandsInTheArgument(t *testing.T) {
	page, err := os.ReadFile("../../../docs/consistency.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("*.txt")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z0-9]+_[a-z0-9_]+)`").FindAllStringSubmatch(string(page), -1) {
		named[m[1]+".txt"] = true
	}
	delete(named, "committed_by.txt") // the intent's metadata
	for _, script := range scripts {
		if !named[script] {
			t.Errorf("docs/consistency.md does not name %s", script)
		}
		delete(named, script)
	}
	for name := range named {
		t.Errorf("docs/consistency.md names %s, and there is no such script", name)
	}
}

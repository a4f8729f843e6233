package pipeline_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var block = regexp.MustCompile("(?s)```sh (local|account)\n(.*?)```")

// TestEveryLocalCommandOfTheSetupPageIsThere: those commands are targets that `make test` runs itself, so that here it is enough that they exist.
func TestEveryLocalCommandOfTheSetupPageIsThere(t *testing.T) {
	page, makefile := text(t, "docs/setup.md"), text(t, "Makefile")
	commands := 0
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		if m[1] != "local" {
			continue
		}
		for line := range strings.Lines(m[2]) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "make" {
				t.Errorf("%q is no target of make", line)
				continue
			}
			commands++
			if !strings.Contains(makefile, "\n"+words[1]+":") {
				t.Errorf("the Makefile has no target %s", words[1])
			}
		}
	}
	if commands < 4 {
		t.Errorf("docs/setup.md has only %d local commands", commands)
	}
}

// TestTheSetupPageDeploysWhatSamconfigLists: its commands name environments and templates that are there.
func TestTheSetupPageDeploysWhatSamconfigLists(t *testing.T) {
	page, config := text(t, "docs/setup.md"), text(t, "samconfig.toml")
	named := regexp.MustCompile(`--config-env ([a-z0-9-]+)`).FindAllStringSubmatch(page, -1)
	if len(named) < 5 {
		t.Fatalf("docs/setup.md deploys only %d environments", len(named))
	}
	for _, m := range named {
		if !strings.Contains(config, "["+m[1]+".deploy.parameters]") {
			t.Errorf("samconfig.toml has no environment %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`--template-file ([a-z0-9/.-]+)`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, "--output-template-file "+m[1]) {
			text(t, m[1])
		}
	}
}

// TestTheSetupPageUndoesEveryRetainedTable: whoever undoes a stage and is not told of a table pays for it and cannot set the stage up again.
func TestTheSetupPageUndoesEveryRetainedTable(t *testing.T) {
	m := regexp.MustCompile(`(?m)^  for table in (.*); do$`).FindStringSubmatch(text(t, "docs/setup.md"))
	if m == nil {
		t.Fatal("docs/setup.md deletes no tables")
	}
	undone, kept := strings.Fields(m[1]), []string{}
	for _, stack := range []string{"stacks/data.yaml", "stacks/global-data.yaml"} {
		for _, name := range regexp.MustCompile(`DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n    Properties:\n      TableName: !Sub twofold-\$\{Stage\}-([a-z-]+)`).FindAllStringSubmatch(text(t, stack), -1) {
			kept = append(kept, name[1])
		}
	}
	slices.Sort(undone)
	slices.Sort(kept)
	if !slices.Equal(undone, kept) {
		t.Errorf("docs/setup.md deletes the tables %v, and there are %v", undone, kept)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

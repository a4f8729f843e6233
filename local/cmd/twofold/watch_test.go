package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestABuildReplacesWhatHasChangedAndAFailedOneNothing(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(".build/functions/same", "1\n")
	write(".build/functions/changed", "1\n")
	write("Makefile", "functions:\n\t@echo 1 > $(FUNCTIONS)/same; echo 2 > $(FUNCTIONS)/changed; echo 1 > $(FUNCTIONS)/new\n")
	var renewed []string
	w := &watcher{root: root, functions: filepath.Join(root, ".build", "functions"), renew: func(f string) int { renewed = append(renewed, f); return 1 }}
	changed, err := w.build(t.Context())
	if want := []string{"changed", "new"}; err != nil || !slices.Equal(changed, want) || !slices.Equal(renewed, want) {
		t.Errorf("changed %v, renewed %v: %v", changed, renewed, err)
	}
	if raw, err := os.ReadFile(filepath.Join(w.functions, "changed")); err != nil || string(raw) != "2\n" {
		t.Errorf("%q %v", raw, err)
	}

	write("Makefile", "functions:\n\t@echo 3 > $(FUNCTIONS)/changed; echo api.go:7: undefined: x >&2; exit 1\n")
	changed, err = w.build(t.Context())
	if err == nil || !strings.Contains(err.Error(), "api.go:7: undefined: x") || len(changed) > 0 || len(renewed) != 2 {
		t.Errorf("after a failed build: %v %v %v", changed, renewed, err)
	}
	if left, err := filepath.Glob(filepath.Join(root, ".build", "watch-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

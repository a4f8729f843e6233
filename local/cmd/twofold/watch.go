package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"twofold/local/world"
)

// settling is how long nothing may be saved before something is done: editors and git save many files at once.
const settling = 200 * time.Millisecond

// watcher builds functions again when their code is saved.
type watcher struct {
	root, functions string // folders
	renew           func(function string) int
	fs              *fsnotify.Watcher
}

// watch goes on until ctx ends. Every change of code builds all functions, which costs little where nothing changed, and what came out
// differently is replaced: new invocations run the new code, those that run end in the old. A build that fails changes nothing.
func watch(ctx context.Context, w *world.World, opts world.Options) (err error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, notify.Close()) }()
	t := &watcher{root: opts.Root, functions: opts.Functions, renew: w.Renew, fs: notify}
	if err := t.look(); err != nil {
		return err
	}
	fmt.Println("Watching: functions are built again when their code is saved.")
	return t.follow(ctx)
}

// look starts to look at the folders of all that is deployed.
func (t *watcher) look() error {
	if err := t.fs.Add(t.root); err != nil {
		return err
	}
	for _, dir := range []string{"functions", "internal", "stacks", "statemachine"} {
		if err := t.add(filepath.Join(t.root, dir)); err != nil {
			return err
		}
	}
	return nil
}

// add looks at a folder and all below it.
func (t *watcher) add(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return t.fs.Add(path)
	})
}

func (t *watcher) follow(ctx context.Context) error {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	saved := map[effect][]string{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-t.fs.Errors:
			return err
		case e := <-t.fs.Events:
			if info, err := os.Stat(e.Name); err == nil && info.IsDir() && e.Has(fsnotify.Create) {
				if err := t.add(e.Name); err != nil {
					return err
				}
			}
			if name, what := t.effectOf(e); what != none && !slices.Contains(saved[what], name) {
				saved[what] = append(saved[what], name)
				quiet.Reset(settling)
			}
		case <-quiet.C:
			t.act(ctx, saved)
			clear(saved)
		}
	}
}

// effect is what saving a file calls for.
type effect int

const (
	none effect = iota
	rebuild
	restart
)

// effectOf names a file from the root and says what its change calls for.
func (t *watcher) effectOf(e fsnotify.Event) (string, effect) {
	name, err := filepath.Rel(t.root, e.Name)
	base := filepath.Base(name)
	if err != nil || e.Op == fsnotify.Chmod || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "#") || strings.HasSuffix(base, "~") || base == "4913" {
		return "", none // what editors leave beside a file is no change of it
	}
	top, _, below := strings.Cut(filepath.ToSlash(name), "/")
	switch {
	case strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata"):
		return "", none
	case below && (top == "functions" || top == "internal") && filepath.Ext(base) != "", name == "go.mod", name == "go.sum":
		return name, rebuild
	case below && (top == "stacks" || top == "statemachine"), name == "template.yaml", name == "openapi.yaml", name == "samconfig.toml":
		return name, restart
	}
	return "", none
}

func (t *watcher) act(ctx context.Context, saved map[effect][]string) {
	if files := saved[restart]; len(files) > 0 {
		fmt.Printf("%s: saved. What it deploys changes when you start again (with DATA=folder the state is kept).\n", strings.Join(files, ", "))
	}
	if files := saved[rebuild]; len(files) > 0 {
		begin := time.Now()
		changed, err := t.build(ctx)
		switch {
		case err != nil:
			fmt.Printf("%s: saved, and the old functions go on:\n%v\n", strings.Join(files, ", "), err)
		case len(changed) == 0:
			fmt.Printf("%s: saved; no function has changed.\n", strings.Join(files, ", "))
		default:
			fmt.Printf("%s: saved; replaced after %s: %s\n", strings.Join(files, ", "), since(begin), strings.Join(changed, ", "))
		}
	}
}

// build builds all functions aside and takes over those that have changed.
func (t *watcher) build(ctx context.Context) (changed []string, err error) {
	beside, err := filepath.Abs(filepath.Dir(t.functions)) // make runs in another folder
	if err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp(beside, "watch-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	made := exec.CommandContext(ctx, "make", "--no-print-directory", "-s", "functions", "FUNCTIONS="+aside)
	made.Dir = t.root
	if out, err := made.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s%w", out, err)
	}
	built, err := os.ReadDir(aside)
	if err != nil {
		return nil, err
	}
	for _, f := range built {
		took, err := t.take(filepath.Join(aside, f.Name()), f.Name())
		if err != nil {
			return changed, err
		}
		if took {
			changed = append(changed, f.Name())
		}
	}
	return changed, nil
}

// take puts a new executable into the place of the old one, if it differs.
func (t *watcher) take(path, function string) (bool, error) {
	made, err := hash(path)
	if err != nil {
		return false, err
	}
	old, err := hash(filepath.Join(t.functions, function))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if bytes.Equal(made, old) {
		return false, nil
	}
	if err := os.Rename(path, filepath.Join(t.functions, function)); err != nil {
		return false, err
	}
	t.renew(function)
	return true, nil
}

func hash(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

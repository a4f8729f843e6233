package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// planted is a bug in place: what to build with and what to read instead of the repository.
type planted struct {
	root    string // the repository, or its shadow
	overlay string // file for go build -overlay
	code    bool   // Go code is changed, so that a program of its own is needed
}

// plant writes what a bug changes into an empty folder.
func plant(m Mutant, root, folder string) (planted, error) {
	changed, err := m.Changed(root)
	if err != nil {
		return planted{}, err
	}
	p := planted{root: root, overlay: filepath.Join(folder, "overlay.json")}
	var deployed []string
	replace := map[string]string{}
	for file, text := range changed {
		at := filepath.Join(folder, "files", file)
		replace[filepath.Join(root, file)] = at
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			return planted{}, err
		}
		if strings.HasSuffix(file, ".go") {
			p.code = true
		} else {
			deployed = append(deployed, file)
		}
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return planted{}, err
	}
	if len(deployed) > 0 {
		p.root = filepath.Join(folder, "root")
		err = shadow(root, p.root, filepath.Join(folder, "files"), "", deployed)
	}
	return p, errors.Join(err, os.WriteFile(p.overlay, raw, 0o644))
}

// shadow makes a folder that looks like one of the repository (at, from the root), with some files taken from elsewhere: links to all that is
// the same, folders where something below them is not.
func shadow(root, to, files, at string, changed []string) error {
	entries, err := os.ReadDir(filepath.Join(root, at))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(to, at), 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(at, e.Name())
		source, below := filepath.Join(root, name), false
		for _, c := range changed {
			below = below || strings.HasPrefix(c, name+"/")
			if c == name {
				source = filepath.Join(files, name)
			}
		}
		if below {
			err = shadow(root, to, files, name, changed)
		} else {
			err = os.Symlink(source, filepath.Join(to, name))
		}
		if err != nil {
			return fmt.Errorf("shadow of %s: %w", name, err)
		}
	}
	return nil
}

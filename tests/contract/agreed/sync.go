package agreed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Compare says which pacts of two folders are not the same, one line for each: from is what the consumers' tests have just written, kept
// is what the repository has.
func Compare(from, kept string) error {
	written, err := normalised(from)
	if err != nil {
		return err
	}
	have, err := contents(kept)
	if err != nil {
		return err
	}
	var wrong []error
	for name, raw := range written {
		switch old, ok := have[name]; {
		case !ok:
			wrong = append(wrong, fmt.Errorf("%s: a consumer's test made this pact and it is not in %s: run `make pacts` and commit it", name, kept))
		case !bytes.Equal(raw, old):
			wrong = append(wrong, fmt.Errorf("%s in %s is not what its consumer's test says any more: run `make pacts`, look at the difference and commit it", name, kept))
		}
	}
	for name := range have {
		if _, ok := written[name]; !ok {
			wrong = append(wrong, fmt.Errorf("%s in %s: no consumer's test makes this pact any more: delete it, or bring the test back", name, kept))
		}
	}
	return errors.Join(wrong...)
}

// Keep makes the repository's folder the same as what the consumers' tests have written.
func Keep(from, kept string) error {
	written, err := normalised(from)
	if err != nil {
		return err
	}
	have, err := contents(kept)
	if err != nil {
		return err
	}
	for name := range have {
		if _, ok := written[name]; !ok {
			err = errors.Join(err, os.Remove(filepath.Join(kept, name)))
		}
	}
	for name, raw := range written {
		err = errors.Join(err, os.WriteFile(filepath.Join(kept, name), raw, 0o644))
	}
	return err
}

func normalised(dir string) (map[string][]byte, error) {
	all, err := contents(dir)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the consumers' tests have written no pact into %s", dir)
	}
	for name, raw := range all {
		if all[name], err = Normal(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all, nil
}

// contents are the pacts of a folder by file name.
func contents(dir string) (map[string][]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, name := range names {
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

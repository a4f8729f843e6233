package mutants

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Mutant is a planted bug.
type Mutant struct {
	Name, About string
	Seed        uint64   // known to catch it; 0 for none
	Check       []string // the test that catches it, as words of a command; nil where the simulation does
	Edits       []Edit
}

// Edit replaces every occurrence of a text in a file, named from the root of the repository.
type Edit struct{ File, Old, New string }

// ReadAll reads the planted bugs of a folder; with names, those alone.
func ReadAll(folder string, names ...string) ([]Mutant, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if len(names) > 0 {
		paths = nil
		for _, name := range names {
			paths = append(paths, filepath.Join(folder, name+".txtar"))
		}
	}
	var out []Mutant
	for _, path := range paths {
		raw, readErr := os.ReadFile(path)
		m, parseErr := Parse(strings.TrimSuffix(filepath.Base(path), ".txtar"), raw)
		err = errors.Join(err, readErr, parseErr)
		out = append(out, m)
	}
	return out, err
}

// Parse reads a planted bug.
func Parse(name string, raw []byte) (Mutant, error) {
	archive := txtar.Parse(raw)
	m := Mutant{Name: name}
	files, err := m.readComment(string(archive.Comment))
	if err != nil {
		return m, fmt.Errorf("mutant %s: %w", name, err)
	}
	if len(archive.Files) == 0 || len(archive.Files)%2 != 0 || len(files) == 0 || m.About == "" {
		return m, fmt.Errorf("mutant %s: say what the bug is, name a file, and give pairs of sections old and new", name)
	}
	for i := 0; i < len(archive.Files); i += 2 {
		before, after := archive.Files[i], archive.Files[i+1]
		if before.Name != "old" || after.Name != "new" {
			return m, fmt.Errorf("mutant %s: the sections %s and %s are no pair of old and new", name, before.Name, after.Name)
		}
		m.Edits = append(m.Edits, Edit{files[min(i/2, len(files)-1)], section(before), section(after)})
	}
	return m, nil
}

// section is a section without its last line's end, so that parts of lines can be replaced too.
func section(f txtar.File) string { return strings.TrimSuffix(string(f.Data), "\n") }

func (m *Mutant) readComment(comment string) (files []string, err error) {
	var about []string
	for line := range strings.Lines(comment) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "file":
			files = append(files, value)
		case "seed":
			m.Seed, err = strconv.ParseUint(value, 10, 64)
		case "check":
			m.Check = strings.Fields(value)
		case "":
		default:
			about = append(about, strings.TrimSpace(line))
		}
	}
	m.About = strings.Join(about, " ")
	return files, err
}

// wholeName is the name of a test.
var wholeName = regexp.MustCompile(`^Test\w+$`)

// Test is the package, from the root of the repository, and the one test that catches the bug.
func (m Mutant) Test() (pkg, test string, err error) {
	c := m.Check
	if len(c) != 5 || c[0] != "go" || c[1] != "test" || c[3] != "-run" || !strings.HasPrefix(c[2], "./") || !wholeName.MatchString(c[4]) {
		return "", "", fmt.Errorf("mutant %s: its check is not like go test ./internal/x -run TestY", m.Name)
	}
	return c[2], c[4], nil
}

// Changed are the files of the repository at root as the bug has them, by their names from the root.
func (m Mutant) Changed(root string) (map[string]string, error) {
	out := map[string]string{}
	for _, e := range m.Edits {
		text, read := out[e.File]
		if !read {
			raw, err := os.ReadFile(filepath.Join(root, e.File))
			if err != nil {
				return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
			}
			text = string(raw)
		}
		if e.Old == "" || !strings.Contains(text, e.Old) {
			return nil, fmt.Errorf("mutant %s no longer applies: %s does not have the text\n%s", m.Name, e.File, e.Old)
		}
		out[e.File] = strings.ReplaceAll(text, e.Old, e.New)
	}
	return out, nil
}

package infra_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are README.md and what stands in docs/, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) < 7 {
		t.Fatalf("only %v were found: %v", paths, err)
	}
	out := map[string]string{"README.md": readFile(t, "README.md")}
	for _, p := range paths {
		name := "docs/" + filepath.Base(p)
		out[name] = readFile(t, name)
	}
	return out
}

var inline = regexp.MustCompile("`([^`]+)`")

// code are the lines of a document's blocks of code, without their comments, and what stands in backticks elsewhere.
func code(text string) (out []string) {
	block := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			block = !block
		case block:
			line, _, _ = strings.Cut(line, "#")
			out = append(out, strings.TrimSpace(line))
		default:
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// wanted reports each name in the documents that does not exist, and that too few were found to believe the search.
func wanted(t *testing.T, atLeast int, names func(snippet string) []string, exists func(name string) bool) {
	t.Helper()
	found := 0
	for doc, text := range documents(t) {
		for _, snippet := range code(text) {
			for _, name := range names(snippet) {
				if found++; !exists(name) {
					t.Errorf("%s: there is no %s", doc, name)
				}
			}
		}
	}
	if found < atLeast {
		t.Errorf("only %d names were found", found)
	}
}

var (
	made    = regexp.MustCompile(`(?:^|&& |; )make ([^&;|]*)`)
	word    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	target  = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	spoken  = regexp.MustCompile(`(?:^|[\s/])twofold(-ops)? ([a-z0-9][a-z0-9-]*)(?: ([a-z-]+))?`)
	inTable = regexp.MustCompile(`(?m)^\t\t\{"([a-z0-9 ]+)", "`)
)

func TestEveryTargetThatADocumentNamesExists(t *testing.T) {
	var targets []string
	for _, m := range target.FindAllStringSubmatch(readFile(t, "Makefile"), -1) {
		targets = append(targets, m[1])
	}
	wanted(t, 25, func(snippet string) (names []string) {
		for _, m := range made.FindAllStringSubmatch(snippet, -1) {
			names = append(names, slices.DeleteFunc(strings.Fields(m[1]), func(w string) bool { return !word.MatchString(w) })...)
		}
		return names
	}, func(name string) bool { return slices.Contains(targets, name) })
}

// TestEveryCommandThatADocumentNamesExists looks in the tables of both programs.
func TestEveryCommandThatADocumentNamesExists(t *testing.T) {
	commands := []string{"twofold help", "twofold-ops help"}
	for program, file := range map[string]string{"twofold ": "local/cmd/twofold/main.go", "twofold-ops ": "operator/command.go"} {
		rows := inTable.FindAllStringSubmatch(readFile(t, file), -1)
		if len(rows) < 8 {
			t.Fatalf("%s has only %d commands", file, len(rows))
		}
		for _, m := range rows {
			commands = append(commands, program+m[1])
		}
	}
	wanted(t, 25, func(snippet string) (names []string) {
		for _, m := range spoken.FindAllStringSubmatch(snippet, -1) {
			names = append(names, strings.TrimSpace("twofold"+m[1]+" "+m[2]+" "+m[3]))
		}
		return names
	}, func(name string) bool { // a command's own words may follow it
		return slices.ContainsFunc(commands, func(c string) bool { return name == c || strings.HasPrefix(name, c+" ") })
	})
}

var (
	path     = regexp.MustCompile(`^\.?[a-z][\w.<>*-]*(?:/[\w.<>*{}-]+)+/?$`)
	fileName = regexp.MustCompile(`^[\w-]+\.(?:asl\.)?(?:go|yaml|toml|json|md|mod|sum|txt|sh|txtar|dot|png)$`)
	variable = regexp.MustCompile(`<[a-z]+>`)
)

// TestEveryPathThatADocumentNamesExists takes what has a slash in it for a path of the repository, but for the names of secrets and what
// is built; a file's name alone may be that of a file anywhere.
func TestEveryPathThatADocumentNamesExists(t *testing.T) {
	files := filesNamed(t, func(string) bool { return true })
	exists := func(pattern string) bool {
		found, err := filepath.Glob(filepath.Join(root, variable.ReplaceAllString(pattern, "*")))
		return err == nil && len(found) > 0
	}
	wanted(t, 50, func(snippet string) []string {
		built := slices.ContainsFunc([]string{"twofold/", ".build/", ".aws-sam/"}, func(p string) bool { return strings.HasPrefix(snippet, p) })
		if !built && (path.MatchString(snippet) || fileName.MatchString(snippet)) {
			return []string{snippet}
		}
		return nil
	}, func(name string) bool {
		return exists(name) || fileName.MatchString(name) && slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == name })
	})
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]+))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^a-z0-9 -]`)
)

// TestEveryLinkOfADocumentLeadsSomewhere: to a file, and where it names a heading to that.
func TestEveryLinkOfADocumentLeadsSomewhere(t *testing.T) {
	found := 0
	for doc, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			found++
			to := doc
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(doc), m[1])
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: %v", doc, err)
			} else if m[2] != "" && !slices.Contains(anchors(readFile(t, to)), m[2]) {
				t.Errorf("%s: %s has no heading %s", doc, to, m[2])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d links were found", found)
	}
}

// anchors are a document's headings as links name them.
func anchors(text string) (out []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}

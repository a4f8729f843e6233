package infra_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// takesFromSystem are functions that ask the system for time or chance, or that a simulated clock cannot step, by package.
var takesFromSystem = map[string][]string{
	"time":         {"Now", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Since", "Until"},
	"context":      {"WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause", "AfterFunc"},
	"math/rand":    nil, // any use
	"math/rand/v2": nil,
	"crypto/rand":  nil,

	"golang.org/x/sync/errgroup": nil,
	"sync":                       {"WaitGroup"},
}

// systemFiles is where the surroundings of functions are made of the system, and nowhere else.
var systemFiles = []string{"internal/platform/runtime.go"}

// TestFunctionsTakeNothingFromTheSystem reads the code of all functions: the time, sleep, deadlines, chance and goroutines come from
// platform.Runtime, or a simulated run would not be the same twice.
func TestFunctionsTakeNothingFromTheSystem(t *testing.T) {
	for _, dir := range []string{"internal", "functions"} {
		for _, file := range goFiles(t, dir) {
			if slices.Contains(systemFiles, file) {
				continue
			}
			fset := token.NewFileSet()
			parsed, err := parser.ParseFile(fset, filepath.Join("../..", file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range fromSystem(parsed) {
				t.Errorf("%s:%d: %s: take it from platform.Runtime", file, fset.Position(found.pos).Line, found.what)
			}
		}
	}
}

func TestWhatIsTakenFromTheSystemIsFound(t *testing.T) {
	const bad = `package p
import ("context"; clock "time"; "math/rand/v2")
func f(ctx context.Context) {
	clock.Sleep(clock.Second)
	go f(ctx)
	_, _ = context.WithTimeout(ctx, 1)
	_ = rand.IntN(2)
	now := clock.Now
	_ = now
}`
	parsed, err := parser.ParseFile(token.NewFileSet(), "bad.go", bad, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range fromSystem(parsed) {
		got = append(got, f.what)
	}
	want := []string{"time.Sleep", "a go statement", "context.WithTimeout", "math/rand/v2.IntN", "time.Now"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

type found struct {
	what string
	pos  token.Pos
}

// fromSystem finds uses in a file.
func fromSystem(file *ast.File) []found {
	names := map[string]string{} // of imports
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if _, watched := takesFromSystem[path]; err != nil || !watched {
			continue
		}
		name := strings.TrimSuffix(path, "/v2")
		name = name[strings.LastIndex(name, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	var out []found
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, found{"a go statement", n.Pos()})
		case *ast.SelectorExpr:
			of, plain := n.X.(*ast.Ident)
			if !plain || of.Obj != nil {
				return true
			}
			path, imported := names[of.Name]
			if not := takesFromSystem[path]; imported && (not == nil || slices.Contains(not, n.Sel.Name)) {
				out = append(out, found{path + "." + n.Sel.Name, n.Pos()})
			}
		}
		return true
	})
	return out
}

// goFiles are the Go files below a folder of the repository, without tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			name, rerr := filepath.Rel("../..", path)
			out = append(out, filepath.ToSlash(name))
			err = rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

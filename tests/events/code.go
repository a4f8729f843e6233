package events

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"reflect"
	"strconv"
	"strings"
)

// eventPackage is the import path of the generated types.
const eventPackage = "twofold/internal/event"

// Read is a field of an event's detail that a service's code reads; Field is "" where the code only names the event's type.
type Read struct{ Service, Event, Field, Place string }

// code is the parsed Go code of one folder without its tests.
func code(fsys fs.FS, fset *token.FileSet, folder string) ([]*ast.File, error) {
	names, err := fs.Glob(fsys, path.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var out []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, name, raw, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		out = append(out, file)
	}
	return out, nil
}

// Attributes are the names of the attributes that a service's items have, with the place where one is written: keys of
// literals, assignments by index, and dynamodbav tags.
func Attributes(fsys fs.FS, service string) (map[string]string, error) {
	fset := token.NewFileSet()
	files, err := code(fsys, fset, "internal/"+service)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	note := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				out[name] = fset.Position(lit.Pos()).String()
			}
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				note(n.Key)
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					if index, ok := left.(*ast.IndexExpr); ok {
						note(index.Index)
					}
				}
			case *ast.Field:
				if n.Tag != nil {
					name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(n.Tag.Value, "`")).Get("dynamodbav"), ",")
					out[name] = fset.Position(n.Pos()).String()
				}
			}
			return true
		})
	}
	return out, nil
}

// importer knows the event package; any other is empty, and what the code takes from it goes unchecked.
type importer struct{ event *types.Package }

func (i importer) Import(name string) (*types.Package, error) {
	if name == eventPackage && i.event != nil {
		return i.event, nil
	}
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

// check types a folder as far as that goes without its other imports.
func check(fsys fs.FS, fset *token.FileSet, folder, name string, event *types.Package) (*types.Package, *types.Info, error) {
	files, err := code(fsys, fset, folder)
	if err != nil || len(files) == 0 {
		return nil, nil, err
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer{event}, Error: func(error) {}}
	pkg, _ := conf.Check(name, fset, files, info) // errors are what the empty imports leave open
	return pkg, info, nil
}

// Reads are the fields of events that the services' code reads.
func Reads(fsys fs.FS) ([]Read, error) {
	fset := token.NewFileSet()
	event, _, err := check(fsys, fset, "internal/event", eventPackage, nil)
	if err != nil {
		return nil, err
	}
	folders, err := fs.Glob(fsys, "internal/*")
	if err != nil {
		return nil, err
	}
	var out []Read
	for _, folder := range folders {
		if folder == "internal/event" {
			continue
		}
		_, info, err := check(fsys, fset, folder, "twofold/"+folder, event)
		if err != nil {
			return nil, err
		}
		if info != nil {
			out = append(out, readsOf(path.Base(folder), fset, info)...)
		}
	}
	return out, nil
}

func readsOf(service string, fset *token.FileSet, info *types.Info) (out []Read) {
	for id, obj := range info.Uses {
		if t, ok := obj.(*types.TypeName); ok && t.Pkg() != nil && t.Pkg().Path() == eventPackage {
			out = append(out, Read{service, strings.TrimSuffix(t.Name(), "Event"), "", fset.Position(id.Pos()).String()})
		}
	}
	for expr, sel := range info.Selections {
		field, ok := sel.Obj().(*types.Var)
		if !ok || field.Pkg() == nil || field.Pkg().Path() != eventPackage {
			continue
		}
		if name, tag := declared(sel, field); name != "" && !strings.HasSuffix(name, "Event") {
			out = append(out, Read{service, name, tag, fset.Position(expr.Pos()).String()})
		}
	}
	return out
}

// declared is the type that a selected field belongs to, and its name in JSON.
func declared(sel *types.Selection, field *types.Var) (owner, tag string) {
	t := sel.Recv()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := t.(*types.Named)
	if !ok {
		return "", ""
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok {
		return "", ""
	}
	for i := range s.NumFields() {
		if s.Field(i) == field {
			tag, _, _ = strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
			return named.Obj().Name(), tag
		}
	}
	return "", ""
}

// serviceOf is the service of a function, which its name begins with: inventory-events is inventory's.
func serviceOf(function node) string {
	name := function.at("FunctionName").text()
	name = strings.TrimPrefix(name, "twofold-${Stage}-")
	service, _, _ := strings.Cut(name, "-")
	return service
}

func (r Read) String() string {
	if r.Field == "" {
		return fmt.Sprintf("%s: %s reads %s", r.Place, r.Service, r.Event)
	}
	return fmt.Sprintf("%s: %s reads %s of %s", r.Place, r.Service, r.Field, r.Event)
}

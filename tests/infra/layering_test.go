// Package infra checks what must agree between files: layers, names, templates.
package infra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

// services are the business services; shared is what each of them may import.
var (
	services = []string{"order", "inventory", "payment", "shipping", "notification", "auth", "health", "deploy"}
	shared   = []string{"twofold/internal/fact", "twofold/internal/money", "twofold/internal/event", "twofold/internal/platform"}
	// meeting is where services of the cloud, and cloud and business, may meet.
	meeting = []string{"twofold/local/world", "twofold/local/promises", "twofold/local/cost", "twofold/local/cmd/", "twofold/tests/"}
)

func within(path string, prefixes ...string) bool {
	for _, p := range prefixes {
		if path == strings.TrimSuffix(p, "/") || strings.HasPrefix(path, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	return false
}

// forbidden says why from may not import to; "" if it may.
func forbidden(from, to string) string {
	if !strings.HasPrefix(to, "twofold/") || within(to, from) || within(from, meeting...) {
		return ""
	}
	switch {
	case within(from, "twofold/internal") && within(to, "twofold/local", "twofold/functions"):
		return "business code does not know where it runs"
	case within(from, shared...) && !within(to, shared...):
		return "shared packages know no service"
	case within(from, "twofold/internal") && !within(to, shared...):
		return "services never import each other"
	case within(from, "twofold/functions") && !within(to, "twofold/internal"):
		return "a function's main only wires its service"
	case within(from, "twofold/operator", "twofold/cmd") && !within(to, append([]string{"twofold/operator"}, shared...)...):
		return "an operator works from outside, in an account as here"
	case within(from, "twofold/local") && within(to, "twofold/internal"):
		return "the cloud knows no business"
	case within(from, "twofold/local") && !within(to, "twofold/local/core", "twofold/local/pattern", area(from)):
		return "services of the cloud meet in local/world"
	}
	return ""
}

func TestEveryImportKeepsTheLayers(t *testing.T) {
	checked := 0
	for _, p := range packages(t) {
		for _, to := range p.Imports {
			checked++
			if why := forbidden(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
	}
	if checked < 100 {
		t.Fatalf("only %d imports were seen", checked)
	}
}

func TestTheLayerRuleRefusesWhatItShould(t *testing.T) {
	bad := [][2]string{
		{"twofold/internal/order", "twofold/internal/payment"},
		{"twofold/internal/order", "twofold/local/core"},
		{"twofold/internal/platform", "twofold/internal/order"},
		{"twofold/local/states", "twofold/local/lambda"},
		{"twofold/local/dynamodb", "twofold/internal/fact"},
		{"twofold/functions/order-api", "twofold/local/world"},
		{"twofold/operator", "twofold/internal/order"},
		{"twofold/cmd/twofold-ops", "twofold/local/world"},
	}
	for _, b := range bad {
		if forbidden(b[0], b[1]) == "" {
			t.Errorf("%s may import %s", b[0], b[1])
		}
	}
	for _, s := range services {
		if why := forbidden("twofold/internal/"+s, "twofold/internal/platform"); why != "" {
			t.Errorf("%s may not import platform: %s", s, why)
		}
	}
}

// area is the folder below local/ that a package belongs to: a service may be split into packages of its own.
func area(path string) string {
	parts := strings.SplitN(path, "/", 4)
	return strings.Join(parts[:min(3, len(parts))], "/")
}

package pipeline_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheOutsideCheckNoticesAPlatformThatIsNotThere: what must stop a pipeline has to fail. That it passes on a healthy one is tested in tests/e2e.
func TestTheOutsideCheckNoticesAPlatformThatIsNotThere(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "smoke")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "twofold/pipeline/cmd/smoke").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, c := range map[string]struct{ env, url, want string }{
		"no token": {"TOKEN=", "http://127.0.0.1:1", "set TOKEN"},
		"nobody":   {"TOKEN=x", "http://127.0.0.1:1", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "-document", filepath.Join(root, "openapi.yaml"), c.url)
			cmd.Env = append(os.Environ(), c.env)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) {
				t.Errorf("it ended with %v and said %s", err, out)
			}
		})
	}
}

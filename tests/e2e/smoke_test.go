package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheOutsideCheckPassesOnAHealthyPlatform: what the pipeline runs against a deployment, with an order in both regions that is cancelled.
func TestTheOutsideCheckPassesOnAHealthyPlatform(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("SMOKE", 100, 10)
	for _, region := range p.Regions() {
		if _, err := p.Invoke(t.Context(), region, "twofold-local-health-probe", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "smoke")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "twofold/pipeline/cmd/smoke").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-order", "-document", filepath.Join(repository(t), "openapi.yaml"), p.APIURL(p.east), p.APIURL(p.west))
	cmd.Env = append(os.Environ(), "TOKEN="+p.shopper("smoke"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

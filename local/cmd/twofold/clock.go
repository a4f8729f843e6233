package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"twofold/local/world"
)

// Parameters of the templates that flags can set to a faster clock.
const (
	ownAge  = "SweepOwnAfter"
	peerAge = "SweepPeerAfter"
)

// ages are the parameters of a faster clock; 0 leaves one as it is deployed.
func ages(own, peer time.Duration) map[string]string {
	out := map[string]string{}
	for name, age := range map[string]time.Duration{ownAge: own, peerAge: peer} {
		if age != 0 {
			out[name] = age.String()
		}
	}
	return out
}

// printClock says what runs on another clock than it is deployed with, and with which it is.
func printClock(opts world.Options) error {
	if len(opts.Overrides) > 0 {
		deployed, err := deployedAges(filepath.Join(opts.Root, "template.yaml"))
		if err != nil {
			return err
		}
		for _, name := range []string{ownAge, peerAge} {
			if here, set := opts.Overrides[name]; set {
				fmt.Printf("Another clock: %s is %s here, and %s as deployed (template.yaml).\n", name, here, deployed[name])
			}
		}
	}
	if opts.Speed != 1 {
		fmt.Printf("Another clock: schedules run %g times as fast as deployed.\n", opts.Speed)
	}
	if opts.Lag > 0 {
		fmt.Printf("Another clock: replication takes %s here, and usually about a second between regions of AWS.\n", opts.Lag)
	}
	return nil
}

// deployedAges are the defaults of a template's parameters, by name.
func deployedAges(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("-root must name the repository: %w", err)
	}
	var template struct {
		Parameters map[string]struct {
			Default string `yaml:"Default"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(raw, &template); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := map[string]string{}
	for name, p := range template.Parameters {
		out[name] = p.Default
	}
	return out, nil
}

package main

import (
	"fmt"
	"path/filepath"
	"time"

	"twofold/local/template"
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
		if age > 0 {
			out[name] = age.String()
		}
	}
	return out
}

// printClock says what runs on a faster clock than it is deployed with.
func printClock(opts world.Options) error {
	if len(opts.Overrides) == 0 {
		return nil
	}
	deployments, err := template.ReadSamConfig(filepath.Join(opts.Root, "samconfig.toml"), "local-")
	if err != nil {
		return err
	}
	for _, name := range []string{ownAge, peerAge} {
		here, faster := opts.Overrides[name]
		for _, d := range deployments {
			if deployed := d.Parameters[name]; faster && deployed != "" {
				fmt.Printf("A faster clock in %s: %s is %s here, and %s as deployed.\n", d.Region, name, here, deployed)
			}
		}
	}
	return nil
}

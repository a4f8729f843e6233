package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"twofold/local/world"
	"twofold/tests/simulation"
)

// What is measured of the simulator.
const (
	simCalls = 5000
	simSeeds = 4
	simGC    = 400 // as often as a history calls the collector
)

// benchSim prints what a simulated history costs, and what comes of size.
func benchSim(root string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(simGC))
	p, err := world.Prepare(root)
	if err != nil {
		return err
	}
	call, err := p.CallCost(simCalls)
	if err != nil {
		return err
	}
	begin := time.Now()
	for seed := range uint64(simSeeds) {
		r, err := simulation.Run(p, seed+1, nil)
		if err != nil {
			return err
		}
		if len(r.Broken) > 0 {
			return fmt.Errorf("seed %d broke the promises %q", r.Seed, r.Broken)
		}
	}
	took := time.Since(begin)
	rows := [][]string{{"", "", ""}, {"SIMULATOR", "MEASURED", "GOAL"},
		{"one simulated SDK call", call.Round(100 * time.Nanosecond).String(), ""},
		{"histories a minute, one at a time", fmt.Sprintf("%.0f", simSeeds/took.Minutes()), "100"}}
	return errors.Join(printTable(rows), printScale(p))
}

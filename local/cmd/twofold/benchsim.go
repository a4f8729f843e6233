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
	simCalls   = 5000
	simSeeds   = 4
	simGC      = 400 // as often as a history calls the collector
	storedFew  = 10
	storedMany = 10_000
)

// benchSim prints what a simulated history costs, and what an order costs beside few and many that are stored.
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
	return errors.Join(printTable(rows), benchStored(p))
}

// benchStored prints what an order costs beside few and many that are stored. It fails if it is more beside many.
func benchStored(p *world.Prepared) error {
	few, err := p.OrderCost(storedFew)
	if err != nil {
		return err
	}
	many, err := p.OrderCost(storedMany)
	if err != nil {
		return err
	}
	rows := [][]string{{"", "", "", ""}, {"AN ORDER BESIDE STORED ORDERS, CUSTOMERS AND SKUS", "CALLS", "WRITE UNITS", "READ UNITS"}}
	for _, c := range []struct {
		stored int
		cost   world.OrderCost
	}{{storedFew, few}, {storedMany, many}} {
		rows = append(rows, []string{fmt.Sprintf("%d of each", c.stored), fmt.Sprintf("%.1f", c.cost.Calls), fmt.Sprintf("%.1f", c.cost.Writes), fmt.Sprintf("%.1f", c.cost.Reads)})
	}
	if err := printTable(rows); err != nil {
		return err
	}
	if many.Calls > few.Calls || many.Writes > few.Writes || many.Reads > few.Reads {
		return errors.New("an order costs more beside many")
	}
	return nil
}

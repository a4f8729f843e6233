//go:build !race

package world_test

// How many worlds the tests under faults take.
const (
	stoppedWorlds = 200
	stormSeeds    = 3
)

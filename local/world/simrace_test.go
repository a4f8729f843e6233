//go:build race

package world_test

// What is run many times is run less often under the race detector, which makes it many times slower.
const (
	stoppedWorlds = 30
	stormSeeds    = 1
)

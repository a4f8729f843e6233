package world

import (
	"maps"
	"slices"
)

// FunctionNames are the functions of the registry, sorted.
func FunctionNames() []string { return slices.Sorted(maps.Keys(constructors())) }

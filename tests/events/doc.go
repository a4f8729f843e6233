// Package events holds what the bus carries against everything that speaks of it: the schemas in events/schemas, their samples, the rules and
// pipes in stacks, the Go code that writes the items behind the events, the Go code that reads the events, and the schemas that were
// last released (events/released).
//
// Each Check returns one line for each fault; the line names both sides with file and line. The files are read, not run: that what
// crosses the bus is as its schema says is checked by local/world, for every event of every test, demo and simulation.
//
// A pipe's target template is understood as one JSON object of strings, each "<$.dynamodb.NewImage.attribute.type>" alone; anything else is a
// fault, so that nothing is passed over.
package events

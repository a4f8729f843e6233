// Package event holds the Go types of the events on the bus, generated from events/schemas, which is also
// the content of the schema registry: for each detail type the detail (OrderPlaced) and the whole event
// (OrderPlacedEvent). Fields that a version does not know are ignored when it reads an event.
//
// Generate with: make generate.
package event

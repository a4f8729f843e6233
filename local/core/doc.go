// Package core is what every service of the local cloud stands on: time and
// tasks, the request path, faults, the journal and the meter.
//
// # What it guarantees
//
// A service never reads the wall clock, starts a goroutine, sleeps or draws a
// random number by itself: it asks the [Cloud] it was built with. There are two
// drivers of that interface. [Live] uses the wall clock and goroutines. [Sim]
// runs one task at a time under a virtual clock and lets a seed choose which task
// goes next at every [Scheduler.Point]; the same seed gives the same run. Because
// services see only the interface, the simulated cloud is a second driver and not
// a second cloud.
//
// # What it does not do
//
// It knows no AWS service and no business rule, and it imports neither.
package core

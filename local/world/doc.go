// Package world is the whole of Twofold on one machine: the services of the local cloud, wired to each other and
// to the stand-ins of the providers, with everything deployed that samconfig.toml lists for the stage.
//
// # What it guarantees
//
// There is no second wiring: what calls what is read from the templates. A resource type or property that the local cloud
// does not run stops the start, unless it is known to change nothing on one machine; those are listed by Inert.
//
// There are two drivers and one set of services, ports and deployed files. What differs is the interface driver and nothing else:
//
//   - [Start] is live: the wall clock, HTTP on loopback, and the functions as the compiled binaries that are deployed, each in a
//     process of its own with the environment, role and time-out that its template gives it.
//   - [Simulate] is a virtual clock: exactly one task runs at a time, the seed chooses which, and every request of a client or a
//     function, to the cloud or to a provider, is a step on its way there and another on its way back. Functions are the same
//     constructors, run in-process as bytes in and bytes out. The same seed gives the same trace, byte for byte, and the journal is
//     part of the trace. All that a function could take from the system is replaced: time, sleep, deadlines, randomness, the SDK's
//     signing time, invocation ids and waits between attempts.
//
// # What it does not do
//
// It is not AWS: single-machine, in memory (data.go says what Options.Data keeps over restarts, and what not), for this platform's needs. Signatures are not verified. In a simulated world requests take
// no time of their own, only what is slept takes time; and a function that starts a goroutine, or asks the system for
// the time, is not caught, except by traces that differ.
package world

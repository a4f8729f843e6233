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
// Faults are the same in both drivers where both can have them: [World.SetFaults] draws them by rates, [World.LoseRegion],
// [World.LoseRegionForGood], [World.CutLink] and what undoes them are switched, [World.Heal] ends all, [World.FaultCounts] counts what hit.
// In a simulated world requests also take time ([Options].Latency), functions die at their calls, and clocks are off.
//
// [Prepare] reads and resolves what is deployed once for many simulated worlds, which may run at the same time, each in a goroutine of its
// own. A world that was closed leaves no goroutine and no memory behind, at whatever moment it is stopped.
//
// # What the same trace rests on
//
// One task runs at a time, and who is next is drawn from the seed. Faults and latency are drawn from streams of their own, each invocation
// draws from one of its own. Ruled out, and looked for by a test over the code of all functions: the system's time, timers, deadlines
// and randomness, and go statements outside platform.Runtime. A function that schedules from a goroutine of its own all the same
// stops the program. What cannot be looked for is the order of a map: a handler that lets it reach a call or an answer shows in traces that
// differ, which tests compare under every kind of fault.
//
// # What it does not do
//
// It is not AWS: single-machine, in memory (data.go says what Options.Data keeps over restarts, and what not), for this platform's needs.
// Signatures are not verified. In a simulated world computing takes no time; and what the SDK adds to a request for AWS's own statistics
// (user agent, tracing, hashes of bodies) is left out.
package world

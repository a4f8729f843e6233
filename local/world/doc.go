// Package world is the whole of Twofold on one machine: the services of the local cloud, wired to each other and
// to the stand-ins of the providers, with everything deployed that samconfig.toml lists for the stage.
//
// # What it guarantees
//
// There is no second wiring: what calls what is read from the templates. A resource type or property that the local cloud
// does not run stops the start, unless it is known to change nothing on one machine; those are listed by Inert. The functions are
// the compiled binaries that are deployed, each in a process of its own, with the environment, role and
// time-out that its template gives it.
//
// # What it does not do
//
// It is not AWS: single-machine, in memory, for this platform's needs. Signatures are not verified.
package world

// Package mutants shows that the checks of the simulation can fail: it plants bugs into the platform, one at a time, and plays seeds until one is caught.
//
// A planted bug is a file of this folder, <name>.txtar (golang.org/x/tools/txtar). Its comment says in a sentence or two what the bug is, then come lines
//
//	file: internal/payment/saga.go      what is changed; several lines where several files are
//	seed: 3                             a seed that is known to catch it
//	check: go test ./internal/x -run TestY  instead of seeds, where only a test reaches it: that one test, by its whole name
//
// and then pairs of sections "old" and "new". Every occurrence of the old text is replaced; the nth pair is of the nth file, and what is left of the last one.
//
// # What it guarantees
//
// The tree is never touched: Go files are built with an overlay, everything that is deployed as it stands is read from a shadow of the tree, made of links and of
// the changed files. So no planted bug can reach what is deployed. A bug whose old text is gone, that does not compile, or that stops the simulation
// instead of breaking a promise counts as a failure like one that is not caught.
//
// # What it does not do
//
// It does not make bugs up: each is one that somebody thought of, and most are ones that the protocol's rules close.
package mutants

// Package simulation runs whole histories of the platform in virtual time, each from one seed, and checks what must be true of them.
//
// A seed draws a [Plan]: a shop with hot and cold products, who orders what, when and in which region, who cancels, who is asked by
// their bank and what they answer, when the carrier picks up, what stock arrives, and the weather: regions lost and restored, the link
// cut, and the rates at which everything else fails. One seed in 25 loses a region for good: the other finishes what it was told of, then the operator
// has it adopted, and the sum of stock must be right. One in 50 has a region away for 13 to 30 hours. [Run] plays the plan on world.Simulate, which runs the deployed templates, state
// machine, patterns, policies and function code, and gives a [Report].
//
// # What it guarantees
//
// While faults are on, safety is checked at every write: the stock equation of the region that wrote, facts never changed, no counter
// negative. After the last fault is healed everything must come to an end within [Bound] of virtual time (liveness), and then every
// promise of local/promises must hold, and so must the history of what the clients were told: what was answered 202 exists, what was
// answered cancelled never ships, an answer that closes an order is never taken back, a request that was sent again is the same order.
//
// The same seed is the same history, byte for byte: a failure is printed with the command that replays it.
//
// # What it does not do
//
// It does not search: seeds are independent, and nothing steers them to what was not seen yet. That its checks can fail is shown
// by the planted bugs of the folder mutants.
package simulation

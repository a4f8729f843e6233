// Package cost says what orders cost at list price, from what was metered and not from what was guessed.
//
// Each story (a way that an order can go) is played in a simulated world of its own: the same templates, functions and state machine as
// deployed, on a virtual clock, so that the same figures come out every time. What the world's meter says while orders are played, less what it
// says of the same time without them, divided by their number, is what one order takes. Orders come one at a time: in a busy shop queues
// and pipes carry several in a batch, and an order costs less.
//
// # What it guarantees
//
// Nothing is left out without a word: an operation that was called and that neither [Calls] nor a price knows, and a metered unit without a price,
// are errors that name it.
//
// # What it does not do
//
// The virtual clock knows how long requests are on their way and at a provider, by [Latency], and how long a function computes, by [Compute]: both
// are stated, not metered. Free tiers, volume discounts, savings plans and tax are left out. Nothing is asked of AWS.
package cost

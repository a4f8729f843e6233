// Package order takes orders, answers questions about them and sees to it that each reaches one outcome.
//
// An order is the fold of its facts (package fact), which stand in a global table; this service alone appends to them.
//
// # Guarantees
//
//   - The same request of the same customer under the same key is the same order, in either region, however often it is
//     sent: its id is a hash of the three. What was stored first counts, never what a price is today.
//   - An order is answered once the key, the shopper's address and, last, the placed fact stand in this region's replica;
//     if the answer says two-regions, the same address and fact stand in the peer's as well. An unreachable peer delays an
//     order by 400 ms at most, and after three failures in a row not at all for 10 s; it never refuses one.
//   - Prices come from the region's own read model of the catalogue, whose newest version wins whatever the order in
//     which changes arrive.
//   - An outcome is written only after the payment has decided, and once by each region.
//   - A wish to cancel, and what the provider and the carrier tell, stand in both regions before they are answered, in the same way.
//     What the payment provider tells is kept only while the order is open.
//   - An order without outcome is started again until it has one, and one that is to be cancelled until that has an answer; see below.
//   - No run is begun for an order, and no notice of it taken, in a region where its person has not arrived, unless the region that has it was given up: what
//     could not be sent is not charged for, and nothing is decided that nobody could be told.
//   - Another customer's order cannot be told from one that does not exist.
//   - A person's name and address stand in one item of each region that took the order, beside the facts. Each region erases its own; what
//     was bought stays.
//   - Facts, requests and execution input of the version before are read as they were meant (testdata); of kinds and attributes
//     that a newer version writes nothing is concluded, and nothing is lost.
//
// # How the sweep misses no order
//
// Every placed fact stands in a sparse index by the region that took it and a shard, and there by time; and every cancel request, in a
// list of its own. A region goes through its own lists and the peer's, each with cursors in its own table that move over an order only
// when it was seen to be confirmed, or put on the region's retry list. The
// retry list is worked off every minute: an order leaves it when it has an outcome and no cancel request without an answer, and is started
// again with growing pauses until then, for ever. An order that waits for its shopper is looked at and left alone for half an hour. Goods
// that have left are no outcome as long as it is not seen who committed the order: the saga asks the payment.
//
// What is old enough to be closed for writing is gone through, but an order may turn up in it later: the index is
// eventually consistent, clocks differ, and what a region took while the link was cut arrives when it is healed. So each time
// is gone through in four passes, at the age a, 8a, 64a and 512a, each with cursors of its own. Passes are thereby sparse
// where late orders are rare: for a = 5 min (the peer's orders) they look at 5 min, 40 min, 5 h and 43 h. A pass goes on when an eighth of
// its age has come together, so an order that is late by d is found at an age of at most 9d (and a minute, and never before a), and is
// missed only if it is late by more than 43 h (17 h for a = 2 min, where
// nothing but the index can be late). Beyond that it is its home's duty alone, whose own cursor stood still while it was
// away, or the operator's.
//
// A pass costs one index read for each of its five shards, however long the time is that it goes over, and for each 100 orders one batch
// read of the fact that nearly all have by then; only orders without it are read whole. With its steps a run with nothing to do makes 14
// index reads and, for each home, one read of the retry list and one read of all its cursors together. They are written, together too, when
// orders were seen or a later pass went on: a first pass that saw nothing begins where it began the time before. That item has
// a version: of two runs at once one keeps its places, and the other's work is done again. A run that dies before it writes them has
// missed nothing, since orders go on the retry list first.
//
// # After an outage
//
// A run drives the lists first, then looks for more, and drives again in what is left of 45 s. Every stage ends by the clock, and a cursor
// keeps its place between two orders, so no number of open orders stops the sweep: what a run does not come to is the next one's, which
// begins with the shard that is furthest behind. Found
// orders go on the list unread, 25 in a call. To drive one costs a read and a start, and the 25th part of a write to the list. Eight orders are
// driven at once: one after the other a run started some 4,000 orders a minute at 5 ms a call and
// 2,000 at 10 ms, which is all that a function's waiting allows.
//
// A region that is lost between confirming an order and handing its shipment over leaves a paid order that nobody sends. So the third
// pass over the peer's list (at 5 h 20 min to 6 h for a = 5 min) starts the saga once for every order that this region has not committed, that
// is neither dispatched nor cancelled, and after which the peer was seen to take no order for a quarter of an hour: had it lived that
// long, its own shipping service would have handed the goods over, and to start every undispatched order would double the cost of many.
// An order of the retry list that the other region has confirmed leaves it by one last start, for the same reason. A peer that lives
// and takes orders while its shipping is out of work is not covered: its own sweep goes on with that, or the operator.
//
// # A region that is lost for good
//
// A region that was fenced takes no orders, runs no sagas and sweeps nothing; it sees its fence within ten seconds of its replica. Its orders are swept by
// the other as ever. [NewAdopt] fences, tells the inventory service what the lost region had sold, and lets a wiped one act again.
//
// # What it does not do
//
// It does not talk to the payment provider or the carrier, keeps no stock, sends no mail and runs no saga: that is a state
// machine's work, whose steps are the other services'. It keeps the shopper's name and address in one item
// beside the facts and nowhere else. It pays nothing back: it writes down that the payment service has. It adds the shipping fee, from a
// table of its own, and knows no tax: prices and fees are gross, one currency for an order. It erases nothing
// from backups, whose age is bounded by their own retention. An address whose order was never stored, because the function died between the two and the
// shopper never sent the request again, is no order's and stays. A customer's list shows the orders that were placed since there is one.
package order

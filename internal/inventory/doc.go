// Package inventory owns the catalogue and the stock.
//
// # What it guarantees
//
// A SKU is never sold beyond what was received, though both regions sell at once: stock is an escrow. Each region sells
// only from a [Ledger] in a table of its own. A line of an order moves from available to taken in the one transaction that
// writes the order's reservation, so an order is reserved whole or not at all, and once. Per SKU, in each region, at
// every instant: received + got = available + taken + given, and no term is negative. It holds because
// a ledger changes by a [Move] only, and a move keeps it by construction. What is taken is held or consumed as the reservations say, so that
// consuming is one write to the reservation.
//
// A receipt of goods is an immutable item of the global catalogue, acknowledged when both regions have it. Only its target
// region credits it, and once: the credit and the marker that says so are one transaction.
//
// A reservation is settled by what the payment decided, as the last step of the saga: the region whose capture committed the order consumes its
// reservation, any other releases its own. Events tell of orders that the other region has ended. If the order is called off afterwards, the goods come back to the region that had consumed them. The events of an
// order lead to the same end in whatever order and however often they come.
//
// Stock moves between regions by totals since ever. The giver takes goods from its shards in one transaction with its total of what it gave, on
// condition that the total is what it saw, and then publishes it in a global item that only it writes; the receiver credits what exceeds its own total of what
// it got, in one transaction. So a unit is given once and credited once, whatever is repeated, late or lost, and at no moment have both regions got
// more than was given. What a region wants is such a total too, so that a question that is asked again is answered once.
//
// A SKU has up to 16 shards, each a partition of its own, and as many as its sales have shown to need: those that are busy again and again share their goods with others, and
// make more. What moves between them moves in one transaction. The equation holds for their sum.
//
// An order is refused only when all shards together have too little and the other region shows too little to fill it, or does not answer.
//
// A region that is fenced does nothing. Its stock can be adopted by the other, from the global catalogue and what the order service says was sold
// alone, once, in as many steps as it takes; see [NewAdopt].
//
// Each region tells the other what it has of a SKU, and sells, in a snapshot of its own in the catalogue. It is looked at to see whether asking is worth
// while, and by people: nothing is sold by it.
//
// # What makes it certain
//
// Events make credits, settlements and transfers fast; sweeps, every minute, make them certain, write the snapshots and even stock out. That goods of a
// cancelled order come back is made certain by the saga, which the order service starts again until its step ReturnStock is done.
//
// The receipts' sweep goes round and round the sparse index of all receipts, a bounded number each minute, and credits what
// has no marker. It does not go by time on purpose: a receipt written by the other region may arrive long after the minute it is
// stamped with, replication keeps no order between items, and so there is no moment at which a minute is known to be complete.
// Whatever arrives, whenever, stands in the index for good and is met on the next round. A round takes one minute for each
// 1,000 receipts ever written. Receipts are rare, so that is cheap.
//
// The reservations' sweep looks at what has been held for longer than [heldFor] and asks the order service for the outcome.
// A reservation is made only by a run that has read the order here, and an order's facts are never deleted: an order that is not
// known is therefore a fault, which is logged every minute and never settled by guess.
//
// Two more rounds look at what is between the regions: transfers to this region and requests to it that are not done, in the same index, and totals given that were not
// published. There are at most two items for each SKU, so they are short.
//
// The products' sweep goes round and round the products, 500 a minute, and writes what differs from what it told last: a snapshot is as old as a
// round at most, and its time says since when the counters have stood so.
//
// # What it does not do
//
// It takes back the goods of a cancelled order on
// the word of the carrier, who did not pick them up; what a shopper sends back is a receipt. If-Match guards an edit against what this region
// has seen: of edits that both regions take within the time replication takes, the higher (version, region) counts and the other is lost. A
// product of which the list's index has not heard yet is missing from a page. A receipt id that is sent to both regions within the time replication takes, with different targets, is two receipts: when one is
// visible where the other is written, it is refused.
package inventory

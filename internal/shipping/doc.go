// Package shipping books an order's shipment with the carrier, hands it over once the order is paid, cancels it when it is not, and
// passes on what the carrier tells of it.
//
// # What it guarantees
//
// Goods leave only for a captured payment: booking makes a label, and only [release] hands it over, which the saga and the
// sweep call after the commit. A shipment is keyed at the carrier by the order's id, so both regions speak of the same one however often
// they book it. The carrier decides between cancelling and picking up, also for an order that is cancelled after it was paid.
//
// Nothing booked is forgotten. Before each call that may book, the order is put on the region's list of obligations, stamped with the time of
// that call; the list is all that the table holds. The order is on it until the shipment was released, or was cancelled or found missing at the carrier. The sweep looks at
// obligations older than [openFor], asks the order service for the outcome, and releases or cancels. A confirmed order whose goods were stopped stays on the list, and its saga is
// started, until it is cancelled and the money given back. Because no call that books can
// still be under way that long after the stamp, a shipment that the sweep does not find at the carrier will not appear later; in the saga, where
// it might, a shipment that is not found stays an obligation. A run that comes late and books what is settled makes an obligation of it again. That is harmless:
// the carrier answers with the shipment as it is, and releasing or cancelling it again changes nothing.
//
// The carrier's webhooks (picked up, delivered) are signed and time-limited, and answered 200 only when the order service has stored what they
// say; until then the carrier sends them again.
//
// Name and address are asked of the order service for each booking and go to the carrier alone: not into the table, not into a log.
//
// # What it does not do
//
// It keeps no record of a shipment that is settled: the carrier knows it by the order's id. It keeps no tracking of its own, splits no order into several shipments, chooses no carrier and does not know what shipping costs.
package shipping

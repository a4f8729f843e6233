// Package notification mails the shopper what became of an order.
//
// # What it guarantees
//
// A fact that calls for a mail is mailed at least once, by one region: the confirmation by the region whose capture committed the order, every
// other by the region that wrote the fact. A fact that arrives again, or from both regions, is not mailed again: a record for each order and
// kind of mail is claimed before sending and marked afterwards.
//
// One window remains. A function that dies after SES took the mail and before the record is marked leaves a claim. When the message comes
// back the claim has lapsed, and the mail goes out a second time. The other order, marking first, would lose mails instead; a shopper is better
// served by two. Two mails are also possible when both regions closed one order while they could not see each other.
//
// A mail that fails does not hold anything up: its message comes back, and ends in the dead-letter queue.
//
// The shopper's name is the only foreign text in a mail. In the HTML part it stands between tags and nowhere else, escaped for that place.
//
// Name and address of the shopper are asked of the order service for each mail and stay in memory: not in the table, not in a log, not in an
// error. A shopper whose data were erased gets no mail.
//
// # What it does not do
//
// It keeps no copy of a mail and follows neither bounces nor complaints.
package notification

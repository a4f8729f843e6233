// Package operator is what an operator does to a running stage of Twofold: look at orders, obligations and dead letters of both regions, drive
// work again, and take a region out of service or give it up. The command twofold-ops is its command line.
//
// It talks to AWS with the plain SDK, so a stage in an account and `make up` are worked on alike: where the services are and who asks comes
// from the usual configuration of the SDK (AWS_ENDPOINT_URL, AWS_PROFILE, AWS_ACCESS_KEY_ID and so on).
//
//	order show ORDER              both regions' facts, fold, intent, reservation, shipment and mails side by side, and what is outstanding
//	order redrive ORDER           start the order's saga, in the region of -in
//	order erase ORDER             remove the personal data of an order, in both regions
//	obligations                   what is owed, by age, in both regions: orders without outcome, cancel requests without answer, held
//	                              reservations, shipments neither handed over nor cancelled, receipts and transfers that were not credited
//	dlq list                      dead-letter queues and how many messages each holds
//	dlq show QUEUE                the messages of one, in the region of -in, each with the reason why it is dead
//	dlq redrive QUEUE             send them back to the queue they belong to
//	region show                   of each region: health, whether it was taken out, whether it is fenced
//	region out REGION             take a region out of service: its health check fails, DNS sends shoppers to the other
//	region in REGION              take it in again
//	region fence REGION           give a region up that is lost for good: it must not act when it comes back
//	region adopt REGION           take over a fenced region's stock, once all its orders have an outcome
//	region wipe REGION            delete what a fenced region's own tables hold
//	region rejoin REGION          let a fenced and wiped region act again
//	stock show SKU                both regions' counters of a SKU, by shard, and what is on its way between them
//	stock rebalance SKU           even a SKU's stock out between the regions
//	secret list                   how old the keys are that the platform and its providers know each other by, in both regions; it shows none
//	secret put SECRET             take a new key from the file -key: its issuer is asked, and if it takes the key that becomes current, in the region of -in
//	secret rotate SECRET          rotate one now that rotates by itself
//	replay                        send archived events of -from to -to again, in the region of -in, to all rules or that of -rule
//
// # What it guarantees
//
// Nothing is changed without -apply: a command then tells what it would do. Every change that it makes can be made twice. A region that cannot
// be reached is named, what the other says is shown all the same, and the command fails.
//
// # What it does not do
//
// It decides nothing that the platform decides: a redriven order, a replayed event and a dead letter that is sent back go through the same
// code as before. It does not call the payment provider or the carrier: a new key is tested by the function that knows how. It keeps nothing.
package operator

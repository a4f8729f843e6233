// Package payment authorizes, captures, voids and refunds the payment of an order through a gateway (Stripe).
//
// # What it guarantees
//
// The order's payment intent decides for both regions: capturing it is commit, cancelling it is abort, and whoever is first
// decides. Whatever runs in two regions at once, in any order and however often, an order is charged at most once and both
// regions are told the same decision. It rests on these rules:
//
//   - After every call the intent is retrieved, and its status alone is looked at. What a call answers may be stale (a replayed
//     idempotency key), lost, or mean two things ("unexpected state" is captured and cancelled alike).
//   - There is one intent per order, because all runs of both regions create it under one idempotency key. The provider forgets keys some
//     time after a day, so before a run creates an intent it lists the shopper's intents of more than 23 hours ago: a request that a shopper repeats a day
//     later may be new to the region that takes it, and charged in the other. A run cannot tell from its own facts that this is not so, so each
//     order costs one such call; for most shoppers it is answered with an empty page. It looks back 30 days.
//   - A payment is begun within [createWithin] of the moment that the order was placed. Later, a run only looks for the intent, of whatever
//     age, and an abort that finds none makes one that cannot be paid.
//   - A region whose idea of the order differs (another placed fact of it) is told so by the provider's complaint about the parameters.
//     It adopts the intent that exists; the intent's metadata say which placed fact is charged.
//   - Void makes sure that there is an intent to cancel, if need be one without payment method or customer that only takes the key. So
//     no region can begin a payment after another has called the order off.
//   - Void writes the code of a rejection on the intent before it cancels it. A run that finds the intent void tells that code, not its own.
//   - An intent that the provider refuses to confirm, or that is not confirmed within [createWithin], is declined: the abort voids it first.
//   - A step has one deadline for all its calls, below its function's time-out.
//   - Capture, void and refund carry no lasting idempotency key. A captured or cancelled intent refuses to be either again, and a payment
//     that was paid back in full refuses to be paid back: they are idempotent by state.
//
// A shopper who has to authenticate (3-D Secure) is sent to the provider's page, which ends the run. The provider's webhook starts the saga
// again. What a webhook says is a hint and not believed: the saga asks the provider. A webhook is answered 200 only when its event is
// stored, or when it tells of an intent whose shopper was never sent away: the run that did the deed has seen that, and the sweep stands behind it.
// So an order that is simply paid costs no fact and no run for its webhooks.
//
// # What makes it certain
//
// Every minute the reconciler goes on through the intents that were made since it last looked, of the regions that this one acts for: its own orders', and a lost region's once
// that is fenced. It compares each, five minutes old, with what the order service says. An open intent of an order that has ended is voided; a captured one
// of an order that was called off is paid back; one whose order is unknown after fifteen minutes is voided or paid back and its shipment cancelled. What is not decided yet, or failed, is looked at again every minute.
//
// # What it does not do
//
// It keeps no state that matters beyond the intent's id; losing its table costs a look-up. It knows no card data and refunds no parts.
// An intent without a customer, made to be cancelled for an order whose customer the provider does not know, is not found once the key is forgotten.
// How long a shopper may take to authenticate is the saga's to say.
package payment

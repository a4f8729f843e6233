// Package payment authorizes, captures, voids and refunds the payment of an order through a gateway (Stripe).
//
// # What it guarantees
//
// The order's payment intent decides for both regions: capturing it is commit, cancelling it is abort, and whoever is first
// decides. Whatever runs in two regions at once, in any order and however often, an order is charged at most once and both
// regions are told the same decision. It rests on these rules:
//
//   - The intent's status decides, never an error code. An answer that says that a call succeeded is the intent as the call left it, and is believed. Every other one
//     is not: after an error the intent is read, because "unexpected state" is captured and cancelled alike and a call without an answer may have been done;
//     an answer that an idempotency key had kept (header Idempotent-Replayed) is as old as the key, so the gateway reads the intent anew.
//   - There is one intent per order, because all runs of both regions create it under one idempotency key. The provider forgets keys some
//     time after a day, so before a run creates an intent it lists the shopper's intents of more than 23 hours ago: a request that a shopper repeats a day
//     later may be new to the region that takes it, and charged in the other. A run cannot tell from its own facts that this is not so, so each
//     order costs one such call; for most shoppers it is answered with an empty page. It looks back 30 days.
//   - Should the list show two intents of an order that can be charged, nothing is done with either until a person has cancelled one at the provider as
//     a duplicate: an internal error says so ([theIntent] has the cases).
//   - A payment is begun within [createWithin] of the moment that the order was placed. Later, a run only looks for the intent, of whatever
//     age, and an abort that finds none makes one that cannot be paid.
//   - The call that creates an intent confirms it: the card is authorized, declined (an error, and the intent is there), or the shopper has to authenticate.
//   - A region whose idea of the order differs (another placed fact of it, another page of the shop) is told so by the provider's complaint about the parameters.
//     It adopts the intent that exists; the intent's metadata say which placed fact is charged.
//   - Void makes sure that there is an intent to cancel: the one that it finds, else one without payment method, and if need be without customer, that only takes the key.
//     So no region can begin a payment after another has called the order off, and an abort authorizes no card.
//   - Void writes the code of a rejection on the intent before it cancels it. A run that finds the intent void tells that code, not its own.
//   - An intent that nobody has tried to pay is an abort's that is under way, or was left by one that died. A run that wants the payment waits until it is [untriedFor] old,
//     and declines: the abort voids it first.
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
// It keeps no record of an order: the saga hands the intent's id on, a fact names it once there is one, and otherwise the provider is asked. Its table is the
// reconciler's. It knows no card data and refunds no parts.
// An intent without a customer, made to be cancelled for an order whose customer the provider does not know, is found by its key, and no more once that is forgotten.
// A key that stands for a server error, or is under way, with parameters that a run does not know (of another placed fact, or of before the shop's page changed)
// is waited for until it is forgotten, or until the other region has been fenced for [fencedFor]. Then what its calls made would be found, and the order is called off. Two things
// are not handled: a deployment that changes the shop's page while a run of the version before is in its call in that very moment, and an abort of the fenced region
// for a customer whom the provider did not know, which nobody can find. Either may leave a rejected order beside a payment; the reconciler gives it back.
// If the call that held a key ends without a trace in the moment between two calls of an abort, the abort may be what the card is authorized by; it cancels at once.
// How long a shopper may take to authenticate is the saga's to say.
package payment

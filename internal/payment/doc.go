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
//   - There is one intent per order, because all runs of both regions create it under one idempotency key, and none later than
//     [createWithin] after the order was placed: the provider forgets keys some time after a day.
//   - A region whose idea of the order differs (another placed fact of it) is told so by the provider's complaint about the parameters.
//     It adopts the intent that exists; the intent's metadata say which placed fact is charged.
//   - Void makes sure that there is an intent to cancel, if need be one without payment method or customer that only takes the key. So
//     no region can begin a payment after another has called the order off.
//   - Capture, void and refund carry no lasting idempotency key. A captured or cancelled intent refuses to be either again, and a payment
//     that was paid back in full refuses to be paid back: they are idempotent by state.
//
// A shopper who has to authenticate (3-D Secure) is sent to the provider's page, which ends the run. The provider's webhook starts the saga
// again. What a webhook says is a hint and not believed: the saga asks the provider. A webhook is answered 200 only when its event is
// stored, or when it tells of an intent whose shopper was never sent away: the run that did the deed has seen that, and the sweep stands behind it.
// So an order that is simply paid costs no fact and no run for its webhooks.
//
// # What it does not do
//
// It keeps no state that matters beyond the intent's id; losing its table costs a look-up. It knows no card data and refunds no parts.
// The reconciler of intents without an order is not here. How long a shopper may take to authenticate is the saga's to say.
package payment

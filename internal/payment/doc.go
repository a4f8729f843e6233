// Package payment authorizes, captures and voids the payment of an order through a gateway (Stripe).
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
//   - Capture and void carry no lasting idempotency key. A captured or cancelled intent refuses both, so they are idempotent by state.
//
// # What it does not do
//
// It keeps no state that matters beyond the intent's id; losing its table costs a look-up. It knows no card data. Shopper
// authentication (3-D Secure), refunds, webhooks and the reconciler of intents without an order are not here; an intent that
// asks for authentication counts as declined.
package payment

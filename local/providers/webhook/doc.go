// Package webhook sends what happens at a stand-in provider to the shop, as signed HTTP requests.
//
// # What it guarantees
//
// At least once: an event is sent until it is answered, with growing pauses, for three days. Each attempt is signed anew, at its own time
// (https://docs.stripe.com/webhooks#verify-manually). Events do not wait for each other: they arrive in any order. [Sender.Inject] makes
// them late and doubles them. An [Outbox] keeps what was not answered over restarts of the process; such an event may come once more.
//
// # What it does not do
//
// It tries again sooner than Stripe does: within seconds at first, and every minute later. It does not know where the requests go; that is
// given to it.
package webhook

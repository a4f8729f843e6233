// Package stripe is a stateful stand-in for the part of the Stripe API that PaymentIntents
// need: intents, charges, refunds and customers over HTTP, as the official clients speak it.
//
// # What it guarantees
//
// One provider stands outside both regions and is linearizable: a request takes effect at one
// moment between its arrival and its answer, and of a capture and a cancel of one
// intent exactly one succeeds. States, errors and idempotency follow
// https://docs.stripe.com/payments/paymentintents/lifecycle,
// https://docs.stripe.com/api/errors and https://docs.stripe.com/api/idempotent_requests.
// A parameter that Stripe does not know is refused as Stripe refuses it; one that Stripe
// knows and the stand-in does not run is refused with status 501.
//
// What a test needs beyond the API: [Provider.Inject] breaks things, [Provider.Authenticate]
// plays the shopper who answers a 3-D Secure question, [Provider.Intents] shows everything.
// [Provider.Notify] sends events to a webhook endpoint that was made by hand, [Provider.SendTo] to those that are made by the API: signed, at least once, in any order.
//
// With [Provider.Keep] nothing that was answered is forgotten when the process is killed: intents, charges, refunds, customers, payment methods and the
// answers of idempotency keys. A request that was cut off by that had no effect, and its key is free. Events that were not answered are sent
// again by the next process.
//
// # What it does not do
//
// There are no saved payment methods but the documented test ones (pm_card_visa and so on), no currency conversion
// and no disputes. The page behind a 3-D Secure address does not exist. Refunds never fail afterwards.
// Endpoints that were made by the API are not kept.
package stripe

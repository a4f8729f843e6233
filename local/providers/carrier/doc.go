// Package carrier is a stateful stand-in for the carrier that takes Twofold's parcels, over
// its HTTP API:
//
//	PUT  /v1/shipments/{reference}               book; the same again is the same shipment
//	GET  /v1/shipments/{reference}               look up
//	POST /v1/shipments/{reference}/release       hand the label over: 409 when cancelled
//	POST /v1/shipments/{reference}/cancellation  take back: 409 once picked up
//
// # What it guarantees
//
// It stands outside both regions and is linearizable: of cancelling and being picked up, one
// happens. Every request may be sent again. Requests carry "Authorization: Bearer <key>".
// [Provider.Notify] sends what happens to parcels to a webhook endpoint: signed, at least once, in any order.
//
// With [Provider.Keep] no shipment is forgotten when the process is killed: what is answered has been kept, and events that were
// not answered are sent again by the next process.
//
// # What it does not do
//
// Nothing is picked up or delivered by itself: tests call [Provider.Dispatch] and
// [Provider.Deliver].
package carrier

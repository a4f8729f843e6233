// Package eventbridge is Amazon EventBridge's event buses on one machine: buses, rules with
// event patterns, targets, input transformers, retries, dead-letter queues, archives and
// replays, and the contents of the schema registry.
//
// # What it guarantees
//
// PutEvents answers as documented: at most 10 entries and 256 KB a request, entries fail one by
// one, and an event for a bus that does not exist is answered with an id and dropped (the
// journal says so). Every event that a bus accepts is journalled whole; one that no rule
// matches is journalled as unmatched.
//
// Each matched target is a task of its own in the rule's region: while that region is lost the
// delivery waits, and no two targets wait for each other. Delivery is at least once and in no
// order. A failure that may pass is retried with exponential backoff and jitter, up to the
// target's RetryPolicy (by default 185 tries within 24 hours); then, or at once for a failure that
// will not pass, the event goes to the target's dead-letter queue with the documented message
// attributes, or is dropped and journalled.
//
// A target may be a bus, in another region too (with a role). The event keeps its content and,
// in another region, gets a new id. An event that came from another bus is not sent on to a third
// (docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html).
//
// # What it does not do
//
// It calls no target itself: [Ports.Deliver] does. Rules with a schedule run only through
// [Ports.Schedule]. Global endpoints, API destinations, partner sources, permissions of buses
// over the API (PutPermission), CancelReplay, and operations that are not listed in the code are refused. Events of AWS services themselves do
// not appear on the default bus. Archives keep events in memory. RetryPolicy limits are kept; the
// spacing of retries is our own, AWS does not publish its.
package eventbridge

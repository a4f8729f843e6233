// Package scheduler is Amazon EventBridge Scheduler on one machine: schedules and schedule groups
// with rate, cron and at expressions, time zones, retries and dead-letter queues. Rules of event
// buses with a schedule use its clock through [Service.Every].
//
// # What it guarantees
//
// Expressions are those of docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: a
// rate starts at once (a rule's rate after its first interval), cron has six fields, at fires once.
// Cron fields are computed by github.com/hashicorp/cronexpr, which has AWS's year field and its L, W and #;
// only days of the week are renumbered (AWS counts from 1, Sunday).
//
// Each invocation is a task of its own, so a slow target does not delay the next. Failures that
// may pass are retried with backoff and jitter up to the RetryPolicy (185 tries, 24 hours); then, or
// at once for failures that will not pass, the input goes to the dead-letter queue with the
// documented message attributes, or the invocation is dropped and journalled. While a region is
// lost its schedules stand still; the occurrence that one was waiting for comes late, others that were
// missed are not made up for.
//
// # A faster clock
//
// [Options.Speed] makes the schedules' clock run faster than the cloud's, for demonstrations; it
// changes nothing else, and whoever sets it must say so to people.
//
// # What it does not do
//
// Flexible time windows, universal targets (aws-sdk:...), ECS, Kinesis and SageMaker parameters
// are refused.
package scheduler

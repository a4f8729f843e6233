// Package pipes is Amazon EventBridge Pipes on one machine: a DynamoDB stream as the source,
// filters, an input template, and an event bus, SQS queue, Lambda function or state machine as the
// target.
//
// # What it guarantees
//
// A pipe reads its stream in order, as batches. Records that no filter takes cost nothing; the
// rest is metered in requests of 64 KB. A batch that fails is tried again with backoff and nothing
// behind it is sent before: a failure blocks the stream, as in AWS. When MaximumRetryAttempts or
// MaximumRecordAgeInSeconds is used up, the position of what is left of the batch (one record with
// OnPartialBatchItemFailure AUTOMATIC_BISECT) goes to the dead-letter queue and the pipe goes on.
// Both are endless by default. See docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
//
// Entries that a bus refuses are sent again from the first of them on, so later ones may arrive
// twice: at least once, in order. The position is kept after every success; a pipe that is started
// again goes on there ([Service.Checkpoints], [Service.Restore]).
//
// A pipe acts as its role. Without the right to read the stream it reads nothing and stops;
// without the right to send it never delivers. Both are journalled as denied.
//
// Templates follow docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html:
// <$.path> and <aws.pipes.*>, for each record. A value outside quotes keeps its JSON type. Numbers of
// DynamoDB are JSON strings in a stream record ({"N": "5"}), so <$.dynamodb.NewImage.n.N> gives "5".
//
// # What it does not do
//
// Enrichments, other sources, global endpoints, and filter operators that Pipes does not have
// (wildcard; anything-but with prefix, suffix, equals-ignore-case or wildcard) are refused. The
// stream counts as one shard: ParallelizationFactor is read and changes nothing, which keeps a
// stricter order than AWS promises.
package pipes

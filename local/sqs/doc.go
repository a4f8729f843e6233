// Package sqs is Simple Queue Service of the local cloud: standard queues under the signing
// name "sqs" (JSON 1.0).
//
// # What it guarantees
//
// Delivery is at least once, as
// docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide describes it: a received
// message is hidden for its visibility time-out and comes back unless it is deleted; delay,
// retention, long polling, dead-letter queues with maxReceiveCount, redrive from a
// dead-letter queue, message attributes and the MD5 sums that SDKs check. A long poll sleeps
// on the queue's signal until a message is there or its time is over. Every operation is authorized
// on the queue's ARN: by the role's policies, or for an AWS service by the queue's own policy.
// A message that is moved to a dead-letter queue for its receive count is journalled.
// With [Config.Disturb] a message can be delivered late or twice.
//
// # What it does not do
//
// FIFO queues, encryption, tags, queue permissions by label (AddPermission) and cross-account access.
package sqs

// Package lambda is AWS Lambda of the local cloud, with the signing name "lambda" (REST-JSON).
//
// # What it guarantees
//
// Functions, versions, aliases with weights, permissions, event source mappings from SQS and
// asynchronous invocation behave as docs.aws.amazon.com/lambda/latest/dg says, in the parts that
// this platform uses. A synchronous invocation is authorized (by the role's policies, or for
// an AWS service by the function's permissions), counted against the function's reserved and the
// account's concurrency, and run by a [Runner]. An asynchronous one is tried again after a function error,
// twice, after one and two minutes, and after a throttle until it is too old; then it goes to
// the on-failure destination or the dead-letter queue. A mapping polls its queue in five tasks (or
// fewer), which sleep on the queue until there is work, and deletes what the function did not report as failed.
//
// How code runs is the Runner's business: package live starts one process per instance,
// package simulated calls handlers in-process under the virtual clock. Both see only [Version] and [Invocation].
//
// # What it does not do
//
// Layers, images, VPCs, function URLs, response streaming, stream sources, provisioned concurrency (a
// pre-warmed instance behaves the same), Lambda@Edge, and changing functions over the wire other than versions,
// aliases, concurrency and switching mappings on and off.
package lambda

package world

import (
	"errors"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
)

// lighter takes out of an operation's stack what has no effect inside the process, where thousands of histories are bought with the cost
// of a call: what tells AWS about the client, traces and logs, and hashes that nobody checks. What decides anything stays: validation,
// encoding, endpoint and authentication scheme, retries, decoding and errors.
func lighter(stack *middleware.Stack) error {
	return errors.Join(
		without(stack.Build, "UserAgent", "RecursionDetection"),
		without(stack.Finalize, "DisableAcceptEncodingGzip", "InterceptBeforeRetryLoop", "InterceptAttempt", "DiscoverEndpoint"),
		without(stack.Deserialize, "RecordResponseTiming", "DynamoDB:ResponseChecksumValidation", "RequestResponseLogger"),
		unsigned(stack),
	)
}

// unsigned spares the hash of the body.
func unsigned(stack *middleware.Stack) error {
	if _, has := stack.Finalize.Get((*v4.ComputePayloadSHA256)(nil).ID()); !has {
		return nil
	}
	return v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware(stack)
}

// without removes those of the middlewares that are there: not every service has all.
func without[M any](step interface {
	Get(id string) (M, bool)
	Remove(id string) (M, error)
}, ids ...string) error {
	var all error
	for _, id := range ids {
		if _, has := step.Get(id); has {
			_, err := step.Remove(id)
			all = errors.Join(all, err)
		}
	}
	return all
}

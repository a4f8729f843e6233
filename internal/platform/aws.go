package platform

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
)

// FromAWS gives an SDK error a code: throttling and what never got an answer is transient, a refused
// call is internal (the policy is wrong, and no caller can help it).
func FromAWS(err error) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &api):
		return Wrap(Unavailable, err)
	}
	switch api.ErrorCode() {
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		return Wrap(Throttled, err)
	case "TransactionConflictException", "TransactionInProgressException", "TransactionCanceledException", "InternalServerError", "ServiceUnavailable", "ServiceException":
		return Wrap(Unavailable, err)
	}
	if api.ErrorFault() == smithy.FaultServer {
		return Wrap(Unavailable, err)
	}
	return Wrap(Internal, err)
}

// ConditionFailed reports whether a single write was refused by its own condition, and the item that stands
// there if the request asked for it (ReturnValuesOnConditionCheckFailure: ALL_OLD).
func ConditionFailed(err error) (item map[string]types.AttributeValue, failed bool) {
	var c *types.ConditionalCheckFailedException
	if errors.As(err, &c) {
		return c.Item, true
	}
	return nil, false
}

// CancellationReasons are the reasons of a cancelled transaction, one for each of its items in their order;
// nil if err is something else.
func CancellationReasons(err error) []types.CancellationReason {
	var c *types.TransactionCanceledException
	if errors.As(err, &c) {
		return c.CancellationReasons
	}
	return nil
}

// ConditionCode is the reason code of an item whose condition was not met.
const ConditionCode = "ConditionalCheckFailed"

// Ask invokes another service's function and reads its answer into out. An error of the function keeps its
// code if this table knows it.
func Ask(ctx context.Context, client *lambda.Client, function string, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return Wrap(Internal, err)
	}
	res, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(function), Payload: payload})
	if err != nil {
		return FromAWS(err)
	}
	if res.FunctionError != nil {
		return functionError(res.Payload)
	}
	if err := json.Unmarshal(res.Payload, out); err != nil {
		return Wrap(Internal, err)
	}
	return nil
}

func functionError(payload []byte) error {
	var e struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return Wrap(Unavailable, err)
	}
	if _, known := table[Code(e.Type)]; known {
		return Refuse(Code(e.Type), e.Message)
	}
	return Wrap(Unavailable, errors.New(e.Type+": "+e.Message)) // a crash or time-out: trying again may help
}

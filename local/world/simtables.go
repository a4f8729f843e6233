package world

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/rand"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/lambda/simulated"
)

// simTables is a client of a region's tables inside the process. Nine in ten calls of a history are to DynamoDB, and half of what one costs is that
// the SDK's client puts together a stack of thirty middlewares for it. This one consists of the SDK's parts that make a difference:
// what goes over the wire is written and read by its protocol and types, its retry loop makes the attempts, and errors are its own in the same
// wrapping. A test holds the two to each other. What the SDK refuses before it sends, for lack of a member, the service refuses here.
type simTables struct {
	network  *simNetwork
	cloud    *core.Cloud
	as       core.Principal
	region   string
	retryer  simRetryer
	attempts *retry.Attempt
	protocol *awsjson.Protocol
	tokens   dynamodb.IdempotencyTokenProvider
	header   http.Header // of every call, which nobody reads: it came over the wire
}

var _ platform.Tables = (*simTables)(nil)

func (d *simDriver) tables(env simulated.Env, clock platform.Clock) platform.Tables {
	retryer := newSimRetryer(clock)
	return &simTables{network: d.simNetwork, cloud: env.Cloud, as: env.Version.Principal, region: env.Version.Region, retryer: retryer,
		attempts: retry.NewAttemptMiddleware(retryer, func(call any) any { return call }, func(a *retry.Attempt) { a.DisableClockSkewCorrection = true }),
		protocol: awsjson.New10(ddb.DynamoDB_20120810), tokens: rand.NewUUIDIdempotencyToken(env.Rand), header: http.Header{}}
}

// tableCall is one call, of so many attempts as it takes.
type tableCall struct {
	op    *smithy.OperationSchema
	body  []byte
	out   smithy.Deserializable
	first error // what the first attempt came to, until the retry loop has heard of it
}

// call makes a call and reads its answer into out. The options of a call are those of the SDK's paginators, which tell AWS that they make it.
func (t *simTables) call(ctx context.Context, op *smithy.OperationSchema, in smithy.Serializable, out smithy.Deserializable) error {
	body, err := t.encode(ctx, op, in)
	if err == nil {
		err = t.try(ctx, &tableCall{op: op, body: body, out: out})
	}
	if err != nil {
		return &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: op.ID().Name, Err: err}
	}
	return nil
}

func (t *simTables) encode(ctx context.Context, op *smithy.OperationSchema, in smithy.Serializable) ([]byte, error) {
	r, ok := smithyhttp.NewStackRequest().(*smithyhttp.Request)
	if !ok {
		return nil, fmt.Errorf("the SDK's requests are not HTTP")
	}
	if err := t.protocol.SerializeRequest(ctx, op, in, r); err != nil {
		return nil, err
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.GetStream(), body)
	return body, err
}

// try makes the first attempt itself, and leaves a call to the retry loop only if that fails: the loop costs as much as the call, and is told first
// how it failed.
func (t *simTables) try(ctx context.Context, call *tableCall) error {
	if ctx.Err() == nil {
		release, err := t.retryer.GetAttemptToken(ctx)
		if err != nil {
			return err
		}
		call.first = t.attempt(ctx, call)
		switch {
		case call.first == nil:
			return release(nil)
		case ctx.Err() != nil: // whose caller is gone is not tried again
			return call.first
		}
	}
	_, _, err := t.attempts.HandleFinalize(ctx, middleware.FinalizeInput{Request: call}, middleware.FinalizeHandlerFunc(t.again))
	return err
}

// again is an attempt of the retry loop.
func (t *simTables) again(ctx context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
	call, ok := in.Request.(*tableCall)
	if !ok {
		return out, meta, fmt.Errorf("not a call of a table: %T", in.Request)
	}
	if err, call.first = call.first, nil; err == nil {
		err = t.attempt(ctx, call)
	}
	return out, meta, err
}

func (t *simTables) attempt(ctx context.Context, call *tableCall) error {
	res := &http.Response{}
	err := t.network.exchange(ctx, "dynamodb:"+call.op.ID().Name, t.network.insideCall(ctx, t.region), func(ctx context.Context) bool { return t.serve(ctx, call, res) })
	id := res.Header.Get("X-Amzn-Requestid")
	switch {
	case err == nil:
		err = t.protocol.DeserializeResponse(ctx, call.op, dynamodb.TypeRegistry, &smithyhttp.Response{Response: res}, call.out)
	case ctx.Err() != nil:
		err = &smithy.CanceledError{Err: ctx.Err()}
	default:
		err = &smithyhttp.RequestSendError{Err: err}
	}
	if err != nil {
		err = &awshttp.ResponseError{RequestID: id, ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: res}, Err: err}}
	}
	return err
}

// serve is the wire's part; see [core.Wire].
func (t *simTables) serve(ctx context.Context, call *tableCall, res *http.Response) bool {
	if t.as.Region != "" {
		ctx = core.WithRegion(ctx, t.as.Region)
	}
	reply, err := t.cloud.Do(ctx, &core.Call{Region: t.region, Service: "dynamodb", Operation: call.op.ID().Name, Method: http.MethodPost, Path: "/",
		Header: t.header, Body: call.body, Principal: t.as})
	if err == core.ErrUnreachable || err == core.ErrRegionLost {
		return false
	}
	status, header, body := core.Encode(reply, err)
	res.StatusCode, res.Header, res.Body = status, header, io.NopCloser(bytes.NewReader(body))
	if err != nil {
		res.Header.Set("X-Amzn-Requestid", t.cloud.Rand.UUID())
	}
	return true
}

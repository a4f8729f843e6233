package world

import (
	"context"
	"errors"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"twofold/internal/platform"
)

// simCaller is how the SDK calls inside the process, where thousands of histories are bought with the cost of a call. Of an operation's
// stack it leaves what decides anything: validation, tokens, encoding, retries, decoding and errors. What finds out where a call goes and who
// makes it (endpoint rules, authentication schemes, identities, signatures), which has one answer here, it does itself; what tells AWS about the
// client, traces and logs, and checksums that nobody made, it leaves out.
type simCaller struct {
	host      string // of every service
	accessKey string
	clock     platform.Clock
}

// apply is an option of every operation.
func (c simCaller) apply(stack *middleware.Stack) error {
	stack.Build.Clear()
	return errors.Join(
		only(stack.Finalize, "Retry"),
		stack.Finalize.Add(c, middleware.After),
		only(stack.Deserialize, "ResponseErrorWrapper", "RequestIDRetriever", "OperationDeserializer"),
	)
}

// ID implements middleware.FinalizeMiddleware.
func (simCaller) ID() string { return "SimulatedCall" }

// HandleFinalize says where a request goes and who makes it, at the virtual time. It computes no signature, since the wire verifies none.
func (c simCaller) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	r, ok := in.Request.(*smithyhttp.Request)
	service, known := signingNames[middleware.GetServiceID(ctx)]
	if !ok || !known {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("simulated functions do not call %s", middleware.GetServiceID(ctx))
	}
	at := c.clock.Now().Format("20060102T150405Z")
	r.URL.Scheme, r.URL.Host = "http", c.host
	r.Header["X-Amz-Date"] = []string{at}
	r.Header["Authorization"] = []string{"AWS4-HMAC-SHA256 Credential=" + c.accessKey + "/" + at[:8] + "/" + awsmiddleware.GetRegion(ctx) + "/" + service +
		"/aws4_request, SignedHeaders=host, Signature=none"}
	return next.HandleFinalize(ctx, in)
}

// signingNames are what services are called in signatures, by what the SDK calls them.
var signingNames = map[string]string{
	"CodeDeploy": "codedeploy", "DynamoDB": "dynamodb", "EventBridge": "events", "Lambda": "lambda", "SESv2": "ses", "SFN": "states", "SQS": "sqs",
	"Secrets Manager": "secretsmanager",
}

// only leaves these middlewares in a step, in this order.
func only[M any](step interface {
	Get(id string) (M, bool)
	Clear()
	Add(m M, at middleware.RelativePosition) error
}, ids ...string) error {
	kept := make([]M, len(ids))
	for i, id := range ids {
		var has bool
		if kept[i], has = step.Get(id); !has {
			return fmt.Errorf("the SDK has no %s in this step", id)
		}
	}
	step.Clear()
	for _, m := range kept {
		if err := step.Add(m, middleware.After); err != nil {
			return err
		}
	}
	return nil
}

package deploy

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// NewStreamLookup serves Custom::StreamArn {TableName}, whose attribute StreamArn is the stream of the table's replica in this
// region: GetAtt knows only the stream of the region whose stack owns a global table.
func NewStreamLookup(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	l := &streamLookup{tables: dynamodb.NewFromConfig(rt.AWS), http: rt.HTTP, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(l.handle), nil
}

// NewBefore is CodeDeploy's hook before a new version gets traffic. It reads FUNCTION_PREFIX, what the functions' names begin with, and CHECK_SKU.
func NewBefore(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	h, err := newHook(rt, before)
	return lambda.NewHandler(h.handle), err
}

// NewAfter is CodeDeploy's hook after a new version has all traffic. It reads the same.
func NewAfter(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	h, err := newHook(rt, after)
	return lambda.NewHandler(h.handle), err
}

func newHook(rt platform.Runtime, m moment) (*hook, error) {
	env := rt.NewEnv()
	h := &hook{
		moment: m, prefix: env.String("FUNCTION_PREFIX"), deployments: codedeploy.NewFromConfig(rt.AWS),
		functions: lambdaclient.NewFromConfig(rt.AWS), sku: env.String("CHECK_SKU"), clock: rt.Clock, log: rt.Log,
	}
	return h, env.Err()
}

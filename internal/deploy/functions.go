package deploy

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"twofold/internal/platform"
)

// NewStreamLookup serves Custom::StreamArn {TableName}, whose attribute StreamArn is the stream of the table's replica in this
// region: GetAtt knows only the stream of the region whose stack owns a global table.
func NewStreamLookup(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	l := &streamLookup{tables: rt.DynamoDB(), http: rt.HTTP, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(l.handle), nil
}

// Package sagas starts the saga of an order.
//
// It guarantees nothing beyond the start, and needs not to: recovery always is to start the saga again, and each of its steps is idempotent under the order's id, so a start is
// never one too many. It is a package of its own so that only functions that start sagas carry the client of Step Functions.
package sagas

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"twofold/internal/platform"
)

// Starter starts executions of one state machine.
type Starter struct {
	client  *sfn.Client
	machine string
}

// New starts executions of a state machine, or of an alias of one, by its ARN.
func New(rt platform.Runtime, machine string) Starter {
	return Starter{client: sfn.NewFromConfig(rt.AWS), machine: machine}
}

// Start starts the order's saga and does not wait for it. Its errors are those of [platform.FromAWS].
func (s Starter) Start(ctx context.Context, orderID string) error {
	input, err := json.Marshal(struct {
		OrderID string `json:"orderId"`
	}{orderID})
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	text := string(input)
	_, err = s.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &s.machine, Input: &text})
	return platform.FromAWS(err)
}

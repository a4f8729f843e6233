package payment

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"twofold/internal/platform"
)

// NewSaga authorizes, captures and voids payments for the saga.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	gateway := newStripe(env.String("STRIPE_API_BASE"), rt.HTTP, rt.Secret(env.String("STRIPE_SECRET_ARN")), rt.Clock, rt.Rand)
	records := paymentTable{db: rt.DynamoDB(), name: env.String("TABLE"), clock: rt.Clock}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return saga{region: rt.AWS.Region, gateway: gateway, records: records, clock: rt.Clock}.steps().Handler(rt), nil
}

package shipping

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// parts are what both functions are made of.
type parts struct {
	carrier carrier
	records shipmentTable
	orders  orderService
}

func newParts(rt platform.Runtime) (parts, error) {
	env := rt.NewEnv()
	p := parts{
		carrier: carrier{base: env.String("CARRIER_API_BASE"), http: rt.HTTP, secret: rt.Secret(env.String("CARRIER_SECRET_ARN")), clock: rt.Clock},
		records: shipmentTable{db: rt.DynamoDB(), name: env.String("TABLE")},
		orders:  orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_QUERY_FUNCTION")},
	}
	return p, env.Err()
}

// NewSaga books, releases, cancels and stops shipments for the saga.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	p, err := newParts(rt)
	if err != nil {
		return nil, err
	}
	return saga{carrier: p.carrier, records: p.records, orders: p.orders, clock: rt.Clock}.steps().Handler(rt), nil
}

// NewSweep sees through, once a minute, the shipments that runs of the saga have left.
func NewSweep(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	p, err := newParts(rt)
	if err != nil {
		return nil, err
	}
	s := sweep{obligations: p.records, round: p.records, orders: p.orders, carrier: p.carrier, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(s.run), nil
}

// NewWebhook takes the carrier's webhooks.
func NewWebhook(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	h := webhook{
		secret: rt.Secret(env.String("CARRIER_WEBHOOK_SECRET_ARN")),
		orders: factService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_FACTS_FUNCTION")},
		clock:  rt.Clock,
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Routes{"POST /v1/webhooks/carrier": {Serve: h.receive}}.Handler(rt), nil
}

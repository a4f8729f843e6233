package shipping

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
	"twofold/internal/platform/sagas"
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
	env := rt.NewEnv()
	s := sweep{obligations: p.records, round: p.records, orders: p.orders, sagas: sagas.New(rt, env.String("STATE_MACHINE_ARN")), carrier: p.carrier, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(s.run), env.Err()
}

// NewWebhook takes the carrier's webhooks.
func NewWebhook(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	h := webhook{
		secret: rt.SigningSecret(env.String("CARRIER_WEBHOOK_SECRET_ARN")),
		orders: factService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_FACTS_FUNCTION")},
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Routes{"POST /v1/webhooks/carrier": {Serve: h.receive}}.Handler(rt), nil
}

// NewRotate renews the service's secrets. The carrier's keys are made by the carrier, and only tested here.
func NewRotate(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	base := env.String("CARRIER_API_BASE")
	keys := platform.Rotation{Secret: env.String("CARRIER_SECRET_ARN"), Test: func(ctx context.Context, _, candidate string) error {
		return carrier{base: base, http: rt.HTTP, secret: platform.Key(candidate), clock: rt.Clock}.answers(ctx)
	}}
	signing := platform.Rotation{Secret: env.String("CARRIER_WEBHOOK_SECRET_ARN"), Test: longEnough}
	return platform.NewRotations(rt, keys, signing), env.Err()
}

// leastSigningKey is how long a key must be that webhooks are signed with. Nobody can be asked whether it is right.
const leastSigningKey = 16

func longEnough(_ context.Context, _, key string) error {
	if len(key) < leastSigningKey {
		return fmt.Errorf("it has %d characters: what webhooks are signed with must have %d", len(key), leastSigningKey)
	}
	return nil
}

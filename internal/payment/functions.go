package payment

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// NewSaga authorizes, captures, voids and refunds payments for the saga.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	gateway := newStripe(env.String("STRIPE_API_BASE"), env.String("RETURN_URL"), rt.HTTP, rt.Secret(env.String("STRIPE_SECRET_ARN")), rt.Clock, rt.Rand)
	orders := orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_QUERY_FUNCTION")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return saga{region: rt.AWS.Region, gateway: gateway, orders: orders, clock: rt.Clock}.steps().Handler(rt), nil
}

// NewWebhook takes the provider's webhooks.
func NewWebhook(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	h := webhook{
		secret: rt.SigningSecret(env.String("STRIPE_WEBHOOK_SECRET_ARN")),
		orders: orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_FACTS_FUNCTION")},
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Routes{"POST /v1/webhooks/payments": {Serve: h.receive}}.Handler(rt), nil
}

// NewReconcile ends, every minute, the intents that no living order stands behind.
func NewReconcile(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	client := lambdaclient.NewFromConfig(rt.AWS)
	r := reconciler{
		gateway:  newStripe(env.String("STRIPE_API_BASE"), "", rt.HTTP, rt.Secret(env.String("STRIPE_SECRET_ARN")), rt.Clock, rt.Rand),
		orders:   orderService{lambda: client, function: env.String("ORDER_QUERY_FUNCTION")},
		shipping: shippingService{lambda: client, function: env.String("SHIPPING_SAGA_FUNCTION")},
		places:   placeTable{db: rt.DynamoDB(), name: env.String("TABLE")},
		clock:    rt.Clock, log: rt.Log,
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(r.run), nil
}

// NewRotate renews the service's secrets. Stripe makes what its webhooks are signed with; its API keys are made in its dashboard, and only tested here.
func NewRotate(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	key, base := env.String("STRIPE_SECRET_ARN"), env.String("STRIPE_API_BASE")
	as := func(s secret) stripeGateway { return newStripe(base, "", rt.HTTP, s, rt.Clock, rt.Rand) }
	hooks := endpoints{stripe: as(rt.Secret(key)), url: env.String("WEBHOOK_URL")}
	keys := platform.Rotation{Secret: key, Test: func(ctx context.Context, _, candidate string) error {
		return as(platform.Key(candidate)).lists(ctx)
	}}
	signing := platform.Rotation{Secret: env.String("STRIPE_WEBHOOK_SECRET_ARN"), Make: hooks.make, Test: hooks.test, Retire: hooks.retire}
	return platform.NewRotations(rt, keys, signing), env.Err()
}

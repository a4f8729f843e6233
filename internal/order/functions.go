package order

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"twofold/internal/platform"
)

// NewAPI serves POST /v1/orders and GET /v1/orders/{orderId}.
// It reads ORDERS_TABLE, TABLE, PEER_REGION, TWO_REGION_ACK and CATALOGUE_FUNCTION.
func NewAPI(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	s := &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE"), work: env.String("TABLE")}
	peerRegion, acknowledge := env.String("PEER_REGION"), env.Bool("TWO_REGION_ACK")
	in := &intake{
		region: rt.AWS.Region, peerRegion: peerRegion, store: s, clock: rt.Clock, log: rt.Log,
		peer:      platform.NewPeer(rt, s.orders, peerRegion, acknowledge),
		catalogue: catalogue{client: lambdaclient.NewFromConfig(rt.AWS), function: env.String("CATALOGUE_FUNCTION")},
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return (&api{intake: in, store: s}).routes().Handler(rt), nil
}

// NewQuery answers the saga's and the other services' questions about an order. It reads ORDERS_TABLE.
func NewQuery(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	q := &query{store: &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}, log: rt.Log}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(q.answer), nil
}

// NewSaga runs the saga's steps ConfirmOrder and CloseOrder. It reads ORDERS_TABLE.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	facts := &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return (&saga{region: rt.AWS.Region, facts: facts, clock: rt.Clock}).steps().Handler(rt), nil
}

// NewSweep starts the sagas of orders without outcome again. It is called every minute and reads ORDERS_TABLE, TABLE,
// PEER_REGION, STATE_MACHINE_ARN, SWEEP_OWN_AFTER and SWEEP_PEER_AFTER.
func NewSweep(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	s := &sweep{
		duties: []duty{
			{home: rt.AWS.Region, after: env.Duration("SWEEP_OWN_AFTER")},
			{home: env.String("PEER_REGION"), after: env.Duration("SWEEP_PEER_AFTER")},
		},
		store:  &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE"), work: env.String("TABLE")},
		starts: executions{client: sfn.NewFromConfig(rt.AWS), machine: env.String("STATE_MACHINE_ARN")},
		clock:  rt.Clock, log: rt.Log,
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(s.run), nil
}

// NewPrices keeps the price read model from the messages of its queue. It reads TABLE.
func NewPrices(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	p := &prices{store: &store{db: rt.DynamoDB(), clock: rt.Clock, work: env.String("TABLE")}}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Messages(rt, p.handle), nil
}

// executions starts sagas.
type executions struct {
	client  *sfn.Client
	machine string
}

func (x executions) start(ctx context.Context, orderID string) error {
	input, err := json.Marshal(struct {
		OrderID string `json:"orderId"`
	}{orderID})
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	text := string(input)
	_, err = x.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &x.machine, Input: &text})
	return platform.FromAWS(err)
}

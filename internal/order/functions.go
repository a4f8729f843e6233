package order

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
	"twofold/internal/platform/sagas"
)

// NewAPI serves the shoppers' routes below /v1/orders.
// It reads ORDERS_TABLE, TABLE, PEER_REGION, TWO_REGION_ACK and CATALOGUE_FUNCTION.
func NewAPI(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	s := &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE"), work: env.String("TABLE")}
	peerRegion, acknowledge := env.String("PEER_REGION"), env.Bool("TWO_REGION_ACK")
	peer := platform.NewPeer(rt, s.orders, peerRegion, acknowledge)
	in := &intake{
		region: rt.AWS.Region, peerRegion: peerRegion, store: s, peer: peer, fees: fees(), clock: rt.Clock, log: rt.Log,
		catalogue: catalogue{client: lambdaclient.NewFromConfig(rt.AWS), function: env.String("CATALOGUE_FUNCTION")}, metrics: rt.Metrics(),
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	a := &api{
		fences: platform.NewFences(rt, s.orders, peerRegion),
		intake: in, store: s, lister: lister{store: s},
		canceller: canceller{store: s, recorder: recorder{region: rt.AWS.Region, facts: s, peer: peer, clock: rt.Clock}},
	}
	return a.routes().Handler(rt), nil
}

// NewQuery answers the saga's and the other services' questions about an order. It reads ORDERS_TABLE and PEER_REGION.
func NewQuery(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	fences := platform.NewFences(rt, env.String("ORDERS_TABLE"), env.String("PEER_REGION"))
	q := &query{region: rt.AWS.Region, fences: fences, store: &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}, clock: rt.Clock, log: rt.Log}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(q.answer), nil
}

// NewFacts takes the notices of the payment provider and the carrier from the services that verified them. It reads ORDERS_TABLE,
// PEER_REGION and TWO_REGION_ACK.
func NewFacts(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	s := &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}
	peer := platform.NewPeer(rt, s.orders, env.String("PEER_REGION"), env.Bool("TWO_REGION_ACK"))
	if err := env.Err(); err != nil {
		return nil, err
	}
	r := &reports{store: s, recorder: recorder{region: rt.AWS.Region, facts: s, peer: peer, clock: rt.Clock}, log: rt.Log}
	return lambda.NewHandler(r.take), nil
}

// NewErase removes persons that this region wrote. The operator calls it, in both regions. It reads ORDERS_TABLE.
func NewErase(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	e := &eraser{region: rt.AWS.Region, store: &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}, log: rt.Log}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(e.run), nil
}

// NewSaga runs the saga's steps that write facts. It reads ORDERS_TABLE.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	facts := &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return (&saga{region: rt.AWS.Region, facts: facts, clock: rt.Clock, metrics: rt.Metrics()}).steps().Handler(rt), nil
}

// NewAdopt gives up a region that is lost for good, tells what it had sold, and lets it act again once it is wiped. The operator calls it; so
// does the inventory service. It reads ORDERS_TABLE, TABLE and PEER_REGION.
func NewAdopt(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	a := &adopter{orders: env.String("ORDERS_TABLE"), work: env.String("TABLE"), db: rt.DynamoDB(), clock: rt.Clock}
	a.fences = platform.NewFences(rt, a.orders, env.String("PEER_REGION"))
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(a.run), nil
}

// NewSweep starts the sagas of orders without outcome, and of cancel requests without answer, again. It is called every minute and reads ORDERS_TABLE, TABLE,
// PEER_REGION, STATE_MACHINE_ARN, SWEEP_OWN_AFTER and SWEEP_PEER_AFTER.
func NewSweep(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	peer := env.String("PEER_REGION")
	s := &sweep{
		duties: []duty{
			{home: rt.AWS.Region, after: env.Duration("SWEEP_OWN_AFTER")},
			{home: peer, after: env.Duration("SWEEP_PEER_AFTER")},
		},
		fences: platform.NewFences(rt, env.String("ORDERS_TABLE"), peer), each: rt.Each,
		store:  &store{db: rt.DynamoDB(), clock: rt.Clock, orders: env.String("ORDERS_TABLE"), work: env.String("TABLE")},
		starts: sagas.New(rt, env.String("STATE_MACHINE_ARN")),
		region: rt.AWS.Region, clock: rt.Clock, log: rt.Log, metrics: rt.Metrics(),
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(s.run), nil
}

// NewPrices keeps the price read model from the messages of its queue. It reads TABLE and DEAD_LETTERS_URL.
func NewPrices(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	p := &prices{store: &store{db: rt.DynamoDB(), clock: rt.Clock, work: env.String("TABLE")}}
	dead := platform.NewDeadLetters(rt, env.String("DEAD_LETTERS_URL"))
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Messages(rt, dead, p.handle), nil
}

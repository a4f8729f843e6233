package inventory

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// NewAPI serves the catalogue and this region's stock behind API Gateway.
func NewAPI(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	peer, table, ack := env.String("PEER_REGION"), env.String("CATALOGUE_TABLE"), env.Bool("TWO_REGION_ACK")
	stock := stockTable{db: rt.DynamoDB(), name: env.String("TABLE")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	catalogue := catalogueTable{db: rt.DynamoDB(), name: table, region: rt.AWS.Region, both: platform.NewTwoRegions(rt, table, peer, ack)}
	return api{region: rt.AWS.Region, peer: peer, clock: rt.Clock, catalogue: catalogue, stock: stock}.routes().Handler(rt), nil
}

// NewQuery answers the other services.
func NewQuery(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	q := query{catalogue: catalogueTable{db: rt.DynamoDB(), name: env.String("CATALOGUE_TABLE"), region: rt.AWS.Region}}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(func(ctx context.Context, in question) (productAnswer, error) {
		out, err := q.answer(ctx, in)
		if err != nil {
			rt.Log.Error("query failed", "want", in.Want, "sku", in.SKU, "error", err.Error())
			return productAnswer{}, platform.ForStates(err)
		}
		return out, nil
	}), nil
}

// NewSaga holds, releases and takes back stock for the saga.
func NewSaga(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	stock := stockTable{db: rt.DynamoDB(), name: env.String("TABLE")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return saga{region: rt.AWS.Region, stock: stock, shards: newShardMemory(stock, rt.Clock), clock: rt.Clock, rand: rt.Rand}.steps().Handler(rt), nil
}

// NewEvents credits receipts and settles reservations as events arrive in a queue.
func NewEvents(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	stock := stockTable{db: rt.DynamoDB(), name: env.String("TABLE")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	e := subscriber{region: rt.AWS.Region, stock: stock, credit: newCreditor(rt, stock)}
	return platform.Messages(rt, e.handle), nil
}

// NewSweep makes good, once a minute, what events did not bring.
func NewSweep(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	db := rt.DynamoDB()
	stock := stockTable{db: db, name: env.String("TABLE")}
	catalogue := catalogueTable{db: db, name: env.String("CATALOGUE_TABLE"), region: rt.AWS.Region}
	orders := orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_QUERY_FUNCTION")}
	if err := env.Err(); err != nil {
		return nil, err
	}
	s := sweep{region: rt.AWS.Region, receipts: receiptWalk{catalogue, stock}, credit: newCreditor(rt, stock),
		held: stock, stock: stock, orders: orders,
		changed: snapshotWalk{catalogue, stock}, snapshots: catalogue, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(s.run), nil
}

func newCreditor(rt platform.Runtime, stock stockTable) creditor {
	return creditor{stock: stock, clock: rt.Clock, rand: rt.Rand, log: rt.Log}
}

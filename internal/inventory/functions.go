package inventory

import (
	"context"
	"errors"

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
	fences := platform.NewFences(rt, table, peer)
	return api{fences: fences, region: rt.AWS.Region, peer: peer, clock: rt.Clock, catalogue: catalogue, stock: stock}.routes().Handler(rt), nil
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
	d, err := newDealing(rt)
	if err != nil {
		return nil, err
	}
	s := saga{region: rt.AWS.Region, stock: d.stock, past: d.past(rt), shards: newShardMemory(d.stock, rt.Clock), peer: d.partner, clock: rt.Clock, rand: rt.Rand}
	return d.fences.Guard(s.steps().Handler(rt)), nil
}

// NewEvents credits receipts and settles reservations as events arrive in a queue.
func NewEvents(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	dead := platform.NewDeadLetters(rt, env.String("DEAD_LETTERS_URL"))
	d, err := newDealing(rt)
	if err := errors.Join(err, env.Err()); err != nil {
		return nil, err
	}
	e := subscriber{region: rt.AWS.Region, stock: d.stock, past: d.past(rt), credit: d.creditor(rt), partner: d.partner}
	return d.fences.Guard(platform.Messages(rt, dead, e.handle)), nil
}

// NewSweep makes good, once a minute, what events did not bring.
func NewSweep(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	orders := orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_QUERY_FUNCTION")}
	d, err := newDealing(rt)
	if err := errors.Join(err, env.Err()); err != nil {
		return nil, err
	}
	peer := d.partner.peer
	s := sweep{region: rt.AWS.Region, places: d.stock, receipts: receiptWalk{d.catalogue, d.stock}, credit: d.creditor(rt), held: d.stock, stock: d.stock, orders: orders,
		dealt: dealWalk{d.catalogue, d.stock, peer, rt.Clock}, untold: givenWalk{d.catalogue, d.stock, peer}, products: productWalk{d.catalogue, d.stock, peer},
		partner: d.partner, snapshots: d.catalogue, clock: rt.Clock, log: rt.Log}
	return d.fences.Guard(lambda.NewHandler(s.run)), nil
}

// NewAdopt gives up a region that is lost for good, takes its stock over, and lets it act again once it is wiped. The operator calls it.
func NewAdopt(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	orders := orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_ADOPT_FUNCTION")}
	d, err := newDealing(rt)
	if err := errors.Join(err, env.Err()); err != nil {
		return nil, err
	}
	a := adopter{region: rt.AWS.Region, peer: d.partner.peer, stock: d.stock, catalogue: d.catalogue, partner: d.partner,
		fences: d.fences, orders: orders, clock: rt.Clock, log: rt.Log}
	return lambda.NewHandler(a.run), nil
}

// dealing is what functions have in common that have to do with both regions' stock.
type dealing struct {
	stock     stockTable
	catalogue catalogueTable
	fences    *platform.Fences
	partner   partner
}

// newDealing reads TABLE, CATALOGUE_TABLE and PEER_REGION.
func newDealing(rt platform.Runtime) (dealing, error) {
	env := rt.NewEnv()
	table, peer := env.String("CATALOGUE_TABLE"), env.String("PEER_REGION")
	d := dealing{stock: stockTable{db: rt.DynamoDB(), name: env.String("TABLE")},
		catalogue: catalogueTable{db: rt.DynamoDB(), name: table, region: rt.AWS.Region}, fences: platform.NewFences(rt, table, peer)}
	d.partner = partner{region: rt.AWS.Region, peer: peer, stock: d.stock, catalogue: d.catalogue, fences: d.fences, clock: rt.Clock, rand: rt.Rand, log: rt.Log, metrics: rt.Metrics()}
	return d, env.Err()
}

func (d dealing) past(rt platform.Runtime) past {
	return past{region: rt.AWS.Region, fences: d.fences, log: rt.Log}
}

func (d dealing) creditor(rt platform.Runtime) creditor {
	return creditor{region: rt.AWS.Region, peer: d.partner.peer, stock: d.stock, catalogue: d.catalogue, tell: d.partner.tell, clock: rt.Clock, rand: rt.Rand, log: rt.Log}
}

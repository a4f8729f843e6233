package health

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"twofold/internal/platform"
)

// NewAPI serves GET /health. It reads TABLE.
func NewAPI(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	a := &api{region: rt.AWS.Region, table: healthTable{db: rt.DynamoDB(), name: env.String("TABLE")}, clock: rt.Clock}
	if err := env.Err(); err != nil {
		return nil, err
	}
	return a.routes().Handler(rt), nil
}

// tables are the variables that name the tables to look at, by the names of their checks.
var tables = []struct{ check, variable string }{
	{"table-orders", "ORDERS_TABLE"}, {"table-catalogue", "CATALOGUE_TABLE"}, {"table-order-work", "WORK_TABLE"}, {"table-stock", "STOCK_TABLE"},
	{"table-payments", "PAYMENTS_TABLE"}, {"table-shipments", "SHIPMENTS_TABLE"}, {"table-mails", "MAILS_TABLE"},
}

// NewProbe looks whether the region is well. It is called every minute and reads TABLE, where it writes what it found, the
// variables of the tables, PEER_REGION, STRIPE_API_BASE and CARRIER_API_BASE.
func NewProbe(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env, db := rt.NewEnv(), rt.DynamoDB()
	p := &probe{table: healthTable{db: db, name: env.String("TABLE")}, clock: rt.Clock, log: rt.Log, metrics: rt.Metrics(),
		heart: heartbeat{db: db, table: env.String("CATALOGUE_TABLE"), region: rt.AWS.Region, peer: env.String("PEER_REGION")}}
	checks := make(map[string]string, len(tables))
	for _, t := range tables {
		table := env.String(t.variable)
		checks[table] = t.check
		p.checks = append(p.checks, check{name: t.check, run: readable(db, table)})
	}
	p.together = allReadable(db, checks)
	p.checks = append(p.checks,
		check{name: "provider-payment", run: reachable(rt.HTTP, env.String("STRIPE_API_BASE"))},
		check{name: "provider-carrier", run: reachable(rt.HTTP, env.String("CARRIER_API_BASE"))})
	if err := env.Err(); err != nil {
		return nil, err
	}
	return lambda.NewHandler(p.run), nil
}

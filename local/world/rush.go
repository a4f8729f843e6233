package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/dynamodb"
	"twofold/local/lambda"
)

// RushStep is what became of one SKU while it was asked for at a steady rate. Rates are per second of virtual time, in one region.
type RushStep struct {
	Pressed   float64 // what was asked for
	Done      float64 // reserved, or with orders confirmed
	Shards    int     // that the SKU had at the end of the step
	Limit     float64 // what so many shards can take: see [RushLimit]
	Throttled float64 // times that a partition of the stock table was full
	Left      int64   // units that are still to be sold
	Oversold  int64   // units that were sold or promised beyond what was received
}

// unitsToReserve is what the partition of a shard takes in write units for a reservation, which is a transaction. To sell what is reserved writes the reservation alone,
// which is a partition of its own: an order takes no more of the shard.
const unitsToReserve = 2

// RushLimit is how many reservations shards take a second.
func RushLimit(shards int) float64 {
	return float64(shards) * dynamodb.PartitionLimits().Write / unitsToReserve
}

// Rush says how one SKU is asked for: for one unit each time, at one rate after the other. Each is kept up for a while, in which the
// shards grow, and then measured.
type Rush struct {
	Stock   int64 // received before it begins
	Rates   []float64
	Warm    time.Duration
	Measure time.Duration
	Shards  int // that the SKU has, and keeps, because whoever wants to make more is throttled; 0 for as many as the platform makes
}

// Reservations presses the step ReserveStock, as the saga's function runs it, as many at once as the rate takes.
func (p *Prepared) Reservations(what Rush) ([]RushStep, error) {
	return p.rush(what, (*rush).reserve)
}

// Orders presses whole orders through the API, and counts those that are confirmed.
func (p *Prepared) Orders(what Rush) ([]RushStep, error) {
	return p.rush(what, (*rush).order)
}

// rush is a SKU that is asked for.
type rush struct {
	Rush
	w      *World
	region string
	each   func(*rush, context.Context, int)
	placed int // so far, at all rates
	done   int
	failed error
}

func (p *Prepared) rush(what Rush, each func(*rush, context.Context, int)) (steps []RushStep, err error) {
	w, err := p.Simulate(Options{Seed: 1, Lag: time.Second, Latency: UsualLatency(), Overrides: map[string]string{"OrderRate": "100000", "OrderBurst": "100000"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	r := &rush{Rush: what, w: w, region: w.regions[0], each: each}
	w.cloud.Journal.Tap(r.confirmed)
	err = w.Do(context.Background(), "rush", func(ctx context.Context) error {
		if err := errors.Join(r.split(ctx), w.costShop(ctx, what.Stock)); err != nil {
			return err
		}
		for _, rate := range what.Rates {
			step, err := r.step(ctx, rate)
			if err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return nil
	})
	return steps, err
}

// split gives the SKU its shards ahead of its goods, which are then received into all of them.
func (r *rush) split(ctx context.Context) error {
	if r.Shards == 0 {
		return nil
	}
	_, err := client.NewFromConfig(r.w.operatorRuntime(io.Discard).AWS).UpdateItem(ctx, &client.UpdateItemInput{TableName: aws.String(r.w.table("stock")),
		Key:              platform.Item{"pk": &types.AttributeValueMemberS{Value: "sku#" + costSKU + "#0"}, "sk": &types.AttributeValueMemberS{Value: "shard"}},
		UpdateExpression: aws.String("SET shards = :n"), ExpressionAttributeValues: platform.Item{":n": &types.AttributeValueMemberN{Value: strconv.Itoa(r.Shards)}}})
	r.w.cloud.Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if call.Service == "dynamodb" && call.Operation == "UpdateItem" && strings.Contains(string(call.Body), "SET shards") {
			return throttled("dynamodb")
		}
		return nil
	})
	return err
}

// step presses at one rate.
func (r *rush) step(ctx context.Context, rate float64) (RushStep, error) {
	r.press(ctx, rate, r.Warm)
	done, full := r.done, r.full()
	r.press(ctx, rate, r.Measure)
	s := RushStep{Pressed: rate, Done: float64(r.done-done) / r.Measure.Seconds(), Throttled: float64(r.full()-full) / r.Measure.Seconds()}
	all, _, err := r.w.stock(r.region)
	if err != nil || len(all) != 1 {
		return s, errors.Join(err, fmt.Errorf("there are %d SKUs", len(all)))
	}
	sum := all[0]
	s.Shards = r.shards()
	s.Limit, s.Left, s.Oversold = RushLimit(s.Shards), sum.Available, max(0, sum.Held+sum.Consumed-sum.Received)
	if sum.Available+sum.Held+sum.Consumed != sum.Received {
		r.fail(fmt.Errorf("the stock does not add up: %+v", sum))
	}
	return s, r.failed
}

// shards is how many shards the SKU is said to have.
func (r *rush) shards() int {
	n := int64(1)
	for _, f := range r.w.svc.dynamodb.Rows(r.region, r.w.table("stock")) {
		if said, err := f.Int("shards"); err == nil {
			n = max(n, said)
		}
	}
	return int(n)
}

// press starts orders at a rate for some time, whatever becomes of those before.
func (r *rush) press(ctx context.Context, rate float64, lasts time.Duration) {
	begin := r.w.cloud.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if due.Sub(begin) >= lasts {
			break
		}
		if err := r.w.cloud.Sleep(ctx, due.Sub(r.w.cloud.Now())); err != nil {
			r.fail(err)
			return
		}
		n := r.placed
		r.placed++
		r.w.cloud.Go(ctx, "rush", func(ctx context.Context) { r.each(r, ctx, n) })
	}
}

// reserve runs the step once. A refusal for now would be tried again by the saga, and is not counted.
func (r *rush) reserve(ctx context.Context, n int) {
	payload := fmt.Sprintf(`{"step":"ReserveStock","order":{"orderId":"ord_rush%d","lines":[{"sku":%q,"quantity":1}]}}`, n, costSKU)
	res, err := r.w.svc.lambda.Invoke(ctx, r.region, "twofold-local-inventory-saga", "live", core.Principal{}, lambda.RequestResponse, []byte(payload))
	if err != nil {
		r.fail(err)
		return
	}
	if res.FunctionError == "" {
		r.done++
		return
	}
	var e struct{ ErrorType platform.Code }
	if err := json.Unmarshal(res.Payload, &e); err != nil || !slices.Contains([]platform.Code{platform.Unavailable, platform.Throttled, platform.InsufficientStock}, e.ErrorType) {
		r.fail(fmt.Errorf("reservation %d: %s", n, res.Payload))
	}
}

// fail keeps the first thing that went wrong.
func (r *rush) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

// order places an order, each by a shopper of its own.
func (r *rush) order(ctx context.Context, n int) {
	if err := r.w.costOrderOf(ctx, fmt.Sprintf("rush-%d", n), fmt.Sprintf("rush-%d", n), http.StatusAccepted); err != nil {
		r.fail(err)
	}
}

// confirmed counts orders that are.
func (r *rush) confirmed(e core.Entry) {
	if e.Kind == core.KindEvent && e.Region == r.region && e.Detail == "OrderConfirmed" {
		r.done++
	}
}

// full is how often a partition of the stock table was full.
func (r *rush) full() (n int) {
	for _, t := range r.w.svc.dynamodb.Throttles() {
		if t.Region == r.region && t.Table == r.w.table("stock") {
			n += t.N
		}
	}
	return n
}

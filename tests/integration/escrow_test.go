package integration_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

// crashing is an engine under a function that dies at one of its calls: before it is made, or when it is done and the answer is lost.
type crashing struct {
	http.RoundTripper
	left  int // calls until then; none if negative
	after bool
}

func (c *crashing) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.left < 0 {
		return c.RoundTripper.RoundTrip(r)
	}
	if c.left--; c.left >= 0 {
		return c.RoundTripper.RoundTrip(r)
	}
	if c.after {
		if res, err := c.RoundTripper.RoundTrip(r); err == nil {
			_ = res.Body.Close() // nobody reads it
		}
	}
	c.left = 0 // a function that is dead makes no more calls
	return nil, errors.New("the function died")
}

// escrow is one SKU's history in two regions.
type escrow struct {
	t      *rapid.T
	shops  map[string]*shop
	engine *crashing
	sku    string
	held   map[string]string // order by "<region> <number>": what became of it
}

const escrowOrders = 8

func TestStockMovesBetweenRegionsAndShardsWithoutLossWhateverDies(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		engine := &crashing{RoundTripper: r.calls.dynamodb, left: -1}
		r.calls.dynamodb = engine
		shops := map[string]*shop{east: openShop(r, east), west: openShop(r, west)}
		r.property(t, func(rt *rapid.T, n int) {
			x := &escrow{t: rt, shops: shops, engine: engine, sku: fmt.Sprintf("TEA-%d", n), held: map[string]string{}}
			for _, s := range shops {
				s.send(s.api, put(x.sku, tea))
			}
			for range rapid.IntRange(5, 30).Draw(rt, "steps") {
				x.step()
				x.check()
			}
			x.quiet()
		})
	})
}

// step does one thing, which may die on the way.
func (x *escrow) step() {
	region := rapid.SampledFrom([]string{east, west}).Draw(x.t, "region")
	s := x.shops[region]
	if rapid.IntRange(0, 3).Draw(x.t, "dies") == 0 {
		x.engine.left, x.engine.after = rapid.IntRange(0, 9).Draw(x.t, "at call"), rapid.Bool().Draw(x.t, "after it")
	}
	defer func() { x.engine.left = -1 }()
	s.clock.Add(1e9)
	order := rapid.IntRange(1, escrowOrders).Draw(x.t, "order")
	switch rapid.SampledFrom([]string{"receive", "reserve", "reserve", "reserve", "confirm", "reject", "return", "deal", "deal", "deal", "sweep", "split", "late"}).Draw(x.t, "what") {
	case "receive":
		id := fmt.Sprint("asn-", region, order)
		x.tell(s, received(x.sku, id, region, 5))
	case "reserve":
		x.reserve(s, order)
	case "confirm":
		x.end(s, order, "OrderConfirmed", region)
	case "reject":
		x.end(s, order, "OrderRejected", "")
	case "return":
		x.end(s, order, "OrderCancelled", region)
	case "deal":
		x.engine.left = -1
		x.replicate()
		x.deal(s, true)
	case "late":
		x.deal(s, false)
	case "sweep":
		var res inventory.SweepResult
		_ = s.invoke(s.sweep, struct{}{}, &res) // it may die, like any other
	case "split":
		x.split(s)
	}
}

func (x *escrow) tell(s *shop, message string) bool {
	var res events.SQSEventResponse
	err := s.invoke(s.events, events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: message}}}, &res)
	return err == nil && len(res.BatchItemFailures) == 0
}

func (x *escrow) name(s *shop, order int) string {
	return fmt.Sprintf("ord_%s_%s_%d", x.sku, s.region, order)
}

func (x *escrow) reserve(s *shop, order int) {
	err := s.invoke(s.saga, step("ReserveStock", x.name(s, order), "", map[string]int{x.sku: order}), new(map[string]any))
	if id := x.name(s, order); err == nil && x.held[id] == "" {
		x.held[id] = "held"
	}
}

// end settles what is held, as far as that can be said of it.
func (x *escrow) end(s *shop, order int, detailType, by string) {
	id := x.name(s, order)
	next := map[string]map[string]string{"held": {"OrderConfirmed": "sold", "OrderRejected": "gone"}, "sold": {"OrderCancelled": "gone", "OrderConfirmed": "sold"}}[x.held[id]][detailType]
	if next == "" {
		return
	}
	x.held[id] = next // the message comes again until it is through
	for try := 0; !x.tell(s, closed(detailType, id, by)); try++ {
		if x.engine.left = -1; try == 3 {
			x.t.Fatalf("%s of %s does not get through", detailType, id)
		}
	}
}

// deal delivers what the other region's items say, or what they said before.
func (x *escrow) deal(s *shop, all bool) {
	left := x.engine.left
	x.engine.left = -1
	items := s.items(s.region, "catalogue")
	x.engine.left = left
	for _, item := range items {
		kind, target := str(item, "type"), str(item, "target")
		if str(item, "sku") != x.sku || target != s.region || kind != "StockTransferred" && kind != "StockRequested" {
			continue
		}
		quantity := read[struct{ Quantity int64 }](s.t, map[string]platform.Item{"": item}, "").Quantity
		if !all {
			quantity = rapid.Int64Range(1, quantity).Draw(x.t, "older")
		}
		x.tell(s, onBus("twofold.inventory", kind, fmt.Sprintf(`{"sku":%q,"receiptId":"","region":%q,"target":%q,"quantity":"%d"}`, x.sku, str(item, "region"), target, quantity)))
	}
}

// replicate brings what each region wrote to the other.
func (x *escrow) replicate() {
	for from, to := range map[string]string{east: west, west: east} {
		s := x.shops[from]
		for _, item := range s.items(from, "catalogue") {
			if str(item, "region") != from || str(item, "pk") != "sku#"+x.sku {
				continue
			}
			if _, err := s.db(to).PutItem(s.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(s.table("catalogue")), Item: item}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// split gives the SKU more shards, as an instance does that finds them busy: never fewer. Each function is a new instance, which knows.
func (x *escrow) split(s *shop) {
	x.engine.left = -1
	_, err := s.db(s.region).UpdateItem(s.t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String(s.table("stock")),
		Key:              platform.Item{"pk": attr("sku#" + x.sku + "#0"), "sk": attr("shard")},
		UpdateExpression: aws.String("SET shards = :n"), ConditionExpression: aws.String("attribute_not_exists(shards) OR shards < :n"),
		ExpressionAttributeValues: platform.Item{":n": attrNumber(rapid.IntRange(2, 4).Draw(x.t, "shards") + 4)}})
	if _, more := platform.ConditionFailed(err); err != nil && !more {
		s.t.Fatal(err)
	}
}

func (x *escrow) check() (sum inventory.Counters) {
	x.t.Helper()
	x.engine.left = -1
	for _, region := range []string{east, west} {
		c := x.shops[region].counters(x.sku) // checks the equation
		sum.Received, sum.Got, sum.Available = sum.Received+c.Received, sum.Got+c.Got, sum.Available+c.Available
		sum.Held, sum.Consumed, sum.Given = sum.Held+c.Held, sum.Consumed+c.Consumed, sum.Given+c.Given
	}
	if sum.Got > sum.Given || sum.Available+sum.Held+sum.Consumed > sum.Received {
		x.t.Fatalf("more got than given, or more there than was received: %+v", sum)
	}
	return sum
}

// quiet lets everything come through, and then counts.
func (x *escrow) quiet() {
	x.engine.left = -1
	for range 12 { // as demand is forgotten, goods are evened out less and less
		for _, region := range []string{east, west} {
			s := x.shops[region]
			s.clock.Add(1e9)
			s.sweepOnce()
			x.replicate()
			x.deal(s, true)
		}
	}
	sum := x.check()
	if sum.Got != sum.Given || sum.Received != sum.Available+sum.Held+sum.Consumed {
		x.t.Fatalf("stock is lost between the regions: %+v", sum)
	}
	var sold int64
	for id, state := range x.held {
		var n int64
		if _, err := fmt.Sscan(id[len(id)-1:], &n); err != nil {
			x.t.Fatal(err)
		}
		if state == "sold" {
			sold += n
		}
	}
	if sum.Consumed != sold {
		x.t.Fatalf("consumed %d, sold %d", sum.Consumed, sold)
	}
}

func attr(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func attrNumber(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

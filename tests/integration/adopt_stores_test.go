package integration_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"twofold/internal/inventory"
	"twofold/internal/order"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// estate is what a region that is lost for good has left in the other's replicas, and who takes it over.
type estate struct {
	*regions
	adopt   lambda.Handler
	skus    map[string]*legacy
	longest time.Duration // that a call went on
	fails   func(format string, args ...any)
}

// legacy is what there is of a SKU. What is due is what came in less what went out.
type legacy struct {
	received, sold, gave, got int64
	receipts                  int
}

func (l *legacy) due() int64 { return l.received + l.got - l.sold - l.gave }

// openEstate has east lost, and west fence it in both services.
func openEstate(r *regions) *estate {
	orders := r.build(west, "order-work", order.NewAdopt)
	r.calls.functions[west+"/order-adopt"] = orders
	e := &estate{regions: r, adopt: r.build(west, "stock", inventory.NewAdopt), skus: map[string]*legacy{}, fails: r.t.Fatalf}
	for _, h := range []lambda.Handler{orders, e.adopt} {
		var got platform.FenceReport
		if err := r.invoke(h, map[string]any{"action": "fence", "apply": true}, &got); err != nil || !got.Applied {
			r.t.Fatalf("%+v %v", got, err)
		}
	}
	return e
}

// write puts items into a table of west, as replication did before east was lost, 25 at once.
func (e *estate) write(table string, items ...platform.Item) {
	var batch []types.WriteRequest
	for i, item := range items {
		batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		if len(batch) < 25 && i < len(items)-1 {
			continue
		}
		if _, err := e.db(west).BatchWriteItem(e.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{e.table(table): batch}}); err != nil {
			e.fails("%v", err)
		}
		batch = nil
	}
}

func (e *estate) of(sku string) *legacy {
	if e.skus[sku] == nil {
		e.skus[sku] = &legacy{}
		e.write("catalogue", platform.Item{"pk": attr("sku#" + sku), "sk": attr("product#" + east), "type": attr("ProductChanged"), "listing": attr("products"), "sku": attr(sku),
			"region": attr(east), "version": attrNumber(1), "title": attr("Tea"), "amount": attrNumber(790), "currency": attr("EUR"), "active": attr("true")})
	}
	return e.skus[sku]
}

// receive books goods for east.
func (e *estate) receive(sku string, quantity, times int) {
	l := e.of(sku)
	var items []platform.Item
	for range times {
		l.receipts++
		l.received += int64(quantity)
		id := fmt.Sprintf("asn-%d", l.receipts)
		items = append(items, platform.Item{"pk": attr("sku#" + sku), "sk": attr("receipt#" + id + "#" + east), "sku": attr(sku), "receiptId": attr(id), "region": attr(east),
			"target": attr(east), "quantity": attrNumber(quantity)})
	}
	e.write("catalogue", items...)
}

// facts are those of an order that east took, of one unit of each SKU.
func (e *estate) facts(id string, skus []string, kinds ...string) []platform.Item {
	var lines []types.AttributeValue
	for _, sku := range skus {
		lines = append(lines, &types.AttributeValueMemberM{Value: platform.Item{"sku": attr(sku), "quantity": attrNumber(1), "unitAmount": attrNumber(790)}})
	}
	var out []platform.Item
	for _, kind := range kinds {
		item := platform.Item{"pk": attr("order#" + id), "sk": attr("fact#" + kind + "#" + east), "kind": attr(kind), "orderId": attr(id), "region": attr(east), "home": attr(east),
			"at": attr(e.clock.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")), "amount": attrNumber(790), "currency": attr("EUR")}
		switch kind {
		case "placed":
			item["lines"] = &types.AttributeValueMemberL{Value: lines}
		case "confirmed", "cancelled":
			item["committedBy"] = attr(east)
		}
		out = append(out, item)
	}
	return out
}

// give is what east has told west that it gave it altogether.
func (e *estate) give(sku string, quantity int64) {
	l := e.of(sku)
	l.gave += quantity
	e.write("catalogue", platform.Item{"pk": attr("sku#" + sku), "sk": attr("transfer#" + east + "#" + west), "sku": attr(sku), "region": attr(east), "target": attr(west),
		"type": attr("StockTransferred"), "quantity": attrNumber(int(l.gave))})
}

// take is what west had given to east altogether, as its own books have it.
func (e *estate) take(sku string, quantity int64) {
	l := e.of(sku)
	l.got += quantity
	e.write("stock", platform.Item{"pk": attr("transfer#" + east), "sk": attr("given#" + sku), "quantity": attrNumber(int(l.got))})
}

// call is one call of the operator.
func (e *estate) call(apply bool) (res inventory.AdoptResult, err error) {
	e.clock.Add(time.Second)
	began := e.clock.Now()
	err = e.invoke(e.adopt, map[string]any{"action": "adopt", "apply": apply}, &res)
	e.longest = max(e.longest, e.clock.Now().Sub(began))
	return res, err
}

// all are calls until one says that there is no more to do; it answers how many units were taken over.
func (e *estate) all(apply bool) (units int64, calls int) {
	for more := true; more; calls++ {
		res, err := e.call(apply)
		if err != nil || res.Blocked != "" || res.Wrong > 0 {
			e.fails("%+v %v", res, err)
		}
		units, more = units+res.Units, res.More
	}
	return units, calls
}

// check holds west's stock against what is due: never more, and with whole all of it.
func (e *estate) check(whole bool) {
	for sku, l := range e.skus {
		var c inventory.Counters
		for shard := range 4 {
			row := e.item("stock", fmt.Sprintf("sku#%s#%d", sku, shard), "shard")
			for name, to := range map[string]*int64{"available": &c.Available, "got": &c.Got} {
				if n, ok := row[name].(*types.AttributeValueMemberN); ok {
					var v int64
					if _, err := fmt.Sscan(n.Value, &v); err != nil {
						e.fails("%v", err)
					}
					*to += v
				}
			}
		}
		if most := l.due() + l.gave; c.Available != c.Got || c.Available > most || whole && c.Available != most {
			e.fails("%s: west has %+v of %d that are due and %d that it was given", sku, c, l.due(), l.gave)
		}
	}
}

func (e *estate) item(table, pk, sk string) platform.Item {
	res, err := e.db(west).GetItem(e.t.Context(), &dynamodb.GetItemInput{TableName: aws.String(e.table(table)), Key: platform.Item{"pk": attr(pk), "sk": attr(sk)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		e.fails("%v", err)
	}
	return res.Item
}

// Whatever call the adopting function dies at, before or after it was done: what is due is credited once.
func TestWhatIsAdoptedIsExactWhateverDies(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		engine := &crashing{RoundTripper: r.calls.dynamodb, left: -1}
		r.calls.dynamodb = engine
		e := openEstate(r)
		r.property(t, func(rt *rapid.T, n int) {
			e.fails, e.skus = rt.Fatalf, map[string]*legacy{}
			e.bequeath(rt, n)
			for tries := 0; ; tries++ {
				engine.left, engine.after = rapid.IntRange(0, 12+tries).Draw(rt, "dies at call"), rapid.Bool().Draw(rt, "after it")
				res, err := e.call(true)
				engine.left = -1
				e.check(false)
				if err == nil && !res.More {
					break
				}
			}
			e.check(true)
			if units, _ := e.all(true); units != 0 {
				rt.Fatalf("%d units are adopted again", units)
			}
			e.check(true)
		})
	})
}

// bequeath draws what east leaves: of some SKUs more than one page of orders.
func (e *estate) bequeath(rt *rapid.T, n int) {
	var skus []string
	for i := range rapid.IntRange(1, 4).Draw(rt, "SKUs") {
		sku := fmt.Sprintf("TEA-%d-%d", n, i)
		skus = append(skus, sku)
		e.receive(sku, rapid.IntRange(5, 9).Draw(rt, "quantity"), rapid.IntRange(1, 4).Draw(rt, "receipts"))
		e.take(sku, rapid.Int64Range(0, 3).Draw(rt, "got"))
		e.give(sku, rapid.Int64Range(1, 2).Draw(rt, "gave"))
	}
	for i := range rapid.IntRange(0, 5).Draw(rt, "orders") {
		sku := rapid.SampledFrom(skus).Draw(rt, "of")
		kinds := rapid.SampledFrom([][]string{{"placed", "confirmed"}, {"placed", "rejected"}, {"placed", "confirmed", "cancelled"}}).Draw(rt, "became")
		if len(kinds) == 2 && kinds[1] == "confirmed" && e.skus[sku].due() > 0 {
			e.skus[sku].sold++
		} else if kinds[1] == "confirmed" {
			kinds = []string{"placed", "confirmed", "cancelled"}
		}
		e.write("orders", e.facts(fmt.Sprintf("ord_%d_%d", n, i), []string{sku}, kinds...)...)
	}
}

// Many orders, many SKUs, and a SKU with many receipts: no call goes on for long, and no item grows with them.
func TestAdoptingIsDoneInStepsWhateverItsSize(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		size := map[string]int{localEngine: 1, publicEngine: 20}[r.engine] // DynamoDB Local takes milliseconds for a call
		e := openEstate(r)
		skus := 1000 / size
		for i := range skus {
			e.receive(fmt.Sprintf("TEA-%d", i), 100, 1)
		}
		e.receive("CUP", 3, 4000/size)
		e.write("orders", e.many(20_000/size, skus)...)
		r.calls.dynamodb = slow{r.calls.dynamodb, r.clock, 10 * time.Millisecond}
		units, calls := e.all(true)
		var due int64
		for _, l := range e.skus {
			due += l.due()
		}
		if units != due || calls < 3 && size == 1 || e.longest > time.Minute {
			t.Errorf("%d units of %d in %d calls, the longest %v", units, due, calls, e.longest)
		}
		e.check(true)
		if largest := r.largestItem(); largest > 20_000 {
			t.Errorf("an item has %d bytes", largest)
		}
	})
}

// many are confirmed orders, each of two SKUs.
func (e *estate) many(orders, skus int) (out []platform.Item) {
	for i := range orders {
		pair := []string{fmt.Sprintf("TEA-%d", i%skus), fmt.Sprintf("TEA-%d", (i*7+1)%skus)}
		for _, sku := range pair {
			e.skus[sku].sold++
		}
		out = append(out, e.facts(fmt.Sprintf("ord_%d", i), pair, "placed", "confirmed")...)
	}
	return out
}

// slow has the clock move with each call of the engine.
type slow struct {
	http.RoundTripper
	clock *clocktest.Clock
	takes time.Duration
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.clock.Add(s.takes)
	return s.RoundTripper.RoundTrip(r)
}

// largestItem is about how many bytes the largest item has that west keeps.
func (r *regions) largestItem() (largest int) {
	for _, table := range []string{"stock", "catalogue"} {
		for _, item := range r.items(west, table) {
			var v map[string]any
			if err := attributevalue.UnmarshalMap(item, &v); err != nil {
				r.t.Fatal(err)
			}
			largest = max(largest, len(fmt.Sprint(v)))
		}
	}
	return largest
}

package order

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var errDown = errors.New("connection refused")

// testTable is one region's tables in memory, for the operations of the API. Its conditional puts know attribute_not_exists alone.
type testTable struct {
	database // operations that a test does not expect panic
	items    map[string]platform.Item
	down     error
	writes   int     // puts into the table of orders that were tried
	answers  []error // of the next puts, instead of doing them; nil does
	before   func()  // runs before the next put
}

func newTestTable() *testTable { return &testTable{items: make(map[string]platform.Item)} }

func path(item platform.Item) string { return keyPart(item, "pk") + "|" + keyPart(item, "sk") }

func (t *testTable) put(items ...platform.Item) {
	for _, item := range items {
		t.items[path(item)] = item
	}
}

func (t *testTable) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if aws.ToString(in.IndexName) == customerIndex {
		return t.queryCustomer(in), t.down
	}
	pk := in.ExpressionAttributeValues[":pk"].(*types.AttributeValueMemberS).Value
	out := &dynamodb.QueryOutput{}
	for p, item := range t.items {
		if strings.HasPrefix(p, pk+"|") {
			out.Items = append(out.Items, item)
		}
	}
	return out, t.down
}

// queryCustomer is a page of the index, newest first. Like DynamoDB it says that there may be more when the page is full.
func (t *testTable) queryCustomer(in *dynamodb.QueryInput) *dynamodb.QueryOutput {
	var keys []platform.Item
	for _, item := range t.items {
		if item["listed"] != nil && reflect.DeepEqual(item["customer"], in.ExpressionAttributeValues[":customer"]) {
			keys = append(keys, platform.Item{"pk": item["pk"], "sk": item["sk"], "customer": item["customer"], "listed": item["listed"]})
		}
	}
	order := func(a, b platform.Item) int {
		return cmp.Or(cmp.Compare(keyPart(b, "listed"), keyPart(a, "listed")), cmp.Compare(keyPart(b, "sk"), keyPart(a, "sk")))
	}
	slices.SortFunc(keys, order)
	if start := in.ExclusiveStartKey; start != nil {
		keys = slices.DeleteFunc(keys, func(k platform.Item) bool { return order(k, start) <= 0 })
	}
	out := &dynamodb.QueryOutput{Items: keys}
	if limit := int(aws.ToInt32(in.Limit)); len(keys) >= limit {
		out.Items, out.LastEvaluatedKey = keys[:limit], keys[limit-1]
	}
	return out
}

func (t *testTable) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{Responses: make(map[string][]platform.Item)}
	for table, ask := range in.RequestItems {
		for _, key := range ask.Keys {
			if item, ok := t.items[path(key)]; ok {
				out.Responses[table] = append(out.Responses[table], item)
			}
		}
	}
	return out, t.down
}

// PutItem knows two conditions: that there is no item, and that of an erasure.
func (t *testTable) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if aws.ToString(in.TableName) == "orders" {
		t.writes++
	}
	if f := t.before; f != nil {
		t.before = nil
		f()
	}
	if t.down != nil {
		return nil, t.down
	}
	if len(t.answers) > 0 {
		err := t.answers[0]
		t.answers = t.answers[1:]
		if err != nil {
			return nil, err
		}
	}
	there, taken := t.items[path(in.Item)]
	if strings.HasPrefix(aws.ToString(in.ConditionExpression), "attribute_exists(pk)") {
		taken = !taken || isErased(there)
	}
	if taken {
		return nil, &types.ConditionalCheckFailedException{Item: there}
	}
	t.put(in.Item)
	return &dynamodb.PutItemOutput{}, nil
}

// testCatalogue knows products by SKU.
type testCatalogue struct {
	products map[string]price
	err      error
	asked    int
}

func (c *testCatalogue) product(_ context.Context, sku string) (price, bool, error) {
	c.asked++
	p, ok := c.products[sku]
	return p, ok, c.err
}

// testPeer is the peer's replica without its clock, breaker and deadline, which package platform tests.
type testPeer struct{ table *testTable }

func (p *testPeer) Copy(ctx context.Context, items ...platform.Item) platform.Durability {
	for _, item := range items {
		stored, err := platform.PutOnce(ctx, p.table, "orders", item)
		if err != nil || !reflect.DeepEqual(stored.Item, item) {
			return platform.InOneRegion
		}
	}
	return platform.InTwoRegions
}

// shop is a region's intake over its own table and the peer's.
type shop struct {
	*intake
	own, peers *testTable
	catalogue  *testCatalogue
	clock      *clocktest.Clock
}

func newShop(region, peer string, own, peers *testTable) *shop {
	s := &shop{own: own, peers: peers, catalogue: &testCatalogue{products: make(map[string]price)}, clock: clocktest.At(noon)}
	s.intake = &intake{
		region: region, peerRegion: peer, peer: &testPeer{peers}, catalogue: s.catalogue, fees: testFees(), clock: s.clock, log: slog.New(slog.DiscardHandler),
		store: &store{db: own, clock: s.clock, orders: "orders", work: "order-work"},
	}
	s.sell("MUG", 1250)
	s.sell("TEA-250", 899)
	return s
}

// testFees are cheap, and free with express, so that an order can cost too little.
func testFees() feeTable {
	return feeTable{"standard": {"EUR": 490}, "express": {"EUR": 0}}
}

// recorder appends facts in the shop's region and the peer's.
func (s *shop) recorder() recorder {
	return recorder{region: s.region, facts: s.tables(), peer: &testPeer{s.peers}, clock: s.clock}
}

func (s *shop) tables() *store {
	return &store{db: s.own, clock: s.clock, orders: "orders", work: "order-work"}
}

// append writes a fact of an order as the saga of the shop's region would.
func (s *shop) append(t *testing.T, id string, kind fact.Kind) {
	t.Helper()
	f := fact.Fact{OrderID: id, Kind: kind, Region: s.region, Home: s.region, At: s.clock.Now()}
	if kind == fact.Confirmed {
		f.CommittedBy, f.PlacedRegion = s.region, s.region
	}
	if _, err := s.tables().append(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// sell puts a price into the read model.
func (s *shop) sell(sku string, amount int64) {
	item := priceKey(sku)
	item["sku"], item["amount"], item["currency"] = str(sku), num(amount), str("EUR")
	item["active"], item["version"], item["region"] = &types.AttributeValueMemberBOOL{Value: true}, num(1), str(east)
	s.own.put(item)
}

func goodRequest() request {
	return request{
		Lines:    []lineRequest{{SKU: "MUG", Quantity: 2}, {SKU: "TEA-250", Quantity: 1}},
		Currency: "EUR",
		Payment:  paymentRequest{Method: "pm_card_visa"},
		Shipping: shippingRequest{Method: "standard", Name: "Ada Lovelace", Email: "ada@example.com", Address: address{
			Line1: "12 St James's Square", City: "London", PostalCode: "SW1Y 4JH", Country: "GB",
		}},
	}
}

func goodApplication() application {
	return application{customer: "cust-1", paymentCustomer: "cus_1", key: "key-1", body: goodRequest()}
}

func placedFact(id, region string, at time.Time) fact.Fact {
	return fact.Fact{
		OrderID: id, Kind: fact.Placed, Region: region, Home: region, At: at, Customer: "cust-1",
		Lines: []fact.Line{{SKU: "MUG", Quantity: 2, UnitAmount: 1250}}, Amount: money.Money{Amount: 2500, Currency: "EUR"},
		ShippingMethod: "standard", PaymentMethod: "pm_card_visa", PaymentCustomer: "cus_1", PaymentVersion: 1,
	}
}

// throttled is DynamoDB's answer to too many calls.
type throttled struct{}

func (throttled) Error() string                 { return "slow down" }
func (throttled) ErrorCode() string             { return "ThrottlingException" }
func (throttled) ErrorMessage() string          { return "slow down" }
func (throttled) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }

package order

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// store is both tables of the service in this region. A function that does not use one of them leaves its name empty.
type store struct {
	db     database
	clock  platform.Clock
	orders string // the global table: facts, persons
	work   string // this region's own: prices, keys, cursors, retry list
}

// database is what the store uses of a DynamoDB client.
type database interface {
	platform.Putter
	dynamodb.QueryAPIClient
	BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
}

// How often a call is made again that was answered in part, and the pause before.
const (
	tries = 4
	pause = 25 * time.Millisecond
)

// acceptance is what a region stores when it takes an order, and copies to the peer.
type acceptance struct {
	placed, person platform.Item
}

// record is all that this region's replica holds of an order.
type record struct {
	facts []fact.Fact
	items map[string]platform.Item // as stored, by sort key
}

// acceptance is what a region stored when it took the order; false unless both placed fact and person are seen here.
func (r record) acceptance(orderID, region string) (acceptance, bool) {
	a := acceptance{
		placed: r.items[keyPart(factKey(orderID, fact.Placed, region), "sk")],
		person: r.items[keyPart(personKey(orderID, region), "sk")],
	}
	return a, a.placed != nil && a.person != nil
}

// whole reports whether the person has arrived here too, or what is left of one that was erased: the order can be sent, and somebody told of it.
func (r record) whole() bool {
	for sk := range r.items {
		if strings.HasPrefix(sk, personPrefix) {
			return true
		}
	}
	return false
}

// load reads an order: one consistent Query of its partition. An order that is not known has no facts.
func (s *store) load(ctx context.Context, orderID string) (record, error) {
	return s.read(ctx, orderID, true)
}

// glance is load at half the price: it may miss what was written a moment ago.
func (s *store) glance(ctx context.Context, orderID string) (record, error) {
	return s.read(ctx, orderID, false)
}

func (s *store) read(ctx context.Context, orderID string, consistent bool) (record, error) {
	items, err := s.query(ctx, &dynamodb.QueryInput{
		TableName: &s.orders, ConsistentRead: &consistent, KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: platform.Item{":pk": str(orderPrefix + orderID)},
	})
	if err != nil {
		return record{}, err
	}
	rec := record{items: make(map[string]platform.Item, len(items))}
	for _, item := range items {
		sk := keyPart(item, "sk")
		rec.items[sk] = item
		if !strings.HasPrefix(sk, factPrefix) {
			continue
		}
		f, err := itemFact(item)
		if err != nil {
			return record{}, platform.Wrap(platform.Internal, err)
		}
		rec.facts = append(rec.facts, f)
	}
	return rec, nil
}

// create stores an acceptance in this region's replica under the customer's key. What this region has stored of it before stays and is the
// answer; if the key made another order here, that is an IdempotencyMismatch and nothing is written.
//
// The three items are put one after the other, the fact last: a transaction would cost twice (an order is nothing before its fact). Who dies in
// between leaves a key that names the order, and perhaps its person; the same request goes on from there.
func (s *store) create(ctx context.Context, key platform.Item, a acceptance) (stored acceptance, created bool, err error) {
	if err := s.use(ctx, key); err != nil {
		return acceptance{}, false, err
	}
	person, err := platform.PutOnce(ctx, s.db, s.orders, a.person)
	if err != nil {
		return acceptance{}, false, platform.FromAWS(err)
	}
	placed, err := platform.PutOnce(ctx, s.db, s.orders, a.placed)
	if err != nil {
		return acceptance{}, false, platform.FromAWS(err)
	}
	return acceptance{placed: placed.Item, person: person.Item}, !placed.Existed, nil
}

// use notes which order a key made here; an IdempotencyMismatch if it made another one.
func (s *store) use(ctx context.Context, key platform.Item) error {
	under, err := platform.PutOnce(ctx, s.db, s.work, key)
	if err == nil && orderIDOf(under.Item) != orderIDOf(key) {
		return mismatch()
	}
	return platform.FromAWS(err)
}

func mismatch() error {
	return &platform.Error{Code: platform.IdempotencyMismatch, Violations: []platform.Violation{{
		Pointer: "Idempotency-Key", Detail: "this key was used for another order: send the same body again, or a new key for a new order",
	}}}
}

// append writes a fact once and answers what stands there. A fact of that kind that this region wrote before stays and counts.
func (s *store) append(ctx context.Context, f fact.Fact) (platform.Item, error) {
	stored, err := platform.PutOnce(ctx, s.db, s.orders, factItem(f))
	return stored.Item, platform.FromAWS(err)
}

// lookup is a request as its store sees it.
type lookup struct {
	digest, orderID, peer string
	skus                  []string
}

// knowledge is what a region knows beforehand about a request.
type knowledge struct {
	under  string           // the order that the customer's key made here; "" for none
	taken  bool             // the peer has taken the very order: its fact stands here
	prices map[string]price // by SKU
}

// known looks up in one call what bears upon a request: the order that its key made here, whether the peer has taken the very order, and the
// prices of its SKUs. It may miss what was written a moment ago.
func (s *store) known(ctx context.Context, l lookup) (knowledge, error) {
	work := []platform.Item{requestKey(l.digest)}
	for _, sku := range l.skus {
		work = append(work, priceKey(sku))
	}
	found, err := s.batchGet(ctx, map[string]types.KeysAndAttributes{s.orders: {Keys: []platform.Item{factKey(l.orderID, fact.Placed, l.peer)}}, s.work: {Keys: work}})
	if err != nil {
		return knowledge{}, err
	}
	k := knowledge{taken: len(found[s.orders]) > 0, prices: make(map[string]price, len(l.skus))}
	for _, item := range found[s.work] {
		if strings.HasPrefix(keyPart(item, "pk"), requestPrefix) {
			k.under = orderIDOf(item)
			continue
		}
		p, err := itemPrice(item)
		if err != nil {
			return knowledge{}, platform.Wrap(platform.Internal, err)
		}
		k.prices[p.SKU] = p
	}
	return k, nil
}

// indexPage is how many orders one look at the sweep index shows.
const indexPage = 1000

// spot is an order as the sweep index shows it.
type spot struct {
	orderID string
	at      time.Time // when it was placed, or was to be cancelled
}

// indexed are the first indexPage orders of a shard of a list that come after a place and before a time, as far as the sweep index shows
// them, by time; and whether there may be more.
func (s *store) indexed(ctx context.Context, home string, l list, shard int, from place, end time.Time) ([]spot, bool, error) {
	key := str(sweepKey(l.name, shard))
	in := &dynamodb.QueryInput{
		TableName: &s.orders, IndexName: aws.String(sweepIndex), Limit: aws.Int32(indexPage),
		KeyConditionExpression:   aws.String("sweep = :list AND #at BETWEEN :from AND :to"),
		ExpressionAttributeNames: map[string]string{"#at": "at"},
		ExpressionAttributeValues: platform.Item{
			":list": key, ":from": stamp(from.before), ":to": stamp(end.Add(-time.Millisecond))},
	}
	if from.after != "" {
		in.ExclusiveStartKey = factKey(from.after, l.kind, home)
		in.ExclusiveStartKey["sweep"], in.ExclusiveStartKey["at"] = key, stamp(from.before)
	}
	res, err := s.db.Query(ctx, in)
	if err != nil {
		return nil, false, platform.FromAWS(err)
	}
	spots := make([]spot, len(res.Items))
	for i, item := range res.Items {
		r := reader{item: item}
		spots[i] = spot{orderOf(item), r.time("at")}
		if err := errors.Join(r.wrong...); err != nil {
			return nil, false, platform.Wrap(platform.Internal, err)
		}
	}
	return spots, res.LastEvaluatedKey != nil, nil
}

// batchLimit is how many items one BatchGetItem may ask for.
const batchLimit = 100

// confirmed tells who committed those of at most batchLimit orders of which this region sees the confirmed fact of their home.
func (s *store) confirmed(ctx context.Context, home string, orderIDs []string) (map[string]string, error) {
	var keys []platform.Item
	for _, id := range orderIDs {
		keys = append(keys, factKey(id, fact.Confirmed, home))
	}
	found, err := s.batchGet(ctx, map[string]types.KeysAndAttributes{s.orders: {Keys: keys, ProjectionExpression: aws.String("pk, committedBy")}})
	out := make(map[string]string, len(found[s.orders]))
	for _, item := range found[s.orders] {
		r := reader{item: item}
		out[orderOf(item)] = r.str("committedBy")
	}
	return out, err
}

// finished are those of some orders of which a region of these tells that the goods have left, or that they were called off.
func (s *store) finished(ctx context.Context, regions, orderIDs []string) (map[string]bool, error) {
	var keys []platform.Item
	for _, id := range orderIDs {
		for _, region := range regions {
			keys = append(keys, factKey(id, fact.Dispatched, region), factKey(id, fact.Cancelled, region))
		}
	}
	out := make(map[string]bool, len(orderIDs))
	for some := range slices.Chunk(keys, batchLimit) {
		found, err := s.batchGet(ctx, map[string]types.KeysAndAttributes{s.orders: {Keys: some, ProjectionExpression: aws.String("pk")}})
		if err != nil {
			return nil, err
		}
		for _, item := range found[s.orders] {
			out[orderOf(item)] = true
		}
	}
	return out, nil
}

// query reads all pages.
func (s *store) query(ctx context.Context, in *dynamodb.QueryInput) ([]platform.Item, error) {
	var items []platform.Item
	for pages := dynamodb.NewQueryPaginator(s.db, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

var errUnprocessed = errors.New("BatchGetItem left keys unprocessed")

// batchGet reads items of several tables and asks again for keys that DynamoDB left for later.
func (s *store) batchGet(ctx context.Context, ask map[string]types.KeysAndAttributes) (map[string][]platform.Item, error) {
	found := make(map[string][]platform.Item, len(ask))
	for try := 1; len(ask) > 0; try++ {
		if try > tries {
			return nil, platform.Wrap(platform.Throttled, errUnprocessed)
		}
		if try > 1 {
			if err := s.clock.Sleep(ctx, pause); err != nil {
				return nil, platform.Wrap(platform.Unavailable, err)
			}
		}
		res, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		for table, items := range res.Responses {
			found[table] = append(found[table], items...)
		}
		ask = res.UnprocessedKeys
	}
	return found, nil
}

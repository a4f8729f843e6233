package order

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// price is what a product costs, as far as this region has heard.
type price struct {
	SKU     string
	Money   money.Money // for one piece
	Active  bool        // it is for sale
	Version int64
	Region  string // who wrote this version; the highest (version, region) wins
}

func itemPrice(item platform.Item) (price, error) {
	r := reader{item: item}
	p := price{
		SKU: r.str("sku"), Money: money.Money{Amount: r.num("amount"), Currency: r.str("currency")},
		Active: r.bool("active"), Version: r.num("version"), Region: r.str("region"),
	}
	return p, errors.Join(r.wrong...)
}

// keep stores a price unless a newer version of it, or this one, stands there.
func (s *store) keep(ctx context.Context, p price) error {
	item := priceKey(p.SKU)
	item["sku"], item["amount"], item["currency"] = str(p.SKU), num(p.Money.Amount), str(p.Money.Currency)
	item["active"] = &types.AttributeValueMemberBOOL{Value: p.Active}
	item["version"], item["region"] = num(p.Version), str(p.Region)
	return s.putIf(ctx, item, "attribute_not_exists(#pk) OR #version < :version OR (#version = :version AND #region < :region)",
		map[string]string{"#pk": "pk", "#version": "version", "#region": "region"},
		platform.Item{":version": num(p.Version), ":region": str(p.Region)})
}

// cursors are how far the passes over a home's lists have come: one item, so that a run of the sweep reads and writes it once.
func (s *store) cursors(ctx context.Context, home string) (cursors, error) {
	c := cursors{places: make(map[string]place)}
	res, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.work, Key: cursorKey(home), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return c, platform.FromAWS(err)
	}
	r := reader{item: res.Item}
	c.version, c.seen = r.num("version"), r.time("seen")
	places := reader{item: r.sub("places")}
	for name := range places.item {
		at, after, _ := strings.Cut(places.str(name), "#")
		t, err := time.Parse(timeForm, at)
		if err != nil {
			return c, platform.Wrap(platform.Internal, err)
		}
		c.places[name] = place{before: t, after: after}
	}
	if err := errors.Join(append(r.wrong, places.wrong...)...); err != nil {
		return c, platform.Wrap(platform.Internal, err)
	}
	return c, nil
}

// advance keeps cursors, unless another run has since they were read: what that one has done counts, and what this one has is done again.
func (s *store) advance(ctx context.Context, home string, c cursors) error {
	places := make(platform.Item, len(c.places))
	for name, p := range c.places {
		text := p.before.UTC().Format(timeForm)
		if p.after != "" {
			text += "#" + p.after
		}
		places[name] = str(text)
	}
	item := cursorKey(home)
	item["places"], item["version"] = &types.AttributeValueMemberM{Value: places}, num(c.version+1)
	if !c.seen.IsZero() {
		item["seen"] = stamp(c.seen)
	}
	return s.putIf(ctx, item, "attribute_not_exists(#pk) OR #version = :version",
		map[string]string{"#pk": "pk", "#version": "version"}, platform.Item{":version": num(c.version)})
}

// entry is an order on the retry list.
type entry struct {
	OrderID string
	Due     time.Time // when it is looked at next
	Tries   int       // how often it has been tried
}

// enlist puts at most batchLimit orders on the list, due at once. Those that stand there stay as they are.
func (s *store) enlist(ctx context.Context, home string, orderIDs []string, now time.Time) error {
	var keys []platform.Item
	for _, id := range orderIDs {
		keys = append(keys, retryKey(home, id))
	}
	found, err := s.batchGet(ctx, map[string]types.KeysAndAttributes{s.work: {Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("sk")}})
	if err != nil {
		return err
	}
	stands := make(map[string]bool, len(orderIDs))
	for _, item := range found[s.work] {
		stands[keyPart(item, "sk")] = true
	}
	var c changes
	for _, id := range orderIDs {
		if !stands[id] {
			c.put = append(c.put, entry{OrderID: id, Due: now})
		}
	}
	return s.change(ctx, home, c)
}

// due are the orders of a home that are to be looked at now, those that have waited longest first.
func (s *store) due(ctx context.Context, home string, now time.Time) ([]entry, error) {
	items, err := s.query(ctx, &dynamodb.QueryInput{
		TableName: &s.work, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :pk"), FilterExpression: aws.String("#due <= :now"),
		ExpressionAttributeNames:  map[string]string{"#due": "due"},
		ExpressionAttributeValues: platform.Item{":pk": str(retryPrefix + home), ":now": num(now.UnixMilli())},
	})
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(items))
	for i, item := range items {
		r := reader{item: item}
		entries[i] = entry{OrderID: keyPart(item, "sk"), Due: time.UnixMilli(r.num("due")), Tries: int(r.num("tries"))}
		if err := errors.Join(r.wrong...); err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.OrderID, b.OrderID)) })
	return entries, nil
}

// writeLimit is how many items one BatchWriteItem may write.
const writeLimit = 25

var errUnwritten = errors.New("BatchWriteItem left items unprocessed")

// change writes to a list, as many items in a call as may be.
func (s *store) change(ctx context.Context, home string, c changes) error {
	var writes []types.WriteRequest
	for _, e := range c.put {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: entryItem(home, e)}})
	}
	for _, id := range c.drop {
		writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: retryKey(home, id)}})
	}
	for some := range slices.Chunk(writes, writeLimit) {
		if err := s.batchWrite(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// batchWrite writes at most writeLimit items of the work table and sends again what DynamoDB left for later.
func (s *store) batchWrite(ctx context.Context, writes []types.WriteRequest) error {
	for try := 1; len(writes) > 0; try++ {
		if try > tries {
			return platform.Wrap(platform.Throttled, errUnwritten)
		}
		if try > 1 {
			if err := s.clock.Sleep(ctx, pause); err != nil {
				return platform.Wrap(platform.Unavailable, err)
			}
		}
		res, err := s.db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.work: writes}})
		if err != nil {
			return platform.FromAWS(err)
		}
		writes = res.UnprocessedItems[s.work]
	}
	return nil
}

func entryItem(home string, e entry) platform.Item {
	item := retryKey(home, e.OrderID)
	item["due"], item["tries"] = num(e.Due.UnixMilli()), num(int64(e.Tries))
	return item
}

// putIf puts an item into the work table on a condition; that it is not met is no error.
func (s *store) putIf(ctx context.Context, item platform.Item, condition string, names map[string]string, values platform.Item) error {
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.work, Item: item, ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	if _, failed := platform.ConditionFailed(err); failed {
		return nil
	}
	return platform.FromAWS(err)
}

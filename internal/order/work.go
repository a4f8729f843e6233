package order

import (
	"cmp"
	"context"
	"errors"
	"slices"
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

// cursor is the last minute that a pass over a list has done; zero if it has done none.
func (s *store) cursor(ctx context.Context, list string, pass int) (time.Time, error) {
	res, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.work, Key: cursorKey(list, pass), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return time.Time{}, platform.FromAWS(err)
	}
	r := reader{item: res.Item}
	minute := r.str("minute")
	if minute == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(minuteForm, minute)
	if err != nil {
		return time.Time{}, platform.Wrap(platform.Internal, err)
	}
	return t, nil
}

// advance moves a cursor forward; one that another run has moved further stays.
func (s *store) advance(ctx context.Context, list string, pass int, minute time.Time) error {
	item := cursorKey(list, pass)
	item["minute"] = str(minute.UTC().Format(minuteForm))
	return s.putIf(ctx, item, "attribute_not_exists(#pk) OR #minute < :minute",
		map[string]string{"#pk": "pk", "#minute": "minute"}, platform.Item{":minute": item["minute"]})
}

// entry is an order on the retry list.
type entry struct {
	OrderID string
	Due     time.Time // when it is looked at next
	Tries   int       // how often it has been tried
}

// enlist puts an order on the list, due at once. One that stands there stays as it is.
func (s *store) enlist(ctx context.Context, home, orderID string, now time.Time) error {
	return s.putIf(ctx, entryItem(home, entry{OrderID: orderID, Due: now}), "attribute_not_exists(#pk)", map[string]string{"#pk": "pk"}, nil)
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

// postpone sets when an order is looked at next.
func (s *store) postpone(ctx context.Context, home string, e entry) error {
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.work, Item: entryItem(home, e)})
	return platform.FromAWS(err)
}

// delist takes an order off the list.
func (s *store) delist(ctx context.Context, home, orderID string) error {
	_, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.work, Key: retryKey(home, orderID)})
	return platform.FromAWS(err)
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

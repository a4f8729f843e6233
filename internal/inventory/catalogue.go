package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// Product is what the shop sells under a SKU. Each region writes versions of its own; the highest (version, region)
// counts, so that both regions agree once they have seen the same.
type Product struct {
	SKU     string
	Title   string
	Price   money.Money
	Active  bool
	Version int64
	Region  string // which wrote this version
}

// ETag names the version.
func (p Product) ETag() string { return fmt.Sprintf("%q", fmt.Sprintf("%d.%s", p.Version, p.Region)) }

// latest is the version that counts; false if there is none.
func latest(versions []Product) (Product, bool) {
	if len(versions) == 0 {
		return Product{}, false
	}
	return slices.MaxFunc(versions, func(a, b Product) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Region, b.Region))
	}), true
}

// Receipt is goods that arrived for one region.
type Receipt struct {
	SKU      string `dynamodbav:"sku"`
	ID       string `dynamodbav:"receiptId"`
	Quantity int64  `dynamodbav:"quantity"`
	Target   string `dynamodbav:"target"` // the region that credits it
	Region   string `dynamodbav:"region"` // which wrote it
}

// sameGoods reports whether two receipts of one id say the same, whoever wrote them.
func (r Receipt) sameGoods(o Receipt) bool {
	return r.SKU == o.SKU && r.ID == o.ID && r.Quantity == o.Quantity && r.Target == o.Target
}

// Detail types of the catalogue's events; the pipes' filters go by them.
const (
	typeProduct = "ProductChanged"
	typeReceipt = "StockReceived"
)

// productItem is a product as the catalogue keeps it. Active is a string because the pipe's template passes strings.
type productItem struct {
	PK       string `dynamodbav:"pk"`
	SK       string `dynamodbav:"sk"`
	Type     string `dynamodbav:"type"`
	Listing  string `dynamodbav:"listing"`
	SKU      string `dynamodbav:"sku"`
	Region   string `dynamodbav:"region"`
	Version  int64  `dynamodbav:"version"`
	Title    string `dynamodbav:"title"`
	Amount   int64  `dynamodbav:"amount"`
	Currency string `dynamodbav:"currency"`
	Active   string `dynamodbav:"active"`
}

func (i productItem) product() Product {
	return Product{SKU: i.SKU, Title: i.Title, Price: money.Money{Amount: i.Amount, Currency: i.Currency},
		Active: i.Active == "true", Version: i.Version, Region: i.Region}
}

// catalogueTable is the global table of products and receipts as this region's replica has it.
type catalogueTable struct {
	db     platform.Tables
	name   string
	region string
	both   *platform.TwoRegions // only where receipts are written
}

// Versions are all regions' versions of a product.
func (t catalogueTable) Versions(ctx context.Context, sku string) ([]Product, error) {
	var items []productItem
	if err := t.query(ctx, sku, productSK, &items); err != nil {
		return nil, err
	}
	return products(items), nil
}

func products(items []productItem) []Product {
	out := make([]Product, len(items))
	for i, item := range items {
		out[i] = item.product()
	}
	return out
}

// writers is how many regions may each have written a version of a product.
const writers = 2

// Page is a part of the list of products by SKU: at most limit that come after a SKU ("" for the beginning), and whether there are
// more. The index may lag behind the table by a moment. As many items as limit+1 products can have hold that many products, or all
// that are left; so none of the first limit is cut in two.
func (t catalogueTable) Page(ctx context.Context, after string, limit int) (page []Product, more bool, err error) {
	res, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, IndexName: aws.String(productsIndex), Limit: aws.Int32(int32(writers * (limit + 1))),
		KeyConditionExpression:    aws.String("listing = :listed AND pk > :after"),
		ExpressionAttributeValues: platform.Item{":listed": str(listed), ":after": str(skuPK(after))},
	})
	if err != nil {
		return nil, false, platform.FromAWS(err)
	}
	var items []productItem
	if err := attributevalue.UnmarshalListOfMaps(res.Items, &items); err != nil {
		return nil, false, platform.Wrap(platform.Internal, err)
	}
	all := latestOfEach(products(items))
	return all[:min(limit, len(all))], len(all) > limit, nil
}

// latestOfEach are the versions that count, out of versions in the order of their SKUs.
func latestOfEach(versions []Product) []Product {
	var out []Product
	for len(versions) > 0 {
		n := slices.IndexFunc(versions, func(p Product) bool { return p.SKU != versions[0].SKU })
		if n < 0 {
			n = len(versions)
		}
		counts, _ := latest(versions[:n])
		out, versions = append(out, counts), versions[n:]
	}
	return out
}

// PutVersion writes this region's version of a product in place of the one that was seen (0 for none); false if another
// has been written since.
func (t catalogueTable) PutVersion(ctx context.Context, p Product, seen int64) (bool, error) {
	item, err := attributevalue.MarshalMap(productItem{
		PK: skuPK(p.SKU), SK: productSK + t.region, Type: typeProduct, Listing: listed, SKU: p.SKU, Region: t.region,
		Version: p.Version, Title: p.Title, Amount: p.Price.Amount, Currency: p.Price.Currency, Active: strconv.FormatBool(p.Active)})
	if err != nil {
		return false, platform.Wrap(platform.Internal, err)
	}
	in := &dynamodb.PutItemInput{TableName: &t.name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	if seen > 0 {
		in.ConditionExpression = aws.String("#version = :seen")
		in.ExpressionAttributeNames = map[string]string{"#version": "version"}
		in.ExpressionAttributeValues = platform.Item{":seen": num(seen)}
	}
	_, err = t.db.PutItem(ctx, in)
	if _, failed := platform.ConditionFailed(err); failed {
		return false, nil
	}
	return err == nil, platform.FromAWS(err)
}

// Receipts are the receipts of an id, at most one of each region that wrote one.
func (t catalogueTable) Receipts(ctx context.Context, sku, id string) ([]Receipt, error) {
	var receipts []Receipt
	err := t.query(ctx, sku, receiptSK(id, ""), &receipts)
	return receipts, err
}

// PutReceipt stores a receipt in both regions unless this region has one of its id, which then is the answer.
func (t catalogueTable) PutReceipt(ctx context.Context, r Receipt, at time.Time) (Receipt, platform.Durability, error) {
	item, err := attributevalue.MarshalMap(r)
	if err != nil {
		return Receipt{}, "", platform.Wrap(platform.Internal, err)
	}
	item[attrPK], item[attrSK] = str(skuPK(r.SKU)), str(receiptSK(r.ID, r.Region))
	item["type"], item["at"] = str(typeReceipt), str(stamp(at))
	item[sweepIndex] = str(receiptSweep(r.Target, at, r.ID))
	stored, where, err := t.both.PutBoth(ctx, item)
	if err != nil {
		return Receipt{}, "", err
	}
	var out Receipt
	if err := attributevalue.UnmarshalMap(stored[0].Item, &out); err != nil {
		return Receipt{}, "", platform.Wrap(platform.Internal, err)
	}
	return out, where, nil
}

// query reads the items of a SKU whose sort key begins with a prefix into out, a pointer to a slice.
func (t catalogueTable) query(ctx context.Context, sku, prefix string, out any) error {
	items, err := t.itemsOf(ctx, sku, prefix)
	if err != nil {
		return err
	}
	if err := attributevalue.UnmarshalListOfMaps(items, out); err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	return nil
}

func (t catalogueTable) itemsOf(ctx context.Context, sku, prefix string) ([]platform.Item, error) {
	var items []platform.Item
	for pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk AND begins_with(sk, :prefix)"),
		ExpressionAttributeValues: platform.Item{":pk": str(skuPK(sku)), ":prefix": str(prefix)},
	}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

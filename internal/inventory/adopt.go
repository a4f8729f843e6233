package inventory

import (
	"context"
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// adopter takes over the stock of a region that is lost for good, and lets that region act again once it is wiped.
type adopter struct {
	region, peer string
	table        string
	stock        stockTable
	catalogue    catalogueTable
	partner      partner
	fences       *platform.Fences
	orders       interface {
		Sold(ctx context.Context, region, after string) (soldPage, error)
	}
	log *slog.Logger
}

// adoptInput is what an operator asks for. Action is fence, adopt or rejoin; without Apply nothing is changed and the answer tells what would be.
type adoptInput struct {
	Action string `json:"action"`
	Apply  bool   `json:"apply"`
}

// AdoptResult is what was done, or would be.
type AdoptResult struct {
	Region  string `json:"region"` // that was fenced or adopted, or rejoins
	Fenced  bool   `json:"fenced"`
	Epoch   int64  `json:"epoch"`
	Applied bool   `json:"applied"`
	Open    int    `json:"open"`   // orders of before the fence without outcome: nothing is adopted before they have one
	SKUs    int    `json:"skus"`   // whose stock is taken over
	Units   int64  `json:"units"`  // ... and how much
	Wrong   int    `json:"wrong"`  // SKUs of which more was sold or given than came in: the log names them
	Blocked string `json:"reason"` // why nothing was done; "" if it was, or would be
}

// soldPage is a part of what the order service knows a region to have sold.
type soldPage struct {
	Sold map[string]int64 `json:"sold"` // units by SKU
	Open int              `json:"open"`
	Next string           `json:"next"` // "" at the end
}

func (a adopter) run(ctx context.Context, in adoptInput) (AdoptResult, error) {
	switch in.Action {
	case "fence":
		return a.fence(ctx, in.Apply)
	case "adopt":
		return a.adopt(ctx, in.Apply)
	case "rejoin":
		return a.rejoin(ctx, in.Apply)
	}
	return AdoptResult{}, platform.Refuse(platform.InvalidRequest, "action is fence, adopt or rejoin")
}

func (a adopter) fence(ctx context.Context, apply bool) (AdoptResult, error) {
	f, stands, err := a.fences.Peer(ctx)
	if err != nil || stands || !apply {
		return AdoptResult{Region: a.peer, Fenced: stands, Epoch: f.Epoch}, err
	}
	f, err = a.fences.Set(ctx)
	return AdoptResult{Region: a.peer, Fenced: err == nil, Epoch: f.Epoch, Applied: err == nil}, err
}

// rejoin runs in the region that was fenced.
func (a adopter) rejoin(ctx context.Context, apply bool) (AdoptResult, error) {
	f, stands, err := a.fences.Of(ctx, a.region)
	res := AdoptResult{Region: a.region, Fenced: stands, Epoch: f.Epoch}
	if err != nil || !stands {
		return res, err
	}
	if err := a.fences.Empty(ctx, a.table); err != nil {
		res.Blocked = err.Error()
		return res, unlessRefused(err)
	}
	if apply {
		_, err = a.fences.Lift(ctx)
		res.Applied, res.Fenced = err == nil, err != nil
	}
	return res, err
}

// unlessRefused drops an error that is an answer.
func unlessRefused(err error) error {
	if platform.CodeOf(err) == platform.Conflict {
		return nil
	}
	return err
}

// adopt credits the dead region's stock to this one: what it received and got, less what it sold and gave away, all by the global
// tables alone, and less what was adopted before. So it can be run again: a receipt that shows later, or goods that come back because
// an order of the dead region is cancelled, are credited then.
func (a adopter) adopt(ctx context.Context, apply bool) (AdoptResult, error) {
	f, stands, err := a.fences.Peer(ctx)
	res := AdoptResult{Region: a.peer, Fenced: stands, Epoch: f.Epoch}
	if err != nil {
		return res, err
	}
	if !stands {
		res.Blocked = a.peer + " is not fenced"
		return res, nil
	}
	sold, open, err := a.sold(ctx)
	if res.Open = open; err != nil || open > 0 {
		res.Blocked = "orders of before the fence have no outcome yet: the sweep ends them"
		return res, err
	}
	err = a.eachProduct(ctx, func(sku string) error { return a.adoptOne(ctx, sku, sold[sku], apply, &res) })
	res.Applied = err == nil && apply
	return res, err
}

func (a adopter) eachProduct(ctx context.Context, each func(sku string) error) error {
	for after, more := "", true; more; {
		var page []Product
		var err error
		if page, more, err = a.catalogue.Page(ctx, after, productsPerStep); err != nil {
			return err
		}
		for _, p := range page {
			if err := each(p.SKU); err != nil {
				return err
			}
			after = p.SKU
		}
	}
	return nil
}

// sold adds up what the order service answers, page by page.
func (a adopter) sold(ctx context.Context) (map[string]int64, int, error) {
	sum, open := map[string]int64{}, 0
	for after := ""; ; {
		page, err := a.orders.Sold(ctx, a.peer, after)
		if err != nil {
			return nil, 0, err
		}
		open += page.Open
		for sku, n := range page.Sold {
			sum[sku] += n
		}
		if after = page.Next; after == "" {
			return sum, open, nil
		}
	}
}

func (a adopter) adoptOne(ctx context.Context, sku string, sold int64, apply bool, res *AdoptResult) error {
	d, err := a.catalogue.Dealings(ctx, sku, a.peer)
	if err != nil {
		return err
	}
	handed, err := a.partner.handed(ctx, sku)
	if err != nil {
		return err
	}
	next, received, err := a.received(ctx, sku)
	if err != nil {
		return err
	}
	next.Got = handed
	before, _, err := a.stock.total(ctx, adopted, a.peer, sku)
	if err != nil {
		return err
	}
	due := received + handed - sold - d.given
	switch {
	case due < before:
		res.Wrong++
		a.log.Error("more was sold or given than came in", "sku", sku, "due", due, "adopted", before)
		return nil
	case apply: // what it gave is this region's, and counted as given above
		if err := a.partner.credit(ctx, sku, d.given); err != nil {
			return err
		}
	}
	if due == before {
		return nil
	}
	res.SKUs, res.Units = res.SKUs+1, res.Units+due-before
	if !apply {
		return nil
	}
	return a.credit(ctx, sku, next, before, due)
}

// received are the receipts for the dead region. Two of one id that the regions wrote without seeing each other count as the smaller.
func (a adopter) received(ctx context.Context, sku string) (adoption, int64, error) {
	var receipts []Receipt
	if err := a.catalogue.query(ctx, sku, "receipt#", &receipts); err != nil {
		return adoption{}, 0, err
	}
	quantity := map[string]int64{}
	for _, r := range receipts {
		if q, twice := quantity[r.ID]; r.Target == a.peer && (!twice || r.Quantity < q) {
			quantity[r.ID] = r.Quantity
		}
	}
	var out adoption
	var sum int64
	for id, q := range quantity {
		out.Receipts, sum = append(out.Receipts, id), sum+q
	}
	slices.Sort(out.Receipts)
	return out, sum, nil
}

// credit books what is adopted, once: the total, the shards and the word to the dead region are one transaction.
func (a adopter) credit(ctx context.Context, sku string, next adoption, before, after int64) error {
	shards, err := a.stock.EachShard(ctx, sku)
	if err != nil {
		return err
	}
	word, err := attributevalue.MarshalMap(next)
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	for k, v := range adoptedKey(sku, a.peer, a.region) {
		word[k] = v
	}
	items := []types.TransactWriteItem{a.stock.totalFrom(adopted, a.peer, sku, before, after),
		{Put: &types.Put{TableName: &a.catalogue.name, Item: word}}}
	done, err := a.stock.moved(a.stock.transact(ctx, append(items, a.stock.moves(take(), portions(sku, after-before, len(shards), 0))...)))
	if err == nil && !done {
		err = platform.Refuse(platform.Unavailable, "another run adopts "+sku)
	}
	return err
}

// adopted names the total of what was taken over; no counter has that name.
const adopted counter = "adopted"

// adoption is what a region took over of a SKU from one that was lost. It tells that one, should it come back, what is not its own any more.
type adoption struct {
	Receipts []string `dynamodbav:"receipts"` // their ids
	Got      int64    `dynamodbav:"got"`      // of this region's goods, altogether
}

func adoptedKey(sku, dead, by string) platform.Item {
	return key(skuPK(sku), "adopted#"+dead+"#"+by)
}

// Adopted is what a region has taken over from another; the zero value if nothing.
func (t catalogueTable) Adopted(ctx context.Context, sku, dead, by string) (adoption, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: adoptedKey(sku, dead, by), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return adoption{}, platform.FromAWS(err)
	}
	var a adoption
	if err := attributevalue.UnmarshalMap(res.Item, &a); err != nil {
		return adoption{}, platform.Wrap(platform.Internal, err)
	}
	return a, nil
}

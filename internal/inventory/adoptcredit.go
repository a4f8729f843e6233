package inventory

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// adoptOne credits what is due of one SKU. The receipts that it is made of are said to be this region's first: a run that dies in between leaves them
// nobody's until the next.
func (a adopter) adoptOne(ctx context.Context, sku string, sold int64, apply bool, res *AdoptResult) error {
	d, err := a.catalogue.Dealings(ctx, sku, a.peer)
	if err != nil {
		return err
	}
	handed, err := a.partner.handed(ctx, sku)
	if err != nil {
		return err
	}
	received, err := a.received(ctx, sku, apply)
	if err != nil {
		return err
	}
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
	if apply {
		if err := a.credit(ctx, sku, adoption{Got: handed}, before, due); err != nil {
			return err
		}
	}
	res.SKUs, res.Units = res.SKUs+1, res.Units+due-before
	return nil
}

// received adds up the receipts for the dead region; with apply they are taken over. Two of one id that the regions wrote without seeing each other
// count as the smaller.
func (a adopter) received(ctx context.Context, sku string, apply bool) (sum int64, err error) {
	var receipts []Receipt
	if err := a.catalogue.query(ctx, sku, "receipt#", &receipts); err != nil {
		return 0, err
	}
	quantity := map[string]int64{}
	var ids []string
	for _, r := range receipts {
		q, twice := quantity[r.ID]
		if r.Target != a.peer {
			continue
		}
		if !twice {
			ids = append(ids, r.ID)
		}
		if !twice || r.Quantity < q {
			quantity[r.ID] = r.Quantity
		}
	}
	for _, q := range quantity {
		sum += q
	}
	if !apply {
		return sum, nil
	}
	return sum, a.catalogue.Take(ctx, sku, a.peer, ids)
}

// Take says of receipts for a dead region that they are this region's, a hundred in a transaction. Those of which that was said are left.
func (t catalogueTable) Take(ctx context.Context, sku, dead string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	said, err := t.itemsOf(ctx, sku, takenSK+dead+"#")
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, item := range said {
		taken[text(item, attrSK)] = true
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return taken[text(takenKey(sku, dead, id, t.region), attrSK)] })
	for some := range slices.Chunk(ids, transactionLimit) {
		var puts []types.TransactWriteItem
		for _, id := range some {
			puts = append(puts, types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: takenKey(sku, dead, id, t.region)}})
		}
		if _, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: puts}); err != nil {
			return platform.FromAWS(err)
		}
	}
	return nil
}

// transactionLimit is how many items a transaction may write.
const transactionLimit = 100

const takenSK = "taken#"

// takenKey stands for a receipt that was taken over.
func takenKey(sku, dead, id, by string) platform.Item {
	return key(skuPK(sku), takenSK+dead+"#"+id+"#"+by)
}

// Taken reports whether a receipt for a region that was given up was taken over.
func (t catalogueTable) Taken(ctx context.Context, sku, dead, id, by string) (bool, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: takenKey(sku, dead, id, by), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return false, platform.FromAWS(err)
	}
	return res.Item != nil, nil
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
	Got int64 `dynamodbav:"got"` // of this region's goods, altogether
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

package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// stockTable keeps this region's counters and reservations.
type stockTable struct {
	db   platform.Tables
	name string
}

// errRaced is a transaction that lost against another one about the same order: reading again tells what became of it.
var errRaced = errors.New("another run has just changed the reservation")

// Ledger is this region's ledger of a SKU over all its shards. Each shard is read as it stands; what moves between two of them
// meanwhile may be seen twice or not at all.
func (t stockTable) Ledger(ctx context.Context, sku string) (Ledger, error) {
	shards, err := t.EachShard(ctx, sku)
	return sumOf(shards), err
}

// Counters tell what is held apart from what is consumed, which takes a look at all that is held in this region.
func (t stockTable) Counters(ctx context.Context, sku string) (Counters, error) {
	units, err := t.HeldUnits(ctx)
	if err != nil {
		return Counters{}, err
	}
	sum, err := t.Ledger(ctx, sku)
	return sum.told(units[sku]), err
}

// shardItem is a shard as it is stored. The first shard of a SKU carries the number of its shards; a SKU without that has one.
type shardItem struct {
	Ledger
	Shards int `dynamodbav:"shards"`
}

// LedgersOf are this region's ledgers of at most 100 SKUs over all their shards, as they stood a moment ago; zeros for a SKU that
// was never in stock.
func (t stockTable) LedgersOf(ctx context.Context, skus []string) (map[string]Ledger, error) {
	sums := make(map[string]Ledger, len(skus))
	more, err := t.addShards(ctx, sums, firstShards(skus))
	if err != nil {
		return nil, err
	}
	for keys := range slices.Chunk(more, batchLimit) {
		if _, err := t.addShards(ctx, sums, keys); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// addShards adds shards to the sums of their SKUs. The further shards that the first ones tell of are returned.
func (t stockTable) addShards(ctx context.Context, sums map[string]Ledger, keys []platform.Item) (more []platform.Item, err error) {
	items, err := batchGet(ctx, t.db, t.name, keys, "")
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		var s shardItem
		if err := attributevalue.UnmarshalMap(item, &s); err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
		sku := skuOfItem(item)
		sums[sku] = sums[sku].Plus(s.Ledger)
		for shard := 1; shard < s.Shards; shard++ {
			more = append(more, shardKey(sku, shard))
		}
	}
	return more, nil
}

// Shards are the numbers of shards of at most 100 SKUs.
func (t stockTable) Shards(ctx context.Context, skus []string) (map[string]int, error) {
	items, err := batchGet(ctx, t.db, t.name, firstShards(skus), "pk, shards")
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(skus))
	for _, sku := range skus {
		counts[sku] = 1
	}
	for _, item := range items {
		var s shardItem
		if err := attributevalue.UnmarshalMap(item, &s); err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
		counts[skuOfItem(item)] = max(1, s.Shards)
	}
	return counts, nil
}

func firstShards(skus []string) []platform.Item {
	keys := make([]platform.Item, len(skus))
	for i, sku := range skus {
		keys[i] = shardKey(sku, 0)
	}
	return keys
}

// batchLimit is how many items one BatchGetItem may ask for.
const batchLimit = 100

// batchGet reads at most batchLimit items of a table, with those attributes that a projection names, or all; items that do not exist
// are left out.
func batchGet(ctx context.Context, db platform.Tables, table string, keys []platform.Item, projection string) ([]platform.Item, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	ask := types.KeysAndAttributes{Keys: keys}
	if projection != "" {
		ask.ProjectionExpression = &projection
	}
	return batchGetAs(ctx, db, table, ask)
}

func batchGetAs(ctx context.Context, db platform.Tables, table string, ask types.KeysAndAttributes) ([]platform.Item, error) {
	found, err := batchGetAll(ctx, db, map[string]types.KeysAndAttributes{table: ask})
	return found[table], err
}

// batchGetAll is batchGetAs of several tables, in one call.
func batchGetAll(ctx context.Context, db platform.Tables, ask map[string]types.KeysAndAttributes) (map[string][]platform.Item, error) {
	res, err := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
	if err != nil {
		return nil, platform.FromAWS(err)
	}
	if len(res.UnprocessedKeys) > 0 {
		return nil, platform.Refuse(platform.Throttled, "a table is busy")
	}
	return res.Responses, nil
}

// HoldResult says why nothing was held; the zero value says that all is held.
type HoldResult struct {
	Existing *Reservation // the order has a reservation
	Short    []int        // these lines' shards have too little
	Busy     []int        // these lines' shards were being written by others, or take no more for the moment
}

// Hold writes an order's reservation and moves its lines from available to taken, all or nothing. 50 lines are 51 of
// the 100 items that a transaction may have
// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
func (t stockTable) Hold(ctx context.Context, r Reservation) (HoldResult, error) {
	item, err := attributevalue.MarshalMap(r)
	if err != nil {
		return HoldResult{}, platform.Wrap(platform.Internal, err)
	}
	for k, v := range reservationKey(r.OrderID) {
		item[k] = v
	}
	item[heldShard] = str(heldHash(spread(r.OrderID, heldShards)))
	item[heldAt] = str(stamp(r.At))
	items := []types.TransactWriteItem{{Put: &types.Put{
		TableName: &t.name, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}
	err = t.transact(ctx, append(items, t.moves(reserve(), r.Lines)...))
	if reasons := platform.CancellationReasons(err); reasons != nil {
		return holdResult(r, reasons, err)
	}
	return HoldResult{}, platform.FromAWS(err)
}

func holdResult(r Reservation, reasons []types.CancellationReason, err error) (HoldResult, error) {
	var res HoldResult
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); {
		case code == "None":
		case i == 0 && code == platform.ConditionCode:
			existing, err := reservationFrom(r.OrderID, reason.Item)
			return HoldResult{Existing: &existing}, err
		case i == 0:
			return HoldResult{}, platform.FromAWS(err) // another run of this order, or the table: nothing is decided
		case code == platform.ConditionCode:
			res.Short = append(res.Short, i-1)
		default:
			res.Busy = append(res.Busy, i-1)
		}
	}
	return res, nil
}

// Reservation reads an order's reservation; false if there is none.
func (t stockTable) Reservation(ctx context.Context, orderID string) (Reservation, bool, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: reservationKey(orderID), ConsistentRead: aws.Bool(true)})
	if err != nil || res.Item == nil {
		return Reservation{}, false, platform.FromAWS(err)
	}
	r, err := reservationFrom(orderID, res.Item)
	return r, err == nil, err
}

func reservationFrom(orderID string, item platform.Item) (Reservation, error) {
	r := Reservation{OrderID: orderID}
	if err := attributevalue.UnmarshalMap(item, &r); err != nil {
		return Reservation{}, platform.Wrap(platform.Internal, err)
	}
	return r, nil
}

// Settle brings a reservation from the state it was read in to another and moves its lines accordingly; what is settled stands
// in the index of held ones no more. Where nothing moves it is a single write.
func (t stockTable) Settle(ctx context.Context, r Reservation, to State, move Move) error {
	u := t.settling(r, to)
	if move.isNothing() {
		_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: u.TableName, Key: u.Key, UpdateExpression: u.UpdateExpression,
			ConditionExpression: u.ConditionExpression, ExpressionAttributeNames: u.ExpressionAttributeNames, ExpressionAttributeValues: u.ExpressionAttributeValues})
		if _, raced := platform.ConditionFailed(err); raced {
			return platform.Wrap(platform.Unavailable, errRaced)
		}
		return platform.FromAWS(err)
	}
	err := t.transact(ctx, append([]types.TransactWriteItem{{Update: u}}, t.moves(move, r.Lines)...))
	for i, reason := range platform.CancellationReasons(err) {
		switch {
		case aws.ToString(reason.Code) != platform.ConditionCode:
		case i == 0:
			return platform.Wrap(platform.Unavailable, errRaced)
		default:
			return platform.Wrap(platform.Internal, fmt.Errorf("line %d of order %s is not taken from its shard", i-1, r.OrderID))
		}
	}
	return platform.FromAWS(err)
}

// settling is the change of the reservation itself.
func (t stockTable) settling(r Reservation, to State) *types.Update {
	return &types.Update{
		TableName: &t.name, Key: reservationKey(r.OrderID),
		UpdateExpression:          aws.String("SET #state = :to REMOVE heldShard, heldAt"),
		ConditionExpression:       aws.String("#state = :from"),
		ExpressionAttributeNames:  map[string]string{"#state": "state"},
		ExpressionAttributeValues: platform.Item{":to": str(string(to)), ":from": str(string(r.State))},
	}
}

// Credit books a receipt into shards, each its part, together with the marker that says so. If the marker stands there already it
// changes nothing and answers the quantity that was credited.
func (t stockTable) Credit(ctx context.Context, r Receipt, parts []ReservedLine, at time.Time) (credited int64, err error) {
	marker := creditedKey(r.SKU, r.ID)
	marker["quantity"], marker["writtenBy"], marker["at"] = num(r.Quantity), str(r.Region), str(stamp(at))
	items := []types.TransactWriteItem{{Put: &types.Put{
		TableName: &t.name, Item: marker, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}
	err = t.transact(ctx, append(items, t.moves(credit(), parts)...))
	reasons := platform.CancellationReasons(err)
	if len(reasons) == 0 || aws.ToString(reasons[0].Code) != platform.ConditionCode {
		return r.Quantity, platform.FromAWS(err)
	}
	return number(reasons[0].Item, "quantity")
}

func (t stockTable) transact(ctx context.Context, items []types.TransactWriteItem) error {
	_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

// moves are the updates that carry a move out for each line.
func (t stockTable) moves(m Move, lines []ReservedLine) []types.TransactWriteItem {
	out := make([]types.TransactWriteItem, len(lines))
	for i, l := range lines {
		out[i] = types.TransactWriteItem{Update: m.update(t.name, shardKey(l.SKU, l.Shard), l.Quantity)}
	}
	return out
}

// update is a move as DynamoDB carries it out: ADD makes a counter that is not there yet, and the condition keeps the
// one that is taken from at zero or above.
func (m Move) update(table string, key platform.Item, quantity int64) *types.Update {
	u := &types.Update{TableName: &table, Key: key,
		ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: platform.Item{":q": num(quantity)}}
	var adds []string
	for i, to := range m.to {
		alias := fmt.Sprintf("#to%d", i)
		u.ExpressionAttributeNames[alias] = string(to)
		adds = append(adds, alias+" :q")
	}
	if m.from != "" {
		u.ExpressionAttributeNames["#from"] = string(m.from)
		u.ExpressionAttributeValues[":minus"] = num(-quantity)
		u.ConditionExpression = aws.String("#from >= :q")
		adds = append(adds, "#from :minus")
	}
	u.UpdateExpression = aws.String("ADD " + strings.Join(adds, ", "))
	return u
}

// stamp is a time as tables keep it: strings that sort as the times do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

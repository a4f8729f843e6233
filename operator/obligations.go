package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/fact"
)

// shards is how many parts the sweep's index of the orders has, bookedShards how many the list of booked shipments.
const shards, bookedShards = 4, 8

// owed is one obligation.
type owed struct {
	what, of string
	since    time.Time
}

// lister finds the obligations of a kind in a region.
type lister func(ctx context.Context, s *site, within time.Duration) ([]owed, error)

// Obligations prints what is owed in each region and is at least so old, the oldest first. Orders are found on the regions' retry lists, whatever
// their age, and among those of the time within, which the sweep may not have come to yet.
func (o *Operator) Obligations(ctx context.Context, older, within time.Duration) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	total := 0
	var failed error
	for _, s := range sites {
		var all []owed
		for _, list := range []lister{openOrders, heldReservations, bookedShipments, uncreditedReceipts, openTransfers} {
			found, err := list(ctx, s, within)
			all, failed = append(all, found...), errors.Join(failed, err)
			if err != nil {
				break // the region says the same to every question
			}
		}
		n, err := s.printOwed(all, older)
		total, failed = total+n, errors.Join(failed, err)
	}
	if failed == nil && total == 0 {
		return o.say("Nothing is owed for longer than %s.", age(older))
	}
	return failed
}

func (s *site) printOwed(all []owed, older time.Duration) (int, error) {
	now := s.op.Now()
	slices.SortStableFunc(all, func(a, b owed) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.of, b.of)) })
	rows := [][]string{{"AGE", strings.ToUpper(s.region), "OF"}}
	for _, d := range all {
		if old := now.Sub(d.since); old >= older {
			shown := age(old)
			if d.since.IsZero() {
				shown = "?"
			}
			rows = append(rows, []string{shown, d.what, d.of})
		}
	}
	if len(rows) == 1 {
		return 0, nil
	}
	return len(rows) - 1, s.op.table(rows)
}

// openOrders are orders without outcome, and cancel requests without answer, as this region's replica has them.
func openOrders(ctx context.Context, s *site, within time.Duration) ([]owed, error) {
	ids, err := s.suspects(ctx, within)
	var out []owed
	for _, id := range ids {
		facts, ferr := s.facts(ctx, id)
		if ferr != nil {
			return out, errors.Join(err, ferr)
		}
		r := fact.Fold(facts)
		if r.State != fact.StateUnknown && !r.HasOutcome() {
			out = append(out, owed{"order " + string(r.State) + ", without outcome, home " + r.Home, id, r.Placed.At})
		}
		if asked, ok := r.Fact(fact.CancelRequested); ok && r.CancelOpen {
			out = append(out, owed{"cancel request without answer", id, asked.At})
		}
	}
	return out, err
}

// suspects are the orders of the retry lists, and those that were placed or are to be cancelled since a while.
func (s *site) suspects(ctx context.Context, within time.Duration) ([]string, error) {
	seen := map[string]bool{}
	for _, home := range s.op.Regions {
		listed, err := s.partition(ctx, "order-work", "retry#"+home)
		if err != nil {
			return nil, err
		}
		for _, i := range listed {
			seen[text(i, "sk")] = true
		}
		if err := s.taken(ctx, home, s.op.Now().Add(-within), seen); err != nil {
			return nil, err
		}
	}
	ids := make([]string, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

// taken reads the orders and cancel requests that a region took since a time from the sweep's index.
func (s *site) taken(ctx context.Context, home string, since time.Time, into map[string]bool) error {
	lists := []string{"cancel#" + home + "#0"}
	for shard := range shards {
		lists = append(lists, fmt.Sprintf("%s#%d", home, shard))
	}
	for _, list := range lists {
		found, err := s.query(ctx, "orders", dynamodb.QueryInput{IndexName: aws.String("sweep"), KeyConditionExpression: aws.String("sweep = :list AND #at >= :since"),
			ExpressionAttributeNames:  map[string]string{"#at": "at"},
			ExpressionAttributeValues: item{":list": str(list), ":since": str(since.UTC().Format("2006-01-02T15:04:05.000Z"))}})
		if err != nil {
			return err
		}
		for _, i := range found {
			into[strings.TrimPrefix(text(i, "pk"), "order#")] = true
		}
	}
	return nil
}

func heldReservations(ctx context.Context, s *site, _ time.Duration) ([]owed, error) {
	items, err := s.scan(ctx, "stock", "held")
	var out []owed
	for _, i := range items {
		out = append(out, owed{"reservation held", strings.TrimPrefix(text(i, "pk"), "order#"), timeIn(i, "heldAt")})
	}
	return out, err
}

func bookedShipments(ctx context.Context, s *site, _ time.Duration) ([]owed, error) {
	items, err := s.scan(ctx, "shipments", "")
	var out []owed
	for _, i := range items {
		if at := timeIn(i, "bookedAt"); !at.IsZero() { // else it is the sweep's place
			out = append(out, owed{"shipment booked, neither released nor cancelled", text(i, "sk"), at})
		}
	}
	return out, err
}

// scan reads all of a table or of a sparse index, which hold little but obligations.
func (s *site) scan(ctx context.Context, table, index string) (out []item, err error) {
	in := &dynamodb.ScanInput{TableName: s.table(table)}
	if index != "" {
		in.IndexName = &index
	}
	for pages := dynamodb.NewScanPaginator(s.db, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		out = append(out, page.Items...)
	}
	return out, nil
}

// uncreditedReceipts are receipts for this region without the marker of its stock table.
func uncreditedReceipts(ctx context.Context, s *site, _ time.Duration) ([]owed, error) {
	var out []owed
	in := &dynamodb.ScanInput{TableName: s.table("catalogue"), IndexName: aws.String("sweep")}
	for pages := dynamodb.NewScanPaginator(s.db, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		for _, i := range page.Items {
			if !strings.HasPrefix(text(i, "sweep"), s.region+"#") {
				continue
			}
			sku, _, _ := strings.Cut(strings.TrimPrefix(text(i, "pk"), "sku#"), "#")
			id, _, _ := strings.Cut(strings.TrimPrefix(text(i, "sk"), "receipt#"), "#")
			marker, err := s.get(ctx, "stock", key("receipt#"+id, "credited#"+sku))
			if err != nil {
				return nil, err
			}
			if marker != nil {
				continue
			}
			receipt, err := s.get(ctx, "catalogue", item{"pk": i["pk"], "sk": i["sk"]})
			if err != nil {
				return nil, err
			}
			out = append(out, owed{"receipt not credited", sku + " " + id, timeOf(receipt)})
		}
	}
	return out, nil
}

// openTransfers are goods that the other region has given and this one has not credited.
func openTransfers(ctx context.Context, s *site, _ time.Duration) ([]owed, error) {
	items, err := s.query(ctx, "catalogue", dynamodb.QueryInput{IndexName: aws.String("sweep"), KeyConditionExpression: aws.String("sweep = :hash"),
		ExpressionAttributeValues: item{":hash": str("moves#" + s.region)}})
	if err != nil {
		return nil, err
	}
	var out []owed
	for _, i := range items {
		parts := strings.Split(text(i, "sk"), "#") // transfer#<giver>#<receiver>
		if len(parts) != 3 || parts[0] != "transfer" {
			continue
		}
		sku := strings.TrimPrefix(text(i, "pk"), "sku#")
		coming, since, err := s.coming(ctx, sku, parts[1])
		if err != nil {
			return nil, err
		}
		if coming > 0 {
			out = append(out, owed{fmt.Sprintf("%d units from %s not credited", coming, parts[1]), sku, since})
		}
	}
	return out, nil
}

// timeOf is when an item says that it was written; zero if it does not.
func timeOf(i item) time.Time { return timeIn(i, "at") }

func timeIn(i item, name string) time.Time {
	at, err := time.Parse(time.RFC3339, text(i, name))
	if err != nil {
		return time.Time{}
	}
	return at
}

package operator

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// counters are one shard's, or a region's. What is taken is reserved or sold: the reservations know.
type counters struct {
	Received, Got, Available, Taken, Given int64
	Shards                                 int
}

func (c counters) row(name string) []string {
	out := []string{name}
	for _, n := range []int64{c.Received, c.Got, c.Available, c.Taken, c.Given} {
		out = append(out, strconv.FormatInt(n, 10))
	}
	return out
}

func (c *counters) add(o counters) {
	c.Received, c.Got, c.Available = c.Received+o.Received, c.Got+o.Got, c.Available+o.Available
	c.Taken, c.Given = c.Taken+o.Taken, c.Given+o.Given
}

// shardsOf reads the counters of every shard of a SKU; none if the region never had it.
func (s *site) shardsOf(ctx context.Context, sku string) ([]counters, error) {
	var out []counters
	for n, more := 0, true; more; n++ {
		i, err := s.get(ctx, "stock", key(fmt.Sprintf("sku#%s#%d", sku, n), "shard"))
		if err != nil {
			return nil, err
		}
		if i == nil && n == 0 {
			return nil, nil
		}
		var c counters
		if err := attributevalue.UnmarshalMap(i, &c); err != nil {
			return nil, err
		}
		out = append(out, c)
		more = n+1 < out[0].Shards
	}
	return out, nil
}

// coming is what a giver says to have given of a SKU and this region has not credited, and since when it says so.
func (s *site) coming(ctx context.Context, sku, giver string) (int64, time.Time, error) {
	transfer, err := s.get(ctx, "catalogue", key("sku#"+sku, "transfer#"+giver+"#"+s.region))
	if err != nil {
		return 0, time.Time{}, err
	}
	total, err := s.get(ctx, "stock", key("transfer#"+giver, "got#"+sku))
	if err != nil {
		return 0, time.Time{}, err
	}
	return number(transfer, "quantity") - number(total, "quantity"), timeOf(transfer), nil
}

func number(i item, name string) int64 {
	v, ok := i[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		return 0 // DynamoDB keeps numbers; a fraction is none of ours
	}
	return n
}

// ShowStock prints both regions' counters of a SKU.
func (o *Operator) ShowStock(ctx context.Context, sku string) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	rows := [][]string{{"STOCK OF " + sku, "RECEIVED", "GOT", "AVAILABLE", "TAKEN", "GIVEN"}}
	known := false
	var sum counters
	var failed error
	var coming []string
	for _, s := range sites {
		all, err := s.shardsOf(ctx, sku)
		failed, known = errors.Join(failed, err), known || len(all) > 0
		var region counters
		for n, c := range all {
			region.add(c)
			if len(all) > 1 {
				rows = append(rows, c.row(fmt.Sprintf("%s, shard %d", s.region, n)))
			}
		}
		if sum.add(region); err == nil {
			rows = append(rows, region.row(s.region))
		}
		for _, giver := range o.Regions {
			if giver != s.region && err == nil {
				n, _, err := s.coming(ctx, sku, giver)
				failed = errors.Join(failed, err)
				coming = append(coming, fmt.Sprintf("%d units are on their way from %s to %s.", n, giver, s.region))
			}
		}
	}
	if !known && failed == nil {
		return fmt.Errorf("no region of the stage %s ever had %s in stock", o.Stage, sku)
	}
	err = o.table(append(rows, sum.row("together")))
	for _, line := range coming {
		err = errors.Join(err, o.say("%s", line))
	}
	return errors.Join(err, failed)
}

// Rebalance has both regions give each other what the other lacks of a SKU for what it sells, as their sweeps do in their turn.
func (o *Operator) Rebalance(ctx context.Context, sku string, apply bool) error {
	if err := o.ShowStock(ctx, sku); err != nil {
		return err
	}
	if !apply {
		return o.dry("each region gives the other what that lacks of %s for what it sells, as the sweep does in its turn", sku)
	}
	sites, err := o.sites()
	if err != nil {
		return err
	}
	for _, s := range sites {
		if err := s.invoke(ctx, "inventory-sweep", map[string]string{"sku": sku}, &struct{}{}); err != nil {
			return err
		}
	}
	if err := o.say("Evened out:"); err != nil {
		return err
	}
	return o.ShowStock(ctx, sku)
}

package order

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// adopter gives up a region that is lost for good. Its orders need no adopting: the sweep drives them like all others. What is told here is
// what it had sold, for the inventory service, and how many of its orders have no outcome.
type adopter struct {
	orders, work string // the global table, and the region's own
	db           platform.Tables
	fences       *platform.Fences
	clock        platform.Clock
}

// adoptInput is what is asked for: fence, rejoin, or sold, a page of what a region sold. Without Apply nothing is changed.
type adoptInput struct {
	Action string `json:"action"`
	Apply  bool   `json:"apply"`
	Region string `json:"region"` // sold: whose
	After  string `json:"after"`  // sold: where the last page ended
}

// run does what is asked for. The region that rejoins is the one it runs in. The other services' tables of that region may stay: what they hold is keyed by
// order and still true. Cursors and retry lists are not, and stock is the inventory service's to look at.
func (a *adopter) run(ctx context.Context, in adoptInput) (any, error) {
	switch in.Action {
	case "fence":
		return a.fences.GiveUp(ctx, in.Apply)
	case "rejoin":
		return a.fences.Rejoin(ctx, a.work, in.Apply)
	case "sold":
		return a.sold(ctx, in.Region, in.After)
	}
	return nil, platform.ForStates(platform.Refuse(platform.InvalidRequest, "action is fence, rejoin or sold"))
}

// soldPage is a part of what a region sold: units by SKU of the orders that it committed and that nobody called off. Open are orders placed
// before the region was fenced that have no outcome yet: it may have committed them.
type soldPage struct {
	Sold map[string]int64 `json:"sold"`
	Open int              `json:"open"`
	Next string           `json:"next"` // "" at the end
}

const (
	// soldTime is how long one call goes on reading, soldSKUs after how many SKUs a page ends: with those of its last order, at most 50 more, it goes into
	// one transaction of the inventory service. soldItems is how many items are read at once, about as many as make a page.
	soldTime  = 5 * time.Second
	soldSKUs  = 49
	soldItems = 200
	// fenceSlack is how far two regions' clocks may be apart, generously.
	fenceSlack = 5 * time.Minute
)

// sold reads the next part of the whole table, in the order in which it stands: all items of an order come together. It is for the rare day on which
// a region is given up. Next names the last item of the last order that was counted.
func (a *adopter) sold(ctx context.Context, region, after string) (soldPage, error) {
	fence, stands, err := a.fences.Of(ctx, region)
	if err != nil {
		return soldPage{}, err
	}
	if !stands {
		return soldPage{}, platform.ForStates(platform.Refuse(platform.Conflict, region+" is not fenced"))
	}
	page, count := soldPage{Sold: map[string]int64{}}, soldCount{region: region, before: fence.At.Add(fenceSlack)}
	in := &dynamodb.ScanInput{TableName: &a.orders, ConsistentRead: aws.Bool(true), Limit: aws.Int32(soldItems)}
	if pk, sk, from := strings.Cut(after, "|"); from {
		in.ExclusiveStartKey = keyOf(pk, sk)
	}
	for until := a.clock.Now().Add(soldTime); ; {
		res, err := a.db.Scan(ctx, in)
		if err != nil {
			return soldPage{}, platform.FromAWS(err)
		}
		for _, item := range res.Items {
			if err := count.add(item, &page); err != nil {
				return soldPage{}, platform.Wrap(platform.Internal, err)
			}
			if len(page.Sold) >= soldSKUs {
				return page, nil
			}
		}
		if in.ExclusiveStartKey = res.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			count.close(&page)
			page.Next = ""
			return page, nil
		}
		if page.Next != "" && !a.clock.Now().Before(until) {
			return page, nil
		}
	}
}

// soldCount folds orders as their items come by.
type soldCount struct {
	region string
	before time.Time
	pk     string
	last   string
	facts  []fact.Fact
}

// add takes the next item; the first of another order closes the one before.
func (c *soldCount) add(item platform.Item, page *soldPage) error {
	pk, sk := keyPart(item, "pk"), keyPart(item, "sk")
	if pk != c.pk {
		c.close(page)
		c.pk, c.facts = pk, nil
	}
	c.last = pk + "|" + sk
	if !strings.HasPrefix(pk, orderPrefix) || !strings.HasPrefix(sk, factPrefix) {
		return nil
	}
	f, err := itemFact(item)
	if err == nil {
		c.facts = append(c.facts, f)
	}
	return err
}

func (c *soldCount) close(page *soldPage) {
	if c.last == "" {
		return
	}
	page.Next = c.last
	o := fact.Fold(c.facts)
	switch {
	case o.State == fact.StateUnknown:
	case !o.HasOutcome():
		if o.Placed.At.Before(c.before) {
			page.Open++
		}
	case o.CommittedBy == c.region && o.State != fact.StateCancelled && o.State != fact.StateRejected:
		for _, l := range o.Placed.Lines {
			page.Sold[l.SKU] += l.Quantity
		}
	}
}

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
// what it had sold, for the inventory service, and whether all its orders have an outcome.
type adopter struct {
	region, peer string
	orders, work string // the global table, and the region's own
	db           platform.Tables
	fences       *platform.Fences
	clock        platform.Clock
}

// adoptInput is what is asked for: fence, adopt (which only tells), rejoin, or sold, a page of what a region sold. Without Apply nothing is changed.
type adoptInput struct {
	Action string `json:"action"`
	Apply  bool   `json:"apply"`
	Region string `json:"region"` // sold: whose
	After  string `json:"after"`  // sold: where the last page ended
}

// adoptResult is what was done, or would be.
type adoptResult struct {
	Region  string `json:"region"`
	Fenced  bool   `json:"fenced"`
	Epoch   int64  `json:"epoch"`
	Applied bool   `json:"applied"`
	Open    int    `json:"open"` // orders of before the fence that have no outcome
	Blocked string `json:"reason"`
}

func (a *adopter) run(ctx context.Context, in adoptInput) (any, error) {
	switch in.Action {
	case "fence":
		return a.fence(ctx, in.Apply)
	case "adopt":
		return a.adopt(ctx)
	case "rejoin":
		return a.rejoin(ctx, in.Apply)
	case "sold":
		return a.sold(ctx, in.Region, in.After)
	}
	return nil, platform.ForStates(platform.Refuse(platform.InvalidRequest, "action is fence, adopt, rejoin or sold"))
}

func (a *adopter) fence(ctx context.Context, apply bool) (adoptResult, error) {
	f, stands, err := a.fences.Peer(ctx)
	if err != nil || stands || !apply {
		return adoptResult{Region: a.peer, Fenced: stands, Epoch: f.Epoch}, err
	}
	f, err = a.fences.Set(ctx)
	return adoptResult{Region: a.peer, Fenced: err == nil, Epoch: f.Epoch, Applied: err == nil}, err
}

// adopt changes nothing: it tells whether the peer's orders are all ended, which the inventory service waits for.
func (a *adopter) adopt(ctx context.Context) (adoptResult, error) {
	f, stands, err := a.fences.Peer(ctx)
	res := adoptResult{Region: a.peer, Fenced: stands, Epoch: f.Epoch}
	if err != nil || !stands {
		res.Blocked = a.peer + " is not fenced"
		return res, err
	}
	for after := ""; ; {
		page, err := a.sold(ctx, a.peer, after)
		if err != nil {
			return res, err
		}
		res.Open += page.Open
		if after = page.Next; after == "" {
			return res, nil
		}
	}
}

// rejoin runs in the region that was fenced. The other services' tables of that region may stay: what they hold is keyed by order and still
// true. Cursors and retry lists are not, and stock is the inventory service's to look at.
func (a *adopter) rejoin(ctx context.Context, apply bool) (adoptResult, error) {
	f, stands, err := a.fences.Of(ctx, a.region)
	res := adoptResult{Region: a.region, Fenced: stands, Epoch: f.Epoch}
	if err != nil || !stands {
		return res, err
	}
	if err := a.fences.Empty(ctx, a.work); err != nil {
		if platform.CodeOf(err) == platform.Conflict {
			res.Blocked, err = err.Error(), nil
		}
		return res, err
	}
	if apply {
		_, err = a.fences.Lift(ctx)
		res.Applied, res.Fenced = err == nil, err != nil
	}
	return res, err
}

// soldPage is a part of what a region sold: units by SKU of the orders that it committed and that nobody called off. Open are orders placed
// before the region was fenced that have no outcome yet: it may have committed them.
type soldPage struct {
	Sold map[string]int64 `json:"sold"`
	Open int              `json:"open"`
	Next string           `json:"next"` // "" at the end
}

const (
	// soldTime is how long one call goes on reading.
	soldTime = 20 * time.Second
	// fenceSlack is how far two regions' clocks may be apart, generously.
	fenceSlack = 5 * time.Minute
)

// sold reads the whole table, in the order in which it stands: all items of an order come together. It is for the rare day on which
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
	in := &dynamodb.ScanInput{TableName: &a.orders, ConsistentRead: aws.Bool(true)}
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

package e2e_test

import (
	"context"
	"encoding/json"
	"testing"

	twofold "twofold/client/go"
)

// client is a shopper's client that asks the regions in this order. change may be nil.
func (p *platform) client(customer string, change func(*twofold.Resilient), regions ...string) *twofold.ClientWithResponses {
	p.t.Helper()
	var urls []string
	for _, r := range regions {
		urls = append(urls, p.APIURL(r))
	}
	token := func(context.Context) (string, error) { return p.Token(customer, "orders:read orders:write") }
	c, err := twofold.NewResilient(urls, token, change)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// TestAClientGoesOnInTheOtherRegionWithTheSameOrder loses the region that a client asks first: its next order is taken by the other, and an
// order that it sends again is the order that it was.
func TestAClientGoesOnInTheOtherRegionWithTheSameOrder(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	c := p.client("ada", nil, p.east, p.west)
	var order twofold.NewOrder
	if err := json.Unmarshal([]byte(newOrder("TEA", 1, goodCard)), &order); err != nil {
		t.Fatal(err)
	}
	place := func(key string) string {
		t.Helper()
		res, err := c.PlaceOrderWithResponse(t.Context(), &twofold.PlaceOrderParams{IdempotencyKey: key}, order)
		if err != nil || res.JSON202 == nil {
			t.Fatalf("%v: %+v", err, res)
		}
		return res.JSON202.OrderId
	}
	key := twofold.NewIdempotencyKey()
	before := place(key)
	p.awaitState("ada", before, "CONFIRMED")
	p.LoseRegion(p.east)
	if again := place(key); again != before {
		t.Errorf("it was %s and is %s after the region was lost", before, again)
	}
	after := place(twofold.NewIdempotencyKey())
	if after == before {
		t.Error("another order has the same id")
	}
	p.RestoreRegion(p.east)
	p.awaitState("ada", after, "CONFIRMED")
	p.promisesKept(before, after)
}

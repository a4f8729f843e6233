package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	twofold "twofold/client/go"
)

// purchase is one order of the demo: what is bought, how it is paid, what happens meanwhile, and what should become of it.
type purchase struct {
	story    string
	customer string
	key      string
	region   string // whose API takes it
	again    string // the region it is sent to a second time; "" for not
	sku      string
	quantity int64
	card     string
	postcode string
	acts     []act
	want     twofold.OrderState

	orderID    string
	durability string
	seen       map[string]*twofold.Order
}

// act is something that somebody does when the order has got somewhere.
type act struct {
	when twofold.OrderState // seen by the region that took the order; "" is at once
	do   func(ctx context.Context, s *shop, p *purchase) error
}

// errNotYet is an act whose time has not come.
var errNotYet = errors.New("not yet")

// The provider's test cards (https://docs.stripe.com/testing).
const (
	goodCard              = "pm_card_visa"
	declinedCard          = "pm_card_chargeDeclined"
	emptyCard             = "pm_card_chargeDeclinedInsufficientFunds"
	authenticatedCard     = "pm_card_authenticationRequired"
	postcode              = "SW1Y 4JH"
	undeliverablePostcode = "UNDELIVERABLE"
)

// demoProducts: plenty of the first, a few of the second in each region, none of the third.
func demoProducts(regions []string) []product {
	each := func(n int64) map[string]int64 {
		out := map[string]int64{}
		for _, r := range regions {
			out[r] = n
		}
		return out
	}
	return []product{
		{"TEA-EARL-GREY", "Earl Grey, 100 g", 790, each(1000)},
		{"TEA-RARE-OOLONG", "Rare oolong, 50 g", 4900, each(8)},
		{loadSKU, "Darjeeling, first flush, 100 g", 1290, each(2000)},
		{"TEA-SOLD-OUT", "First flush, sold out", 2400, each(0)},
	}
}

// demoPurchases are 200 orders of every fate that there is.
func demoPurchases(regions []string) []*purchase {
	var all []*purchase
	add := func(n int, p purchase) {
		for range n {
			q := p
			i := len(all)
			q.customer, q.key, q.region = fmt.Sprintf("customer-%02d", i%20), fmt.Sprintf("demo-%03d", i), regions[i%2]
			if q.sku == "" {
				q.sku, q.quantity = "TEA-EARL-GREY", 1+int64(i%3)
			}
			if q.again != "" {
				q.again = regions[(i+1)%2]
			}
			if q.card == "" {
				q.card = goodCard
			}
			if q.postcode == "" {
				q.postcode = postcode
			}
			all = append(all, &q)
		}
	}
	dispatched := act{twofold.CONFIRMED, pickUp}
	add(80, purchase{story: "paid", want: twofold.CONFIRMED})
	add(20, purchase{story: "sent to both regions", again: "the other", want: twofold.CONFIRMED})
	add(8, purchase{story: "the last of a rare tea", sku: "TEA-RARE-OOLONG", quantity: 2, want: twofold.CONFIRMED})
	add(10, purchase{story: "out of stock", sku: "TEA-SOLD-OUT", quantity: 1, want: twofold.REJECTED})
	add(10, purchase{story: "card declined", card: declinedCard, want: twofold.REJECTED})
	add(6, purchase{story: "insufficient funds", card: emptyCard, want: twofold.REJECTED})
	add(6, purchase{story: "cannot be delivered", postcode: undeliverablePostcode, want: twofold.REJECTED})
	add(10, purchase{story: "3-D Secure passed", card: authenticatedCard, acts: []act{{twofold.ACTIONREQUIRED, authenticate(true)}}, want: twofold.CONFIRMED})
	add(6, purchase{story: "3-D Secure failed", card: authenticatedCard, acts: []act{{twofold.ACTIONREQUIRED, authenticate(false)}}, want: twofold.REJECTED})
	add(12, purchase{story: "cancelled at once", acts: []act{{"", cancel}}, want: twofold.CANCELLED})
	add(10, purchase{story: "cancelled when confirmed", acts: []act{{twofold.CONFIRMED, cancel}}, want: twofold.CANCELLED})
	add(8, purchase{story: "dispatched", acts: []act{dispatched}, want: twofold.DISPATCHED})
	add(8, purchase{story: "delivered", acts: []act{dispatched, {twofold.DISPATCHED, deliver}}, want: twofold.DELIVERED})
	add(6, purchase{story: "cancelled too late", acts: []act{dispatched, {twofold.DISPATCHED, cancelTooLate}}, want: twofold.DISPATCHED})
	return all
}

// authenticate plays the shopper before the bank's question.
func authenticate(passed bool) func(context.Context, *shop, *purchase) error {
	return func(_ context.Context, s *shop, p *purchase) error { return s.world.Authenticate(p.orderID, passed) }
}

// cancel asks for the cancellation in the other region than the one that took the order.
func cancel(ctx context.Context, s *shop, p *purchase) error {
	return askToCancel(ctx, s, p, http.StatusAccepted)
}

func cancelTooLate(ctx context.Context, s *shop, p *purchase) error {
	return askToCancel(ctx, s, p, http.StatusConflict)
}

func askToCancel(ctx context.Context, s *shop, p *purchase, want int) error {
	region := s.regions[0]
	if p.region == region {
		region = s.regions[1]
	}
	c, err := s.shopper(region, p.customer)
	if err != nil {
		return err
	}
	res, err := c.CancelOrderWithResponse(ctx, p.orderID)
	switch {
	case err != nil:
		return err
	case res.StatusCode() == http.StatusNotFound: // the other region has not heard of the order
		return errNotYet
	case want == http.StatusConflict && res.StatusCode() == http.StatusAccepted:
		return fmt.Errorf("%s: a cancellation after dispatch was accepted in %s", p.orderID, region)
	case res.StatusCode() != want:
		return fmt.Errorf("cancel %s in %s: %s: %s", p.orderID, region, res.Status(), res.Body)
	}
	return nil
}

// pickUp plays the carrier. A label that has not been handed over yet cannot be picked up.
func pickUp(_ context.Context, s *shop, p *purchase) error {
	if s.world.Carrier().Dispatch(p.orderID) != nil {
		return errNotYet
	}
	return nil
}

func deliver(_ context.Context, s *shop, p *purchase) error {
	return s.world.Carrier().Deliver(p.orderID)
}

package order

import (
	"context"
	"log/slog"
	"time"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// paymentVersion says how the payment service makes the intent's parameters of a placed fact. It is stored in the fact, so that
// a retry in years makes the same ones.
const paymentVersion = 1

// application is a checked request to place an order.
type application struct {
	customer        string
	paymentCustomer string // the shopper at the payment provider
	key             string // the Idempotency-Key
	body            request
}

// intake takes orders.
type intake struct {
	region, peerRegion string
	store              intakeStore
	peer               copier
	catalogue          interface {
		product(ctx context.Context, sku string) (price, bool, error)
	}
	fees    feeTable
	clock   platform.Clock
	log     *slog.Logger
	metrics platform.Metrics
}

type intakeStore interface {
	known(ctx context.Context, l lookup) (knowledge, error)
	load(ctx context.Context, orderID string) (record, error)
	use(ctx context.Context, key platform.Item) error
	create(ctx context.Context, key platform.Item, a acceptance) (stored acceptance, created bool, err error)
	keep(ctx context.Context, p price) error
}

// accepted is an order that was taken, now or before.
type accepted struct {
	order      fact.Order
	durability platform.Durability
}

// take stores an order in this region and then the very same bytes in the peer. A request that was taken before is answered with
// what was stored then, after the same second write: the first answer may have said one-region.
func (in *intake) take(ctx context.Context, a application) (accepted, error) {
	body, err := canonical(a.body)
	if err != nil {
		return accepted{}, platform.Wrap(platform.Internal, err)
	}
	id, digest := orderID(a.customer, a.key, body), keyDigest(a.customer, a.key)
	known, err := in.store.known(ctx, lookup{digest: digest, orderID: id, peer: in.peerRegion, skus: a.body.skus()})
	if err != nil {
		return accepted{}, err
	}
	if again, done, err := in.again(ctx, id, digest, known); done || err != nil {
		return again, err
	}
	cost, err := in.price(ctx, a.body, known.prices)
	if err != nil {
		return accepted{}, err
	}
	placed := fact.Fact{
		OrderID: id, Kind: fact.Placed, Region: in.region, Home: in.region, At: in.clock.Now().UTC().Truncate(time.Millisecond),
		Customer: a.customer, Lines: cost.lines, Amount: cost.total, ShippingMethod: a.body.Shipping.Method, ShippingAmount: cost.fee.Amount,
		PaymentMethod: a.body.Payment.Method, PaymentCustomer: a.paymentCustomer, PaymentVersion: paymentVersion,
	}
	return in.first(ctx, placed, a.body.Shipping, digest)
}

// first stores a new order, unless the same request was taken in between: then that one counts.
func (in *intake) first(ctx context.Context, placed fact.Fact, s shippingRequest, digest string) (accepted, error) {
	stored, created, err := in.store.create(ctx, requestItem(digest, placed.OrderID), acceptance{
		placed: factItem(placed),
		person: personItem(placed.OrderID, in.region, person{Name: s.Name, Email: s.Email, Address: s.Address}),
	})
	if err != nil {
		return accepted{}, err
	}
	facts := []fact.Fact{placed}
	if !created {
		rec, err := in.store.load(ctx, placed.OrderID)
		if err != nil {
			return accepted{}, err
		}
		facts = rec.facts
	}
	taken := accepted{fact.Fold(facts), in.peer.Copy(ctx, stored.person, stored.placed)}
	if created {
		in.measure(ctx, placed.OrderID, taken.durability)
	}
	return taken, nil
}

// measure counts an order when it is stored for the first time.
func (in *intake) measure(ctx context.Context, orderID string, d platform.Durability) {
	durable := platform.Sample{Metric: platform.TwoRegionDurable}
	if d == platform.InTwoRegions {
		durable.Value = 1
	}
	in.metrics.Put(ctx, "placed", []any{"order", orderID}, platform.Sample{Metric: platform.OrdersPlaced, Value: 1}, durable)
}

// again answers a request that was taken before, or whose key was used here: with the order it made, if that was of the same body. If the order's
// own items have not all arrived here (its region may be lost), this region stores its own beside them: same id, one payment.
func (in *intake) again(ctx context.Context, id, digest string, known knowledge) (a accepted, done bool, err error) {
	switch {
	case known.under != "" && known.under != id:
		return accepted{}, false, mismatch()
	case known.under == "" && !known.taken:
		return accepted{}, false, nil
	case known.under == "": // it was taken in the other region; from now on the key is used here too
		if err := in.store.use(ctx, requestItem(digest, id)); err != nil {
			return accepted{}, false, err
		}
	}
	rec, err := in.store.load(ctx, id)
	if err != nil {
		return accepted{}, false, err
	}
	for _, region := range []string{in.region, in.peerRegion} {
		if stored, whole := rec.acceptance(id, region); whole {
			return accepted{fact.Fold(rec.facts), in.peer.Copy(ctx, stored.person, stored.placed)}, true, nil
		}
	}
	return accepted{}, false, nil
}

func (r request) skus() []string {
	skus := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// cost is what an order comes to.
type cost struct {
	lines      []fact.Line
	fee, total money.Money // total includes fee
}

// price gives each line its price of this moment and adds them up with the shipping.
func (in *intake) price(ctx context.Context, r request, known map[string]price) (cost, error) {
	var c checks
	sum := cost{lines: make([]fact.Line, len(r.Lines))}
	fee, offered := in.fees.of(r.Shipping.Method, r.Currency)
	c.that(offered, "/shipping/method", "choose another method: this one is not offered in "+r.Currency)
	sum.fee, sum.total = fee, fee
	for i, l := range r.Lines {
		p, sold, err := in.priceOf(ctx, l.SKU, known)
		if err != nil {
			return cost{}, err
		}
		inCurrency := !sold || p.Money.Currency == r.Currency
		c.that(sold, linePointer(i, "sku"), "this shop does not sell "+l.SKU+": leave it out")
		c.that(inCurrency, linePointer(i, "sku"), l.SKU+" is sold in "+p.Money.Currency+": order it in that currency")
		if !sold || !inCurrency {
			continue
		}
		sum.lines[i] = fact.Line{SKU: l.SKU, Quantity: l.Quantity, UnitAmount: p.Money.Amount}
		if sum.total, err = addLine(sum.total, p.Money, l.Quantity); err != nil {
			c.that(false, linePointer(i, "quantity"), "order less: the "+err.Error())
			break
		}
	}
	if len(c.found) == 0 {
		if err := sum.total.Chargeable(); err != nil {
			c.that(false, "/lines", "order another quantity: "+err.Error())
		}
	}
	if len(c.found) > 0 {
		return cost{}, &platform.Error{Code: platform.Unprocessable, Violations: c.found}
	}
	return sum, nil
}

func addLine(total, unit money.Money, quantity int64) (money.Money, error) {
	line, err := unit.Times(quantity)
	if err != nil {
		return total, err
	}
	sum, err := total.Add(line)
	if err != nil {
		return total, err
	}
	return sum, nil
}

// priceOf is a product's price and whether it is for sale. A product that the read model does not have may be one whose event
// is late: then the catalogue is asked, and its answer kept.
func (in *intake) priceOf(ctx context.Context, sku string, known map[string]price) (price, bool, error) {
	if p, ok := known[sku]; ok {
		return p, p.Active, nil
	}
	p, found, err := in.catalogue.product(ctx, sku)
	if err != nil || !found {
		return price{}, false, err
	}
	if err := in.store.keep(ctx, p); err != nil {
		in.log.Warn("price not kept", "sku", sku, "error", err.Error()) // the next order asks again
	}
	return p, p.Active, nil
}

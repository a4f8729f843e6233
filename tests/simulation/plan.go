package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"twofold/local/world"
)

// Plan is all that a seed decides before anything runs.
type Plan struct {
	Seed      uint64
	Products  []Product
	Purchases []Purchase
	Receipts  []Receipt
	Prices    []PriceChange
	Weather   []Event
	Rates     world.FaultRates
	Lasts     time.Duration // when the last fault is healed, from the opening of the shop
}

// Product is something the shop sells; Stock is what each region opens with.
type Product struct {
	SKU   string
	Price int64
	Stock map[string]int64
}

// Purchase is one order and what its shopper, their bank and the carrier do about it. Durations count from the opening of the shop
// (At) or from the moment before.
type Purchase struct {
	N        int
	Customer string
	Key      string
	At       time.Duration
	Region   string // asked first
	Lines    []Line
	Card     string
	Postcode string
	Again    *Visit        // the same request once more, whatever became of the first
	Cancel   *Visit        // a request to cancel
	Looks    []Visit       // reads of the order
	Bank     string        // what the shopper answers their bank: "pass", "fail" or "never"
	Thinks   time.Duration // before they answer
	PickUp   time.Duration // after the order, or when the label is handed over; 0 is never
	Deliver  time.Duration // after the pick-up; 0 is never
}

// Line is one line of an order.
type Line struct {
	SKU      string
	Quantity int64
}

// Visit is a request some time after the order, first asked of a region.
type Visit struct {
	After  time.Duration
	Region string
}

// Receipt is stock that arrives while the shop is open; Again is when the clerk types it in a second time, in the other region.
type Receipt struct {
	ID, SKU, Target string
	Quantity        int64
	At              time.Duration
	Again           *Visit
}

// PriceChange is a new price, typed into a region.
type PriceChange struct {
	SKU, Region string
	Price       int64
	At          time.Duration
}

// The provider's test cards (https://docs.stripe.com/testing).
const (
	goodCard     = "pm_card_visa"
	declinedCard = "pm_card_chargeDeclined"
	emptyCard    = "pm_card_chargeDeclinedInsufficientFunds"
	bankCard     = "pm_card_authenticationRequired"
)

// The shape of a plan.
const (
	orders    = 40
	openFor   = 10 * time.Minute // orders come in this long
	customers = 8
	inRush    = 8 // orders just before a region is lost
)

// dice draws from a seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x7477_6f66_6f6c_6421))} }

// chance is true once in n.
func (d dice) chance(n int) bool { return d.IntN(n) == 0 }

// upTo is a duration below most, in milliseconds.
func (d dice) upTo(most time.Duration) time.Duration {
	return time.Duration(d.Int64N(most.Milliseconds())) * time.Millisecond
}

// pick is one of the choices.
func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// NewPlan draws the plan of a seed for two regions.
func NewPlan(seed uint64, regions []string) Plan {
	d := newDice(seed)
	p := Plan{Seed: seed, Products: products(d, regions)}
	for n := range orders {
		p.Purchases = append(p.Purchases, purchase(d, n, p.Products, regions))
	}
	p.Receipts = receipts(d, p.Products, regions)
	p.Prices = prices(d, p.Products, regions)
	p.Weather, p.Lasts = weather(d, regions)
	rare(&p, regions)
	rush(d, &p)
	p.Rates = world.DrawFaults(seed)
	return p
}

// rush has some of the shoppers order from a region in the seconds before it is lost: what is under way then is what the other one has to finish.
func rush(d dice, p *Plan) {
	for _, e := range p.Weather {
		if e.Change != LoseRegion && e.Change != LoseForGood {
			continue
		}
		for range inRush {
			o := &p.Purchases[d.IntN(len(p.Purchases))]
			o.Region, o.At = e.Region, max(0, e.At-d.upTo(pick(d, time.Second, 4*time.Second)))
		}
	}
}

// scarce is how many of the products run out, the first ones.
const scarce = 2

// products: one that is nearly sold out, one that only one region has, some of which there is plenty.
func products(d dice, regions []string) []Product {
	each := func(sku string, price, a, b int64) Product {
		return Product{SKU: sku, Price: price, Stock: map[string]int64{regions[0]: a, regions[1]: b}}
	}
	return []Product{
		each("HOT-1", 4900, d.Int64N(15), d.Int64N(15)),
		each("ONESIDED-1", 1250, d.Int64N(30), 0),
		each("COLD-1", 790, 200, 200),
		each("COLD-2", 2400, 200, 200),
	}
}

func purchase(d dice, n int, products []Product, regions []string) Purchase {
	p := Purchase{
		N: n, Customer: fmt.Sprintf("customer-%d", d.IntN(customers)), Key: fmt.Sprintf("key-%d", n), At: d.upTo(openFor), Region: pick(d, regions...),
		Lines: lines(d, products), Card: pick(d, goodCard, goodCard, goodCard, goodCard, goodCard, goodCard, bankCard, bankCard, declinedCard, emptyCard),
		Postcode: "SW1Y 4JH", Bank: pick(d, "pass", "pass", "pass", "fail", "never"), Thinks: d.upTo(pick(d, 2*time.Minute, 2*time.Minute, 40*time.Minute)),
	}
	if d.chance(15) {
		p.Postcode = "UNDELIVERABLE"
	}
	if d.chance(3) {
		p.Again = &Visit{d.upTo(pick(d, time.Second, time.Minute, 20*time.Minute)), pick(d, regions...)}
	}
	if d.chance(4) {
		p.Cancel = &Visit{d.upTo(pick(d, 2*time.Second, 2*time.Second, 30*time.Second, 15*time.Minute)), pick(d, regions...)}
	}
	for range d.IntN(3) {
		p.Looks = append(p.Looks, Visit{d.upTo(pick(d, 5*time.Second, 15*time.Minute)), pick(d, regions...)})
	}
	if d.chance(2) {
		p.PickUp = time.Second + d.upTo(pick(d, 2*time.Second, 10*time.Minute))
	}
	if d.chance(2) {
		p.Deliver = time.Second + d.upTo(5*time.Minute)
	}
	return p
}

// lines are one to three products, each once; half of the orders leave alone what is scarce.
func lines(d dice, products []Product) []Line {
	from := products
	if d.chance(2) {
		from = products[scarce:]
	}
	var out []Line
	for _, i := range d.Perm(len(from))[:min(len(from), pick(d, 1, 1, 1, 2, 3))] {
		out = append(out, Line{from[i].SKU, 1 + d.Int64N(3)})
	}
	return out
}

func receipts(d dice, products []Product, regions []string) []Receipt {
	var out []Receipt
	for n := range 2 + d.IntN(8) {
		r := Receipt{ID: fmt.Sprintf("receipt-%d", n), SKU: products[d.IntN(len(products))].SKU, Target: pick(d, regions...), Quantity: 1 + d.Int64N(20), At: d.upTo(openFor)}
		if d.chance(2) {
			r.Again = &Visit{d.upTo(time.Minute), pick(d, regions...)}
		}
		out = append(out, r)
	}
	return out
}

func prices(d dice, products []Product, regions []string) []PriceChange {
	var out []PriceChange
	for range d.IntN(3) {
		p := products[d.IntN(len(products))]
		out = append(out, PriceChange{SKU: p.SKU, Region: pick(d, regions...), Price: p.Price + 1 + d.Int64N(100), At: d.upTo(openFor)})
	}
	return out
}

// String is the plan as a person reads it: the rates, the weather and the purchases.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  rates: %s\n", p.Rates)
	for _, e := range p.Weather {
		fmt.Fprintf(&b, "  weather: %s\n", e)
	}
	for _, o := range p.Purchases {
		fmt.Fprintf(&b, "  %s\n", o)
	}
	return b.String()
}

func (p Purchase) String() string {
	s := fmt.Sprintf("%s %s in %s: %v with %s to %s", p.At, p.Key, p.Region, p.Lines, p.Card, p.Postcode)
	if p.Again != nil {
		s += fmt.Sprintf(", again after %s in %s", p.Again.After, p.Again.Region)
	}
	if p.Cancel != nil {
		s += fmt.Sprintf(", cancelled after %s in %s", p.Cancel.After, p.Cancel.Region)
	}
	if p.Card == bankCard {
		s += fmt.Sprintf(", bank: %s after %s", p.Bank, p.Thinks)
	}
	if p.PickUp > 0 {
		s += fmt.Sprintf(", picked up after %s, delivered after %s", p.PickUp, p.Deliver)
	}
	return s
}

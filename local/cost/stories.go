package cost

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"twofold/internal/fact"
)

// Story is a way that an order can go.
type Story struct {
	Name      string
	What      string // that happens, in a line
	Overrides map[string]string
	Orders    int // that are played; usualOrders when 0
	// Play plays the nth order, the first being 0, to the end of its story.
	Play func(ctx context.Context, t *theatre, n int) error
	// During is what happens to the regions meanwhile, with orders and without: nothing when nil.
	During func(ctx context.Context, t *theatre)
}

func (s Story) orders() int {
	if s.Orders == 0 {
		return usualOrders
	}
	return s.Orders
}

// usualOrders take a minute.
const usualOrders = 24

const (
	plenty  = "TEA-EARL-GREY"
	soldOut = "TEA-SOLD-OUT"

	goodCard      = "pm_card_visa"
	declinedCard  = "pm_card_chargeDeclined"
	bankCard      = "pm_card_authenticationRequired"
	postcode      = "SW1Y 4JH"
	undeliverable = "UNDELIVERABLE"
)

// Confirmed, Standard and Delivered are the stories that are spoken of by name.
const (
	Confirmed = "confirmed"
	Standard  = "confirmed, Standard saga"
	Delivered = "delivered, read once"
)

// Stories are all ways that an order can go.
func Stories() []Story {
	usual := purchase{}
	return []Story{
		{Name: Confirmed, What: "paid at once; the provider's webhook says so", Play: usual.confirmed()},
		{Name: Standard, What: "the same with SagaType=STANDARD", Play: usual.confirmed(), Overrides: map[string]string{"SagaType": "STANDARD"}},
		{Name: "sent to both regions", What: "the client sends the order again, to the other region", Play: usual.then(fact.Confirmed, again)},
		{Name: "out of stock", What: "neither region has the goods", Play: purchase{sku: soldOut}.then(fact.Rejected)},
		{Name: "card declined", What: "the provider refuses the card", Play: purchase{card: declinedCard}.then(fact.Rejected)},
		{Name: "cannot be delivered", What: "the carrier refuses the address", Play: purchase{postcode: undeliverable}.then(fact.Rejected)},
		{Name: "3-D Secure passed", What: "the bank asks the shopper, who answers", Play: purchase{card: bankCard}.then(fact.Confirmed, bank(true))},
		{Name: "3-D Secure failed", What: "the bank asks the shopper, who fails", Play: purchase{card: bankCard}.then(fact.Rejected, bank(false))},
		{Name: "cancelled at once", What: "the cancellation races the saga", Play: usual.then(fact.Cancelled, cancel)},
		{Name: "cancelled when confirmed", What: "the money goes back", Play: usual.then(fact.Cancelled, after(fact.Confirmed), cancel)},
		{Name: "dispatched", What: "confirmed, then picked up; the carrier's webhook says so", Play: usual.then(fact.Dispatched, pickUp)},
		{Name: Delivered, What: "dispatched, then delivered, each with the carrier's webhook; the shopper looks once",
			Play: usual.then(fact.Delivered, pickUp, after(fact.Dispatched), deliver, look)},
		{Name: "cancelled too late", What: "the cancellation is refused after dispatch", Play: usual.then(fact.Dispatched, pickUp, after(fact.Dispatched), tooLate)},
		{Name: "finished by the peer", What: "the region that took it is lost for ten minutes in that second; one order alone, and its execution there is billed until the region is back", Orders: 1, Play: takenOver, During: loseHome},
	}
}

// purchase is what is bought and how; empty fields are the usual.
type purchase struct{ sku, card, postcode string }

// step is something that somebody does about the order.
type step func(ctx context.Context, t *theatre, order string, body request) error

func (p purchase) request(t *theatre, n int) request {
	or := func(s, usual string) string {
		if s == "" {
			return usual
		}
		return s
	}
	body := fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":1}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard","name":"Ada Byron",`+
		`"email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":%q,"country":"GB"}}}`,
		or(p.sku, plenty), or(p.card, goodCard), or(p.postcode, postcode))
	return request{t.home, http.MethodPost, "/v1/orders", fmt.Sprintf("order-%d", n), body}
}

// then places an order, takes the steps, and waits until both regions have its last fact.
func (p purchase) then(last fact.Kind, steps ...step) func(context.Context, *theatre, int) error {
	return func(ctx context.Context, t *theatre, n int) error {
		r := p.request(t, n)
		order, err := t.send(ctx, http.StatusAccepted, r)
		if err != nil {
			return err
		}
		for _, do := range steps {
			if err := do(ctx, t, order, r); err != nil {
				return err
			}
		}
		return t.await(ctx, order, last, t.Regions()...)
	}
}

func (p purchase) confirmed() func(context.Context, *theatre, int) error {
	return p.then(fact.Confirmed)
}

func after(kind fact.Kind) step {
	return func(ctx context.Context, t *theatre, order string, _ request) error {
		return t.await(ctx, order, kind, t.Regions()...)
	}
}

func again(ctx context.Context, t *theatre, _ string, r request) error {
	r.region = t.peer
	return t.expect(ctx, http.StatusAccepted, r)
}

func bank(passed bool) step {
	return func(ctx context.Context, t *theatre, order string, _ request) error {
		if err := t.await(ctx, order, fact.ActionRequired, t.home); err != nil {
			return err
		}
		return t.Authenticate(order, passed)
	}
}

func cancellation(status int) step {
	return func(ctx context.Context, t *theatre, order string, _ request) error {
		return t.expect(ctx, status, request{region: t.home, method: http.MethodPost, path: "/v1/orders/" + order + "/cancellation"})
	}
}

func cancel(ctx context.Context, t *theatre, order string, r request) error {
	return cancellation(http.StatusAccepted)(ctx, t, order, r)
}

func tooLate(ctx context.Context, t *theatre, order string, r request) error {
	return cancellation(http.StatusConflict)(ctx, t, order, r)
}

func look(ctx context.Context, t *theatre, order string, _ request) error {
	return t.expect(ctx, http.StatusOK, request{region: t.home, method: http.MethodGet, path: "/v1/orders/" + order})
}

// pickUp waits until the label has been handed over, as the carrier does.
func pickUp(ctx context.Context, t *theatre, order string, _ request) error {
	end := t.Cloud().Now().Add(patience)
	for t.Carrier().Dispatch(order) != nil {
		if t.Cloud().Now().After(end) {
			return fmt.Errorf("the label of %s was never handed over", order)
		}
		if err := t.Cloud().Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func deliver(_ context.Context, t *theatre, order string, _ request) error {
	return t.Carrier().Deliver(order)
}

// takenOver places an order whose region is lost right after; the peer finishes it.
func takenOver(ctx context.Context, t *theatre, n int) error {
	order, err := t.send(ctx, http.StatusAccepted, purchase{}.request(t, n))
	if err != nil {
		return err
	}
	return t.await(ctx, order, fact.Confirmed, t.peer)
}

// The region is lost when the answer to the order is out, and the event is not; for this long.
const (
	lossAfter = 400 * time.Millisecond
	lost      = 10 * time.Minute
)

func loseHome(ctx context.Context, t *theatre) {
	if t.Cloud().Sleep(ctx, lossAfter) != nil {
		return
	}
	t.LoseRegion(t.home)
	if t.Cloud().Sleep(ctx, lost) == nil {
		t.RestoreRegion(t.home)
	}
}

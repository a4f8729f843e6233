package simulation

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"twofold/internal/fact"
)

// shopper plays one purchase: the order, and whatever its plan says after it.
type shopper struct {
	*client
	p  Purchase
	id string
}

func (r *run) shopper(p Purchase) (*shopper, error) {
	c, err := r.client(p.Customer, "orders:read orders:write", p.N)
	return &shopper{client: c, p: p}, err
}

// buy places the order and starts what follows, each as a task of its own, so that all of it runs at once.
func (s *shopper) buy(ctx context.Context) error {
	if err := s.run.sleep(ctx, s.p.At); err != nil {
		return err
	}
	if s.p.Again != nil {
		s.run.spawn(ctx, fmt.Sprintf("again-%d", s.p.N), s.placeAgain)
	}
	known, err := s.place(ctx, s.p.Region)
	if err != nil || !known {
		return err
	}
	if s.p.Cancel != nil {
		s.run.spawn(ctx, fmt.Sprintf("cancel-%d", s.p.N), s.cancel)
	}
	for i, v := range s.p.Looks {
		s.run.spawn(ctx, fmt.Sprintf("look-%d-%d", s.p.N, i), func(ctx context.Context) error { return s.look(ctx, v) })
	}
	if s.p.Card == bankCard && s.p.Bank != "never" {
		s.run.spawn(ctx, fmt.Sprintf("bank-%d", s.p.N), s.answerBank)
	}
	if s.p.PickUp > 0 {
		s.run.spawn(ctx, fmt.Sprintf("carrier-%d", s.p.N), s.carrier)
	}
	return nil
}

// place sends the order until somebody answers; it reports whether it was accepted.
func (s *shopper) place(ctx context.Context, first string) (bool, error) {
	a, answered, err := s.insist(ctx, first, question{http.MethodPost, "/v1/orders", s.p.Key, s.p.body()})
	if err != nil || !answered {
		return false, err
	}
	if a.status != http.StatusAccepted {
		s.run.history.refused(s.p, a)
		return false, nil
	}
	var order orderView
	if err := a.into(&order); err != nil {
		return false, err
	}
	s.id = order.OrderID
	s.run.history.accepted(s.p, a, order, s.run.now())
	s.run.checkStored(a, s.id, fact.Placed)
	return true, nil
}

func (s *shopper) placeAgain(ctx context.Context) error {
	if err := s.run.sleep(ctx, s.p.Again.After); err != nil {
		return err
	}
	twin := *s // what follows an order follows once
	_, err := twin.place(ctx, s.p.Again.Region)
	return err
}

// orderView is what the simulation looks at in an order.
type orderView struct {
	OrderID string `json:"orderId"`
	State   string `json:"state"`
}

func (p Purchase) body() string {
	lines := make([]string, len(p.Lines))
	for i, l := range p.Lines {
		lines[i] = fmt.Sprintf(`{"sku":%q,"quantity":%d}`, l.SKU, l.Quantity)
	}
	return fmt.Sprintf(`{"lines":[%s],"currency":"EUR","payment":{"method":%q},"shipping":{"method":"standard","name":"Ada Byron",`+
		`"email":"%s@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":%q,"country":"GB"}}}`,
		strings.Join(lines, ","), p.Card, p.Customer, p.Postcode)
}

func (s *shopper) cancel(ctx context.Context) error {
	if err := s.run.sleep(ctx, s.p.Cancel.After); err != nil {
		return err
	}
	s.run.history.wishes(s.id)
	return s.askAbout(ctx, s.p.Cancel.Region, question{method: http.MethodPost, path: "/v1/orders/" + s.id + "/cancellation"})
}

func (s *shopper) look(ctx context.Context, v Visit) error {
	if err := s.run.sleep(ctx, v.After); err != nil {
		return err
	}
	return s.askAbout(ctx, v.Region, question{method: http.MethodGet, path: "/v1/orders/" + s.id})
}

// askAbout asks a region about the order. A region that has not heard of it yet, which the durability of the answer excuses, is asked
// again like one that does not answer.
func (s *shopper) askAbout(ctx context.Context, region string, q question) error {
	for range tries {
		a, answered, err := s.insist(ctx, region, q)
		if err != nil || !answered {
			return err
		}
		if a.status != http.StatusNotFound {
			s.run.history.told(s.id, q, a)
			if q.method == http.MethodPost && a.status == http.StatusAccepted {
				s.run.checkStored(a, s.id, fact.CancelRequested)
			}
			return nil
		}
		s.run.history.unknown(s.id, a)
		if err := s.run.sleep(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// answerBank waits until the payment asks for the shopper and answers after the time that they think.
func (s *shopper) answerBank(ctx context.Context) error {
	if err := s.run.sleep(ctx, s.p.Thinks); err != nil {
		return err
	}
	for range 40 {
		for _, i := range s.run.world.Stripe().Intents() {
			if i.Order == s.id && i.Status == "requires_action" {
				s.run.count("shopper answers the bank: " + s.p.Bank)
				return s.run.world.Stripe().Authenticate(i.ID, s.p.Bank == "pass")
			}
		}
		if err := s.run.sleep(ctx, 15*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// carrier picks the parcel up some time after its label was handed over, and delivers it. A label that is not handed over, or was stopped
// before the pick-up, stays where it is.
func (s *shopper) carrier(ctx context.Context) error {
	if err := s.run.sleep(ctx, s.p.PickUp); err != nil {
		return err
	}
	for try := range 60 {
		if s.run.world.Carrier().Dispatch(s.id) == nil {
			s.run.count("carrier picks up")
			break
		}
		if err := s.run.sleep(ctx, min(time.Second<<(try/5), 20*time.Second)); err != nil {
			return err
		}
	}
	if s.p.Deliver == 0 {
		return nil
	}
	if err := s.run.sleep(ctx, s.p.Deliver); err != nil {
		return err
	}
	if s.run.world.Carrier().Deliver(s.id) == nil {
		s.run.count("carrier delivers")
	}
	return nil
}

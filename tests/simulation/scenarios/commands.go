package scenarios

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/promises"
)

// cards are the provider's test cards by the names that scripts give them.
var cards = map[string]string{"visa": "pm_card_visa", "declined": "pm_card_chargeDeclined", "bank": "pm_card_authenticationRequired"}

const staffScope = "catalogue:admin orders:read"

// line is a command with its arguments.
type line struct {
	command string
	words   []string            // arguments without a value
	values  map[string]string   // arguments with one
	lists   map[string][]string // arguments with several
}

func (l line) word() string {
	if len(l.words) == 0 {
		return ""
	}
	return l.words[0]
}

func (l line) value(key, otherwise string) string {
	if v, ok := l.values[key]; ok {
		return v
	}
	return otherwise
}

// commands are what a script may say. An error is one of the script.
func (s *stage) commands() map[string]func(line) (string, error) {
	return map[string]func(line) (string, error){
		"shop": s.shop, "price": s.price, "place": s.place, "again": s.again, "cancel": s.cancel, "look": s.look,
		"lose": s.lose, "gone": s.gone, "restore": s.restore, "cut": s.cut, "heal": s.heal, "lag": s.lag,
		"wait": s.wait, "until": s.until, "bank": s.bank, "pick-up": s.pickUp, "deliver": s.deliver,
		"stock": s.stock, "adopt": s.adopt, "provider": s.provider, "promises": s.promises,
	}
}

func (s *stage) run(l line) (string, error) {
	command, ok := s.commands()[l.command]
	if !ok {
		return "", fmt.Errorf("no command is called %s", l.command)
	}
	out, err := command(l)
	return s.short(out), err
}

func (s *stage) shop(l line) (string, error) {
	sku := l.value("sku", "TEA-1")
	if _, err := s.price(line{values: map[string]string{"sku": sku, "amount": l.value("price", "790"), "in": "east"}}); err != nil {
		return "", err
	}
	s.pass(5 * time.Second)
	for _, name := range []string{"east", "west"} {
		region, err := s.region(name)
		if err != nil {
			return "", err
		}
		if l.value(name, "0") == "0" {
			continue
		}
		body := fmt.Sprintf(`{"receiptId":"opening-%s","quantity":%s,"target":%q}`, name, l.value(name, ""), region)
		if a := s.send(request{region, http.MethodPost, "/v1/products/" + sku + "/receipts", "staff", staffScope, "", body}, nil); a.status != http.StatusAccepted {
			return "", fmt.Errorf("receipt in %s: %s", name, a)
		}
	}
	s.pass(15 * time.Second)
	return s.stock(line{words: []string{sku}})
}

func (s *stage) price(l line) (string, error) {
	region, err := s.region(l.value("in", "east"))
	if err != nil {
		return "", err
	}
	body := fmt.Sprintf(`{"title":"Tea","price":{"amount":%s,"currency":"EUR"},"active":true}`, l.value("amount", ""))
	a := s.send(request{region, http.MethodPut, "/v1/products/" + l.value("sku", "TEA-1"), "staff", staffScope, "", body}, nil)
	return fmt.Sprintln(a.status), a.err
}

func (s *stage) place(l line) (string, error) {
	card, ok := cards[l.value("card", "visa")]
	if !ok {
		return "", fmt.Errorf("no card is called %s", l.value("card", ""))
	}
	o := &order{name: l.word(), customer: "customer-" + l.word(), body: fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":%s}],"currency":"EUR","payment":{"method":%q},`+
		`"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`,
		l.value("sku", "TEA-1"), l.value("quantity", "1"), card)}
	s.orders[o.name] = o
	return s.again(l)
}

func (s *stage) again(l line) (string, error) {
	region, err := s.region(l.value("in", "east"))
	o := s.orders[l.word()]
	if err != nil || o == nil {
		return "", fmt.Errorf("an order and a region, please: %w", err)
	}
	stop, err := s.moment(l)
	if err != nil {
		return "", err
	}
	a := s.send(request{region, http.MethodPost, "/v1/orders", o.customer, "orders:read orders:write", "key-" + o.name, o.body}, stop)
	if !a.done {
		o.late = a
		return a.String() + s.news(), nil
	}
	return a.String(), s.name(o, a)
}

// name remembers the id of an order that was accepted.
func (s *stage) name(o *order, a *answer) error {
	id, ok := a.body["orderId"].(string)
	if !ok || a.status != http.StatusAccepted {
		return nil
	}
	if o.id != "" && o.id != id {
		return errors.New("one request became two orders")
	}
	o.id, s.names[id] = id, o.name
	return nil
}

func (s *stage) cancel(l line) (string, error) { return s.ask(l, http.MethodPost, "/cancellation") }

func (s *stage) look(l line) (string, error) { return s.ask(l, http.MethodGet, "") }

func (s *stage) ask(l line, method, path string) (string, error) {
	region, err := s.region(l.value("in", "east"))
	o := s.orders[l.word()]
	if err != nil || o == nil {
		return "", fmt.Errorf("an order and a region, please: %w", err)
	}
	return s.send(request{region, method, "/v1/orders/" + o.id + path, o.customer, "orders:read orders:write", "", ""}, nil).String(), nil
}

func (s *stage) lose(l line) (string, error) { return s.with(l, s.LoseRegion) }

func (s *stage) gone(l line) (string, error) { return s.with(l, s.LoseRegionForGood) }

func (s *stage) restore(l line) (string, error) { return s.with(l, s.RestoreRegion) }

func (s *stage) with(l line, do func(region string)) (string, error) {
	region, err := s.region(l.word())
	if err == nil {
		do(region)
	}
	return "ok\n", err
}

func (s *stage) cut(line) (string, error) {
	s.CutLink(s.Regions()[0], s.Regions()[1])
	return "ok\n", nil
}

func (s *stage) heal(line) (string, error) {
	s.HealLink(s.Regions()[0], s.Regions()[1])
	return "ok\n", nil
}

func (s *stage) lag(l line) (string, error) {
	d, err := time.ParseDuration(l.word())
	if err == nil {
		s.Cloud().Faults.SetLag(d)
	}
	return "ok\n", err
}

// until stops the world when a step of a saga is called, or has answered, in a region.
func (s *stage) until(l line) (string, error) {
	reached, err := s.moment(l)
	if err != nil {
		return "", err
	}
	if reached == nil || !s.Sim().RunUntil(s.Cloud().Now().Add(10*time.Minute), reached) {
		return "", errors.New("that moment did not come within 10 minutes")
	}
	return s.news(), nil
}

// moment is when a step has been asked=... or answered=... in the region of the line; nil if it names none.
func (s *stage) moment(l line) (func() bool, error) {
	region, err := s.region(l.value("in", "east"))
	if err != nil {
		return nil, err
	}
	reached := false
	hook := func(step string) core.Interceptor {
		return func(_ context.Context, call *core.Call) error {
			if call.Service == "lambda" && call.Region == region && strings.Contains(string(call.Body), `"step":"`+step+`"`) {
				reached = true
			}
			return nil
		}
	}
	switch {
	case l.value("asked", "") != "":
		s.Cloud().Faults.InterceptBefore(hook(l.value("asked", "")))
	case l.value("answered", "") != "":
		s.Cloud().Faults.InterceptAfter(hook(l.value("answered", "")))
	default:
		return nil, nil
	}
	return func() bool { return reached }, nil
}

func (s *stage) bank(l line) (string, error) {
	o := s.orders[l.word()]
	if o == nil || len(l.words) < 2 {
		return "", errors.New("an order and pass or fail, please")
	}
	return "ok\n", s.Authenticate(o.id, l.words[1] == "pass")
}

func (s *stage) pickUp(l line) (string, error) {
	return "ok\n", s.Carrier().Dispatch(s.orders[l.word()].id)
}

func (s *stage) deliver(l line) (string, error) {
	return "ok\n", s.Carrier().Deliver(s.orders[l.word()].id)
}

func (s *stage) stock(l line) (string, error) {
	var out strings.Builder
	for _, region := range s.Regions() {
		all, _, err := s.Stock(region)
		if err != nil {
			return "", err
		}
		for _, c := range all {
			if c.SKU == l.word() {
				fmt.Fprintf(&out, "%s: received %d + got %d = available %d + held %d + consumed %d + given %d\n", region, c.Received, c.Got, c.Available, c.Held, c.Consumed, c.Given)
			}
		}
	}
	return out.String(), nil
}

func (s *stage) promises(l line) (string, error) {
	v, err := s.View(context.Background())
	if err != nil {
		return "", err
	}
	for _, o := range s.orders {
		if o.id != "" {
			v.Accepted = append(v.Accepted, o.id)
		}
	}
	v.Troubled = true
	var broken []string
	for _, r := range promises.Check(v) {
		for _, b := range r.Broken {
			if !slices.ContainsFunc(l.lists["except"], func(word string) bool { return strings.Contains(r.Name, word) }) {
				broken = append(broken, r.Name+": "+b+"\n")
			}
		}
	}
	if len(broken) == 0 {
		return "kept\n", nil
	}
	slices.Sort(broken)
	return strings.Join(broken, ""), nil
}

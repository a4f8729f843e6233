package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	twofold "twofold/client/go"
	"twofold/local/promises"
	"twofold/local/world"
)

// shownBroken is how many breaches of one promise are printed.
const shownBroken = 10

// demo is the main job: both regions up, orders of every fate through both, and the promises checked.
func demo(ctx context.Context, opts world.Options) error {
	begin := time.Now()
	w, err := world.Start(ctx, opts)
	if err != nil {
		return err
	}
	return errors.Join(hideLess(ctx, w), play(ctx, w, opts.Root, begin), w.Close())
}

// demoHidden is how long a message is hidden that a function has received: a second longer than the function may take. The queues have six times that, and
// what the dead functions of a lost region had received would be waited for so long.
const demoHidden = 11 * time.Second

func hideLess(ctx context.Context, w *world.World) error {
	deployed, err := w.HideMessages(ctx, demoHidden)
	if err == nil {
		fmt.Printf("Another clock: a message that a dead function had received comes back after %s here, and %s as deployed (stacks).\n", demoHidden, deployed)
	}
	return err
}

// play is the demo once the platform is up.
func play(ctx context.Context, w *world.World, root string, begin time.Time) error {
	fmt.Printf("Both regions are up after %s: %d stacks, %d resources, %d functions.\n\n", since(begin), w.Stacks(), w.Resources(), w.Functions())
	s, err := newShop(w)
	if err != nil {
		return err
	}
	if err := s.open(ctx, demoProducts(s.regions)); err != nil {
		return err
	}
	fmt.Println("ACT 1: orders of every fate.")
	purchases := demoPurchases(s.regions)
	if err := s.buyAll(ctx, purchases); err != nil {
		return err
	}
	fmt.Printf("  %d orders placed through the APIs of %s\n", len(purchases), strings.Join(s.regions, " and "))
	settled := s.settle(ctx, purchases)
	if settled != nil {
		fmt.Println("not everything came to an end:", settled)
	}
	unexpected := printOrders(s.regions, purchases)
	stormed, lost := s.loseRegion(ctx, root)
	for _, p := range purchases {
		stormed = append(stormed, p.orderID)
	}
	return errors.Join(settled, unexpected, lost, s.report(ctx, stormed, begin))
}

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Millisecond) }

func (s *shop) buyAll(ctx context.Context, purchases []*purchase) error {
	for _, p := range purchases {
		if err := s.buy(ctx, p); err != nil {
			return fmt.Errorf("order %s: %w", p.key, err)
		}
	}
	return nil
}

// buy places an order, and again in the other region if its story says so: both answers must name the same order.
func (s *shop) buy(ctx context.Context, p *purchase) error {
	id, durability, err := s.place(ctx, p.region, p)
	if err != nil {
		return err
	}
	p.orderID, p.durability = id, durability
	if p.again == "" {
		return nil
	}
	again, _, err := s.place(ctx, p.again, p)
	if err == nil && again != id {
		err = fmt.Errorf("%s made it %s and %s made it %s", p.region, id, p.again, again)
	}
	return err
}

func (s *shop) place(ctx context.Context, region string, p *purchase) (orderID, durability string, err error) {
	c, err := s.shopper(region, p.customer)
	if err != nil {
		return "", "", err
	}
	res, err := c.PlaceOrderWithResponse(ctx, &twofold.PlaceOrderParams{IdempotencyKey: p.key}, order(p))
	if err != nil {
		return "", "", err
	}
	if res.JSON202 == nil {
		return "", "", fmt.Errorf("%s in %s: %s", res.Status(), region, res.Body)
	}
	return res.JSON202.OrderId, res.HTTPResponse.Header.Get("Twofold-Durability"), nil
}

func order(p *purchase) twofold.NewOrder {
	return twofold.NewOrder{
		Lines: []twofold.NewLine{{Sku: p.sku, Quantity: p.quantity}}, Currency: "EUR",
		Payment: twofold.Payment{Method: p.card},
		Shipping: twofold.Shipping{Method: twofold.Standard, Name: "Ada Byron", Email: p.customer + "@shop.example",
			Address: twofold.Address{Line1: "12 St James's Square", City: "London", PostalCode: p.postcode, Country: "GB"}},
	}
}

// settle waits until every order has come to its end in both regions and nothing is under way any more.
func (s *shop) settle(ctx context.Context, purchases []*purchase) error {
	shown := -20
	err := s.await(ctx, "every order has come to its end in both regions", func() (bool, error) {
		done, err := s.look(ctx, purchases)
		if done >= shown+20 || done == len(purchases) && done > shown {
			fmt.Printf("  %d of %d orders have come to the end of their story in both regions\n", done, len(purchases))
			shown = done
		}
		return done == len(purchases), err
	})
	if err != nil {
		return err
	}
	return s.world.Quiet(ctx)
}

// look reads every order that has no outcome yet, in both regions.
func (s *shop) look(ctx context.Context, purchases []*purchase) (int, error) {
	done := 0
	for _, p := range purchases {
		if !p.ended(s.regions) {
			if err := errors.Join(s.read(ctx, p), s.act(ctx, p)); err != nil {
				return done, err
			}
		}
		if p.ended(s.regions) {
			done++
		}
	}
	return done, nil
}

func (s *shop) read(ctx context.Context, p *purchase) error {
	p.seen = map[string]*twofold.Order{}
	for _, region := range s.regions {
		c, err := s.client(region, p.customer, "orders:read")
		if err != nil {
			return err
		}
		res, err := c.GetOrderWithResponse(ctx, p.orderID)
		if err != nil {
			return err
		}
		switch res.StatusCode() {
		case http.StatusOK:
			p.seen[region] = res.JSON200
		case http.StatusNotFound: // not replicated yet
		default:
			return fmt.Errorf("read %s in %s: %s: %s", p.orderID, region, res.Status(), res.Body)
		}
	}
	return nil
}

// act does what is next in the order's story if its time has come.
func (s *shop) act(ctx context.Context, p *purchase) error {
	if len(p.acts) == 0 {
		return nil
	}
	next := p.acts[0]
	if o := p.seen[p.region]; o == nil || next.when != "" && o.State != next.when {
		return nil
	}
	err := next.do(ctx, s, p)
	if err == nil {
		p.acts = p.acts[1:]
	}
	if errors.Is(err, errNotYet) {
		return nil
	}
	return err
}

// ended reports whether the story is over in both regions: nothing is left to do, and both see what it should come to.
func (p *purchase) ended(regions []string) bool {
	for _, r := range regions {
		if o := p.seen[r]; o == nil || o.State != p.want {
			return false
		}
	}
	return len(p.acts) == 0
}

// printOrders is the table of what became of every order; it reports orders whose fate is not their story's.
func printOrders(regions []string, purchases []*purchase) error {
	table := [][]string{{"ORDER", "STORY", "TAKEN BY", "STORED IN", strings.ToUpper(regions[0]), strings.ToUpper(regions[1]), "REASON"}}
	var wrong error
	for _, p := range purchases {
		table = append(table, []string{p.orderID, p.story, p.region, p.durability, p.state(regions[0]), p.state(regions[1]), p.reason(regions[0])})
		if got := p.state(regions[0]); got != string(p.want) {
			wrong = errors.Join(wrong, fmt.Errorf("%s (%s) is %s and should be %s", p.orderID, p.story, got, p.want))
		}
	}
	fmt.Println()
	return errors.Join(printTable(table), printStories(purchases, regions[0]), wrong)
}

// printStories counts orders by story and what became of them.
func printStories(purchases []*purchase, region string) error {
	type fate struct{ story, state, reason string }
	count := map[fate]int{}
	var order []fate
	for _, p := range purchases {
		f := fate{p.story, p.state(region), p.reason(region)}
		if count[f]++; count[f] == 1 {
			order = append(order, f)
		}
	}
	table := [][]string{{"STORY", "ORDERS", "CAME TO", "REASON"}}
	for _, f := range order {
		table = append(table, []string{f.story, fmt.Sprint(count[f]), f.state, f.reason})
	}
	fmt.Println()
	return printTable(table)
}

// printTable prints rows in columns, the first row being the head.
func printTable(rows [][]string) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		if _, err := fmt.Fprintln(out, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (p *purchase) state(region string) string {
	if o := p.seen[region]; o != nil {
		return string(o.State)
	}
	return "-"
}

func (p *purchase) reason(region string) string {
	if o := p.seen[region]; o != nil && o.Reason != nil {
		return *o.Reason
	}
	return ""
}

// report checks the promises and prints them.
func (s *shop) report(ctx context.Context, ids []string, begin time.Time) error {
	view, err := s.view(ctx)
	if err != nil {
		return err
	}
	view.Accepted, view.Troubled = ids, true
	results := promises.Check(view)
	fmt.Println("\nACT 3: the promises, over all orders and both regions.")
	for _, r := range results {
		mark := "kept  "
		if len(r.Broken) > 0 {
			mark = "BROKEN"
		}
		line := mark + "  " + r.Name
		if r.Count > 0 {
			line += fmt.Sprintf(" (%d)", r.Count)
		}
		fmt.Println(line)
		for _, b := range r.Broken[:min(len(r.Broken), shownBroken)] {
			fmt.Printf("          %s\n", b)
		}
		if more := len(r.Broken) - shownBroken; more > 0 {
			fmt.Printf("          and %d more\n", more)
		}
	}
	fmt.Printf("\n%s in all.\n", since(begin))
	if !promises.Held(results) {
		return errors.New("a promise is broken")
	}
	return nil
}

// await tries until it is so; it gives up after a minute and says what did not happen.
func (s *shop) await(ctx context.Context, what string, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		ok, err := done()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("did not happen within a minute: %s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

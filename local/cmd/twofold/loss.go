package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"twofold/internal/fact"
	"twofold/local/edge"
	"twofold/local/promises"
)

// How long the load goes on before and after the loss, and how long at most the other region may take to end all orders.
const (
	beforeLoss = 3 * time.Second
	afterLoss  = 3 * time.Second
	takeover   = 2 * time.Minute
)

// loss is what was seen of the loss of a region.
type loss struct {
	lost, survivor string
	orders         []placing
	first          time.Duration // until the first order of a client of the lost region was accepted again
	behind         []string      // what had not replicated to the survivor at the loss
	open           int           // accepted orders that the survivor knew without outcome when the load ended
	missing        int           // orders answered with two regions that the survivor did not have while the other was away
	oneRegion      int           // orders that were answered with one region, and were not there
	took           time.Duration // until the survivor had ended all that it knew
	agreed         time.Duration // after the restore
	left           int           // of what had not replicated, what still has not after the restore
}

// loseRegion is the demo's main act: under load a region is lost, the other goes on, and the first comes back. It answers the ids of the orders that
// were accepted.
func (s *shop) loseRegion(ctx context.Context, root string) ([]string, error) {
	l := &loss{lost: s.regions[0], survivor: s.regions[1]}
	fmt.Printf("\nACT 2: under load %s is lost: its processes are killed, its endpoints answer nobody.\n", l.lost)
	storm, err := s.storm(ctx, "load")
	if err != nil {
		return nil, err
	}
	pause(ctx, beforeLoss)
	moment := time.Now()
	s.world.LoseRegion(l.lost)
	l.behind = s.world.Unreplicated(l.lost, l.survivor)
	fmt.Printf("  lost after %d accepted orders; %d changes had not replicated\n", len(accepted(storm.sofar(), "")), len(l.behind))
	pause(ctx, afterLoss)
	l.orders = storm.end()
	if l.first, err = firstAfter(l.orders, l.lost, moment); err != nil {
		return nil, err
	}
	fmt.Printf("  clients of %s go on in %s: the first order was accepted after %s\n", l.lost, l.survivor, l.first.Round(time.Millisecond))
	if err := errors.Join(s.takeOver(ctx, l, moment), s.restore(ctx, l)); err != nil {
		return nil, err
	}
	return accepted(l.orders, ""), s.tell(ctx, l, root)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// takeOver waits until the survivor has ended every accepted order that it knows.
func (s *shop) takeOver(ctx context.Context, l *loss, moment time.Time) error {
	ids := accepted(l.orders, "")
	ctx, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	for first := true; ; first = false {
		seen, err := s.outcomes(ctx, l.survivor)
		if err != nil {
			return err
		}
		open := count(ids, func(id string) bool { return seen[id].State != "" && !seen[id].HasOutcome() })
		if first {
			l.open = open
			l.missing = count(accepted(l.orders, "two-regions"), func(id string) bool { return seen[id].State == "" })
			l.oneRegion = count(accepted(l.orders, "one-region"), func(id string) bool { return seen[id].State == "" })
			fmt.Printf("  %d orders stand open in %s: its sweep takes them over when they are old enough\n", open, l.survivor)
		}
		if l.took = time.Since(moment); open == 0 {
			return nil
		}
		if pause(ctx, 200*time.Millisecond); ctx.Err() != nil {
			return fmt.Errorf("%d orders had no outcome in %s %s after the loss", open, l.survivor, takeover)
		}
	}
}

func count[T any](all []T, is func(T) bool) int {
	n := 0
	for _, one := range all {
		if is(one) {
			n++
		}
	}
	return n
}

// outcomes are all orders as a region's replica has them.
func (s *shop) outcomes(ctx context.Context, region string) (map[string]fact.Order, error) {
	view, err := s.world.View(ctx)
	byOrder := map[string][]fact.Fact{}
	for _, f := range view.Facts[region] {
		byOrder[f.OrderID] = append(byOrder[f.OrderID], f)
	}
	out := make(map[string]fact.Order, len(byOrder))
	for id, facts := range byOrder {
		out[id] = fact.Fold(facts)
	}
	return out, err
}

// restore brings the lost region back and waits until both agree and nothing is under way.
func (s *shop) restore(ctx context.Context, l *loss) error {
	fmt.Printf("  every order has an outcome in %s, %s after the loss; %s comes back\n", l.survivor, l.took.Round(100*time.Millisecond), l.lost)
	begin := time.Now()
	s.world.RestoreRegion(l.lost)
	if err := s.world.Quiet(ctx); err != nil {
		return err
	}
	l.agreed = time.Since(begin)
	// Some of these change again while one looks, and are on their way again for a moment.
	for tries := 0; tries == 0 || l.left > 0 && tries < 50; tries++ {
		still := s.world.Unreplicated(l.lost, l.survivor)
		l.left = count(l.behind, func(item string) bool { return slices.Contains(still, item) })
		pause(ctx, settlePause)
	}
	return nil
}

// settlePause is how long a look waits for the next.
const settlePause = 50 * time.Millisecond

// view is everything at a moment at which no change is on its way: probes and sweeps write all the time.
func (s *shop) view(ctx context.Context) (promises.View, error) {
	for tries := 1; ; tries++ {
		v, err := s.world.View(ctx)
		if err != nil || len(v.Differences) == 0 || tries == 100 {
			return v, err
		}
		pause(ctx, settlePause)
	}
}

// tell prints the figures. What may not be is an error.
func (s *shop) tell(ctx context.Context, l *loss, root string) error {
	raw, err := os.ReadFile(filepath.Join(root, "stacks", "edge.yaml"))
	if err != nil {
		return err
	}
	dns, err := edge.Failover(raw)
	if err != nil {
		return err
	}
	view, err := s.view(ctx)
	if err != nil {
		return err
	}
	refused := count(l.orders, func(p placing) bool { return p.orderID == "" })
	lost, charged, sold := lostOrders(view, accepted(l.orders, "")), chargedTwice(view), oversold(view)
	rows := [][]string{
		{"THE LOSS OF " + strings.ToUpper(l.lost), ""},
		{"orders accepted", fmt.Sprint(len(accepted(l.orders, "")))},
		{"... lost", fmt.Sprint(lost)},
		{"orders that no region took, after every try of their client", fmt.Sprint(refused)},
		{"double-charged", fmt.Sprint(charged)},
		{"units oversold", fmt.Sprint(sold)},
		{"first order accepted again, with failover in the client", l.first.Round(time.Millisecond).String()},
		{"... by DNS, at the latest, as stacks/edge.yaml declares it", fmt.Sprintf("%s: the health check %s, the record's time to live %s", dns.Total(), dns.Detect, dns.TTL)},
		{"not replicated at the loss", fmt.Sprintf("%d changes (%s)", len(l.behind), kinds(l.behind))},
		{"... of which the survivor has after the restore", fmt.Sprint(len(l.behind) - l.left)},
		{"accepted by two regions and missing in the survivor", fmt.Sprint(l.missing)},
		{"accepted by one region alone and missing until the restore", fmt.Sprint(l.oneRegion)},
		{"open when the load ended, and ended by the survivor", fmt.Sprintf("%d, after %s", l.open, l.took.Round(100*time.Millisecond))},
		{"both agree and nothing is under way after the restore", l.agreed.Round(100 * time.Millisecond).String()},
	}
	fmt.Println()
	if err := printTable(rows); err != nil {
		return err
	}
	if lost+charged+l.missing+l.left+refused > 0 || sold > 0 {
		return errors.New("the loss of a region has broken a promise: see the table")
	}
	return nil
}

// kinds counts items by what they are: "4 fact#confirmed, 2 fact#placed".
func kinds(items []string) string {
	n := map[string]int{}
	var order []string
	for _, item := range items {
		sk := item[strings.LastIndex(item, " ")+1:]
		kind := sk[:max(0, strings.LastIndex(sk, "#"))]
		if n[kind]++; n[kind] == 1 {
			order = append(order, kind)
		}
	}
	slices.Sort(order)
	for i, kind := range order {
		order[i] = fmt.Sprintf("%d %s", n[kind], kind)
	}
	return strings.Join(order, ", ")
}

// lostOrders counts accepted orders of which a region has no outcome.
func lostOrders(v promises.View, ids []string) int {
	ended := len(ids)
	for _, region := range v.Regions {
		ended = min(ended, promises.Ended(v, region, ids))
	}
	return len(ids) - ended
}

// chargedTwice counts orders from which money was taken more than once.
func chargedTwice(v promises.View) int {
	captures := map[string]int{}
	for _, i := range v.Intents {
		captures[i.OrderID] += i.Captures
	}
	n := 0
	for _, c := range captures {
		if c > 1 {
			n++
		}
	}
	return n
}

// oversold counts units that were sold beyond what came in, over both regions.
func oversold(v promises.View) int64 {
	left := map[string]int64{}
	for _, region := range v.Regions {
		for _, c := range v.Stock[region] {
			left[c.SKU] += c.Received - c.Held - c.Consumed
		}
	}
	var n int64
	for _, units := range left {
		n += max(0, -units)
	}
	return n
}

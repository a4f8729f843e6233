package world

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/local/core"
	"twofold/local/dynamodb"
	"twofold/local/promises"
)

// View is everything that the promises are about, as it stands now.
func (w *World) View(context.Context) (promises.View, error) {
	v := promises.View{Regions: w.regions, Facts: map[string][]fact.Fact{}, Stock: map[string][]promises.Counters{}, Held: map[string]int{}, DeadLetters: map[string]int{}}
	var err error
	for _, region := range w.regions {
		facts, ferr := w.facts(region)
		stock, held, serr := w.stock(region)
		v.Facts[region], v.Stock[region], v.Held[region] = facts, stock, held
		err = errors.Join(err, ferr, serr)
	}
	w.viewProviders(&v)
	w.viewCloud(&v)
	return v, err
}

func (w *World) table(name string) string { return "twofold-" + w.opts.Stage + "-" + name }

// facts are those of a region's replica of the orders table.
func (w *World) facts(region string) (out []fact.Fact, all error) {
	for _, r := range w.svc.dynamodb.Rows(region, w.table("orders")) {
		if !strings.HasPrefix(r.Text("sk"), "fact#") {
			continue
		}
		amount, err := r.Int("amount")
		f := fact.Fact{OrderID: r.Text("orderId"), Kind: fact.Kind(r.Text("kind")), Region: r.Text("region"), Home: r.Text("home"), CommittedBy: r.Text("committedBy"),
			PlacedRegion: r.Text("placedRegion"), Reason: r.Text("reason"), Amount: money.Money{Amount: amount, Currency: r.Text("currency")}}
		for _, l := range r.Maps("lines") {
			quantity, lerr := l.Int("quantity")
			unit, uerr := l.Int("unitAmount")
			f.Lines = append(f.Lines, fact.Line{SKU: l.Text("sku"), Quantity: quantity, UnitAmount: unit})
			err = errors.Join(err, lerr, uerr)
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("fact %s of %s: %w", f.Kind, f.OrderID, err))
		}
		out = append(out, f)
	}
	return out, all
}

// stock adds up the shards of each SKU, and what reservations say of it; and counts those that are held.
func (w *World) stock(region string) (out []promises.Counters, held int, err error) {
	taken := map[string]map[string]int64{"held": {}, "consumed": {}}
	for _, r := range w.svc.dynamodb.Rows(region, w.table("stock")) {
		sku, isCounter := strings.CutPrefix(r.Text("pk"), "sku#")
		switch sort := r.Text("sk"); {
		case sort == "reservation":
			if r.Text("state") == "held" {
				held++
			}
			err = errors.Join(err, addLines(taken[r.Text("state")], r))
		case isCounter && sort == "shard":
			sku, _, _ = strings.Cut(sku, "#") // each shard is a partition
			if len(out) == 0 || out[len(out)-1].SKU != sku {
				out = append(out, promises.Counters{SKU: sku})
			}
			err = errors.Join(err, addShard(&out[len(out)-1], r))
		}
	}
	for i := range out {
		out[i].Held, out[i].Consumed = taken["held"][out[i].SKU], taken["consumed"][out[i].SKU]
	}
	return out, held, err
}

// addLines adds the lines of a reservation to the units of its state; one that is released or returned takes nothing.
func addLines(units map[string]int64, r dynamodb.Row) (all error) {
	if units == nil {
		return nil
	}
	for _, l := range r.Maps("lines") {
		n, err := l.Int("quantity")
		all = errors.Join(all, err)
		units[l.Text("sku")] += n
	}
	return all
}

func addShard(c *promises.Counters, r dynamodb.Row) (all error) {
	for _, x := range []struct {
		name string
		to   *int64
	}{{"received", &c.Received}, {"got", &c.Got}, {"available", &c.Available}, {"taken", &c.Taken}, {"given", &c.Given}} {
		n, err := r.Int(x.name)
		if err != nil {
			all = errors.Join(all, fmt.Errorf("%s of %s: %w", x.name, c.SKU, err))
		}
		*x.to += n
	}
	return all
}

func (w *World) viewProviders(v *promises.View) {
	for _, i := range w.svc.stripe.Intents() {
		v.Intents = append(v.Intents, promises.Intent{ID: i.ID, OrderID: i.Order, Status: i.Status, CommittedBy: i.CommittedBy, Captured: i.AmountCaptured, Refunded: i.AmountRefunded, Captures: i.Captures})
	}
	for _, s := range w.svc.carrier.Shipments() {
		v.Shipments = append(v.Shipments, promises.Shipment{OrderID: s.Reference, Status: s.Status})
	}
	for _, m := range w.svc.ses.Mails() {
		v.Mails = append(v.Mails, promises.Mail{OrderID: m.Tags["order"], Kind: m.Tags["kind"], Region: m.Region})
	}
}

func (w *World) viewCloud(v *promises.View) {
	for _, q := range w.svc.sqs.Queues() {
		if len(q.DeadLetterOf) > 0 || strings.HasSuffix(q.Name, "-dead") {
			v.DeadLetters[q.Name+" in "+q.Region] = q.Visible + q.InFlight + q.Delayed
		}
	}
	lines := func(k core.Kind) []string {
		var out []string
		for _, e := range w.cloud.Journal.Entries(k) {
			out = append(out, fmt.Sprintf("%s in %s: %s", e.Subject, e.Region, e.Detail))
		}
		return out
	}
	v.Denied, v.Dropped, v.Conflicts = lines(core.KindDenied), lines(core.KindDropped), lines(core.KindConflict)
	v.Failures, v.Invalid, v.Events = lines(core.KindInternal), lines(core.KindInvalid), w.cloud.Journal.Count(core.KindEvent)
	for _, name := range []string{"orders", "catalogue"} {
		v.Differences = append(v.Differences, w.differences(w.table(name))...)
	}
}

// differences are the items of a global table that are not the same in all replicas.
func (w *World) differences(table string) []string {
	count := map[string]int{}
	for _, region := range w.regions {
		for _, item := range w.svc.dynamodb.Items(region, table) {
			count[string(item.JSON)]++
		}
	}
	var out []string
	for item, n := range count {
		if n != len(w.regions) {
			out = append(out, table+": "+item)
		}
	}
	return out
}

// quietFor is how long nothing may be under way before the world counts as quiet: longer than any hand-over
// between two services takes.
const quietFor = 300 * time.Millisecond

// quietPatience is longer than a message that a killed function had in its hands stays hidden in its queue.
const quietPatience = 3 * time.Minute

// Quiet waits until no change waits for replication, no message for a consumer, and no stock is held; it gives up with
// what is left when its patience is at an end.
func (w *World) Quiet(ctx context.Context) error {
	return w.Do(ctx, "quiet", func(ctx context.Context) error {
		since := w.cloud.Now()
		deadline := since.Add(quietPatience)
		for {
			left, err := w.underWay()
			if err != nil {
				return err
			}
			now := w.cloud.Now()
			switch {
			case left != "":
				since = now
			case now.Sub(since) >= quietFor:
				return nil
			}
			if now.After(deadline) {
				return fmt.Errorf("not quiet within %s: %s", quietPatience, left)
			}
			if err := w.cloud.Sleep(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	})
}

// underWay names something that is not done yet; "" when all is.
func (w *World) underWay() (string, error) {
	for pair, n := range w.svc.dynamodb.Pending() {
		return fmt.Sprintf("%d changes wait to go from %s to %s", n, pair[0], pair[1]), nil
	}
	if n := w.undelivered(); n > 0 {
		return fmt.Sprintf("%d webhooks are on their way", n), nil
	}
	for _, q := range w.svc.sqs.Queues() {
		if n := q.Visible + q.InFlight + q.Delayed; n > 0 && !strings.HasSuffix(q.Name, "-dead") {
			return fmt.Sprintf("%d messages in %s of %s", n, q.Name, q.Region), nil
		}
	}
	for _, region := range w.regions {
		_, held, err := w.stock(region)
		if err != nil || held > 0 {
			return fmt.Sprintf("%d reservations are held in %s", held, region), err
		}
	}
	return "", nil
}

package world

import (
	"context"
	"encoding/json"
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

// rows reads a table into values of T, with the attributes' names as JSON's.
func rows[T any](items []dynamodb.Item) ([]T, error) {
	out := make([]T, len(items))
	for i, item := range items {
		plain, err := plainItem(item.JSON)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &out[i]); err != nil {
			return nil, fmt.Errorf("item %s: %w", item.JSON, err)
		}
	}
	return out, nil
}

// plainItem turns DynamoDB's typed JSON into plain JSON. Sets and binaries, which no table of the platform has, are errors.
func plainItem(typed json.RawMessage) ([]byte, error) {
	var attrs map[string]map[string]json.RawMessage
	if err := json.Unmarshal(typed, &attrs); err != nil {
		return nil, err
	}
	plain := make(map[string]json.RawMessage, len(attrs))
	for name, v := range attrs {
		p, err := plainValue(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		plain[name] = p
	}
	return json.Marshal(plain)
}

func plainValue(v map[string]json.RawMessage) (json.RawMessage, error) {
	for kind, raw := range v {
		switch kind {
		case "S", "BOOL":
			return raw, nil
		case "NULL":
			return json.RawMessage("null"), nil
		case "N":
			var digits json.Number
			err := json.Unmarshal(raw, &digits)
			return json.RawMessage(digits), err
		case "M":
			return plainItem(raw)
		case "L":
			return plainList(raw)
		}
		return nil, fmt.Errorf("a value of type %s", kind)
	}
	return nil, errors.New("a value without a type")
}

func plainList(raw json.RawMessage) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, len(list))
	for i, v := range list {
		p, err := plainValue(v)
		if err != nil {
			return nil, err
		}
		out[i] = p
	}
	return json.Marshal(out)
}

// factRow is a fact as the orders table keeps it.
type factRow struct {
	SK                                                 string
	OrderID, Kind, Region, Home, Currency, CommittedBy string
	PlacedRegion, Reason                               string
	Amount                                             int64
	Lines                                              []fact.Line
}

func (w *World) facts(region string) ([]fact.Fact, error) {
	all, err := rows[factRow](w.svc.dynamodb.Items(region, w.table("orders")))
	var out []fact.Fact
	for _, r := range all {
		if strings.HasPrefix(r.SK, "fact#") {
			out = append(out, fact.Fact{OrderID: r.OrderID, Kind: fact.Kind(r.Kind), Region: r.Region, Home: r.Home, CommittedBy: r.CommittedBy,
				PlacedRegion: r.PlacedRegion, Reason: r.Reason, Lines: r.Lines, Amount: money.Money{Amount: r.Amount, Currency: r.Currency}})
		}
	}
	return out, err
}

type stockRow struct {
	PK    string `json:"pk"`
	SK    string `json:"sk"`
	State string `json:"state"`

	Received, Got, Available, Held, Consumed, Given int64
}

// stock adds up the shards of each SKU, and counts reservations that are held.
func (w *World) stock(region string) ([]promises.Counters, int, error) {
	all, err := rows[stockRow](w.svc.dynamodb.Items(region, w.table("stock")))
	var out []promises.Counters
	held := 0
	for _, r := range all {
		sku, isCounter := strings.CutPrefix(r.PK, "sku#")
		sku, _, _ = strings.Cut(sku, "#") // each shard is a partition
		if r.SK == "reservation" && r.State == "held" {
			held++
		}
		if !isCounter || r.SK != "shard" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].SKU != sku {
			out = append(out, promises.Counters{SKU: sku})
		}
		c := &out[len(out)-1]
		c.Received, c.Got, c.Available = c.Received+r.Received, c.Got+r.Got, c.Available+r.Available
		c.Held, c.Consumed, c.Given = c.Held+r.Held, c.Consumed+r.Consumed, c.Given+r.Given
	}
	return out, held, err
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

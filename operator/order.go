package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"twofold/internal/fact"
)

// record is what one region knows of an order.
type record struct {
	facts       []fact.Fact
	order       fact.Order
	intent      string
	reservation string // "held TEA x2"
	held        bool
	booked      string // "booked" and when, while the shipment is an obligation
	mails       []string
	err         error // the region cannot be asked
}

// factRow is a fact as package order stores it.
type factRow struct {
	OrderID, Kind, Region, Home, At, CommittedBy, PlacedRegion, Reason, EventID, IntentID string
}

func (r factRow) fact() (fact.Fact, error) {
	at, err := time.Parse(time.RFC3339, r.At)
	return fact.Fact{OrderID: r.OrderID, Kind: fact.Kind(r.Kind), Region: r.Region, Home: r.Home, At: at, CommittedBy: r.CommittedBy,
		PlacedRegion: r.PlacedRegion, Reason: r.Reason, EventID: r.EventID, IntentID: r.IntentID}, err
}

// facts reads an order's facts in a region's replica.
func (s *site) facts(ctx context.Context, id string) ([]fact.Fact, error) {
	items, err := s.partition(ctx, "orders", "order#"+id)
	if err != nil {
		return nil, err
	}
	var out []fact.Fact
	for _, i := range items {
		if !strings.HasPrefix(text(i, "sk"), "fact#") {
			continue
		}
		var row factRow
		if err := attributevalue.UnmarshalMap(i, &row); err != nil {
			return nil, err
		}
		f, err := row.fact()
		if err != nil {
			return nil, fmt.Errorf("fact %s of %s: %w", text(i, "sk"), id, err)
		}
		out = append(out, f)
	}
	return out, nil
}

func (s *site) record(ctx context.Context, id string) record {
	var r record
	if r.facts, r.err = s.facts(ctx, id); r.err != nil {
		return r
	}
	r.order = fact.Fold(r.facts)
	r.intent = intentOf(r.facts)
	r.err = errors.Join(s.readReservation(ctx, id, &r), s.readShipment(ctx, id, &r), s.readMails(ctx, id, &r))
	return r
}

// intentOf is the payment intent that facts name; "" before the payment was captured or asked for an authentication, and where it came to none.
func intentOf(facts []fact.Fact) string {
	for _, f := range facts {
		if f.IntentID != "" {
			return f.IntentID
		}
	}
	return ""
}

func (s *site) readReservation(ctx context.Context, id string, r *record) error {
	i, err := s.get(ctx, "stock", key("order#"+id, "reservation"))
	if err != nil || i == nil {
		return err
	}
	var row struct {
		State string
		Lines []struct {
			SKU      string
			Shard    int
			Quantity int64
		}
	}
	if err := attributevalue.UnmarshalMap(i, &row); err != nil {
		return err
	}
	r.reservation, r.held = row.State, row.State == "held"
	for _, l := range row.Lines {
		r.reservation += fmt.Sprintf(" %s x%d", l.SKU, l.Quantity)
	}
	return nil
}

// readShipment looks for the order on the list of obligations. What is settled is on no list: the carrier knows the shipment by the order's id.
func (s *site) readShipment(ctx context.Context, id string, r *record) error {
	for shard := range bookedShards {
		i, err := s.get(ctx, "shipments", key(fmt.Sprintf("booked#%d", shard), id))
		if err != nil {
			return err
		}
		if at := text(i, "bookedAt"); at != "" {
			r.booked = "booked " + at
		}
	}
	return nil
}

func (s *site) readMails(ctx context.Context, id string, r *record) error {
	items, err := s.partition(ctx, "mails", "order#"+id)
	for _, i := range items {
		r.mails = append(r.mails, strings.TrimPrefix(text(i, "sk"), "mail#")+" "+text(i, "state"))
	}
	return err
}

// outstanding is what is owed of the order, as far as this region knows.
func (r record) outstanding() []string {
	var out []string
	owe := func(owed bool, what string) {
		if owed {
			out = append(out, what)
		}
	}
	owe(r.order.State != fact.StateUnknown && !r.order.HasOutcome(), "an outcome")
	owe(r.order.CancelOpen, "an answer to the cancel request")
	owe(r.held, "the reservation is held")
	owe(r.booked != "", "the shipment is booked, and neither released nor cancelled")
	return out
}

// ShowOrder prints what both regions know of an order.
func (o *Operator) ShowOrder(ctx context.Context, id string) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	records := make([]record, len(sites))
	var failed error
	for i, s := range sites {
		records[i] = s.record(ctx, id)
		failed = errors.Join(failed, records[i].err)
	}
	if failed == nil && !slices.ContainsFunc(records, func(r record) bool { return len(r.facts) > 0 }) {
		return fmt.Errorf("no region of the stage %s knows the order %s", o.Stage, id)
	}
	return errors.Join(o.table(orderTable(o.Regions, records)), o.table(timeline(o.Regions, records)), o.compare(records), failed)
}

func orderTable(regions []string, records []record) [][]string {
	rows := [][]string{append([]string{"ORDER"}, regions...)}
	add := func(name string, of func(r record) string) {
		row := []string{name}
		for _, r := range records {
			value := "?"
			if r.err == nil {
				value = cmp.Or(of(r), "-")
			}
			row = append(row, value)
		}
		rows = append(rows, row)
	}
	add("state", func(r record) string { return string(r.order.State) })
	add("home", func(r record) string { return r.order.Home })
	add("committed by", func(r record) string { return r.order.CommittedBy })
	add("reason", func(r record) string { return r.order.Reason })
	add("payment intent", func(r record) string { return r.intent })
	add("reservation", func(r record) string { return r.reservation })
	add("open shipment", func(r record) string { return r.booked })
	add("mails", func(r record) string { return strings.Join(r.mails, ", ") })
	add("outstanding", func(r record) string { return strings.Join(r.outstanding(), "; ") })
	return rows
}

// timeline lists every fact that any region has seen, and who sees it.
func timeline(regions []string, records []record) [][]string {
	var all []fact.Fact
	for _, r := range records {
		all = append(all, r.facts...)
	}
	rows := [][]string{append([]string{"FACT", "WRITTEN BY", "AT"}, regions...)}
	for _, f := range fact.Fold(all).Timeline {
		row := []string{string(f.Kind), f.Region, f.At.UTC().Format("2006-01-02 15:04:05.000")}
		for _, r := range records {
			row = append(row, sees(r, f))
		}
		rows = append(rows, row)
	}
	return rows
}

func sees(r record, f fact.Fact) string {
	switch {
	case r.err != nil:
		return "?"
	case slices.ContainsFunc(r.facts, func(g fact.Fact) bool { return g.Kind == f.Kind && g.Region == f.Region && g.EventID == f.EventID }):
		return "seen"
	}
	return "not yet"
}

func (o *Operator) compare(records []record) error {
	for _, r := range records[1:] {
		if r.err == nil && records[0].err == nil && (r.order.State != records[0].order.State || len(r.facts) != len(records[0].facts)) {
			return o.say("The regions have not seen the same facts: replication is on its way, or stands still.")
		}
	}
	return nil
}

// RedriveOrder starts an order's saga in a region. A saga that is started again goes on where the order stands.
func (o *Operator) RedriveOrder(ctx context.Context, id, region string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	facts, err := s.facts(ctx, id)
	if err != nil {
		return err
	}
	if len(facts) == 0 {
		return fmt.Errorf("%s does not know the order %s", region, id)
	}
	machine, err := s.saga(ctx)
	if err != nil {
		return err
	}
	if !apply {
		return o.dry("%s of %s is started for the order %s, which is %s there", machine[strings.LastIndex(machine, ":")+1:], region, id, fact.Fold(facts).State)
	}
	started, err := s.states.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(machine + ":live"), Input: aws.String(fmt.Sprintf(`{"orderId":%q}`, id))})
	if err != nil {
		return s.explain(err)
	}
	return o.say("Started %s.", aws.ToString(started.ExecutionArn))
}

// saga is the ARN of the region's state machine, whose name ends in its type.
func (s *site) saga(ctx context.Context) (string, error) {
	for pages := sfn.NewListStateMachinesPaginator(s.states, &sfn.ListStateMachinesInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", s.explain(err)
		}
		for _, m := range page.StateMachines {
			if strings.HasPrefix(aws.ToString(m.Name), s.op.name("order-saga-")) {
				return *m.StateMachineArn, nil
			}
		}
	}
	return "", fmt.Errorf("%s has no state machine %s: is the stage deployed there?", s.region, s.op.name("order-saga-*"))
}

// EraseOrder removes the personal data of an order: each region erases what it wrote, and replication takes that to the other.
func (o *Operator) EraseOrder(ctx context.Context, id string, apply bool) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	known := false
	var failed error
	for _, s := range sites {
		facts, err := s.facts(ctx, id)
		known, failed = known || len(facts) > 0, errors.Join(failed, err)
	}
	switch {
	case failed != nil:
		return fmt.Errorf("every region has to be reached, since each erases what it wrote: %w", failed)
	case !known:
		return fmt.Errorf("no region of the stage %s knows the order %s", o.Stage, id)
	case !apply:
		return o.dry("name, email and address of the order %s are removed in both regions", id)
	}
	for _, s := range sites {
		var counted struct{ Erased int }
		if err := s.invoke(ctx, "order-erase", map[string]string{"orderId": id}, &counted); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		said := "erased"
		if counted.Erased == 0 {
			said = "nothing to erase: the person was not written here, or was erased before"
		}
		failed = errors.Join(failed, o.say("%s: %s", s.region, said))
	}
	return failed
}

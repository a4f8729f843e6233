package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fenceTables are the global tables of the services that keep fences, by their function.
var fenceTables = []struct{ function, table string }{{"order-adopt", "orders"}, {"inventory-adopt", "catalogue"}}

// ShowRegions prints how each region stands.
func (o *Operator) ShowRegions(ctx context.Context) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	rows := [][]string{{"REGION", "LAST PROBE", "IN SERVICE", "FENCED BY ITS OWN REPLICA"}}
	var failed error
	for _, s := range sites {
		row, err := s.standing(ctx)
		failed = errors.Join(failed, err)
		rows = append(rows, append([]string{s.region}, row...))
	}
	return errors.Join(o.table(rows), failed)
}

func (s *site) standing(ctx context.Context) ([]string, error) {
	items, err := s.partition(ctx, "health", "health")
	if err != nil {
		return []string{"?", "?", "?"}, err
	}
	probe, service := "never", "yes"
	for _, i := range items {
		switch text(i, "sk") {
		case "probe":
			probe = age(s.op.Now().Sub(timeOf(i))) + " ago" + unwell(i)
		case "operator":
			service = "taken out at " + text(i, "at") + ": " + text(i, "reason")
		}
	}
	fenced := "no"
	for _, f := range fenceTables {
		by, err := s.fence(ctx, f.table)
		if err != nil {
			return []string{probe, service, "?"}, err
		}
		if by != "" {
			fenced = "by " + by
		}
	}
	return []string{probe, service, fenced}, nil
}

// unwell names the checks of a probe that failed.
func unwell(probe item) string {
	checks, ok := probe["checks"].(*types.AttributeValueMemberM)
	if !ok {
		return ""
	}
	out := ""
	for name, v := range checks.Value {
		if well, ok := v.(*types.AttributeValueMemberBOOL); !ok || !well.Value {
			out += ", " + name + " failed"
		}
	}
	return out
}

// fence is who fenced this region, as its own replica has it; "" if no fence stands.
func (s *site) fence(ctx context.Context, table string) (string, error) {
	items, err := s.partition(ctx, table, "fence#"+s.region)
	var fenced, rejoined int64
	by := ""
	for _, i := range items {
		switch epoch := number(i, "epoch"); {
		case text(i, "by") == "":
			rejoined = max(rejoined, epoch)
		case epoch > fenced:
			fenced, by = epoch, text(i, "by")
		}
	}
	if fenced <= rejoined {
		by = ""
	}
	return by, err
}

// TakeOut makes a region's health check fail, or ends that. What DNS makes of it comes within a minute or so; the region works on.
func (o *Operator) TakeOut(ctx context.Context, region, reason string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	if !apply {
		if _, err := s.partition(ctx, "health", "health"); err != nil {
			return err
		}
		return o.dry("GET /health of %s answers 503 until it is taken in again", region)
	}
	it := key("health", "operator")
	it["reason"], it["at"] = str(reason), str(o.Now().UTC().Format(time.RFC3339))
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: s.table("health"), Item: it}); err != nil {
		return s.explain(err)
	}
	return o.say("%s is out of service: GET /health answers 503.", region)
}

// TakeIn ends TakeOut.
func (o *Operator) TakeIn(ctx context.Context, region string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	stands, err := s.get(ctx, "health", key("health", "operator"))
	switch {
	case err != nil:
		return err
	case stands == nil:
		return o.say("%s was not taken out.", region)
	case !apply:
		return o.dry("%s is in service again as far as the operator goes (it was taken out at %s: %s)", region, text(stands, "at"), text(stands, "reason"))
	}
	if _, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.table("health"), Key: key("health", "operator")}); err != nil {
		return s.explain(err)
	}
	return o.say("%s is in service again.", region)
}

// adoption is what order-adopt and inventory-adopt answer; the latter alone has what follows the reason.
type adoption struct {
	Region  string `json:"region"`
	Fenced  bool   `json:"fenced"`
	Epoch   int64  `json:"epoch"`
	Applied bool   `json:"applied"`
	Blocked string `json:"reason"`

	More  bool  `json:"more"`
	Open  int   `json:"open"`
	SKUs  int   `json:"skus"`
	Units int64 `json:"units"`
	Wrong int   `json:"wrong"`
}

func (s *site) adopt(ctx context.Context, function, action string, apply bool) (adoption, error) {
	var a adoption
	err := s.invoke(ctx, function, map[string]any{"action": action, "apply": apply}, &a)
	return a, err
}

// Fence gives a region up: its peer acts for it from now on. Both services are told, the orders first.
func (o *Operator) Fence(ctx context.Context, region string, apply bool) error {
	by, err := o.other(region)
	if err != nil {
		return err
	}
	for _, f := range fenceTables {
		a, err := by.adopt(ctx, f.function, "fence", apply)
		if err != nil {
			return err
		}
		said := "would be fenced"
		switch {
		case a.Applied:
			said = "is fenced"
		case a.Fenced:
			said = "was fenced before"
		}
		if err := o.say("%s: %s %s (epoch %d).", f.function, region, said, a.Epoch); err != nil {
			return err
		}
	}
	if !apply {
		return o.dry("%s acts for %s, which does nothing any more when it comes back", by.region, region)
	}
	return nil
}

// adoptPause is how long Adopt waits before it looks again whether the orders of the lost region have ended.
const adoptPause = 20 * time.Second

// Adopt credits a fenced region's stock to its peer, once all orders of before the fence have an outcome; it waits for that so long.
func (o *Operator) Adopt(ctx context.Context, region string, wait time.Duration, apply bool) error {
	by, err := o.other(region)
	if err != nil {
		return err
	}
	for until := o.Now().Add(wait); ; {
		a, err := o.adoptStock(ctx, by, apply)
		switch {
		case err != nil:
			return err
		case !a.Fenced:
			return fmt.Errorf("%s is not fenced: first region fence %s", region, region)
		case a.Open == 0:
			return o.adopted(a, by.region, region, apply)
		case !o.Now().Before(until):
			return fmt.Errorf("%d orders of before the fence have no outcome yet: the sweep of %s ends them; -wait waits for that", a.Open, by.region)
		}
		if err := o.say("%d orders of before the fence have no outcome yet: the sweep of %s ends them.", a.Open, by.region); err != nil {
			return err
		}
		if err := o.Sleep(ctx, adoptPause); err != nil {
			return err
		}
	}
}

// adoptStock calls inventory-adopt until it has gone through all orders and products: each call goes on where the last one stopped. A call that fails for the moment
// may be made again. The answer adds up what the calls have done.
func (o *Operator) adoptStock(ctx context.Context, by *site, apply bool) (sum adoption, err error) {
	for calls, failed := 1, 0; ; calls++ {
		a, err := by.adopt(ctx, "inventory-adopt", "adopt", apply)
		if err != nil {
			if failed++; failed == adoptTries {
				return sum, err
			}
			if err := o.Sleep(ctx, adoptPause); err != nil {
				return sum, err
			}
			continue
		}
		a.SKUs, a.Units, a.Wrong = a.SKUs+sum.SKUs, a.Units+sum.Units, a.Wrong+sum.Wrong
		if sum, failed = a, 0; !a.More {
			return sum, nil
		}
		if err := o.say("%d units of %d SKUs so far, after %d calls.", a.Units, a.SKUs, calls); err != nil {
			return sum, err
		}
	}
}

// adoptTries is how often in a row a call may fail.
const adoptTries = 3

// adopted says what was taken over, or would be.
func (o *Operator) adopted(a adoption, by, region string, apply bool) (err error) {
	if a.Wrong > 0 {
		err = fmt.Errorf("of %d SKUs more was sold or given than came in: the log of inventory-adopt in %s names them", a.Wrong, by)
	}
	if !apply {
		return errors.Join(err, o.dry("%s takes over %d units of %d SKUs from %s", by, a.Units, a.SKUs, region))
	}
	return errors.Join(err, o.say("%s has taken over %d units of %d SKUs from %s.", by, a.Units, a.SKUs, region))
}

// Rejoin lets a fenced region act again, once it is wiped. It runs in that region.
func (o *Operator) Rejoin(ctx context.Context, region string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	for _, really := range []bool{false, apply} { // neither service is let go before both may
		for _, f := range fenceTables {
			a, err := s.adopt(ctx, f.function, "rejoin", really)
			switch {
			case err != nil:
				return err
			case a.Blocked != "":
				return fmt.Errorf("%s: %s (region wipe %s empties it)", f.function, a.Blocked, region)
			case really && a.Applied:
				if err := o.say("%s: the fence of %s is lifted.", f.function, region); err != nil {
					return err
				}
			}
		}
	}
	if !apply {
		return o.dry("the fence of %s is lifted, if it stands, and it acts again", region)
	}
	return nil
}

// wiped are the tables of a region that must be empty when it rejoins. What the others hold are still obligations, and mails that went out.
var wiped = []string{"order-work", "stock"}

// Wipe deletes what a fenced region's own tables hold.
func (o *Operator) Wipe(ctx context.Context, region string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	for _, f := range fenceTables {
		by, err := s.fence(ctx, f.table)
		if err != nil {
			return err
		}
		if by == "" {
			return fmt.Errorf("%s is not fenced as its own replica of %s has it: nothing of a region that acts is deleted", region, f.table)
		}
	}
	for _, table := range wiped {
		n, err := s.empty(ctx, table, apply)
		if err != nil {
			return err
		}
		if !apply {
			err = o.dry("all items of %s in %s are deleted, %d of them", o.name(table), region, n)
		} else {
			err = o.say("Deleted %d items of %s in %s.", n, o.name(table), region)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// empty deletes all items of a table, or counts them.
func (s *site) empty(ctx context.Context, table string, apply bool) (int, error) {
	n := 0
	in := &dynamodb.ScanInput{TableName: s.table(table), ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk, sk")}
	for pages := dynamodb.NewScanPaginator(s.db, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, s.explain(err)
		}
		for _, i := range page.Items {
			if n++; !apply {
				continue
			}
			if _, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.table(table), Key: i}); err != nil {
				return n, s.explain(err)
			}
		}
	}
	return n, nil
}

package order

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// timeForm is how times are stored: UTC, milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z"

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// stamp is a time as it is stored.
func stamp(t time.Time) types.AttributeValue { return str(t.UTC().Format(timeForm)) }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// factItem is a fact as it is stored. The attributes of the first block stand in every fact, empty where they do not apply:
// the pipe that turns facts into events cannot leave one out of its template.
func factItem(f fact.Fact) platform.Item {
	item := keyOfFact(f)
	for name, v := range map[string]string{
		"type": f.Kind.DetailType(), "kind": string(f.Kind), "orderId": f.OrderID, "region": f.Region, "home": f.Home,
		"at": f.At.UTC().Format(timeForm), "currency": f.Amount.Currency,
		"committedBy": f.CommittedBy, "placedRegion": f.PlacedRegion, "reason": f.Reason,
	} {
		item[name] = str(v)
	}
	item["amount"] = num(f.Amount.Amount)
	for name, v := range map[string]string{
		"customer": f.Customer, "shippingMethod": f.ShippingMethod, "paymentMethod": f.PaymentMethod,
		"paymentCustomer": f.PaymentCustomer, "url": f.URL, "intentId": f.IntentID, "eventId": f.EventID,
	} {
		if v != "" {
			item[name] = str(v)
		}
	}
	switch f.Kind {
	case fact.Placed:
		item["lines"] = linesValue(f.Lines)
		item["shippingAmount"], item["paymentVersion"] = num(f.ShippingAmount), num(int64(f.PaymentVersion))
		item["sweep"] = str(sweepKey(f.Region, shardOf(f.OrderID)))
		item["listed"] = str(listedKey(f.At, f.OrderID))
	case fact.CancelRequested:
		item["sweep"] = str(sweepKey(cancelList+f.Region, 0))
	}
	return item
}

func linesValue(lines []fact.Line) types.AttributeValue {
	list := make([]types.AttributeValue, len(lines))
	for i, l := range lines {
		list[i] = &types.AttributeValueMemberM{Value: platform.Item{
			"sku": str(l.SKU), "quantity": num(l.Quantity), "unitAmount": num(l.UnitAmount),
		}}
	}
	return &types.AttributeValueMemberL{Value: list}
}

// itemFact reads a fact. Of a kind that this version does not know it reads the head alone; attributes that it does not know
// stay in the store and are ignored. A known one that cannot be read is an error: an amount taken for 0 would be worse.
func itemFact(item platform.Item) (fact.Fact, error) {
	r := reader{item: item}
	f := fact.Fact{
		OrderID: r.str("orderId"), Kind: fact.Kind(r.str("kind")), Region: r.str("region"), Home: r.str("home"), At: r.time("at"),
	}
	if f.Kind.DetailType() == "" {
		return f, nil
	}
	f.Customer, f.Lines = r.str("customer"), r.lines("lines")
	f.Amount = money.Money{Amount: r.num("amount"), Currency: r.str("currency")}
	f.ShippingMethod, f.PaymentMethod = r.str("shippingMethod"), r.str("paymentMethod")
	f.PaymentCustomer, f.PaymentVersion = r.str("paymentCustomer"), int(r.num("paymentVersion"))
	f.CommittedBy, f.PlacedRegion = r.str("committedBy"), r.str("placedRegion")
	f.ShippingAmount = r.num("shippingAmount")
	f.Reason, f.URL, f.IntentID, f.EventID = r.str("reason"), r.str("url"), r.str("intentId"), r.str("eventId")
	if err := errors.Join(r.wrong...); err != nil {
		return fact.Fact{}, fmt.Errorf("fact %s of order %s: %w", f.Kind, f.OrderID, err)
	}
	return f, nil
}

// person is who gets the goods.
type person struct {
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Address address `json:"address"`
}

func personItem(orderID, region string, p person) platform.Item {
	item := personKey(orderID, region)
	item["name"], item["email"] = str(p.Name), str(p.Email)
	a := platform.Item{
		"line1": str(p.Address.Line1), "city": str(p.Address.City), "postalCode": str(p.Address.PostalCode), "country": str(p.Address.Country),
	}
	if p.Address.Line2 != "" {
		a["line2"] = str(p.Address.Line2)
	}
	item["address"] = &types.AttributeValueMemberM{Value: a}
	return item
}

func itemPerson(item platform.Item) (person, error) {
	r := reader{item: item}
	a := reader{item: r.sub("address")}
	p := person{Name: r.str("name"), Email: r.str("email"), Address: address{
		Line1: a.str("line1"), Line2: a.str("line2"), City: a.str("city"), PostalCode: a.str("postalCode"), Country: a.str("country"),
	}}
	return p, errors.Join(append(r.wrong, a.wrong...)...)
}

// erasedItem stands where a person stood. It says no more than that and when.
func erasedItem(orderID, region string, at time.Time) platform.Item {
	item := personKey(orderID, region)
	item["erased"], item["at"] = &types.AttributeValueMemberBOOL{Value: true}, str(at.UTC().Format(timeForm))
	return item
}

func isErased(item platform.Item) bool {
	r := reader{item: item}
	return r.bool("erased")
}

// requestItem remembers which order a key made.
func requestItem(digest, orderID string) platform.Item {
	item := requestKey(digest)
	item["orderId"] = str(orderID)
	return item
}

// orderIDOf is the order that a request item names.
func orderIDOf(item platform.Item) string {
	r := reader{item: item}
	return r.str("orderId")
}

// reader reads attributes: the zero value for one that is missing, a remark for one of another type.
type reader struct {
	item  platform.Item
	wrong []error
}

func (r *reader) note(name, want string) {
	r.wrong = append(r.wrong, fmt.Errorf("attribute %s is not %s", name, want))
}

func (r *reader) str(name string) string {
	switch v := r.item[name].(type) {
	case nil:
	case *types.AttributeValueMemberS:
		return v.Value
	default:
		r.note(name, "a string")
	}
	return ""
}

func (r *reader) num(name string) int64 {
	v, ok := r.item[name].(*types.AttributeValueMemberN)
	if !ok {
		if r.item[name] != nil {
			r.note(name, "a number")
		}
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err != nil {
		r.note(name, "a whole number of 64 bits")
	}
	return n
}

func (r *reader) bool(name string) bool {
	v, ok := r.item[name].(*types.AttributeValueMemberBOOL)
	if !ok && r.item[name] != nil {
		r.note(name, "true or false")
	}
	return ok && v.Value
}

func (r *reader) time(name string) time.Time {
	s := r.str(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		r.note(name, "a time")
	}
	return t
}

// sub is a map within the item.
func (r *reader) sub(name string) platform.Item {
	v, ok := r.item[name].(*types.AttributeValueMemberM)
	if !ok {
		if r.item[name] != nil {
			r.note(name, "a map")
		}
		return nil
	}
	return v.Value
}

func (r *reader) lines(name string) []fact.Line {
	list, ok := r.item[name].(*types.AttributeValueMemberL)
	if !ok {
		if r.item[name] != nil {
			r.note(name, "a list")
		}
		return nil
	}
	lines := make([]fact.Line, len(list.Value))
	for i, v := range list.Value {
		l := reader{item: platform.Item{"line": v}}
		f := reader{item: l.sub("line")}
		lines[i] = fact.Line{SKU: f.str("sku"), Quantity: f.num("quantity"), UnitAmount: f.num("unitAmount")}
		r.wrong = append(r.wrong, append(l.wrong, f.wrong...)...)
	}
	return lines
}

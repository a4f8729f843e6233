package order

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

func TestEveryKindOfFactComesBackAsItWasStored(t *testing.T) {
	for _, kind := range fact.Kinds() {
		f := fact.Fact{OrderID: "ord_1", Kind: kind, Region: east, Home: west, At: noon, IntentID: "pi_1"}
		switch kind {
		case fact.Placed:
			f = placedFact("ord_1", west, noon)
		case fact.Confirmed:
			f.CommittedBy, f.PlacedRegion = west, east
		case fact.Rejected, fact.Cancelled, fact.CancelRefused:
			f.Reason = "PaymentDeclined"
		case fact.ActionRequired:
			f.URL = "https://example.com/3ds"
		case fact.PaymentUpdated:
			f.EventID = "evt_1"
		}
		got, err := itemFact(factItem(f))
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%s: got %+v, %v\nwant %+v", kind, got, err, f)
		}
	}
}

// The template of the pipe in stacks/events.yaml names these; a record that lacks one becomes no event.
func TestEveryFactCarriesWhatThePipeNames(t *testing.T) {
	for _, kind := range fact.Kinds() {
		item := factItem(fact.Fact{OrderID: "ord_1", Kind: kind, Region: east, Home: east, At: noon})
		for _, name := range []string{"type", "orderId", "kind", "region", "home", "at", "currency", "committedBy", "placedRegion", "reason"} {
			if _, ok := item[name].(*types.AttributeValueMemberS); !ok {
				t.Errorf("%s has no string %s", kind, name)
			}
		}
		if _, ok := item["amount"].(*types.AttributeValueMemberN); !ok {
			t.Errorf("%s has no number amount", kind)
		}
		if got := keyPart(item, "type"); got != kind.DetailType() || got == "" {
			t.Errorf("%s is of type %q", kind, got)
		}
		if _, indexed := item["sweep"]; indexed != (kind == fact.Placed || kind == fact.CancelRequested) {
			t.Errorf("%s stands in the sweep index: %v", kind, indexed)
		}
		if _, listed := item["listed"]; listed != (kind == fact.Placed) {
			t.Errorf("%s stands in its customer's list: %v", kind, listed)
		}
	}
}

func TestPersonAndRequestAreNoEventsAndFactsTellNothingOfThePerson(t *testing.T) {
	r := goodRequest()
	p := person{Name: r.Shipping.Name, Email: r.Shipping.Email, Address: r.Shipping.Address}
	for _, item := range []platform.Item{personItem("ord_1", east, p), requestItem("digest", "ord_1")} {
		if item["type"] != nil || item["sweep"] != nil {
			t.Errorf("%s would become an event or an obligation", path(item))
		}
	}
	got, err := itemPerson(personItem("ord_1", east, p))
	if err != nil || got != p {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFactsOfANewerVersionAreRead(t *testing.T) {
	later := factItem(placedFact("ord_1", east, noon))
	later["giftNote"] = str("for you")
	if f, err := itemFact(later); err != nil || f.Amount.Amount != 2500 {
		t.Errorf("an unknown attribute: %+v, %v", f, err)
	}
	unknown := keyOf("order#ord_1", "fact#gift-wrapped#"+east)
	unknown["kind"], unknown["orderId"], unknown["region"], unknown["amount"] = str("gift-wrapped"), str("ord_1"), str(east), str("much")
	if f, err := itemFact(unknown); err != nil || f.Kind != "gift-wrapped" || f.OrderID != "ord_1" {
		t.Errorf("an unknown kind: %+v, %v", f, err)
	}
}

func TestAKnownFieldThatCannotBeReadIsAnErrorThatNamesIt(t *testing.T) {
	for name, v := range map[string]types.AttributeValue{
		"amount": str("12"), "lines": str("none"), "customer": num(1), "paymentVersion": &types.AttributeValueMemberN{Value: "1.5"},
	} {
		item := factItem(placedFact("ord_1", east, noon))
		item[name] = v
		if _, err := itemFact(item); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnOrdinaryPlacedFactIsUnder1KB(t *testing.T) {
	f := placedFact("ord_"+strings.Repeat("a", 26), west, noon)
	f.Customer, f.PaymentCustomer, f.PaymentMethod = strings.Repeat("c", 36), "cus_"+strings.Repeat("x", 14), "pm_"+strings.Repeat("x", 24)
	f.Lines = nil
	for range 5 {
		f.Lines = append(f.Lines, fact.Line{SKU: "BREAKFAST-TEA-250G", Quantity: 12, UnitAmount: 12_345})
	}
	if n := sizeOf(factItem(f)); n > 1024 {
		t.Errorf("%d bytes", n)
	}
}

// sizeOf counts as DynamoDB does, roughly: names, values, three bytes for a list or map and one for each of its members.
func sizeOf(item platform.Item) int {
	n := 0
	for name, v := range item {
		n += len(name) + valueSize(v)
	}
	return n
}

func valueSize(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	case *types.AttributeValueMemberM:
		return 3 + sizeOf(v.Value) + len(v.Value)
	case *types.AttributeValueMemberL:
		n := 3
		for _, member := range v.Value {
			n += 1 + valueSize(member)
		}
		return n
	}
	return 1
}

func TestShardsShareTheOrdersEvenly(t *testing.T) {
	var counts [sweepShards]int
	for i := range 4000 {
		counts[shardOf("ord_"+digest("order", string(rune('a'+i%26)), strings.Repeat("x", i%97), string(rune(i))))]++
	}
	for shard, n := range counts {
		if n < 850 || n > 1150 {
			t.Errorf("shard %d has %d of 4000 orders", shard, n)
		}
	}
}

package order

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// The files below testdata/v1 are what the version before this one stored and sent. They are never written again: what they hold must be
// read as long as orders of that version are.

func previous(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// previousItem is an item in DynamoDB's own JSON.
func previousItem(t *testing.T, name string) platform.Item {
	t.Helper()
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(previous(t, name), &attributes); err != nil {
		t.Fatal(err)
	}
	item := platform.Item{}
	for k, raw := range attributes {
		item[k] = attributeOf(t, raw)
	}
	return item
}

func attributeOf(t *testing.T, raw json.RawMessage) types.AttributeValue {
	t.Helper()
	var v struct {
		S, N *string
		BOOL *bool
		M    map[string]json.RawMessage
		L    []json.RawMessage
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	switch {
	case v.S != nil:
		return str(*v.S)
	case v.N != nil:
		return &types.AttributeValueMemberN{Value: *v.N}
	case v.BOOL != nil:
		return &types.AttributeValueMemberBOOL{Value: *v.BOOL}
	case v.L != nil:
		l := &types.AttributeValueMemberL{}
		for _, e := range v.L {
			l.Value = append(l.Value, attributeOf(t, e))
		}
		return l
	}
	m := &types.AttributeValueMemberM{Value: platform.Item{}}
	for k, e := range v.M {
		m.Value[k] = attributeOf(t, e)
	}
	return m
}

// plainJSON writes an item down for searching in it.
func plainJSON(item platform.Item) ([]byte, error) {
	plain := map[string]any{}
	for k, v := range item {
		if m, ok := v.(*types.AttributeValueMemberM); ok {
			raw, err := plainJSON(m.Value)
			if err != nil {
				return nil, err
			}
			plain[k] = json.RawMessage(raw)
			continue
		}
		plain[k] = fmt.Sprint(reflect.ValueOf(v).Elem().FieldByName("Value"))
	}
	return json.Marshal(plain)
}

func TestFactsOfThePreviousVersionAreReadAsTheyWereMeant(t *testing.T) {
	placed, err := itemFact(previousItem(t, "placed"))
	if err != nil {
		t.Fatal(err)
	}
	want := fact.Fact{
		OrderID: orderOf(previousItem(t, "placed")), Kind: fact.Placed, Region: east, Home: east, At: noon, Customer: "cust-1",
		Lines:  []fact.Line{{SKU: "MUG", Quantity: 2, UnitAmount: 1250}, {SKU: "TEA-250", Quantity: 1, UnitAmount: 899}},
		Amount: money.Money{Amount: 3399, Currency: "EUR"}, ShippingMethod: "standard", PaymentMethod: "pm_card_visa", PaymentCustomer: "cus_1", PaymentVersion: 1,
	}
	if !reflect.DeepEqual(placed, want) {
		t.Errorf("got  %+v\nwant %+v", placed, want)
	}
	for name, c := range map[string]struct {
		state               fact.State
		committedBy, reason string
	}{
		"confirmed": {fact.StateConfirmed, east, ""}, "rejected": {fact.StateRejected, "", "PaymentDeclined"}, "cancelled": {fact.StateCancelled, "", "CancelRequested"},
	} {
		f, err := itemFact(previousItem(t, name))
		o := fact.Fold([]fact.Fact{placed, f})
		if err != nil || o.State != c.state || o.CommittedBy != c.committedBy || o.Reason != c.reason || f.IntentID != "pi_1" {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestAnOrderOfThePreviousVersionIsShownQuestionedCancelledAndErased(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	placed := previousItem(t, "placed")
	s.own.put(placed, previousItem(t, "person"), previousItem(t, "key"))
	id := orderOf(placed)
	res, order := call(t, s, "GET", "/v1/orders/{orderId}", "", of(id))
	if res.StatusCode != 200 || !reflect.DeepEqual(order["shippingAmount"], map[string]any{"amount": 0.0, "currency": "EUR"}) {
		t.Errorf("%d %s", res.StatusCode, res.Body)
	}
	if got, err := ask(t, s.own, question{id, "saga", ""}); err != nil || !strings.Contains(got, `"amount":{"amount":3399,"currency":"EUR"}`) {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := ask(t, s.own, question{id, "person", ""}); err != nil || !strings.Contains(got, "ada@example.com") {
		t.Errorf("%s, %v", got, err)
	}
	if res, _ := call(t, s, "POST", cancellation, "", of(id)); res.StatusCode != 202 {
		t.Errorf("%d %s", res.StatusCode, res.Body)
	}
	if got := erase(t, s, erasure{OrderID: id}); got.Erased != 1 {
		t.Errorf("%+v", got)
	}
}

// The same request is the same order across the deployment too, at the price of before.
func TestARetryOfARequestThatThePreviousVersionTookIsItsOrder(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	placed := previousItem(t, "placed")
	s.own.put(placed, previousItem(t, "person"), previousItem(t, "key"))
	if got := take(t, s, goodApplication()); got.order.ID != orderOf(placed) || got.order.Placed.Amount.Amount != 3399 || got.durability != platform.InTwoRegions {
		t.Errorf("%+v", got)
	}
}

// Executions that began before a deployment call functions that came with it.
func TestStepsTakeTheInputOfThePreviousVersion(t *testing.T) {
	for name, kind := range map[string]fact.Kind{"ConfirmOrder": fact.Confirmed, "CloseOrder": fact.Rejected} {
		var written facts
		s := &saga{region: east, facts: &written, clock: clocktest.At(noon)}
		if _, err := s.steps()[name](context.Background(), previous(t, "step-"+name)); err != nil || len(written) != 1 {
			t.Fatalf("%s: %v, wrote %+v", name, err, written)
		}
		want, err := itemFact(previousItem(t, string(kind)))
		if err != nil || !sameFact(written[0], want) {
			t.Errorf("%s: wrote %+v\nwant  %+v, %v", name, written[0], want, err)
		}
	}
}

func TestTheExecutionInputOfThePreviousVersionNamesTheOrder(t *testing.T) {
	var in struct {
		OrderID string `json:"orderId"`
	}
	if err := json.Unmarshal(previous(t, "execution"), &in); err != nil || !orderPattern.MatchString(in.OrderID) {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestAnEventOfThePreviousVersionIsAPrice(t *testing.T) {
	var kept price
	p := &prices{store: keeper{&kept}}
	want := price{SKU: "MUG", Money: money.Money{Amount: 1250, Currency: "EUR"}, Active: true, Version: 7, Region: west}
	if err := p.handle(context.Background(), previous(t, "event-ProductChanged")); err != nil || kept != want {
		t.Errorf("%+v, %v", kept, err)
	}
}

// keeper remembers a price.
type keeper struct{ last *price }

func (k keeper) keep(_ context.Context, p price) error {
	*k.last = p
	return nil
}

package order

import (
	"context"
	"encoding/json"
	"testing"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// facts remembers what was appended.
type facts []fact.Fact

func (f *facts) append(_ context.Context, added fact.Fact) (platform.Item, error) {
	*f = append(*f, added)
	return factItem(added), nil
}

func TestAnOutcomeIsWrittenOnlyAfterThePaymentDecided(t *testing.T) {
	const order = `"order":{"orderId":"ord_1","home":"us-west-2"}`
	confirmed := fact.Fact{OrderID: "ord_1", Kind: fact.Confirmed, Region: east, Home: west, At: noon, IntentID: "pi_1", CommittedBy: west, PlacedRegion: west}
	rejected := fact.Fact{OrderID: "ord_1", Kind: fact.Rejected, Region: east, Home: west, At: noon, IntentID: "pi_1", Reason: "PaymentDeclined"}
	asked := fact.Fact{OrderID: "ord_1", Kind: fact.ActionRequired, Region: east, Home: west, At: noon, IntentID: "pi_1", URL: "https://pay.example/3ds"}
	refused := fact.Fact{OrderID: "ord_1", Kind: fact.CancelRefused, Region: east, Home: west, At: noon, Reason: "AlreadyDispatched"}
	cancelled := fact.Fact{OrderID: "ord_1", Kind: fact.Cancelled, Region: east, Home: west, At: noon, Reason: "CancelRequested"}
	cases := []struct {
		name, step, input string
		want              *fact.Fact
	}{
		{"captured", "ConfirmOrder", order + `,"payment":{"decision":"captured","intentId":"pi_1","committedBy":"us-west-2","placedRegion":"us-west-2"}`, &confirmed},
		{"void, rejected", "CloseOrder", order + `,"payment":{"decision":"cancelled","intentId":"pi_1","outcome":"rejected","code":"PaymentDeclined"}`, &rejected},
		{"void, cancelled, no intent", "CloseOrder", order + `,"payment":{"decision":"cancelled","outcome":"cancelled","code":"CancelRequested"}`, &cancelled},
		{"to be authenticated", "RequireAction", order + `,"payment":{"decision":"action-required","intentId":"pi_1","url":"https://pay.example/3ds"}`, &asked},
		{"the goods have left", "RefuseCancel", order, &refused},
		{"ask without saying where", "RequireAction", order + `,"payment":{"decision":"action-required","intentId":"pi_1"}`, nil},
		{"ask for what was captured", "RequireAction", order + `,"payment":{"decision":"captured","url":"https://pay.example/3ds"}`, nil},
		{"call off what nobody committed", "CancelOrder", order, nil},
		{"confirm what was voided", "ConfirmOrder", order + `,"payment":{"decision":"cancelled","committedBy":"us-west-2","placedRegion":"us-west-2"}`, nil},
		{"confirm what is only authorized", "ConfirmOrder", order + `,"payment":{"decision":"authorized","committedBy":"us-west-2","placedRegion":"us-west-2"}`, nil},
		{"confirm without committer", "ConfirmOrder", order + `,"payment":{"decision":"captured","placedRegion":"us-west-2"}`, nil},
		{"confirm without payment", "ConfirmOrder", order, nil},
		{"close what was captured", "CloseOrder", order + `,"payment":{"decision":"captured","outcome":"rejected","code":"x"}`, nil},
		{"close as delivered", "CloseOrder", order + `,"payment":{"decision":"cancelled","outcome":"delivered","code":"x"}`, nil},
		{"close without reason", "CloseOrder", order + `,"payment":{"decision":"cancelled","outcome":"rejected"}`, nil},
		{"no order", "ConfirmOrder", `"payment":{"decision":"captured","committedBy":"us-west-2","placedRegion":"us-west-2"}`, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var written facts
			s := &saga{region: east, facts: &written, clock: clocktest.At(noon)}
			_, err := s.steps()[c.step](context.Background(), json.RawMessage("{"+c.input+"}"))
			switch {
			case c.want == nil && (platform.CodeOf(err) != platform.InvalidRequest || len(written) != 0):
				t.Errorf("%v, wrote %+v", err, written)
			case c.want != nil && (err != nil || len(written) != 1 || !sameFact(written[0], *c.want)):
				t.Errorf("%v, wrote %+v\nwant %+v", err, written, *c.want)
			}
		})
	}
}

func sameFact(a, b fact.Fact) bool {
	return a.OrderID == b.OrderID && a.Kind == b.Kind && a.Region == b.Region && a.Home == b.Home && a.At.Equal(b.At) &&
		a.IntentID == b.IntentID && a.CommittedBy == b.CommittedBy && a.PlacedRegion == b.PlacedRegion && a.Reason == b.Reason && a.URL == b.URL
}

func TestAConfirmedOrderIsCalledOffAfterItsRefundInTheNameOfWhoCommittedIt(t *testing.T) {
	var written facts
	s := &saga{region: east, facts: &written, clock: clocktest.At(noon)}
	input := json.RawMessage(`{"order":{"orderId":"ord_1","home":"us-west-2","committedBy":"us-west-2","placedRegion":"us-west-2"}}`)
	if _, err := s.steps()["CancelOrder"](context.Background(), input); err != nil {
		t.Fatal(err)
	}
	refunded := fact.Fact{OrderID: "ord_1", Kind: fact.Refunded, Region: east, Home: west, At: noon, CommittedBy: west, PlacedRegion: west}
	cancelled := refunded
	cancelled.Kind, cancelled.Reason = fact.Cancelled, "CancelRequested"
	if len(written) != 2 || !sameFact(written[0], refunded) || !sameFact(written[1], cancelled) {
		t.Errorf("wrote %+v", written)
	}
}

func TestAnOutcomeThatStandsStays(t *testing.T) {
	own := newTestTable()
	s := &store{db: own, orders: "orders"}
	first := fact.Fact{OrderID: "ord_1", Kind: fact.Rejected, Region: east, Home: east, At: noon, Reason: "InsufficientStock"}
	second := first
	second.Reason = "PaymentDeclined"
	for _, f := range []fact.Fact{first, second} {
		if item, err := s.append(context.Background(), f); err != nil || keyPart(item, "reason") != "InsufficientStock" {
			t.Fatalf("%v stands, %v", item, err)
		}
	}
	rec, err := s.load(context.Background(), "ord_1")
	if err != nil || len(rec.facts) != 1 || rec.facts[0].Reason != "InsufficientStock" {
		t.Errorf("%+v, %v", rec.facts, err)
	}
}

package order

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"twofold/internal/fact"
	"twofold/internal/money"

	"twofold/internal/platform/clocktest"
)

func ask(t *testing.T, own *testTable, q question) (string, error) {
	t.Helper()
	service := &query{store: &store{db: own, orders: "orders"}, clock: clocktest.At(noon), log: slog.New(slog.DiscardHandler)}
	out, err := service.answer(context.Background(), q)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), nil
}

// A provider's answer may be kept for what the other region's placed fact asked for: the saga is told of all of them.
func TestTheSagaIsToldWhatIsToBePaidByEachPlacedFact(t *testing.T) {
	both := fact.Fold([]fact.Fact{
		{OrderID: "ord_1", Kind: fact.Placed, Region: west, Amount: money.Money{Amount: 990, Currency: "EUR"}, PaymentMethod: "pm_1", PaymentCustomer: "cus_1", PaymentVersion: 1},
		{OrderID: "ord_1", Kind: fact.Placed, Region: east, Amount: money.Money{Amount: 790, Currency: "EUR"}, PaymentMethod: "pm_1", PaymentCustomer: "cus_1", PaymentVersion: 1},
	})
	got := sagaViewOf(both, noon)
	if got.PlacedRegion != east || got.Amount.Amount != 790 || len(got.Also) != 1 || got.Also[0].PlacedRegion != west || got.Also[0].Amount.Amount != 990 || got.Also[0].Payment.Method != "pm_1" {
		t.Errorf("%+v", got)
	}
}

func TestQuestionsHaveTheAnswersThatTheSagaReads(t *testing.T) {
	own := newTestTable()
	id := take(t, newShop(west, east, own, newTestTable()), goodApplication()).order.ID
	other := "ord_other"
	for _, c := range []struct {
		q    question
		want string
	}{
		{question{id, "saga", ""}, `{"orderId":"` + id + `","customer":"cust-1","home":"us-west-2","state":"PLACED","committedBy":"","cancelRequested":false,"cancelOpen":false,"actionExpired":false,` +
			`"placedRegion":"us-west-2","amount":{"amount":3889,"currency":"EUR"},"payment":{"customer":"cus_1","method":"pm_card_visa","version":1},"placedAt":"2026-03-04T12:00:00.000Z",` +
			`"lines":[{"sku":"MUG","quantity":2,"unitAmount":1250},{"sku":"TEA-250","quantity":1,"unitAmount":899}],"intentId":"","also":[],"shipping":{"method":"standard"}}`},
		{question{id, "outcome", ""}, `{"orderId":"` + id + `","known":true,"state":"PLACED","home":"us-west-2","committedBy":"","cancelRequested":false}`},
		{question{other, "outcome", ""}, `{"orderId":"ord_other","known":false,"state":"UNKNOWN","home":"","committedBy":"","cancelRequested":false}`},
		{question{id, "person", ""}, `{"name":"Ada Lovelace","email":"ada@example.com","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}`},
	} {
		if got, err := ask(t, own, c.q); err != nil || got != c.want {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", c.q, err, got, c.want)
		}
	}
	for q, name := range map[question]string{
		{other, "saga", ""}: "NotFound", {other, "person", ""}: "NotFound", {id, "everything", ""}: "InvalidRequest",
	} {
		if _, err := ask(t, own, q); errorName(err) != name {
			t.Errorf("%+v: %v, want %s", q, err, name)
		}
	}
}

func TestTheSagaIsToldOfAnOpenWishAndOfTimeThatIsOver(t *testing.T) {
	f := func(kind fact.Kind, at time.Time) fact.Fact {
		return fact.Fact{OrderID: "ord_1", Kind: kind, Region: east, Home: east, At: at, CommittedBy: east, PlacedRegion: east}
	}
	placed := placedFact("ord_1", east, noon)
	asked, over := f(fact.ActionRequired, noon.Add(-authenticationTime+time.Millisecond)), f(fact.ActionRequired, noon.Add(-authenticationTime))
	cases := []struct {
		name          string
		facts         []fact.Fact
		open, expired bool
	}{
		{"placed", []fact.Fact{placed}, false, false},
		{"asked in time", []fact.Fact{placed, asked}, false, false},
		{"the time is over", []fact.Fact{placed, over}, false, true},
		{"to be cancelled", []fact.Fact{placed, f(fact.CancelRequested, noon)}, true, false},
		{"to be cancelled after all", []fact.Fact{placed, f(fact.Confirmed, noon), f(fact.CancelRequested, noon)}, true, false},
		{"too late", []fact.Fact{placed, f(fact.Confirmed, noon), f(fact.CancelRequested, noon), f(fact.CancelRefused, noon)}, false, false},
	}
	for _, c := range cases {
		if got := sagaViewOf(fact.Fold(c.facts), noon); got.CancelOpen != c.open || got.ActionExpired != c.expired {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestTheSagaIsToldTheIntentThatItWroteDown(t *testing.T) {
	f := func(kind fact.Kind, intent string) fact.Fact {
		return fact.Fact{OrderID: "ord_1", Kind: kind, Region: east, Home: east, At: noon, IntentID: intent}
	}
	placed, asked, updated := placedFact("ord_1", east, noon), f(fact.ActionRequired, "pi_1"), f(fact.PaymentUpdated, "pi_2")
	for want, facts := range map[string][]fact.Fact{
		"": {placed, updated}, "pi_1": {placed, asked, updated}, "pi_3": {placed, asked, f(fact.Confirmed, "pi_3")},
	} {
		if got := sagaViewOf(fact.Fold(facts), noon).IntentID; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// errorName is the name under which Step Functions sees an error.
func errorName(err error) string {
	var e messages.InvokeResponse_Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Type
}

func TestThePersonOfEitherRegionWillDo(t *testing.T) {
	own := newTestTable()
	a := acceptanceOf(t, goodApplication(), east)
	own.put(a.placed)
	id := orderOf(a.placed)
	for _, want := range []string{"person", "saga"} {
		if _, err := ask(t, own, question{id, want, ""}); errorName(err) != "Unavailable" {
			t.Errorf("%s without the person: got %v", want, err)
		}
	}
	b := acceptanceOf(t, goodApplication(), west)
	own.put(b.placed, b.person)
	if _, err := ask(t, own, question{id, "person", ""}); err != nil {
		t.Error(err)
	}
}

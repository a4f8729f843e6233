package order

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
)

func (s *shop) eraser() *eraser {
	return &eraser{region: s.region, store: s.tables(), log: slog.New(slog.DiscardHandler)}
}

func erase(t *testing.T, s *shop, in erasure) erased {
	t.Helper()
	got, err := s.eraser().run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAnErasedPersonIsGoneFromTheRegionAndTheOrderStays(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	before, _ := call(t, s, "GET", "/v1/orders/{orderId}", "", of(id))
	for i, want := range []erased{{1, 1}, {1, 0}} {
		if got := erase(t, s, erasure{OrderID: id}); got != want {
			t.Errorf("run %d: %+v, want %+v", i, got, want)
		}
	}
	if all := describe(s.own); strings.Contains(all, "ada@example.com") || strings.Contains(all, "Lovelace") || strings.Contains(all, "St James") {
		t.Errorf("the person is still there: %s", all)
	}
	if after, _ := call(t, s, "GET", "/v1/orders/{orderId}", "", of(id)); after.Body != before.Body {
		t.Errorf("got  %s\nwant %s", after.Body, before.Body)
	}
	if got, err := ask(t, s.own, question{id, "person", ""}); err != nil || strings.Contains(got, "Ada") {
		t.Errorf("got %s, %v", got, err)
	}
}

// describe writes all attributes of a table down.
func describe(t *testTable) string {
	var b strings.Builder
	for _, item := range t.items {
		raw, err := plainJSON(item)
		if err != nil {
			return err.Error()
		}
		b.Write(raw)
	}
	return b.String()
}

func TestWhereOneRegionErasedThePersonIsGoneThoughTheOthersIsStillThere(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	other := acceptanceOf(t, goodApplication(), west)
	s.own.put(other.placed, other.person)
	erase(t, newShop(west, east, s.own, newTestTable()), erasure{OrderID: id})
	if got, err := ask(t, s.own, question{id, "person", ""}); err != nil || strings.Contains(got, "Ada") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestARegionErasesOnlyWhatItWrote(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	there := s.own.items[path(personKey(id, east))]
	if got := erase(t, newShop(west, east, s.own, newTestTable()), erasure{OrderID: id}); got.Erased != 0 || !reflect.DeepEqual(s.own.items[path(personKey(id, east))], there) {
		t.Errorf("%+v, and %v stands there", got, s.own.items[path(personKey(id, east))])
	}
}

func TestACustomerIsErasedFromAllOrders(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	for i := range batchLimit + 5 {
		a := goodApplication()
		a.key = fmt.Sprintf("key-%d", i)
		take(t, s, a)
	}
	a := goodApplication()
	a.customer = "cust-2"
	others := take(t, s, a).order.ID
	if got, want := erase(t, s, erasure{Customer: "cust-1"}), (erased{batchLimit + 5, batchLimit + 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if isErased(s.own.items[path(personKey(others, east))]) {
		t.Error("another customer was erased")
	}
}

func TestARetryOfAnErasedOrderDoesNotBringThePersonBack(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	erase(t, s, erasure{OrderID: id})
	if again := take(t, s, goodApplication()); again.order.ID != id || strings.Contains(describe(s.own), "ada@example.com") {
		t.Errorf("%+v", again)
	}
}

func TestAnErasureNamesOneOrderOrOneCustomer(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	for _, in := range []erasure{{}, {OrderID: "ord_1", Customer: "cust-1"}} {
		if _, err := s.eraser().run(context.Background(), in); errorName(err) != "InvalidRequest" {
			t.Errorf("%+v: %v", in, err)
		}
	}
	s.own.down = errDown
	if _, err := s.eraser().run(context.Background(), erasure{OrderID: "ord_1"}); errorName(err) != "Unavailable" {
		t.Errorf("got %v", err)
	}
}

package order

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/money"
	"twofold/internal/platform"
)

func take(t *testing.T, s *shop, a application) accepted {
	t.Helper()
	got, err := s.take(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAnOrderStandsInBothRegionsWithItsPerson(t *testing.T) {
	own, peer := newTestTable(), newTestTable()
	s := newShop(east, west, own, peer)
	got := take(t, s, goodApplication())
	id := got.order.ID
	if got.durability != platform.InTwoRegions || got.order.State != fact.StatePlaced || got.order.Home != east {
		t.Fatalf("%+v", got)
	}
	if want := (money.Money{Amount: 2*1250 + 899 + 490, Currency: "EUR"}); got.order.Placed.Amount != want {
		t.Errorf("costs %+v, want %+v", got.order.Placed.Amount, want)
	}
	for _, key := range []platform.Item{factKey(id, fact.Placed, east), personKey(id, east)} {
		if own.items[path(key)] == nil || !reflect.DeepEqual(own.items[path(key)], peer.items[path(key)]) {
			t.Errorf("%s: own %v, peer's %v", path(key), own.items[path(key)], peer.items[path(key)])
		}
	}
	if key := requestKey(keyDigest("cust-1", "key-1")); orderIDOf(own.items[path(key)]) != id {
		t.Errorf("the key made %v", own.items[path(key)])
	}
	if own.writes != 2 || peer.writes != 2 {
		t.Errorf("%d and %d puts", own.writes, peer.writes)
	}
}

// What the first try found or left in both replicas, and what an order's answer is after it.
func TestTwoRegionWriteMatrix(t *testing.T) {
	other := factItem(placedFact("ord_1", east, noon))
	cases := []struct {
		name    string
		prepare func(s *shop, stored acceptance)
		want    platform.Durability
		code    platform.Code
	}{
		{"own free, peer free", func(*shop, acceptance) {}, platform.InTwoRegions, ""},
		{"own free, peer down", func(s *shop, _ acceptance) { s.peers.down = errDown }, platform.InOneRegion, ""},
		{"own free, peer differs", func(s *shop, a acceptance) {
			s.peers.put(platform.Item{"pk": a.placed["pk"], "sk": a.placed["sk"], "home": str("elsewhere")})
		}, platform.InOneRegion, ""},
		{"own stored, peer equal", func(s *shop, a acceptance) { s.own.put(a.person, a.placed); s.peers.put(a.person, a.placed) }, platform.InTwoRegions, ""},
		{"own stored, peer free", func(s *shop, a acceptance) { s.own.put(a.person, a.placed) }, platform.InTwoRegions, ""},
		{"own stored, peer has part", func(s *shop, a acceptance) { s.own.put(a.person, a.placed); s.peers.put(a.person) }, platform.InTwoRegions, ""},
		{"own has the person only, peer free", func(s *shop, a acceptance) { s.own.put(a.person) }, platform.InTwoRegions, ""},
		{"own stored, peer down", func(s *shop, a acceptance) { s.own.put(a.person, a.placed); s.peers.down = errDown }, platform.InOneRegion, ""},
		{"own down", func(s *shop, _ acceptance) { s.own.down = errDown }, "", platform.Unavailable},
		{"the key made another order", func(s *shop, a acceptance) {
			s.own.put(requestItem(keyDigest("cust-1", "key-1"), keyPart(other, "orderId")))
		}, "", platform.IdempotencyMismatch},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(east, west, newTestTable(), newTestTable())
			c.prepare(s, acceptanceOf(t, goodApplication(), east))
			got, err := s.take(context.Background(), goodApplication())
			if c.code != "" {
				if platform.CodeOf(err) != c.code || s.peers.writes != 0 {
					t.Fatalf("%v, want %s; the peer was written %d times", err, c.code, s.peers.writes)
				}
				return
			}
			if err != nil || got.durability != c.want {
				t.Fatalf("%s, %v; want %s", got.durability, err, c.want)
			}
		})
	}
}

// acceptanceOf is what a region would store for an application.
func acceptanceOf(t *testing.T, a application, region string) acceptance {
	t.Helper()
	own := newTestTable()
	o := take(t, newShop(region, "elsewhere", own, newTestTable()), a).order
	return acceptance{placed: own.items[path(factKey(o.ID, fact.Placed, region))], person: own.items[path(personKey(o.ID, region))]}
}

func TestARetryIsTheStoredOrderAtTheStoredPrice(t *testing.T) {
	own, peer := newTestTable(), newTestTable()
	s := newShop(east, west, own, peer)
	peer.down = errDown
	first := take(t, s, goodApplication())
	peer.down = nil
	s.sell("MUG", 9999)
	s.clock.Set(noon.AddDate(0, 1, 0))
	again := take(t, s, goodApplication())
	if !reflect.DeepEqual(again.order, first.order) {
		t.Errorf("got %+v\nwant %+v", again.order, first.order)
	}
	if first.durability != platform.InOneRegion || again.durability != platform.InTwoRegions {
		t.Errorf("%s, then %s", first.durability, again.durability)
	}
	key := path(factKey(first.order.ID, fact.Placed, east))
	if !reflect.DeepEqual(own.items[key], peer.items[key]) {
		t.Errorf("own %v, peer's %v", own.items[key], peer.items[key])
	}
}

func TestARetryInTheOtherRegionIsTheSameOrderWithOnePlacedFact(t *testing.T) {
	a, b := newTestTable(), newTestTable()
	first := take(t, newShop(east, west, a, b), goodApplication())
	again := take(t, newShop(west, east, b, a), goodApplication())
	if !reflect.DeepEqual(again, first) || again.order.Home != east {
		t.Errorf("got %+v\nwant %+v", again, first)
	}
	other := goodApplication()
	other.body.Lines = other.body.Lines[:1]
	if _, err := newShop(west, east, b, a).take(context.Background(), other); platform.CodeOf(err) != platform.IdempotencyMismatch {
		t.Errorf("the key with another body: %v", err)
	}
}

func TestARetryInARegionThatHasNotSeenTheOrderHasTheSameIdAndItsOwnPlacedFact(t *testing.T) {
	a, b := newTestTable(), newTestTable()
	east1 := newShop(east, west, a, newTestTable())
	first := take(t, east1, goodApplication())
	again := take(t, newShop(west, east, b, newTestTable()), goodApplication())
	if again.order.ID != first.order.ID || again.order.Home != west {
		t.Errorf("got %+v after %+v", again.order, first.order)
	}
}

func TestAnOrderOfWhichOnlyThePlacedFactArrivedIsStoredAgainWithItsPerson(t *testing.T) {
	lost := acceptanceOf(t, goodApplication(), east)
	own := newTestTable()
	own.put(lost.placed)
	got := take(t, newShop(west, east, own, newTestTable()), goodApplication())
	if own.items[path(personKey(got.order.ID, west))] == nil {
		t.Error("nobody would know where to send it")
	}
}

func TestTheKeyOfAnotherBodyIsRefusedWhereItWasUsed(t *testing.T) {
	a, b := newTestTable(), newTestTable()
	first := take(t, newShop(east, west, a, b), goodApplication())
	other := goodApplication()
	other.body.Lines = other.body.Lines[:1]
	before := len(a.items) + len(b.items)
	if _, err := newShop(east, west, a, b).take(context.Background(), other); platform.CodeOf(err) != platform.IdempotencyMismatch {
		t.Error(err)
	}
	if after := len(a.items) + len(b.items); after != before {
		t.Errorf("%d items, then %d", before, after)
	}
	own := goodApplication()
	own.customer = "cust-2"
	if got := take(t, newShop(east, west, a, b), own); got.order.ID == first.order.ID {
		t.Error("another customer's key is the same order")
	}
}

func TestOfTwoBodiesUnderOneKeyAtOnceExactlyOneWins(t *testing.T) {
	own := newTestTable()
	s, rival := newShop(east, west, own, newTestTable()), newShop(east, west, own, newTestTable())
	other := goodApplication()
	other.body.Lines = other.body.Lines[:1]
	own.before = func() { take(t, rival, other) } // between this request's look-up and its write
	if _, err := s.take(context.Background(), goodApplication()); platform.CodeOf(err) != platform.IdempotencyMismatch {
		t.Errorf("both were taken: %v", err)
	}
}

func TestTheSameRequestTwiceAtOnceIsOneOrder(t *testing.T) {
	own := newTestTable()
	s, rival := newShop(east, west, own, newTestTable()), newShop(east, west, own, newTestTable())
	rival.clock.Set(noon.Add(-5))
	var first accepted
	own.before = func() { first = take(t, rival, goodApplication()) }
	if got := take(t, s, goodApplication()); !reflect.DeepEqual(got.order, first.order) {
		t.Errorf("got %+v\nwant %+v", got.order, first.order)
	}
}

// The same request goes on where one that died between two of its puts stopped, and what it has stored is then the order.
func TestARequestThatDiedBetweenItsPutsIsTakenUpByTheNext(t *testing.T) {
	for puts := range 3 {
		s := newShop(east, west, newTestTable(), newTestTable())
		s.own.answers = make([]error, puts+1)
		s.own.answers[puts] = errDown
		if _, err := s.take(context.Background(), goodApplication()); !platform.IsTransient(err) || s.peers.writes != 0 {
			t.Fatalf("after %d puts: %v", puts, err)
		}
		s.clock.Set(noon.Add(time.Minute))
		got := take(t, s, goodApplication())
		if got.durability != platform.InTwoRegions || !got.order.Placed.At.Equal(s.clock.Now()) || len(s.peers.items) != len(newShop(east, west, newTestTable(), newTestTable()).peers.items)+2 {
			t.Errorf("after %d puts: %+v", puts, got)
		}
	}
}

func TestAnOrderIsNothingBeforeItsFact(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	s.own.answers = []error{nil, nil, errDown}
	if _, err := s.take(context.Background(), goodApplication()); err == nil {
		t.Fatal("taken")
	}
	for p := range s.own.items {
		if strings.Contains(p, "|"+factPrefix) {
			t.Errorf("%s stands there", p)
		}
	}
}

func TestWhatCannotBeSoldIsRefusedWithAPointer(t *testing.T) {
	usd := price{SKU: "TEA-250", Money: money.Money{Amount: 899, Currency: "USD"}, Active: true}
	cases := []struct {
		name  string
		spoil func(s *shop, a *application)
		want  []string
	}{
		{"an unknown SKU", func(_ *shop, a *application) { a.body.Lines[1].SKU = "NONE" }, []string{"/lines/1/sku"}},
		{"two unknown SKUs", func(_ *shop, a *application) { a.body.Lines[0].SKU, a.body.Lines[1].SKU = "NO", "NONE" }, []string{"/lines/0/sku", "/lines/1/sku"}},
		{"a product that is not for sale", func(s *shop, a *application) {
			s.own.items[path(priceKey("MUG"))]["active"] = &types.AttributeValueMemberBOOL{Value: false}
		}, []string{"/lines/0/sku"}},
		{"a product in another currency", func(s *shop, a *application) {
			delete(s.own.items, path(priceKey("TEA-250")))
			s.catalogue.products["TEA-250"] = usd
		}, []string{"/lines/1/sku"}},
		{"less than can be charged", func(s *shop, a *application) {
			s.sell("MUG", 1)
			s.sell("TEA-250", 1)
			a.body.Shipping.Method = "express"
		}, []string{"/lines"}},
		{"a method that is not offered in the currency", func(s *shop, _ *application) { delete(s.fees["standard"], "EUR") }, []string{"/shipping/method"}},
		{"more than can be charged", func(s *shop, _ *application) { s.sell("MUG", 99_999_999) }, []string{"/lines"}},
		{"an overflow", func(s *shop, a *application) { s.sell("MUG", 1<<62); a.body.Lines[0].Quantity = 1000 }, []string{"/lines/0/quantity"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, a := newShop(east, west, newTestTable(), newTestTable()), goodApplication()
			c.spoil(s, &a)
			_, err := s.take(context.Background(), a)
			var e *platform.Error
			if !errors.As(err, &e) || e.Code != platform.Unprocessable || s.own.writes+s.peers.writes != 0 {
				t.Fatalf("%v after %d writes", err, s.own.writes+s.peers.writes)
			}
			var got []string
			for _, v := range e.Violations {
				got = append(got, v.Pointer)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAPriceThatTheReadModelLacksIsReadFromTheCatalogueAndKept(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	delete(s.own.items, path(priceKey("MUG")))
	s.catalogue.products["MUG"] = price{SKU: "MUG", Money: money.Money{Amount: 1300, Currency: "EUR"}, Active: true, Version: 3}
	a := goodApplication()
	a.body.Lines = a.body.Lines[:1]
	if got := take(t, s, a); got.order.Placed.Amount.Amount != 2600+490 {
		t.Errorf("costs %+v", got.order.Placed.Amount)
	}
	a.key = "key-2"
	take(t, s, a)
	if s.catalogue.asked != 1 {
		t.Errorf("asked %d times", s.catalogue.asked)
	}
}

func TestACatalogueThatCannotBeAskedIsNoUnknownProduct(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	delete(s.own.items, path(priceKey("MUG")))
	s.catalogue.err = platform.Wrap(platform.Unavailable, errDown)
	if _, err := s.take(context.Background(), goodApplication()); platform.CodeOf(err) != platform.Unavailable {
		t.Errorf("got %v", err)
	}
}

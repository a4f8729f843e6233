//go:build pact

package consumers_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/pact-foundation/pact-go/v2/matchers"
	message "github.com/pact-foundation/pact-go/v2/message/v4"

	"twofold/internal/inventory"
	"twofold/internal/notification"
	"twofold/internal/order"
)

// TestMain keeps pact-go's own lines out of the results.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func pactDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TWOFOLD_PACTS")
	if dir == "" {
		t.Fatal("TWOFOLD_PACTS is not set: run this test with `make contract`")
	}
	return dir
}

// The forms of what events carry; examples stand before them.
func aRegion() matchers.Matcher   { return matchers.Regex(region, "^[a-z]{2}-[a-z]+-[0-9]$") }
func anOrderID() matchers.Matcher { return matchers.Regex(orderID, "^ord_[a-z2-7]{26}$") }
func aSKU() matchers.Matcher      { return matchers.Regex(sku, "^[A-Z0-9][A-Z0-9-]{0,31}$") }
func digits(example string) matchers.Matcher {
	return matchers.Regex(example, "^[0-9]+$")
}

type detail = map[string]any

// subscription is one event that a consumer takes, what of it the consumer reads, and how one sees that it has.
type subscription struct {
	consumer, provider, detailType string
	given                          string
	detail                         detail
	takes                          func(s *shop, event []byte) error
}

func TestWhatSubscribersNeedOfEvents(t *testing.T) {
	for _, sub := range append(append(stockEvents(), mailEvents()...), priceEvents()...) {
		t.Run(sub.consumer+" "+sub.detailType, func(t *testing.T) {
			s := newShop(t)
			err := subscribe(t, sub, func(event []byte) error { return sub.takes(s, event) })
			if err != nil && !t.Failed() { // what the consumer says is reported already
				t.Error(err)
			}
		})
	}
}

func subscribe(t *testing.T, sub subscription, takes func(event []byte) error) error {
	pact, err := message.NewAsynchronousPact(message.Config{Consumer: sub.consumer, Provider: sub.provider, PactDir: pactDir(t)})
	if err != nil {
		return err
	}
	return pact.AddAsynchronousMessage().Given(sub.given).ExpectsToReceive(sub.detailType).
		WithJSONContent(map[string]any{"source": matchers.Equality("twofold." + sub.provider), "detail-type": matchers.Equality(sub.detailType), "detail": sub.detail}).
		ConsumedBy(func(m message.AsynchronousMessage) error {
			if err := takes(m.Contents); err != nil {
				return fmt.Errorf("%s does not understand %s of %s as its pact has it: %w", sub.consumer, sub.detailType, sub.provider, err)
			}
			return nil
		}).
		Verify(t)
}

func priceEvents() []subscription {
	return []subscription{{"order-prices", "inventory", "ProductChanged", "a product is put into the catalogue",
		detail{"sku": aSKU(), "region": aRegion(), "version": digits("3"), "amount": digits("790"), "currency": matchers.Regex("EUR", "^[A-Z]{3}$"), "active": matchers.Regex("true", "^(true|false)$")},
		func(s *shop, event []byte) error {
			if err := s.deliver(s.build("order-work", order.NewPrices), event); err != nil {
				return err
			}
			return wants("the price list", s.items("order-work"), sku, `{"N":"790"}`, `{"S":"EUR"}`, `{"N":"3"}`, region, `{"BOOL":true}`)
		}}}
}

func stockEvents() []subscription {
	stock := func(given, detailType string, d detail, before func(s *shop) error, after ...string) subscription {
		return subscription{"inventory-events", "order", detailType, given, d, func(s *shop, event []byte) error {
			if err := before(s); err != nil {
				return err
			}
			if err := s.deliver(s.build("stock", inventory.NewEvents), event); err != nil {
				return err
			}
			return wants("the stock", s.items("stock"), after...)
		}}
	}
	received := stock("goods are received", "StockReceived", detail{"sku": aSKU(), "receiptId": matchers.Like("asn-2026-0042"), "region": aRegion(), "target": aRegion(), "quantity": digits("500")},
		func(*shop) error { return nil }, sku, `"received":{"N":"500"}`, "asn-2026-0042")
	received.provider = "inventory"
	between := detail{"sku": aSKU(), "target": aRegion(), "quantity": digits("5")}
	transferred := stock("a region lends to the other", "StockTransferred", between, (*shop).reserve, `"got":{"N":"5"}`, `"available":{"N":"503"}`)
	requested := stock("a region lends to the other", "StockRequested", between, (*shop).reserve, `"given":{"N":"5"}`, `"available":{"N":"493"}`)
	transferred.provider, requested.provider = "inventory", "inventory"
	return []subscription{received, transferred, requested,
		stock("the other region confirms an order", "OrderConfirmed", detail{"orderId": anOrderID(), "committedBy": aRegion()}, (*shop).reserve,
			`"taken":{"N":"2"}`, `"state":{"S":"consumed"}`),
		stock("the other region rejects an order", "OrderRejected", detail{"orderId": anOrderID()}, (*shop).reserve,
			`"available":{"N":"500"}`, `"taken":{"N":"0"}`),
		stock("the other region calls a confirmed order off", "OrderCancelled", detail{"orderId": anOrderID(), "committedBy": aRegion()}, (*shop).sell,
			`"available":{"N":"500"}`, `"taken":{"N":"0"}`),
	}
}

// reserve puts 500 units on the shelf and holds two of them for the order.
func (s *shop) reserve() error {
	err := s.deliver(s.build("stock", inventory.NewEvents), []byte(`{"detail-type":"StockReceived","detail":{"sku":"`+sku+`","receiptId":"r","region":"`+region+`","target":"`+region+`","quantity":"500"}}`))
	if err != nil {
		return err
	}
	_, err = run[struct{}](s, s.build("stock", inventory.NewSaga), map[string]any{"step": "ReserveStock",
		"order": map[string]any{"orderId": orderID, "lines": []any{map[string]any{"sku": sku, "quantity": 2}}}})
	return err
}

// sell has the order committed here.
func (s *shop) sell() error {
	if err := s.reserve(); err != nil {
		return err
	}
	return s.deliver(s.build("stock", inventory.NewEvents), []byte(`{"detail-type":"OrderConfirmed","detail":{"orderId":"`+orderID+`","committedBy":"`+region+`"}}`))
}

func mailEvents() []subscription {
	mail := func(given, detailType string, d detail, says string) subscription {
		d["orderId"] = anOrderID()
		return subscription{"notification-mail", "order", detailType, given, d, func(s *shop, event []byte) error {
			s.answers["order-query"] = func([]byte) []byte { return []byte(`{"name":"Ada Byron","email":"ada@shop.example"}`) }
			if err := s.deliver(s.build("mails", notification.NewMail), event); err != nil {
				return err
			}
			return wants("the mails", s.mails, "ada@shop.example", orderID, says)
		}}
	}
	written := func() detail { return detail{"region": aRegion()} }
	return []subscription{
		mail("an order is confirmed", "OrderConfirmed", detail{"committedBy": aRegion()}, "Your order is confirmed"),
		mail("an order is rejected", "OrderRejected", detail{"region": aRegion(), "reason": matchers.Like("InsufficientStock")}, "sold out"),
		mail("a confirmed order is cancelled", "OrderCancelled", detail{"region": aRegion(), "reason": matchers.Like("CancelRequested")}, "Your order is cancelled"),
		mail("a cancellation comes too late", "OrderCancelRefused", detail{"region": aRegion(), "reason": matchers.Like("CancelRequested")}, "could not be cancelled"),
		mail("the goods are picked up", "OrderDispatched", written(), "on its way"),
		mail("the goods are delivered", "OrderDelivered", written(), "has been delivered"),
		mail("a confirmed order is cancelled", "OrderRefunded", written(), "Your refund"),
	}
}

package e2e_test

import (
	"net/http"
	"testing"

	"twofold/local/world"
)

func TestOneRegionAloneTakesOrdersAndSaysThatOneRegionHasThem(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"us-east-1", "us-west-2"} {
		t.Run(region, func(t *testing.T) {
			t.Parallel()
			p := start(t, func(o *world.Options) { o.Regions = []string{region} })
			staff := p.staff()
			if a := p.send(region, request{method: "PUT", path: "/v1/products/TEA", token: staff, body: `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`}); a.Status != http.StatusCreated {
				t.Fatalf("%d %s", a.Status, a.Raw)
			}
			if a := p.send(region, request{method: "POST", path: "/v1/products/TEA/receipts", token: staff, body: `{"receiptId":"r","quantity":5,"target":"` + region + `"}`}); a.Status != http.StatusAccepted {
				t.Fatalf("%d %s", a.Status, a.Raw)
			}
			p.await("there is stock", func() bool {
				return p.send(region, request{method: "GET", path: "/v1/products/TEA/stock", token: staff}).Body["available"] == 5.0
			})
			a := p.send(region, request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "k", body: newOrder("TEA", 1, goodCard)})
			if a.Status != http.StatusAccepted || a.Header.Get("Twofold-Durability") != "one-region" {
				t.Fatalf("%d %v %s", a.Status, a.Header, a.Raw)
			}
			p.await("it is confirmed", func() bool {
				return p.send(region, request{method: "GET", path: "/v1/orders/" + a.text("orderId"), token: p.shopper("ada")}).text("state") == "CONFIRMED"
			})
		})
	}
}

func TestAnUnknownRegionIsNotStarted(t *testing.T) {
	t.Parallel()
	w, err := world.Start(t.Context(), world.Options{Root: repository(t), Functions: functions(t), Regions: []string{"eu-north-1"}})
	if err == nil {
		t.Fatal("it started", w.Close())
	}
}

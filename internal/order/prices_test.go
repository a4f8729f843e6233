package order

import (
	"context"
	"encoding/json"
	"testing"

	"twofold/internal/money"
)

// keptPrices remembers what was kept.
type keptPrices []price

func (k *keptPrices) keep(_ context.Context, p price) error {
	*k = append(*k, p)
	return nil
}

func TestOnlyAnEventThatCanBeRightBecomesAPrice(t *testing.T) {
	const good = `{"detail-type":"ProductChanged","source":"twofold.inventory","detail":` +
		`{"sku":"MUG","region":"us-east-1","version":"3","title":"Mug","amount":"1250","currency":"EUR","active":"true","later":1}}`
	want := price{SKU: "MUG", Money: money.Money{Amount: 1250, Currency: "EUR"}, Active: true, Version: 3, Region: east}
	bad := map[string]string{
		"not JSON": `{`, "another event": `{"detail-type":"StockReceived","detail":{"sku":"MUG"}}`, "no detail": `{"detail-type":"ProductChanged"}`,
		"amount in words": `{"detail-type":"ProductChanged","detail":{"sku":"MUG","region":"us-east-1","version":"3","amount":"twelve","currency":"EUR","active":"true"}}`,
		"negative amount": `{"detail-type":"ProductChanged","detail":{"sku":"MUG","region":"us-east-1","version":"3","amount":"-1","currency":"EUR","active":"true"}}`,
		"version 0":       `{"detail-type":"ProductChanged","detail":{"sku":"MUG","region":"us-east-1","version":"0","amount":"1","currency":"EUR","active":"true"}}`,
		"active perhaps":  `{"detail-type":"ProductChanged","detail":{"sku":"MUG","region":"us-east-1","version":"1","amount":"1","currency":"EUR","active":"maybe"}}`,
	}
	var kept keptPrices
	p := &prices{store: &kept}
	if err := p.handle(context.Background(), json.RawMessage(good)); err != nil || len(kept) != 1 || kept[0] != want {
		t.Fatalf("%v, kept %+v", err, kept)
	}
	for name, body := range bad {
		if err := p.handle(context.Background(), json.RawMessage(body)); err == nil || len(kept) != 1 {
			t.Errorf("%s: %v, kept %+v", name, err, kept)
		}
	}
}

package order

import (
	"context"
	"encoding/json"

	"twofold/internal/event"
	"twofold/internal/money"
	"twofold/internal/platform"
)

// prices keeps the read model: what each product costs, as the catalogue's events tell in any order and any number.
type prices struct {
	store interface {
		keep(ctx context.Context, p price) error
	}
}

// handle takes one message: an event of the bus. An event that cannot be right is an error, so that it ends in the
// dead-letter queue and not in a price.
func (p *prices) handle(ctx context.Context, body json.RawMessage) error {
	var e event.ProductChangedEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return platform.Wrap(platform.InvalidRequest, err)
	}
	d := e.Detail
	version, verr := event.Number("version", d.Version)
	amount, aerr := event.Number("amount", d.Amount)
	plausible := verr == nil && aerr == nil && skuPattern.MatchString(d.Sku) && version > 0 && d.Region != "" && d.Currency != "" &&
		(d.Active == "true" || d.Active == "false")
	if e.DetailType != "ProductChanged" || !plausible {
		return platform.Refuse(platform.InvalidRequest, "this is no event of a changed product: "+e.DetailType+" "+d.Sku)
	}
	return p.store.keep(ctx, price{
		SKU: d.Sku, Money: money.Money{Amount: amount, Currency: d.Currency}, Active: d.Active == "true",
		Version: version, Region: d.Region,
	})
}

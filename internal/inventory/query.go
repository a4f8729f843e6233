package inventory

import (
	"context"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// question is what another service asks: {"want":"product","sku":"TEA"}.
type question struct {
	Want string `json:"want"`
	SKU  string `json:"sku"`
}

// productAnswer is the version of the product that counts; all but found and sku is zero if there is none.
type productAnswer struct {
	Found   bool        `json:"found"`
	SKU     string      `json:"sku"`
	Title   string      `json:"title"`
	Price   money.Money `json:"price"`
	Active  bool        `json:"active"`
	Version int64       `json:"version"`
	Region  string      `json:"region"`
}

// query answers other services.
type query struct {
	catalogue interface {
		Versions(ctx context.Context, sku string) ([]Product, error)
	}
}

func (q query) answer(ctx context.Context, in question) (productAnswer, error) {
	if in.Want != "product" {
		return productAnswer{}, platform.Refuse(platform.InvalidRequest, "inventory knows products only")
	}
	versions, err := q.catalogue.Versions(ctx, in.SKU)
	if err != nil {
		return productAnswer{}, err
	}
	p, found := latest(versions)
	return productAnswer{Found: found, SKU: in.SKU, Title: p.Title, Price: p.Price, Active: p.Active, Version: p.Version, Region: p.Region}, nil
}

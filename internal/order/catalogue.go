package order

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// catalogue asks the inventory service for products, through its function.
type catalogue struct {
	client   *lambda.Client
	function string
}

type productQuestion struct {
	Want string `json:"want"`
	SKU  string `json:"sku"`
}

type productAnswer struct {
	Found   bool        `json:"found"`
	SKU     string      `json:"sku"`
	Price   money.Money `json:"price"`
	Active  bool        `json:"active"`
	Version int64       `json:"version"`
	Region  string      `json:"region"` // who wrote this version; if it is not said, the event of the same version wins over it
}

// product is what a product costs according to the catalogue in this region; false if it knows no such product.
func (c catalogue) product(ctx context.Context, sku string) (price, bool, error) {
	var a productAnswer
	if err := platform.Ask(ctx, c.client, c.function, productQuestion{Want: "product", SKU: sku}, &a); err != nil {
		return price{}, false, err
	}
	return price{SKU: sku, Money: a.Price, Active: a.Active, Version: a.Version, Region: a.Region}, a.Found, nil
}

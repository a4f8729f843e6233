package simulation

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// staff are the people of the shop.
func (r *run) staff(n int) (*client, error) {
	return r.client("staff", "catalogue:admin orders:read", 1000+n)
}

// openShop puts the products on offer and their first stock in place, in calm weather.
func (r *run) openShop(ctx context.Context) error {
	c, err := r.staff(0)
	if err != nil {
		return err
	}
	for _, p := range r.plan.Products {
		if err := c.price(ctx, r.world.Regions()[0], p.SKU, p.Price); err != nil {
			return err
		}
	}
	if err := r.sleep(ctx, 5*time.Second); err != nil { // both regions know them then
		return err
	}
	for _, p := range r.plan.Products {
		for _, region := range r.world.Regions() {
			if n := p.Stock[region]; n > 0 {
				if err := c.receive(ctx, region, Receipt{ID: "opening-" + region, SKU: p.SKU, Target: region, Quantity: n}); err != nil {
					return err
				}
			}
		}
	}
	return r.sleep(ctx, 10*time.Second)
}

func (c *client) price(ctx context.Context, region, sku string, price int64) error {
	body := fmt.Sprintf(`{"title":"Tea","price":{"amount":%d,"currency":"EUR"},"active":true}`, price)
	a, answered, err := c.insist(ctx, region, question{http.MethodPut, "/v1/products/" + sku, "", body})
	if err == nil && answered && !slices.Contains([]int{http.StatusOK, http.StatusCreated}, a.status) {
		err = fmt.Errorf("price of %s in %s: %d %s", sku, a.region, a.status, a.body)
	}
	return err
}

func (c *client) receive(ctx context.Context, region string, r Receipt) error {
	body := fmt.Sprintf(`{"receiptId":%q,"quantity":%d,"target":%q}`, r.ID, r.Quantity, r.Target)
	c.run.history.arrives(r)
	a, answered, err := c.insist(ctx, region, question{http.MethodPost, "/v1/products/" + r.SKU + "/receipts", "", body})
	if err != nil || !answered {
		return err
	}
	if a.status != http.StatusAccepted {
		return fmt.Errorf("receipt %s in %s: %d %s", r.ID, a.region, a.status, a.body)
	}
	c.run.history.received(r, a)
	return nil
}

// book types a receipt in, and again if the plan says so.
func (r *run) book(n int, in Receipt) (func(ctx context.Context) error, error) {
	c, err := r.staff(1 + n)
	return func(ctx context.Context) error {
		if err := r.sleep(ctx, in.At); err != nil {
			return err
		}
		if err := c.receive(ctx, in.Target, in); err != nil || in.Again == nil {
			return err
		}
		if err := r.sleep(ctx, in.Again.After); err != nil {
			return err
		}
		return c.receive(ctx, in.Again.Region, in)
	}, err
}

// reprice types a new price in.
func (r *run) reprice(n int, in PriceChange) (func(ctx context.Context) error, error) {
	c, err := r.staff(100 + n)
	return func(ctx context.Context) error {
		if err := r.sleep(ctx, in.At); err != nil {
			return err
		}
		return c.price(ctx, in.Region, in.SKU, in.Price)
	}, err
}

package main

import (
	"context"
	"fmt"
	"net/http"

	twofold "twofold/client/go"
	"twofold/local/world"
)

// shop talks to the platform as its users do: through the generated client, over HTTP, in either region.
type shop struct {
	world   *world.World
	regions []string
	staff   map[string]*twofold.ClientWithResponses // by region
	http    *http.Client                            // of all shoppers: it keeps more connections open than Go does by itself
}

func newShop(w *world.World) (*shop, error) {
	s := &shop{world: w, regions: w.Regions(), staff: map[string]*twofold.ClientWithResponses{},
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	for _, r := range s.regions {
		c, err := s.client(r, "staff", "catalogue:admin orders:read")
		if err != nil {
			return nil, err
		}
		s.staff[r] = c
	}
	return s, nil
}

// client is the API of one region in the name of a customer.
func (s *shop) client(region, customer, scope string) (*twofold.ClientWithResponses, error) {
	token, err := s.world.Token(customer, scope)
	if err != nil {
		return nil, err
	}
	authorize := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	return twofold.NewClientWithResponses(s.world.APIURL(region), twofold.WithHTTPClient(s.http), twofold.WithRequestEditorFn(authorize))
}

// shopper is a customer's client of the whole platform: it asks a region first, and goes on with the others by itself.
func (s *shop) shopper(region, customer string) (*twofold.ClientWithResponses, error) {
	token := func(context.Context) (string, error) { return s.world.Token(customer, "orders:read orders:write") }
	urls := []string{s.world.APIURL(region)}
	for _, r := range s.regions {
		if r != region {
			urls = append(urls, s.world.APIURL(r))
		}
	}
	return twofold.NewResilient(urls, token, func(r *twofold.Resilient) { r.HTTP = s.http })
}

// product is something the shop sells, and what each region has of it to begin with.
type product struct {
	sku   string
	title string
	price int64
	stock map[string]int64
}

// open puts the products and their stock in place and waits until both regions know them.
func (s *shop) open(ctx context.Context, products []product) error {
	for _, p := range products {
		if err := s.offer(ctx, p); err != nil {
			return err
		}
		if err := s.receive(ctx, p); err != nil {
			return err
		}
	}
	return s.stocked(ctx, products)
}

// offer puts a product into the catalogue unless it is there, from an earlier run that kept its state.
func (s *shop) offer(ctx context.Context, p product) error {
	known, err := s.staff[s.regions[0]].GetProductWithResponse(ctx, p.sku)
	if err != nil || known.JSON200 != nil {
		return err
	}
	change := twofold.ProductChange{Title: p.title, Price: twofold.Money{Amount: p.price, Currency: "EUR"}, Active: true}
	put, err := s.staff[s.regions[0]].PutProductWithResponse(ctx, p.sku, &twofold.PutProductParams{}, change)
	if err != nil {
		return err
	}
	if put.StatusCode() >= http.StatusMultipleChoices {
		return fmt.Errorf("put product %s: %s: %s", p.sku, put.Status(), put.Body)
	}
	return nil
}

func (s *shop) receive(ctx context.Context, p product) error {
	for region, n := range p.stock {
		if n == 0 {
			continue
		}
		receipt := twofold.NewReceipt{ReceiptId: "opening-" + p.sku + "-" + region, Quantity: n, Target: region}
		got, err := s.staff[s.regions[0]].ReceiveStockWithResponse(ctx, p.sku, receipt)
		if err != nil {
			return err
		}
		if got.StatusCode() != http.StatusAccepted {
			return fmt.Errorf("receive %s: %s: %s", p.sku, got.Status(), got.Body)
		}
	}
	return nil
}

func (s *shop) stocked(ctx context.Context, products []product) error {
	for _, p := range products {
		for _, region := range s.regions {
			if err := s.await(ctx, fmt.Sprintf("%s is in stock in %s", p.sku, region), func() (bool, error) {
				got, err := s.staff[region].GetStockWithResponse(ctx, p.sku)
				if err != nil {
					return false, err
				}
				return p.stock[region] == 0 || got.JSON200 != nil && got.JSON200.Received >= p.stock[region], nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"twofold/local/world"
)

// up starts the platform, says how to reach it, and runs until it is interrupted.
func up(ctx context.Context, opts world.Options) error {
	begin := time.Now()
	w, err := world.Start(ctx, opts)
	if err != nil {
		return err
	}
	fmt.Printf("Both regions are up after %s: %d stacks, %d resources, %d functions.\n", since(begin), w.Stacks(), w.Resources(), w.Functions())
	for _, what := range w.Inert() {
		fmt.Println("  without effect here:", what)
	}
	s, err := newShop(w)
	if err == nil {
		err = s.open(ctx, demoProducts(s.regions))
	}
	if err == nil {
		err = s.probe(ctx)
	}
	if err == nil {
		err = s.invite()
	}
	if err == nil {
		<-ctx.Done()
		fmt.Println("\nstopping")
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}

// probe asks for the first health probe, which would otherwise come within a minute.
func (s *shop) probe(ctx context.Context) error {
	for _, region := range s.regions {
		if _, err := s.world.Invoke(ctx, region, "twofold-local-health-probe", []byte("{}")); err != nil {
			return err
		}
	}
	return nil
}

// invite prints addresses, a token and lines to paste.
func (s *shop) invite() error {
	token, err := s.world.Token("ada", "orders:read orders:write catalogue:admin")
	if err != nil {
		return err
	}
	for _, r := range s.regions {
		fmt.Printf("  API of %s  %s\n", r, s.world.APIURL(r))
	}
	fmt.Printf("  AWS endpoint      %s\n\n", s.world.Endpoint())
	fmt.Printf(`Place an order in one region, read it in the other, look at its facts:

export TOKEN=%s
curl -si -X POST %s/v1/orders -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: my-first-order" -H "Content-Type: application/json" \
  -d '{"lines":[{"sku":"TEA-EARL-GREY","quantity":2}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}'
curl -s %s/v1/orders/ORDER_ID -H "Authorization: Bearer $TOKEN"
curl -s %s/v1/products/TEA-EARL-GREY/stock -H "Authorization: Bearer $TOKEN"

AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=any aws dynamodb query --endpoint-url %s --region %s --table-name twofold-local-orders \
  --key-condition-expression 'pk = :pk' --expression-attribute-values '{":pk":{"S":"order#ORDER_ID"}}'

Stop with Ctrl-C.
`, token, s.world.APIURL(s.regions[0]), s.world.APIURL(s.regions[1]), s.world.APIURL(s.regions[0]), s.world.Endpoint(), s.regions[1])
	return nil
}

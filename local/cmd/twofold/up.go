package main

import (
	"context"
	"fmt"
	"os"
	"text/template"
	"time"

	"twofold/local/world"
)

// up starts the platform, says how to reach it, and runs until it is interrupted.
func up(ctx context.Context, set settings) error {
	begin := time.Now()
	w, err := world.Start(ctx, set.Options)
	if err != nil {
		return err
	}
	fmt.Printf("%s up after %s: %d stacks, %d resources, %d functions.\n", upText(w), since(begin), w.Stacks(), w.Resources(), w.Functions())
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
	if err == nil && set.watch {
		err = watch(ctx, w, set.Options)
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

func upText(w *world.World) string {
	if regions := w.Regions(); len(regions) == 1 {
		return regions[0] + " alone is"
	}
	return "Both regions are"
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
	first, last := s.regions[0], s.regions[len(s.regions)-1]
	return template.Must(template.New("").Parse(invitation)).Execute(os.Stdout, map[string]string{"Token": token, "First": s.world.APIURL(first),
		"Last": s.world.APIURL(last), "AWS": s.world.Endpoint(), "Region": last, "Flag": endpointFlag(s.world.Endpoint())})
}

// endpointFlag is what other commands have to be told of where this platform is.
func endpointFlag(endpoint string) string {
	if endpoint == defaultEndpoint {
		return ""
	}
	return " -endpoint " + endpoint
}

const invitation = `Place an order in one region, read it in the other, look at its facts:

export TOKEN={{.Token}}
curl -si -X POST {{.First}}/v1/orders -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: my-first-order" -H "Content-Type: application/json" \
  -d '{"lines":[{"sku":"TEA-EARL-GREY","quantity":2}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}'
curl -s {{.Last}}/v1/orders/ORDER_ID -H "Authorization: Bearer $TOKEN"
curl -s {{.First}}/v1/products/TEA-EARL-GREY/stock -H "Authorization: Bearer $TOKEN"

AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=any aws dynamodb query --endpoint-url {{.AWS}} --region {{.Region}} --table-name twofold-local-orders \
  --key-condition-expression 'pk = :pk' --expression-attribute-values '{":pk":{"S":"order#ORDER_ID"}}'

Play the others (with another Idempotency-Key and pm_card_authenticationRequired the payment asks for 3-D Secure; pm_card_chargeDeclined is declined):

.build/twofold 3ds ORDER_ID pass{{.Flag}}
.build/twofold carrier ORDER_ID pick-up{{.Flag}}
.build/twofold carrier ORDER_ID deliver{{.Flag}}

Break it, look how it goes on, and mend it:

.build/twofold fault lose {{.Region}}{{.Flag}}
.build/twofold fault restore {{.Region}}{{.Flag}}
.build/twofold fault show{{.Flag}}

Operate it (twofold-ops help has all commands):

export AWS_ENDPOINT_URL={{.AWS}} AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=any
.build/twofold-ops order show ORDER_ID
.build/twofold-ops obligations

Stop with Ctrl-C.
`

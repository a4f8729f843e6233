package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	twofold "twofold/client/go"
)

type settings struct {
	urls     []string
	document string
	token    string
	order    bool
	sku      string
}

// check looks at each region, and then at an order if one is wanted.
func check(ctx context.Context, s settings) error {
	if len(s.urls) == 0 {
		return errors.New("name at least one region's URL")
	}
	var clients []*twofold.ClientWithResponses
	for _, u := range s.urls {
		held, err := newContract(s.document, u)
		if err != nil {
			return err
		}
		c, err := twofold.NewClientWithResponses(u, twofold.WithHTTPClient(held), twofold.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+s.token)
			return nil
		}))
		if err != nil {
			return err
		}
		if err := region(ctx, c, u); err != nil {
			return err
		}
		clients = append(clients, c)
	}
	if !s.order {
		return nil
	}
	return order(ctx, clients, s.sku)
}

// region: healthy, and shows its products.
func region(ctx context.Context, c *twofold.ClientWithResponses, u string) error {
	health, err := c.GetHealthWithResponse(ctx)
	if err != nil {
		return err
	}
	if health.StatusCode() != http.StatusOK {
		return fmt.Errorf("%s/health answers %s %s", u, health.Status(), health.Body)
	}
	products, err := c.ListProductsWithResponse(ctx, &twofold.ListProductsParams{})
	if err != nil {
		return err
	}
	if products.JSON200 == nil {
		return fmt.Errorf("%s/v1/products answers %s %s", u, products.Status(), products.Body)
	}
	fmt.Println(u, "is healthy and answers as the document says")
	return nil
}

// order places an order in the first region, waits until all regions have it confirmed, and cancels it.
func order(ctx context.Context, regions []*twofold.ClientWithResponses, sku string) error {
	key := fmt.Sprintf("smoke-%d", time.Now().UnixNano())
	body := strings.NewReader(fmt.Sprintf(newOrder, sku))
	res, err := regions[0].PlaceOrderWithBodyWithResponse(ctx, &twofold.PlaceOrderParams{IdempotencyKey: key}, "application/json", body)
	if err != nil {
		return err
	}
	if res.JSON202 == nil {
		return fmt.Errorf("placing an order is answered %s %s", res.Status(), res.Body)
	}
	id := res.JSON202.OrderId
	if err := await(ctx, regions, id, "CONFIRMED"); err != nil {
		return err
	}
	cancelled, err := regions[0].CancelOrderWithResponse(ctx, id)
	if err != nil {
		return err
	}
	if cancelled.StatusCode() != http.StatusAccepted {
		return fmt.Errorf("cancelling %s is answered %s %s", id, cancelled.Status(), cancelled.Body)
	}
	if err := await(ctx, regions, id, "CANCELLED"); err != nil {
		return err
	}
	fmt.Println(id, "was placed, confirmed and cancelled, and every region says so")
	return nil
}

// await waits until all regions have an order in a state.
func await(ctx context.Context, regions []*twofold.ClientWithResponses, id, state string) error {
	for _, c := range regions {
		for {
			res, err := c.GetOrderWithResponse(ctx, id)
			if err != nil {
				return err
			}
			if res.JSON200 != nil && string(res.JSON200.State) == state {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s did not become %s: last it was %s", id, state, res.Body)
			case <-time.After(500 * time.Millisecond):
			}
		}
	}
	return nil
}

const newOrder = `{"lines":[{"sku":%q,"quantity":1}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard",` +
	`"name":"Smoke Test","email":"smoke@shop.example","address":{"line1":"1 Test Street","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`

// contract is a client whose answers must be what the OpenAPI document says.
type contract struct{ router routers.Router }

func newContract(document, base string) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(document)
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", document, err)
	}
	return &contract{router}, nil
}

// Do sends a request and holds the answer against the document.
func (c *contract) Do(req *http.Request) (*http.Response, error) {
	route, path, err := c.router.FindRoute(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	in := &openapi3filter.ResponseValidationInput{RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: path, Route: route},
		Status: res.StatusCode, Header: res.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	in.SetBodyBytes(raw)
	if err := openapi3filter.ValidateResponse(req.Context(), in); err != nil {
		return nil, fmt.Errorf("%s %s does not answer as %s says: %w", req.Method, req.URL, route.Spec.Info.Title, err)
	}
	return res, nil
}

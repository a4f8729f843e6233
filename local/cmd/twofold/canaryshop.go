package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"twofold/local/providers/issuer"
)

const (
	canarySKU   = "TEA-EARL-GREY"
	checkSKU    = "DEPLOY-CHECK" // template.yaml's default of CheckSku
	canaryStock = 100000
	canaryTries = 10 // of one order, with the same key
)

// open puts the product on offer with stock in both regions, and the one that deployments order, which has none.
func (p *canaryPlay) open(ctx context.Context) error {
	const staff = "catalogue:admin orders:read"
	for _, sku := range []string{canarySKU, checkSKU} {
		body := `{"title":"Earl Grey, 100 g","price":{"amount":790,"currency":"EUR"},"active":true}`
		if _, err := p.expect(ctx, http.StatusCreated, "staff", staff, http.MethodPut, "/v1/products/"+sku, "", body); err != nil {
			return err
		}
	}
	for _, region := range p.Regions() {
		body := fmt.Sprintf(`{"receiptId":"open-%s","quantity":%d,"target":%q}`, region, canaryStock, region)
		if _, err := p.expect(ctx, http.StatusAccepted, "staff", staff, http.MethodPost, "/v1/products/"+canarySKU+"/receipts", "", body); err != nil {
			return err
		}
	}
	return p.Cloud().Sleep(ctx, 30*time.Second)
}

// shop is one shopper: every other order is for express shipping. What is not accepted is sent again with the same key.
func (p *canaryPlay) shop(ctx context.Context, i int) {
	defer func() { p.inside-- }()
	name := fmt.Sprintf("shopper-%02d", i)
	for n := 0; !p.closed; n++ {
		method := []string{"standard", "express"}[n%2]
		body := fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":1}],"currency":"EUR","payment":{"method":%q},"shipping":{"method":%q,"name":"Ada Byron",`+
			`"email":"%s@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":%q,"country":"GB"}}}`, canarySKU, goodCard, method, name, postcode)
		p.tried++
		for range canaryTries {
			id, err := p.expect(ctx, http.StatusAccepted, name, "orders:read orders:write", http.MethodPost, "/v1/orders", fmt.Sprintf("canary-%d-%d", i, n), body)
			if err == nil {
				p.accepted = append(p.accepted, id)
				break
			}
			p.hurt.answers++
			if p.Cloud().Sleep(ctx, time.Second) != nil {
				return
			}
		}
		if p.Cloud().Sleep(ctx, canaryPause) != nil {
			return
		}
	}
}

// expect sends a request whose answer must have the status; it gives the order's id if the answer has one.
func (p *canaryPlay) expect(ctx context.Context, status int, customer, scope, method, path, key, body string) (id string, err error) {
	token, err := p.TokenOf(issuer.Claims{Customer: customer, Scope: scope, Lifetime: 24 * time.Hour})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.APIURL(canaryRegion)+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	if key == "" {
		r.Header.Del("Idempotency-Key")
	}
	res, err := (&http.Client{Transport: p.Transport()}).Do(r)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	if res.StatusCode != status {
		return "", fmt.Errorf("%s %s: %s: %s", method, path, res.Status, raw)
	}
	var o struct {
		OrderID string `json:"orderId"`
	}
	return o.OrderID, json.Unmarshal(raw, &o)
}

// Command smoke checks a deployment from outside, with the public client and what openapi.yaml promises.
//
//	smoke [-document openapi.yaml] [-order] [-sku SMOKE] URL...
//
// Every URL is a region's API. Each must be healthy, and everything that it answers must be what the document says. With -order an order of one
// piece of the SKU is placed in the first region with the provider's test card, awaited in all of them and cancelled: not for production.
// The token comes from TOKEN, or from TOKEN_URL by CLIENT_ID and CLIENT_SECRET (OAuth 2.0 client credentials, RFC 6749 4.4).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	document := flag.String("document", "openapi.yaml", "the OpenAPI `file`")
	order := flag.Bool("order", false, "place an order and cancel it")
	sku := flag.String("sku", "SMOKE", "what is ordered")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	token, err := token(ctx, os.Getenv)
	if err == nil {
		err = check(ctx, settings{urls: flag.Args(), document: *document, token: token, order: *order, sku: *sku})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "smoke:", err)
		cancel()
		os.Exit(1)
	}
}

// token is the bearer token to send.
func token(ctx context.Context, env func(string) string) (string, error) {
	if t := env("TOKEN"); t != "" {
		return t, nil
	}
	if env("TOKEN_URL") == "" {
		return "", errors.New("set TOKEN, or TOKEN_URL, CLIENT_ID and CLIENT_SECRET")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"orders:read orders:write"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, env("TOKEN_URL"), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(env("CLIENT_ID")), url.QueryEscape(env("CLIENT_SECRET")))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		return "", fmt.Errorf("%s gave no token: %s", env("TOKEN_URL"), res.Status)
	}
	return answer.Token, nil
}

package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"twofold/local/core"
)

func start(t *testing.T, seed uint64) (*Issuer, *httptest.Server) {
	t.Helper()
	faults := core.NewFaults(0)
	i, err := New(core.New(core.NewLive(faults), faults, seed), Config{URL: "http://issuer.test", Audience: "twofold", ClientID: "shop", ClientSecret: "s3"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	return i, server
}

func get(t *testing.T, u string) string {
	t.Helper()
	res, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTokensVerifyAgainstTheKeySet(t *testing.T) {
	i, server := start(t, 1)
	keys, err := keyfunc.NewDefaultCtx(context.Background(), []string{server.URL + "/.well-known/jwks.json"})
	if err != nil {
		t.Fatal(err)
	}
	parse := func(text string) (jwt.MapClaims, error) {
		parsed, err := jwt.Parse(text, keys.Keyfunc, jwt.WithIssuer("http://issuer.test"), jwt.WithAudience("twofold"), jwt.WithValidMethods([]string{"RS256"}))
		if err != nil {
			return nil, err
		}
		return parsed.Claims.(jwt.MapClaims), nil
	}
	sign := func(i *Issuer, c Claims) string {
		text, err := i.Token(c)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	claims, err := parse(sign(i, Claims{Customer: "ada", Scope: "orders:read orders:write"}))
	if err != nil || claims["sub"] != "ada" || claims["scope"] != "orders:read orders:write" || claims["stripe_customer"] != "cus_ada" {
		t.Fatalf("%v %v", claims, err)
	}
	if _, err := parse(sign(i, Claims{Customer: "ada", Lifetime: -time.Minute})); !errors.Is(err, jwt.ErrTokenExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := parse(sign(i, Claims{Customer: "ada", Audience: "other"})); !errors.Is(err, jwt.ErrTokenInvalidAudience) {
		t.Errorf("other audience: %v", err)
	}
	forger, _ := start(t, 2)
	if _, err := parse(sign(forger, Claims{Customer: "ada"})); err == nil {
		t.Error("a token of another key verifies")
	}
}

func TestTheSameSeedGivesTheSameKey(t *testing.T) {
	a, _ := start(t, 1)
	b, _ := start(t, 1)
	if !a.key.Equal(b.key) || a.key.N.BitLen() != 2048 {
		t.Errorf("keys differ, or have %d bits", a.key.N.BitLen())
	}
}

func TestDiscovery(t *testing.T) {
	_, server := start(t, 1)
	var doc map[string]any
	if err := json.Unmarshal([]byte(get(t, server.URL+"/.well-known/openid-configuration")), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["issuer"] != "http://issuer.test" || doc["jwks_uri"] != "http://issuer.test/.well-known/jwks.json" || doc["token_endpoint"] != "http://issuer.test/token" {
		t.Errorf("%v", doc)
	}
}

func TestTokenEndpoint(t *testing.T) {
	_, server := start(t, 1)
	good := url.Values{"grant_type": {"client_credentials"}, "client_id": {"shop"}, "client_secret": {"s3"}, "customer": {"ada"}, "scope": {"orders:read  orders:write"}}
	cases := []struct {
		field, value string
		status       int
		contains     string
	}{
		{"", "", 200, `"scope":"orders:read orders:write"`},
		{"client_secret", "x", 401, "invalid_client"},
		{"grant_type", "password", 400, "unsupported_grant_type"},
		{"customer", "", 400, "invalid_request"},
	}
	for _, c := range cases {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		if c.field != "" {
			form.Set(c.field, c.value)
		}
		res, err := http.PostForm(server.URL+"/token", form)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || !strings.Contains(string(body), c.contains) {
			t.Errorf("%s=%s: %d %s %v", c.field, c.value, res.StatusCode, body, err)
		}
	}
}

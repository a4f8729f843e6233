package issuer

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"twofold/local/core"
)

// Config says who the issuer is and for whom it signs.
type Config struct {
	URL                    string // issuer identifier and base address, without a final slash
	Audience               string
	ClientID, ClientSecret string // of the one client of POST /token
	// StripeCustomer gives the payment provider's customer id for a customer; nil gives "cus_" + customer.
	StripeCustomer func(customer string) string
	// Key signs; nil draws one from the cloud's Rand, which takes a tenth of a second.
	Key *rsa.PrivateKey
}

// Issuer signs tokens: an http.Handler for its three addresses. Safe for many tasks.
type Issuer struct {
	config Config
	cloud  *core.Cloud
	key    *rsa.PrivateKey
	kid    string
	mux    *http.ServeMux

	mu     sync.Mutex
	signed map[Claims]signed // tokens that are still good for half their life, which saves the millisecond of a signature
}

// signed is a token and until when it is given out.
type signed struct {
	token string
	until time.Time
}

// mostSigned is how many tokens are kept.
const mostSigned = 1 << 12

// Lifetime is how long a token is good for unless its claims say otherwise.
const Lifetime = time.Hour

// New makes an issuer.
func New(cloud *core.Cloud, config Config) (*Issuer, error) {
	if config.StripeCustomer == nil {
		config.StripeCustomer = func(customer string) string { return "cus_" + customer }
	}
	key := config.Key
	if key == nil {
		var err error
		if key, err = NewKey(cloud.Rand); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(key.N.Bytes())
	i := &Issuer{config: config, cloud: cloud, key: key, kid: base64.RawURLEncoding.EncodeToString(sum[:9]), mux: http.NewServeMux(), signed: map[Claims]signed{}}
	i.mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	i.mux.HandleFunc("GET /.well-known/jwks.json", i.keys)
	i.mux.HandleFunc("POST /token", i.token)
	return i, nil
}

// ServeHTTP implements http.Handler.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.mux.ServeHTTP(w, r) }

// Claims are what differs between tokens.
type Claims struct {
	Customer       string        // sub
	Scope          string        // space-separated
	StripeCustomer string        // what Config.StripeCustomer gives when empty
	Lifetime       time.Duration // Lifetime when 0; negative makes an expired token
	Audience       string        // the issuer's audience when empty
}

// Token is a token with the claims. Within half its life the same claims give the same token.
func (i *Issuer) Token(c Claims) (string, error) {
	if c.Lifetime == 0 {
		c.Lifetime = Lifetime
	}
	if c.Audience == "" {
		c.Audience = i.config.Audience
	}
	if c.StripeCustomer == "" {
		c.StripeCustomer = i.config.StripeCustomer(c.Customer)
	}
	now := i.cloud.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if have := i.signed[c]; now.Before(have.until) {
		return have.token, nil
	}
	token, err := i.sign(c, now)
	if err != nil {
		return "", err
	}
	if len(i.signed) >= mostSigned {
		clear(i.signed)
	}
	i.signed[c] = signed{token, now.Add(c.Lifetime / 2)}
	return token, nil
}

func (i *Issuer) sign(c Claims, now time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": i.config.URL, "aud": c.Audience, "sub": c.Customer,
		"scope": c.Scope, "iat": now.Unix(), "exp": now.Add(c.Lifetime).Unix(), "stripe_customer": c.StripeCustomer})
	t.Header["kid"] = i.kid
	return t.SignedString(i.key)
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{"issuer": i.config.URL, "jwks_uri": i.config.URL + "/.well-known/jwks.json",
		"token_endpoint": i.config.URL + "/token", "grant_types_supported": []string{"client_credentials"},
		"response_types_supported": []string{"token"}, "subject_types_supported": []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"id_token_signing_alg_values_supported": []string{"RS256"}})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	write(w, http.StatusOK, map[string]any{"keys": []map[string]string{{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": i.kid,
		"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes())}}})
}

// token is the token endpoint of RFC 6749, section 4.4, with the further parameter customer.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	customer, scope := r.PostFormValue("customer"), strings.Join(strings.Fields(r.PostFormValue("scope")), " ")
	switch {
	case id != i.config.ClientID || secret != i.config.ClientSecret:
		refuse(w, http.StatusUnauthorized, "invalid_client", "the client id or secret is wrong")
	case r.PostFormValue("grant_type") != "client_credentials":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type must be client_credentials")
	case customer == "":
		refuse(w, http.StatusBadRequest, "invalid_request", "customer is missing: name the customer that the token is for")
	default:
		signed, err := i.Token(Claims{Customer: customer, Scope: scope})
		if err != nil {
			refuse(w, http.StatusInternalServerError, "server_error", err.Error())
			return
		}
		write(w, http.StatusOK, map[string]any{"access_token": signed, "token_type": "Bearer", "expires_in": int(Lifetime.Seconds()), "scope": scope})
	}
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	write(w, status, map[string]string{"error": code, "error_description": description})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone does not read its answer
}

package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/golang-jwt/jwt/v5"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

const (
	issuer    = "https://issuer.example"
	audience  = "twofold"
	methodARN = "arn:aws:execute-api:us-east-1:000000000000:a1b2c3/local/GET/v1/orders/ord_1"
)

// testIssuer serves a key set without a network.
type testIssuer struct {
	keys   []jwkset.JWKMarshal
	status int
	err    error
	calls  int
}

func (i *testIssuer) RoundTrip(*http.Request) (*http.Response, error) {
	if i.calls++; i.err != nil {
		return nil, i.err
	}
	body, err := json.Marshal(jwkset.JWKSMarshal{Keys: i.keys})
	return &http.Response{StatusCode: i.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}, err
}

// testKeys are made once: RSA keys take their time.
var testKeys = sync.OnceValue(func() (k struct {
	rsa, weak *rsa.PrivateKey
	p256      *ecdsa.PrivateKey
	p384      *ecdsa.PrivateKey
	stranger  *ecdsa.PrivateKey
}) {
	var errs [5]error
	k.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	k.weak, errs[1] = rsa.GenerateKey(rand.Reader, 1024)
	k.p256, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.p384, errs[3] = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	k.stranger, errs[4] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(errs[:]...); err != nil {
		panic(err)
	}
	return k
})

func jwk(t *testing.T, id string, key crypto.PublicKey, use jwkset.USE, alg jwkset.ALG) jwkset.JWKMarshal {
	t.Helper()
	k, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: id, USE: use, ALG: alg}})
	if err != nil {
		t.Fatal(err)
	}
	return k.Marshal()
}

func newIssuer(t *testing.T) *testIssuer {
	k := testKeys()
	return &testIssuer{status: http.StatusOK, keys: []jwkset.JWKMarshal{
		jwk(t, "rsa", k.rsa.Public(), jwkset.UseSig, "RS256"), jwk(t, "ec", k.p256.Public(), "", ""),
		jwk(t, "weak", k.weak.Public(), "", ""), jwk(t, "p384", k.p384.Public(), "", ""),
		jwk(t, "enc", k.p256.Public(), jwkset.UseEnc, ""), jwk(t, "pss", k.rsa.Public(), jwkset.UseSig, "PS256"),
	}}
}

func newHandler(t *testing.T, i *testIssuer, clock *clocktest.Clock) lambda.Handler {
	t.Helper()
	env := map[string]string{"JWT_ISSUER": issuer, "JWT_AUDIENCE": audience, "JWKS_URL": issuer + "/keys"}
	h, err := NewAuthorizer(context.Background(), platform.Runtime{
		Getenv: func(name string) string { return env[name] }, HTTP: &http.Client{Transport: i}, Clock: clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func goodClaims() jwt.MapClaims {
	return jwt.MapClaims{"iss": issuer, "aud": audience, "sub": "cust-1", "exp": now.Add(time.Hour).Unix(), "scope": "orders:read orders:write", "stripe_customer": "cus_1"}
}

func sign(t *testing.T, method jwt.SigningMethod, id string, key any, change map[string]any) string {
	t.Helper()
	c := goodClaims()
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	token := jwt.NewWithClaims(method, c)
	if id != "" {
		token.Header["kid"] = id
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// authorize sends a request of type REQUEST.
func authorize(t *testing.T, h lambda.Handler, authorization string) (events.APIGatewayCustomAuthorizerResponse, error) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"type": "REQUEST", "methodArn": methodARN, "headers": map[string]string{"authorization": authorization}})
	if err != nil {
		t.Fatal(err)
	}
	return invoke(t, h, raw)
}

func invoke(t *testing.T, h lambda.Handler, raw []byte) (res events.APIGatewayCustomAuthorizerResponse, _ error) {
	t.Helper()
	out, err := h.Invoke(context.Background(), raw)
	if err == nil {
		if err := json.Unmarshal(out, &res); err != nil {
			t.Fatal(err)
		}
	}
	return res, err
}

func TestAGoodTokenMayCallTheWholeStageAndNamesItsCustomer(t *testing.T) {
	k := testKeys()
	h := newHandler(t, newIssuer(t), clocktest.At(now))
	for name, token := range map[string]string{
		"RS256": sign(t, jwt.SigningMethodRS256, "rsa", k.rsa, nil), "ES256": sign(t, jwt.SigningMethodES256, "ec", k.p256, nil),
		"several audiences": sign(t, jwt.SigningMethodES256, "ec", k.p256, map[string]any{"aud": []string{"other", audience}}),
	} {
		res, err := authorize(t, h, "Bearer "+token)
		if err != nil || res.PrincipalID != "cust-1" {
			t.Fatalf("%s: %+v, %v", name, res, err)
		}
		st := res.PolicyDocument.Statement[0]
		if st.Effect != "Allow" || st.Resource[0] != "arn:aws:execute-api:us-east-1:000000000000:a1b2c3/local/*/*" {
			t.Errorf("%s: %+v", name, st)
		}
		want := map[string]any{"customer": "cust-1", "scope": "orders:read orders:write", "stripeCustomer": "cus_1", "expires": "1772629200"}
		if !maps.Equal(res.Context, want) {
			t.Errorf("%s: context %v, want %v", name, res.Context, want)
		}
	}
	raw, err := json.Marshal(map[string]string{"type": "TOKEN", "methodArn": methodARN, "authorizationToken": "bearer " + sign(t, jwt.SigningMethodES256, "ec", k.p256, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := invoke(t, h, raw); err != nil || res.PrincipalID != "cust-1" {
		t.Errorf("an authorizer of type TOKEN: %+v, %v", res, err)
	}
}

func TestAnyOtherTokenIsUnauthorized(t *testing.T) {
	k := testKeys()
	es := func(change map[string]any) string { return sign(t, jwt.SigningMethodES256, "ec", k.p256, change) }
	good := es(nil)
	head, rest, _ := strings.Cut(good, ".")
	public, err := json.Marshal(jwk(t, "rsa", k.rsa.Public(), "", ""))
	if err != nil {
		t.Fatal(err)
	}
	for name, authorization := range map[string]string{
		"nothing": "", "no scheme": good, "another scheme": "Basic " + good, "not a token": "Bearer x.y.z", "no token": "Bearer ",
		"alg none":                     "Bearer " + sign(t, jwt.SigningMethodNone, "ec", jwt.UnsafeAllowNoneSignatureType, nil),
		"HMAC with the public key":     "Bearer " + sign(t, jwt.SigningMethodHS256, "rsa", public, nil),
		"RS384":                        "Bearer " + sign(t, jwt.SigningMethodRS384, "rsa", k.rsa, nil),
		"PS256 with a key for it":      "Bearer " + sign(t, jwt.SigningMethodPS256, "pss", k.rsa, nil),
		"RS256 with a key for PS256":   "Bearer " + sign(t, jwt.SigningMethodRS256, "pss", k.rsa, nil),
		"ES256 under the RSA key":      "Bearer " + sign(t, jwt.SigningMethodES256, "rsa", k.p256, nil),
		"a key that is too short":      "Bearer " + sign(t, jwt.SigningMethodRS256, "weak", k.weak, nil),
		"another curve":                "Bearer " + sign(t, jwt.SigningMethodES384, "p384", k.p384, nil),
		"a key for encryption":         "Bearer " + sign(t, jwt.SigningMethodES256, "enc", k.p256, nil),
		"a stranger's key":             "Bearer " + sign(t, jwt.SigningMethodES256, "ec", k.stranger, nil),
		"an unknown key":               "Bearer " + sign(t, jwt.SigningMethodES256, "other", k.p256, nil),
		"no key named":                 "Bearer " + sign(t, jwt.SigningMethodES256, "", k.p256, nil),
		"another issuer":               "Bearer " + es(map[string]any{"iss": issuer + ".evil.example"}),
		"no issuer":                    "Bearer " + es(map[string]any{"iss": nil}),
		"another audience":             "Bearer " + es(map[string]any{"aud": "other"}),
		"no audience":                  "Bearer " + es(map[string]any{"aud": nil}),
		"expired":                      "Bearer " + es(map[string]any{"exp": now.Add(-time.Second).Unix()}),
		"no expiry":                    "Bearer " + es(map[string]any{"exp": nil}),
		"not yet":                      "Bearer " + es(map[string]any{"nbf": now.Add(time.Minute).Unix()}),
		"no subject":                   "Bearer " + es(map[string]any{"sub": nil}),
		"claims changed after signing": "Bearer " + head + "." + strings.Replace(rest, rest[10:12], "AA", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := authorize(t, newHandler(t, newIssuer(t), clocktest.At(now)), authorization)
			if err == nil || errorText(t, err) != "Unauthorized" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// errorText is the message that API Gateway sees of an error.
func errorText(t *testing.T, err error) string {
	t.Helper()
	var e messages.InvokeResponse_Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

func TestKeysAreFetchedOnceAndAgainForOneThatIsNew(t *testing.T) {
	k, i, clock := testKeys(), newIssuer(t), clocktest.At(now)
	h := newHandler(t, i, clock)
	for range 5 {
		if _, err := authorize(t, h, "Bearer "+sign(t, jwt.SigningMethodES256, "ec", k.p256, nil)); err != nil {
			t.Fatal(err)
		}
	}
	rotated := "Bearer " + sign(t, jwt.SigningMethodES256, "new", k.stranger, nil)
	for range 5 {
		if _, err := authorize(t, h, rotated); err == nil {
			t.Fatal("a key that nobody knows")
		}
	}
	if i.calls != 1 {
		t.Errorf("%d calls", i.calls)
	}
	i.keys = append(i.keys, jwk(t, "new", k.stranger.Public(), "", ""))
	clock.Set(now.Add(askAtMost))
	if _, err := authorize(t, h, rotated); err != nil || i.calls != 2 {
		t.Errorf("after rotation: %v, %d calls", err, i.calls)
	}
}

func TestAKeyThatWasWithdrawnIsRefusedAfterTheRefresh(t *testing.T) {
	k, i, clock := testKeys(), newIssuer(t), clocktest.At(now)
	h := newHandler(t, i, clock)
	token := "Bearer " + sign(t, jwt.SigningMethodES256, "ec", k.p256, nil)
	if _, err := authorize(t, h, token); err != nil {
		t.Fatal(err)
	}
	i.keys = i.keys[:1]
	clock.Set(now.Add(refreshAfter))
	if _, err := authorize(t, h, token); err == nil {
		t.Error("it is still good")
	}
}

func TestAnIssuerThatIsDownRefusesNobodyWhoseKeyIsKnown(t *testing.T) {
	k, i, clock := testKeys(), newIssuer(t), clocktest.At(now)
	h := newHandler(t, i, clock)
	token := "Bearer " + sign(t, jwt.SigningMethodES256, "ec", k.p256, nil)
	if _, err := authorize(t, h, token); err != nil {
		t.Fatal(err)
	}
	i.err = errors.New("connection refused")
	clock.Set(now.Add(refreshAfter))
	if _, err := authorize(t, h, token); err != nil || i.calls != 2 {
		t.Errorf("%v after %d calls", err, i.calls)
	}
}

func TestWithoutAnyKeysNobodyIsCalledUnauthorized(t *testing.T) {
	token := "Bearer " + sign(t, jwt.SigningMethodES256, "ec", testKeys().p256, nil)
	for name, i := range map[string]*testIssuer{"down": {err: errors.New("connection refused")}, "failing": {status: http.StatusBadGateway}} {
		clock := clocktest.At(now)
		h := newHandler(t, i, clock)
		if _, err := authorize(t, h, token); err == nil || errorText(t, err) == "Unauthorized" {
			t.Errorf("%s: %v", name, err)
		}
		i.err, i.status, i.keys = nil, http.StatusOK, newIssuer(t).keys
		clock.Set(now.Add(askAtMost))
		if _, err := authorize(t, h, token); err != nil {
			t.Errorf("%s, then back: %v", name, err)
		}
	}
}

//go:build pact

package providers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The API is what API Gateway makes of openapi.yaml, with authorizer and functions behind it, as the templates deploy them.
func TestTheAPIGivesTheClientWhatItNeeds(t *testing.T) {
	s := openShop(t)
	front := httptest.NewServer(http.HandlerFunc(s.front))
	defer front.Close()
	states := s.states()
	maps.Copy(states, s.apiStates())
	verify(t, "api", verification{base: front.URL, states: states, filter: s.identify})
}

// apiStates are the states that only the API's users tell apart.
func (s *shop) apiStates() map[string]state {
	wait := func(ctx context.Context) error { return s.Cloud().Sleep(ctx, 2*time.Minute) }
	ordered := func(quantity int) func(ctx context.Context) error {
		return func(ctx context.Context) error { return s.place(ctx, goodCard, quantity) }
	}
	begin := func(then ...func(ctx context.Context) error) state {
		return func() (map[string]any, error) {
			s.welcome()
			err := s.make(s.offer, then...)
			return map[string]any{"order": s.order}, err
		}
	}
	return map[string]state{
		"a product is for sale":             begin(func(context.Context) error { s.welcome(); return nil }),
		"a product is not for sale":         begin(func(ctx context.Context) error { return s.list(ctx, false) }),
		"an order was placed under the key": begin(ordered(2)),
		"an order of more than there is":    begin(ordered(1000)),
		"an order of another customer":      begin(ordered(2), func(context.Context) error { s.welcome(); return nil }),
		"the region is well":                begin(wait),
	}
}

// identify puts real tokens and keys in the place of the pact's.
func (s *shop) identify(next http.Handler) http.Handler {
	scopes := map[string]string{"shopper": "orders:read orders:write", "reader": "orders:read", "staff": "catalogue:admin orders:read"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			token, err := s.Token(s.customer, scopes[who])
			if err != nil || scopes[who] == "" {
				http.Error(w, "the pact names a user that this test does not know: "+who, http.StatusBadGateway)
				return
			}
			r.Header.Set("Authorization", "Bearer "+token)
		}
		if r.Header.Get("Idempotency-Key") != "" {
			r.Header.Set("Idempotency-Key", s.key())
		}
		next.ServeHTTP(w, r)
	})
}

// front lets requests from outside into the virtual world.
func (s *shop) front(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.Do(r.Context(), "front", func(ctx context.Context) error { return s.forward(ctx, w, r, body) })
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func (s *shop) forward(ctx context.Context, w http.ResponseWriter, r *http.Request, body []byte) (err error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, s.APIURL(s.region)+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = r.Header.Clone()
	res, err := s.Transport().RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	_, err = io.Copy(w, res.Body)
	return err
}

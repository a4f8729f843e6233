package operator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"twofold/local/world"
	"twofold/operator"
)

const (
	east, west = "us-east-1", "us-west-2"
	sku        = "TEA"
)

// stage is a simulated platform and an operator of it.
type stage struct {
	*world.World
	t testing.TB
}

func simulate(t testing.TB) *stage {
	t.Helper()
	w, err := world.Simulate(world.Options{Root: "..", Seed: 1, Lag: 800 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &stage{World: w, t: t}
}

// run carries out a command line and gives what it printed.
func (s *stage) run(line string) (string, error) {
	s.t.Helper()
	var out strings.Builder
	client := &http.Client{Transport: s.Transport()}
	err := s.Do(context.Background(), "operator", func(ctx context.Context) error {
		return operator.Run(ctx, strings.Fields(line), &out, func(set operator.Settings) (*operator.Operator, error) {
			return &operator.Operator{Stage: set.Stage, Regions: strings.Split(set.Regions, ","), Out: &out, Now: s.Cloud().Now, Sleep: s.Cloud().Sleep,
				Config: func(region string) aws.Config {
					return aws.Config{Region: region, BaseEndpoint: aws.String(s.Endpoint()), HTTPClient: client, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
						Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")}
				}}, nil
		})
	})
	return out.String(), err
}

// want runs a command that must succeed and print all of these.
func (s *stage) want(line string, parts ...string) string {
	s.t.Helper()
	out, err := s.run(line)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	for _, part := range parts {
		if !strings.Contains(out, part) {
			s.t.Errorf("%s does not say %q:\n%s", line, part, out)
		}
	}
	return out
}

// refused runs a command that must fail and say all of these.
func (s *stage) refused(line string, parts ...string) {
	s.t.Helper()
	out, err := s.run(line)
	if err == nil {
		s.t.Fatalf("%s went well:\n%s", line, out)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			s.t.Errorf("%s does not say %q: %v", line, part, err)
		}
	}
}

func (s *stage) wait(d time.Duration) {
	s.t.Helper()
	if err := s.Do(context.Background(), "wait", func(ctx context.Context) error { return s.Cloud().Sleep(ctx, d) }); err != nil {
		s.t.Fatal(err)
	}
}

// send asks a region's API and gives the status and the body.
func (s *stage) send(region, method, path, customer, key, body string) (status int, answer map[string]any) {
	s.t.Helper()
	err := s.Do(context.Background(), "client", func(ctx context.Context) error {
		token, err := s.Token(customer, "orders:read orders:write catalogue:admin")
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, method, s.APIURL(region)+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
		res, err := (&http.Client{Transport: s.Transport()}).Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		status = res.StatusCode
		return json.NewDecoder(res.Body).Decode(&answer)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return status, answer
}

func (s *stage) receive(region string, n int) {
	s.t.Helper()
	s.send(west, "PUT", "/v1/products/"+sku, "staff", "", `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`)
	if status, body := s.send(west, "POST", "/v1/products/"+sku+"/receipts", "staff", "", fmt.Sprintf(`{"receiptId":"open-%s-%d","quantity":%d,"target":%q}`, region, n, n, region)); status != http.StatusAccepted {
		s.t.Fatalf("receive: %d %v", status, body)
	}
	s.wait(5 * time.Second)
}

func (s *stage) place(region, key string, quantity int) string {
	return s.pay(region, key, quantity, "pm_card_visa")
}

func (s *stage) pay(region, key string, quantity int, card string) string {
	s.t.Helper()
	status, body := s.send(region, "POST", "/v1/orders", "ada", key, fmt.Sprintf(`{"lines":[{"sku":%q,"quantity":%d}],"currency":"EUR","payment":{"method":%q},`+
		`"shipping":{"method":"standard","name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`, sku, quantity, card))
	if status != http.StatusAccepted {
		s.t.Fatalf("place: %d %v", status, body)
	}
	return body["orderId"].(string)
}

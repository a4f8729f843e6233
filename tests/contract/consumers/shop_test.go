//go:build pact

package consumers_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/dynamodb"
	"twofold/local/template"
)

// The regions, and what the examples of all pacts have in common.
const (
	region  = "us-east-1"
	peer    = "us-west-2"
	orderID = "ord_mfzwizlooqqho3tpnvqxi2lomq"
	sku     = "TEA-EARL-GREY"
	secret  = "contract_secret"
)

// shop is what surrounds a consumer's handler: the tables of its region, and in the place of the other services what the pact says.
type shop struct {
	t      *testing.T
	tables *dynamodb.Service
	engine http.Handler
	now    time.Time

	mu      sync.Mutex
	answers map[string]func(question []byte) []byte // by function
	mails   []string                                // requests to SES
	calls   []string                                // requests to providers: "<method> <path> <body>"
	answer  func(path string) string                // of providers; as the carrier's if it is nil
}

func newShop(t *testing.T) *shop {
	t.Helper()
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); live.Drain() })
	cloud := core.New(live, faults, 1)
	s := &shop{t: t, tables: dynamodb.New(ctx, cloud, dynamodb.Options{}), now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), answers: map[string]func([]byte) []byte{}}
	cloud.Register("dynamodb", s.tables)
	s.engine = core.NewWire(cloud)
	for file, parameters := range map[string]map[string]string{
		"global-data.yaml": {"Stage": "contract", "PeerRegion": peer},
		"data.yaml":        {"Stage": "contract", "OrdersTable": "twofold-contract-orders", "CatalogueTable": "twofold-contract-catalogue"},
	} {
		d := template.NewDeployer(core.ProvisionerFunc(s.provision), nil)
		if _, err := d.Deploy(ctx, template.Deployment{TemplateFile: "../../../stacks/" + file, StackName: "contract", Region: region, Parameters: parameters}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// provision makes the tables and lets everything else be.
func (s *shop) provision(ctx context.Context, r core.Resource) (core.Physical, error) {
	if strings.HasPrefix(r.Type, "AWS::DynamoDB::") {
		return s.tables.Provision(ctx, r)
	}
	return core.Physical{Ref: r.PhysicalName(), Attrs: map[string]any{"Arn": "arn", "Version": "1", "StreamArn": "stream"}}, nil
}

// build makes a function of the region; work is the service's own table.
func (s *shop) build(work string, construct platform.Constructor) lambda.Handler {
	s.t.Helper()
	env := map[string]string{
		"TABLE": "twofold-contract-" + work, "ORDERS_TABLE": "twofold-contract-orders", "CATALOGUE_TABLE": "twofold-contract-catalogue", "PEER_REGION": peer, "TWO_REGION_ACK": "false",
		"CATALOGUE_FUNCTION": "inventory-query", "ORDER_QUERY_FUNCTION": "order-query", "ORDER_FACTS_FUNCTION": "order-facts", "MAIL_FROM": "shop@shop.example", "DEAD_LETTERS_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/dead",
		"CARRIER_API_BASE": "https://carrier.example", "CARRIER_SECRET_ARN": "arn", "SHIPPING_SAGA_FUNCTION": "shipping-saga", "ORDER_ADOPT_FUNCTION": "order-adopt",
		"STRIPE_API_BASE": "https://stripe.example", "STRIPE_SECRET_ARN": "arn", "CARRIER_WEBHOOK_SECRET_ARN": "arn", "STRIPE_WEBHOOK_SECRET_ARN": "arn", "RETURN_URL": "https://shop.example/orders/",
		"STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:saga",
	}
	h, err := construct(s.t.Context(), platform.Runtime{
		Getenv: func(name string) string { return env[name] }, HTTP: &http.Client{Transport: transport(s.provider)}, Clock: s, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		AWS: aws.Config{Region: region, HTTPClient: &http.Client{Transport: transport(s.aws)}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

func (s *shop) Now() time.Time { return s.now }

func (s *shop) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (s *shop) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

type transport func(r *http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// aws answers AWS's services, by the one that the signature names.
func (s *shop) aws(r *http.Request) (*http.Response, error) {
	scope := strings.Split(r.Header.Get("Authorization"), "/")
	if len(scope) < 4 {
		return nil, fmt.Errorf("%s %s is not signed", r.Method, r.URL)
	}
	switch scope[3] {
	case "dynamodb":
		rec := httptest.NewRecorder()
		s.engine.ServeHTTP(rec, r)
		return rec.Result(), nil
	case "lambda":
		return s.invoke(r)
	case "secretsmanager":
		return reply(r, http.StatusOK, []byte(`{"SecretString":"`+secret+`"}`)), nil
	case "ses":
		body, err := io.ReadAll(r.Body)
		s.note(&s.mails, string(body))
		return reply(r, http.StatusOK, []byte(`{"MessageId":"1"}`)), err
	}
	return nil, errors.New("nobody stands in for " + scope[3])
}

// invoke answers with what the pact says. An answer that has an errorType is the function's error.
func (s *shop) invoke(r *http.Request) (*http.Response, error) {
	name := strings.Split(strings.TrimPrefix(r.URL.Path, "/2015-03-31/functions/"), "/")[0]
	answer := s.answers[name]
	if answer == nil {
		return nil, errors.New("no pact of this consumer says that it asks " + name)
	}
	in, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	out := answer(in)
	res := reply(r, http.StatusOK, out)
	if bytes.Contains(out, []byte(`"errorType"`)) {
		res.Header.Set("X-Amz-Function-Error", "Unhandled")
	}
	return res, nil
}

// provider answers as the carrier does. An answer that has an error is a refusal.
func (s *shop) provider(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	s.note(&s.calls, r.Method+" "+r.URL.Path+" "+string(body))
	answer := `{"id":"shp_1","status":"booked"}`
	if s.answer != nil {
		answer = s.answer(r.URL.Path)
	}
	status := http.StatusOK
	if strings.Contains(answer, `"error"`) {
		status = http.StatusBadRequest
	}
	return reply(r, status, []byte(answer)), err
}

func (s *shop) note(list *[]string, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(*list, what)
}

func reply(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
}

// deliver hands a function one message of its queue.
func (s *shop) deliver(h lambda.Handler, event []byte) error {
	batch, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", Body: string(event)}}})
	if err != nil {
		return err
	}
	out, err := h.Invoke(s.t.Context(), batch)
	if err == nil && string(out) != `{"batchItemFailures":[]}` {
		err = fmt.Errorf("the consumer gave %s back", event)
	}
	return err
}

// run invokes a function and reads its answer.
func run[T any](s *shop, h lambda.Handler, in any) (out T, err error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	answer, err := h.Invoke(s.t.Context(), raw)
	if err != nil {
		return out, err
	}
	err = json.Unmarshal(answer, &out)
	return out, err
}

// wants fails unless the one thing that was noted, an item of a table or a request, has all of the parts.
func wants(what string, noted []string, parts ...string) error {
	all := strings.Join(noted, "\n")
	for _, p := range parts {
		if !strings.Contains(all, p) {
			return fmt.Errorf("%s: there is no %s in %q", what, p, all)
		}
	}
	return nil
}

// items are the items of a table as JSON.
func (s *shop) items(table string) []string {
	var out []string
	for _, i := range s.tables.Items(region, "twofold-contract-"+table) {
		out = append(out, string(i.JSON))
	}
	return out
}

package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"twofold/local/core"
)

// clock is a live driver whose time a test can move.
type clock struct {
	*core.Live
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Live.Now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) { c.mu.Lock(); c.offset += d; c.mu.Unlock() }

// bench is a gateway over scripted functions.
type bench struct {
	testing.TB
	gateway *Gateway
	cloud   *core.Cloud
	clock   *clock
	id      string

	mu     sync.Mutex
	calls  map[string][]Invocation
	orders func(Invocation) (Result, error)
	auth   func(Invocation) (Result, error)
}

const (
	allowAll = `{"principalId":"ada","policyDocument":{"Statement":"allow *"},"context":{"customer":"ada","expires":17,"admin":true}}`
	accepted = `{"statusCode":202,"headers":{"Location":"/v1/orders/o1"},"body":"{\"ok\":true}"}`
)

func answers(payload string) func(Invocation) (Result, error) {
	return func(Invocation) (Result, error) { return Result{Payload: []byte(payload)}, nil }
}

func (b *bench) invoke(_ context.Context, in Invocation) (Result, error) {
	name := "orders"
	b.mu.Lock()
	run := b.orders
	if strings.HasSuffix(in.FunctionARN, ":auth") {
		name, run = "auth", b.auth
	}
	b.calls[name] = append(b.calls[name], in)
	b.mu.Unlock()
	return run(in)
}

// compile is a policy language of two words: allow or deny, and a prefix of what follows the stage.
func compile(doc []byte) (func(action, resource string) (bool, bool), error) {
	var p struct{ Statement string }
	if err := json.Unmarshal(doc, &p); err != nil {
		return nil, err
	}
	effect, pattern, ok := strings.Cut(p.Statement, " ")
	if !ok {
		return nil, errors.New("no statement")
	}
	return func(action, resource string) (bool, bool) {
		hit := action == "execute-api:Invoke" && (pattern == "*" || strings.Contains(resource, pattern))
		return hit && effect == "allow", hit && effect == "deny"
	}, nil
}

func document(t testing.TB) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/api.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func resource(typ, id string, props map[string]any) core.Resource {
	return core.Resource{Region: "us-east-1", Stack: "api", LogicalID: id, Type: "AWS::ApiGateway::" + typ, Properties: props, Position: "stacks/api.yaml:3"}
}

func (b *bench) provision(r core.Resource) core.Physical {
	b.Helper()
	p, err := b.gateway.Provision(context.Background(), r)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) deploy(doc map[string]any, stage map[string]any) {
	b.Helper()
	b.id = b.provision(resource("RestApi", "Api", map[string]any{"Body": doc})).Ref
	deployment := b.provision(resource("Deployment", "D", map[string]any{"RestApiId": b.id})).Ref
	props := map[string]any{"RestApiId": b.id, "DeploymentId": deployment, "StageName": "live", "Variables": map[string]any{"colour": "blue"}}
	for k, v := range stage {
		props[k] = v
	}
	b.provision(resource("Stage", "S", props))
}

func empty(t testing.TB) *bench {
	faults := core.NewFaults(0)
	c := &clock{Live: core.NewLive(faults)}
	cloud := core.New(c, faults, 5)
	b := &bench{TB: t, cloud: cloud, clock: c, calls: map[string][]Invocation{}, orders: answers(accepted), auth: answers(allowAll)}
	b.gateway = New(cloud, b.invoke, compile)
	return b
}

func start(t testing.TB, stage map[string]any) *bench {
	t.Helper()
	b := empty(t)
	b.deploy(document(t), stage)
	return b
}

// send makes a request; headers come in pairs.
func (b *bench) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://shop.test"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.gateway.Handler("us-east-1").ServeHTTP(w, r)
	return w
}

const order = `{"currency":"EUR","lines":[{"sku":"TEA","quantity":2}]}`

func (b *bench) place(body string, headers ...string) *httptest.ResponseRecorder {
	return b.send("POST", "/v1/orders", body, append([]string{"Authorization", "Bearer t1", "Idempotency-Key", "k1", "X-Tag", "t"}, headers...)...)
}

func (b *bench) expect(w *httptest.ResponseRecorder, status int, contains ...string) {
	b.Helper()
	for _, c := range contains {
		if w.Code != status || !strings.Contains(w.Body.String(), c) {
			b.Errorf("%d %s, want %d with %s", w.Code, w.Body, status, c)
		}
	}
}

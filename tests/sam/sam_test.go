// Package sam_test runs what `sam build` made as AWS's own `sam local` runs it: each function in a container, the API from the
// OpenAPI document. Behind them stands the local cloud, which does what `sam local` does not: tables, events and the saga.
//
// It needs a container engine, the base image and a build: run it with `make sam-local`.
package sam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"twofold/local/template"
	"twofold/local/world"
)

const (
	root   = "../.."
	region = "us-east-1"
)

// need is a variable that the make target gives.
func need(t *testing.T, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		t.Fatalf("%s is not set: run these tests with `make sam-local`", name)
	}
	return v
}

// bridge is the address under which containers reach this machine. Nothing outside this machine has a route to it.
func bridge(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}").Output()
	if err != nil {
		t.Fatalf("the container engine names no bridge: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// cloud is the local cloud, and the variables that take a function in a container there.
type cloud struct {
	*world.World
	variables map[string]string
}

func start(t *testing.T) cloud {
	t.Helper()
	host := bridge(t)
	w, err := world.Start(context.Background(), world.Options{Root: root, Functions: need(t, "TWOFOLD_FUNCTIONS"), Lag: 50 * time.Millisecond,
		Logs: t.TempDir(), Listen: net.JoinHostPort(host, "0")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	issuer := issuerOf(t, w)
	function := func(name string) string {
		return fmt.Sprintf("arn:aws:lambda:%s:000000000000:function:twofold-local-%s:live", region, name)
	}
	return cloud{w, map[string]string{"AWS_ENDPOINT_URL": w.Endpoint(), "JWT_ISSUER": issuer, "JWKS_URL": forward(t, host, issuer) + "/.well-known/jwks.json",
		"CATALOGUE_FUNCTION": function("inventory-query"), "ORDER_FACTS_FUNCTION": function("order-facts")}}
}

// issuerOf is the address of the stand-in that issues tokens, as its tokens say.
func issuerOf(t *testing.T, w *world.World) string {
	t.Helper()
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token(t, w), &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Issuer
}

// forward makes an address of the loopback reachable from containers.
func forward(t *testing.T, host, address string) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func token(t *testing.T, w *world.World) string {
	t.Helper()
	tok, err := w.Token("ada", "orders:read orders:write catalogue:admin")
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// sam is a call of sam for the build in the folder that TWOFOLD_SAM_BUILD names, with the parameters that samconfig.toml gives to the region.
func (c cloud) sam(t *testing.T, words ...string) *exec.Cmd {
	t.Helper()
	values, err := json.Marshal(map[string]any{"Parameters": c.variables})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "env.json")
	if err := os.WriteFile(file, values, 0o600); err != nil {
		t.Fatal(err)
	}
	deployments, err := template.ReadSamConfig(filepath.Join(root, "samconfig.toml"), "local-"+region)
	if err != nil {
		t.Fatal(err)
	}
	words = append(words, "--template", declared(t), "--env-vars", file, "--region", region, "--skip-pull-image",
		"--container-host-interface", "127.0.0.1", "--parameter-overrides")
	for name, value := range deployments[0].Parameters {
		words = append(words, name+"="+value)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), need(t, "TWOFOLD_SAM"), words...)
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=any")
	return cmd
}

func TestAnOrderPlacedThroughSamLocalStartAPIIsConfirmedByTheSaga(t *testing.T) {
	c := start(t)
	c.open(t)
	api := c.startAPI(t)
	if status, body := c.send(t, api, "POST", "/v1/orders", "", newOrder); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", status, body)
	}
	var status int
	var body string
	await(t, "the order is answered, which a container that starts on a busy machine may be too late for: then it is sent again, with its key", func() bool {
		status, body = c.send(t, api, "POST", "/v1/orders", token(t, c.World), newOrder)
		return status < http.StatusInternalServerError
	})
	if status != http.StatusAccepted {
		t.Fatalf("place an order: %d %s", status, body)
	}
	var placed struct{ OrderId, State string }
	if err := json.Unmarshal([]byte(body), &placed); err != nil {
		t.Fatal(err)
	}
	t.Logf("placed through sam local: %s is %s", placed.OrderId, placed.State)
	await(t, "the order is confirmed", func() bool {
		_, body = c.send(t, api, "GET", "/v1/orders/"+placed.OrderId, token(t, c.World), "")
		return strings.Contains(body, `"state":"CONFIRMED"`)
	})
	t.Logf("read through sam local: %s", body)
}

func TestSamLocalInvokeRunsAFunctionOnItsSample(t *testing.T) {
	c := start(t)
	cmd := c.sam(t, "local", "invoke", "ApiHealthFunction", "-e", filepath.Join(root, "events/samples/invoke/api-health.json"))
	var logs strings.Builder
	cmd.Stderr = &logs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sam local invoke: %v\n%s", err, logs.String())
	}
	var answer struct{ StatusCode int }
	if err := json.Unmarshal(out, &answer); err != nil || answer.StatusCode == 0 || answer.StatusCode == http.StatusInternalServerError {
		t.Fatalf("the function answered %s (%v)\n%s", out, err, logs.String())
	}
	t.Logf("api-health in a container answered %s", strings.TrimSpace(string(out)))
}

// startAPI runs sam local start-api until the test ends.
func (c cloud) startAPI(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil || l.Close() != nil {
		t.Fatal("no free port")
	}
	log, err := os.Create(filepath.Join(need(t, "TWOFOLD_SAM_BUILD"), "start-api.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := c.sam(t, "local", "start-api", "--port", port, "--warm-containers", "LAZY", "--no-watch")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop(t, cmd)
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("sam local start-api wrote:\n%s", text)
		}
		_ = log.Close()
	})
	await(t, "sam local start-api listens", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		return err == nil && conn.Close() == nil
	})
	return "http://127.0.0.1:" + port
}

// stop interrupts sam, which then removes its containers.
func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait() // an interrupted program does not exit with 0
}

// open puts a product into the catalogue and 10 of it into stock, through the local cloud's own API.
func (c cloud) open(t *testing.T) {
	t.Helper()
	staff, api := token(t, c.World), c.APIURL(region)
	for _, r := range [][3]string{{"PUT", "/v1/products/TEA", `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`},
		{"POST", "/v1/products/TEA/receipts", `{"receiptId":"first","quantity":10,"target":"` + region + `"}`}} {
		if status, body := c.send(t, api, r[0], r[1], staff, r[2]); status >= http.StatusMultipleChoices {
			t.Fatalf("%s %s: %d %s", r[0], r[1], status, body)
		}
	}
	await(t, "the product is in stock", func() bool {
		_, body := c.send(t, api, "GET", "/v1/products/TEA/stock", staff, "")
		return strings.Contains(body, `"available":10`)
	})
}

func (c cloud) send(t *testing.T, api, method, path, token, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", "through-sam-local")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// await tries until it is so, for two minutes: the first start of a container takes long on a busy machine.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen within two minutes: %s", what)
		}
	}
}

const newOrder = `{"lines":[{"sku":"TEA","quantity":2}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard",` +
	`"name":"Ada Byron","email":"ada@shop.example","address":{"line1":"12 St James Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`

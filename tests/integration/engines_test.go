package integration_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"

	"twofold/local/core"
	engine "twofold/local/dynamodb"
	"twofold/tests/containers/dynamodblocal"
)

// engines are what the suite runs on, by name. Every test runs on each of them.
type engines struct {
	drivers map[string]func(*testing.T) http.RoundTripper

	mu   sync.Mutex
	runs map[string]int // tests that have run, by engine
	seen map[string]int // drawn histories, by engine
}

// suite is set before the first test and not changed afterwards; tests cannot be given anything but t.
var suite *engines

const (
	localEngine  = "local-cloud"
	publicEngine = "DynamoDBLocal"
)

// TestMain adds DynamoDB Local in a container where TWOFOLD_DYNAMODB_IMAGE names its image, as make integration does.
func TestMain(m *testing.M) {
	code, err := runSuite(m)
	if err != nil {
		slog.Error("integration", "problem", err.Error())
	}
	os.Exit(code)
}

func runSuite(m *testing.M) (code int, err error) {
	suite = &engines{drivers: map[string]func(*testing.T) http.RoundTripper{localEngine: inThisProcess}, runs: map[string]int{}, seen: map[string]int{}}
	if image := os.Getenv("TWOFOLD_DYNAMODB_IMAGE"); image != "" {
		to, stop, err := dynamodblocal.Start(context.Background(), image)
		if err != nil {
			return 1, err
		}
		defer func() {
			if stopped := stop(); stopped != nil {
				code, err = 1, stopped
			}
		}()
		kept := &http.Transport{MaxIdleConnsPerHost: 64} // the default keeps 2, and tests run at once: it closed and dialled all the time
		suite.drivers[publicEngine] = func(*testing.T) http.RoundTripper { return redirect{to, kept} }
	}
	code = m.Run()
	for _, name := range slices.Sorted(maps.Keys(suite.runs)) {
		fmt.Printf("store tests on %s: %d, with %d drawn histories\n", name, suite.runs[name], suite.seen[name])
	}
	return code, nil
}

// onEveryEngine runs a test once per engine, with tables of its own.
func onEveryEngine(t *testing.T, test func(*testing.T, *regions)) {
	t.Helper()
	t.Parallel()
	for _, name := range slices.SortedFunc(maps.Keys(suite.drivers), cmp.Compare) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite.ran(name)
			test(t, newRegions(t, name, suite.drivers[name](t)))
		})
	}
}

func (e *engines) ran(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs[name]++
}

func (e *engines) tried(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen[name]++
}

// inThisProcess is the local cloud's DynamoDB, without a network.
func inThisProcess(t *testing.T) http.RoundTripper {
	t.Helper()
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); live.Drain() })
	cloud := core.New(live, faults, 1)
	cloud.Register("dynamodb", engine.New(ctx, cloud, engine.Options{}))
	return inProcess{core.NewWire(cloud)}
}

// redirect sends requests to another address.
type redirect struct {
	to *url.URL
	http.RoundTripper
}

func (d redirect) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = d.to.Scheme, d.to.Host, d.to.Host
	return d.RoundTripper.RoundTrip(r)
}

// inProcess has requests answered by a handler without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	return rec.Result(), nil
}

package health

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// testTable holds the few items of the table.
type testTable struct {
	items []platform.Item
	down  error
}

func (t *testTable) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{Items: t.items}, t.down
}

func (t *testTable) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	t.items = append(t.items, in.Item)
	return &dynamodb.PutItemOutput{}, t.down
}

// get asks the API without any token.
func get(t *testing.T, table *testTable, now time.Time) (events.APIGatewayProxyResponse, map[string]any) {
	t.Helper()
	clock := clocktest.At(now)
	a := &api{region: "us-east-1", table: healthTable{db: table, name: "health"}, clock: clock}
	h := a.routes().Handler(platform.Runtime{Clock: clock, Log: slog.New(slog.DiscardHandler)})
	raw, err := h.Invoke(context.Background(), []byte(`{"httpMethod":"GET","resource":"/health","path":"/health"}`))
	if err != nil {
		t.Fatal(err)
	}
	var res events.APIGatewayProxyResponse
	var body map[string]any
	if err := errors.Join(json.Unmarshal(raw, &res), json.Unmarshal([]byte(res.Body), &body)); err != nil {
		t.Fatal(err)
	}
	return res, body
}

// probed is a table that a probe has written to.
func probed(t *testing.T, checks ...check) *testTable {
	t.Helper()
	table := &testTable{}
	p := &probe{checks: checks, table: healthTable{db: table, name: "health"}, clock: clocktest.At(noon), log: slog.New(slog.DiscardHandler), heart: still{}}
	if err := p.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return table
}

func well(context.Context) error   { return nil }
func unwell(context.Context) error { return errors.New("connection refused") }

func TestARegionIsWellAsLongAsTheLastReportIsGoodAndFresh(t *testing.T) {
	table := probed(t, check{"provider-payment", well}, check{"table-orders", well})
	res, _ := get(t, table, noon.Add(freshness))
	want := `{"status":"pass","region":"us-east-1","at":"2026-03-04T12:00:00.000Z","checks":[{"name":"provider-payment","ok":true},{"name":"table-orders","ok":true}]}`
	if res.StatusCode != http.StatusOK || res.Body != want {
		t.Errorf("%d %s\nwant %s", res.StatusCode, res.Body, want)
	}
}

func TestARegionThatIsNotWellSaysWhy(t *testing.T) {
	good := check{"table-orders", well}
	out := probed(t, good)
	out.items = append(out.items, platform.Item{"pk": str(partition), "sk": str(operatorSort), "reason": str("drill")})
	broken := probed(t, good)
	broken.items[0]["at"] = str("yesterday")
	cases := []struct {
		name    string
		table   *testTable
		now     time.Time
		detail  string
		pointer string
	}{
		{"something failed", probed(t, good, check{"provider-carrier", unwell}), noon, "not well", "provider-carrier"},
		{"the report is stale", probed(t, good), noon.Add(freshness + time.Second), "since 2026-03-04T12:00:00.000Z", ""},
		{"there is no report", &testTable{}, noon, "no probe has reported", ""},
		{"the report is not understood", broken, noon, "no probe has reported", ""},
		{"an operator took it out", out, noon, "operator", ""},
		{"the table does not answer", &testTable{down: errors.New("connection refused")}, noon, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			res, problem := get(t, c.table, c.now)
			detail, _ := problem["detail"].(string)
			if res.StatusCode != http.StatusServiceUnavailable || res.Headers["Content-Type"] != "application/problem+json" || !strings.Contains(detail, c.detail) {
				t.Errorf("%d %v %s", res.StatusCode, res.Headers, res.Body)
			}
			if c.pointer != "" && !strings.Contains(res.Body, `"pointer":"`+c.pointer+`"`) {
				t.Errorf("does not point at %s: %s", c.pointer, res.Body)
			}
		})
	}
}

func TestOneLostAnswerDoesNotCount(t *testing.T) {
	n := 0
	table := probed(t, check{"flaky", func(context.Context) error {
		if n++; n == 1 {
			return errors.New("time-out")
		}
		return nil
	}})
	if res, _ := get(t, table, noon); res.StatusCode != http.StatusOK || n != 2 {
		t.Errorf("%d after %d tries", res.StatusCode, n)
	}
}

// tablesAtOnce answers a BatchGetItem.
type tablesAtOnce struct {
	left map[string]types.KeysAndAttributes
	down error
}

func (t tablesAtOnce) BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return &dynamodb.BatchGetItemOutput{UnprocessedKeys: t.left}, t.down
}

func TestATableIsReadAloneOnlyIfReadingAllAtOnceToldNothingOfIt(t *testing.T) {
	for _, c := range []struct {
		name  string
		db    tablesAtOnce
		alone string
	}{
		{"all answer", tablesAtOnce{}, ""},
		{"one is left for later", tablesAtOnce{left: map[string]types.KeysAndAttributes{"B": {}}}, "B"},
		{"the call fails", tablesAtOnce{down: errors.New("connection refused")}, "AB"},
	} {
		alone := ""
		read := func(table string) check {
			return check{"table-" + table, func(context.Context) error { alone += table; return nil }}
		}
		table := &testTable{}
		p := &probe{checks: []check{read("A"), read("B")}, together: allReadable(c.db, map[string]string{"A": "table-A", "B": "table-B"}),
			table: healthTable{db: table, name: "health"}, clock: clocktest.At(noon), log: slog.New(slog.DiscardHandler), heart: still{}}
		if err := p.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if res, _ := get(t, table, noon); alone != c.alone || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %q were read alone, want %q; %d", c.name, alone, c.alone, res.StatusCode)
		}
	}
}

func TestAProviderIsReachableIfItAnswersAnythingButAFailure(t *testing.T) {
	for status, want := range map[int]bool{200: true, 401: true, 404: true, 500: false, 503: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if err := reachable(server.Client(), server.URL)(context.Background()); (err == nil) != want {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
		if err := reachable(server.Client(), server.URL)(context.Background()); err == nil {
			t.Error("a server that is gone is reachable")
		}
	}
}

func TestAReportThatCannotBeWrittenFailsTheRun(t *testing.T) {
	var log bytes.Buffer
	p := &probe{checks: []check{{"table-orders", unwell}}, table: healthTable{db: &testTable{down: errors.New("gone")}, name: "health"},
		clock: clocktest.At(noon), log: slog.New(slog.NewJSONHandler(&log, nil)), heart: still{}}
	if err := p.run(context.Background()); err == nil || !strings.Contains(log.String(), "table-orders") {
		t.Errorf("%v, log %s", err, log.String())
	}
}

func TestTheProbeNamesAllThatItLacksAndLooksAtAllThatItHas(t *testing.T) {
	needs := []string{"TABLE", "PEER_REGION", "STRIPE_API_BASE", "CARRIER_API_BASE"}
	for _, x := range tables {
		needs = append(needs, x.variable)
	}
	runtime := func(getenv func(string) string) platform.Runtime {
		return platform.Runtime{Getenv: getenv, AWS: aws.Config{Region: "us-east-1"}, HTTP: http.DefaultClient, Clock: clocktest.At(noon), Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	}
	if _, err := NewProbe(context.Background(), runtime(func(string) string { return "http://x.invalid" })); err != nil {
		t.Error(err)
	}
	_, err := NewProbe(context.Background(), runtime(func(string) string { return "" }))
	for _, variable := range needs {
		if err == nil || !strings.Contains(err.Error(), variable+" is not set") {
			t.Errorf("%v does not name %s", err, variable)
		}
	}
	if _, err := NewAPI(context.Background(), runtime(func(string) string { return "" })); err == nil {
		t.Error("the API starts without its table")
	}
}

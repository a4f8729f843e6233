// Package differential_test puts the same generated requests to local/dynamodb and to DynamoDB Local, AWS's own engine, over the wire,
// and compares answers, errors and streams. Where they differ and AWS's documentation is on local/dynamodb's side, known_test.go says so.
//
// A run prints its seed. TWOFOLD_SEED takes another one, TWOFOLD_REQUESTS sets how many requests a run makes.
package differential_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/dynamodb"
	"twofold/tests/containers/dynamodblocal"
)

// object is a JSON object.
type object = map[string]any

// pair is the two engines.
type pair struct {
	t            *testing.T
	ours, theirs string // addresses
	requests     int
	known        map[string]int // how often each known difference was met
}

func newPair(t *testing.T) *pair {
	t.Helper()
	image := os.Getenv("TWOFOLD_DYNAMODB_IMAGE")
	if image == "" {
		t.Fatal("TWOFOLD_DYNAMODB_IMAGE does not name an image of DynamoDB Local: run make integration, which sets up what this needs")
	}
	to, stop, err := dynamodblocal.Start(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); live.Drain() })
	cloud := core.New(live, faults, 1)
	cloud.Register("dynamodb", dynamodb.New(ctx, cloud, dynamodb.Options{}))
	server := httptest.NewServer(core.NewWire(cloud))
	t.Cleanup(server.Close)
	return &pair{t: t, ours: server.URL, theirs: to.String(), known: map[string]int{}}
}

// reply is an answer in a form that can be compared.
type reply struct {
	problem string // name and message of an error
	body    object
}

func (r reply) String() string {
	b, err := json.Marshal(r.body)
	if err != nil {
		return err.Error()
	}
	return r.problem + " " + string(b)
}

// call makes a request of one engine. target is "<API version>.<operation>".
func (p *pair) call(address, target string, body object) reply {
	p.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, bytes.NewReader(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it was read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := reply{body: object{}}
	if err := json.Unmarshal(text, &out.body); err != nil {
		p.t.Fatalf("%s %s: %v: %s", address, target, err, text)
	}
	if res.StatusCode != http.StatusOK {
		out.name()
	}
	return out
}

// name takes the error's name and message out of the body.
func (r *reply) name() {
	kind := fmt.Sprint(r.body["__type"])
	message := r.body["message"]
	if message == nil {
		message = r.body["Message"]
	}
	r.problem = fmt.Sprintf("%s: %v", kind[strings.LastIndex(kind, "#")+1:], sortKeys(sortKeys(fmt.Sprint(message), "keys: {", "}"), "does not project [", "]"))
	for _, member := range []string{"__type", "message", "Message"} {
		delete(r.body, member)
	}
}

// sortKeys orders the names of a message between a start and an end, which come in the order of a hash.
func sortKeys(message, start, end string) string {
	head, rest, ok := strings.Cut(message, start)
	list, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return message
	}
	names := strings.Split(list, ", ")
	slices.Sort(names)
	return head + start + strings.Join(names, ", ") + end + tail
}

const items = "DynamoDB_20120810."

// both makes a request of both engines, fails unless the answers are the same or known to differ, and gives the answer, without its
// body where they differ.
func (p *pair) both(operation string, body object) reply {
	p.t.Helper()
	p.requests++
	ours, theirs := p.call(p.ours, items+operation, body), p.call(p.theirs, items+operation, body)
	normalize(operation, body["IndexName"], ours.body)
	normalize(operation, body["IndexName"], theirs.body)
	if ours.String() == theirs.String() {
		return ours
	}
	if name := knownDifference(body, ours, theirs); name != "" {
		p.known[name]++
		return reply{problem: ours.problem}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Errorf("%s %s\n  local/dynamodb: %s\n  DynamoDB Local: %s", operation, raw, ours, theirs)
	return ours
}

// normalize sorts what has no order: members of sets, items of scans and batches, tables of ConsumedCapacity.
func normalize(operation string, index any, body object) {
	sortSets(body)
	if list, _ := body["Items"].([]any); operation == "Query" && index != nil {
		sortTies(list)
	}
	if operation == "Scan" {
		sortList(body["Items"])
	}
	if operation == "BatchGetItem" {
		responses, _ := body["Responses"].(object)
		for _, list := range responses {
			sortList(list)
		}
	}
}

func sortSets(v any) {
	switch v := v.(type) {
	case object:
		for name, e := range v {
			if name == "SS" || name == "NS" || name == "BS" {
				sortList(e)
			}
			if n, ok := e.(string); ok && name == "N" && strings.Contains(n, ".") { // DynamoDB Local leaves zeros inside of maps
				v[name] = strings.TrimSuffix(strings.TrimRight(n, "0"), ".")
			}
			sortSets(e)
		}
	case []any:
		for _, e := range v {
			sortSets(e)
		}
	}
}

func sortList(v any) {
	list, _ := v.([]any)
	slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(text(a), text(b)) })
}

// sortTies orders runs of items with the same sort key of the index.
func sortTies(list []any) {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && text(list[from].(object)["n"]) == text(list[to].(object)["n"]) {
			to++
		}
		sortList(list[from:to:to])
		from = to
	}
}

// text is a value as JSON, with members in order.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

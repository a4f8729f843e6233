package inventory

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/money"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// shelf is a catalogue as one region sees it.
type shelf struct {
	region    string
	versions  []Product
	receipts  []Receipt
	snapshots []Snapshot
	where     platform.Durability
	overtake  int // that many edits of others come between reading and writing
}

func (s *shelf) Page(_ context.Context, after string, limit int) ([]Product, bool, error) {
	all := slices.DeleteFunc(slices.Clone(s.versions), func(p Product) bool { return p.SKU <= after })
	slices.SortStableFunc(all, func(a, b Product) int { return strings.Compare(a.SKU, b.SKU) })
	all = latestOfEach(all)
	return all[:min(limit, len(all))], len(all) > limit, nil
}

func (s *shelf) Snapshots(context.Context, string) ([]Snapshot, error) {
	return slices.Clone(s.snapshots), nil
}

func (s *shelf) Versions(_ context.Context, sku string) ([]Product, error) {
	var out []Product
	for _, p := range s.versions {
		if p.SKU == sku {
			out = append(out, p)
		}
	}
	return out, nil
}

func (s *shelf) PutVersion(_ context.Context, p Product, seen int64) (bool, error) {
	if s.overtake > 0 {
		s.overtake--
		return false, nil
	}
	if versionOf(s.region, s.versions) != seen {
		return false, nil
	}
	s.versions = slices.DeleteFunc(s.versions, func(v Product) bool { return v.Region == s.region })
	s.versions = append(s.versions, p)
	return true, nil
}

func (s *shelf) Receipts(_ context.Context, sku, id string) ([]Receipt, error) {
	return slices.DeleteFunc(slices.Clone(s.receipts), func(r Receipt) bool { return r.SKU != sku || r.ID != id }), nil
}

func (s *shelf) PutReceipt(_ context.Context, r Receipt, _ time.Time) (Receipt, platform.Durability, error) {
	if !slices.Contains(s.receipts, r) {
		s.receipts = append(s.receipts, r)
	}
	return r, s.where, nil
}

func tea(version int64, region string) Product {
	return Product{SKU: "TEA", Title: "Tea", Price: money.Money{Amount: 790, Currency: "EUR"}, Active: true, Version: version, Region: region}
}

const teaBody = `{"title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true}`

// call sends a request the way API Gateway does.
func call(t *testing.T, s *shelf, m *memory, route, sku, body string) (events.APIGatewayProxyResponse, map[string]any) {
	t.Helper()
	return send(t, s, m, route, events.APIGatewayProxyRequest{PathParameters: map[string]string{"sku": sku}, Body: body})
}

// send is call with everything else that a request may have.
func send(t *testing.T, s *shelf, m *memory, route string, req events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, map[string]any) {
	t.Helper()
	clock := clocktest.New()
	a := api{region: s.region, peer: west, clock: clock, catalogue: s, stock: m}
	req.HTTPMethod, req.Resource, _ = strings.Cut(route, " ")
	req.RequestContext.Authorizer = map[string]any{"customer": "c", "scope": scopeAdmin + " " + scopeRead, "expires": "9999999999"}
	raw, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.routes().Handler(platform.Runtime{Clock: clock, Log: discard()}).Invoke(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var res events.APIGatewayProxyResponse
	var got map[string]any
	if err := json.Unmarshal(out, &res); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(res.Body), &got); err != nil {
		t.Fatal(err)
	}
	return res, got
}

func TestPuttingAProduct(t *testing.T) {
	const put = "PUT /v1/products/{sku}"
	cases := []struct {
		name    string
		before  []Product
		body    string
		status  int
		etag    string
		written int
	}{
		{"new", nil, teaBody, http.StatusCreated, `"1.us-east-1"`, 1},
		{"the same again makes no version", []Product{tea(4, east)}, teaBody, http.StatusOK, `"4.us-east-1"`, 1},
		{"changed after the other region's edit", []Product{tea(2, east), tea(7, west)}, strings.Replace(teaBody, "790", "800", 1), http.StatusOK, `"8.us-east-1"`, 2},
		{"the other region's says the same", []Product{tea(7, west)}, teaBody, http.StatusOK, `"7.us-west-2"`, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{region: east, versions: c.before}
			res, _ := call(t, s, newMemory(nil), put, "TEA", c.body)
			if res.StatusCode != c.status || res.Headers["ETag"] != c.etag || len(s.versions) != c.written {
				t.Errorf("got %d, ETag %s, %d versions: %s", res.StatusCode, res.Headers["ETag"], len(s.versions), res.Body)
			}
		})
	}
	t.Run("overtaken by other edits", func(t *testing.T) {
		s := &shelf{region: east, overtake: 2}
		if res, _ := call(t, s, newMemory(nil), put, "TEA", teaBody); res.StatusCode != http.StatusCreated {
			t.Errorf("got %d after two collisions", res.StatusCode)
		}
		s = &shelf{region: east, overtake: editAttempts}
		if res, _ := call(t, s, newMemory(nil), put, "TEA", teaBody); res.StatusCode != http.StatusServiceUnavailable || res.Headers["Retry-After"] == "" {
			t.Errorf("got %d after too many collisions", res.StatusCode)
		}
	})
}

func TestTheHighestVersionAndThenRegionCounts(t *testing.T) {
	for _, versions := range [][]Product{{tea(3, east), tea(2, west)}, {tea(2, west), tea(3, east)}} {
		if p, _ := latest(versions); p.Version != 3 {
			t.Errorf("version %d counts", p.Version)
		}
	}
	if p, _ := latest([]Product{tea(3, east), tea(3, west)}); p.Region != west {
		t.Errorf("%s counts among equals", p.Region)
	}
}

func TestReadingAProductAndItsStock(t *testing.T) {
	s, m := &shelf{region: east, versions: []Product{tea(3, east)}}, newMemory(nil).fill("TEA", 5)
	at := time.Date(2026, 3, 1, 11, 58, 0, 0, time.UTC)
	s.snapshots = []Snapshot{{Region: east, At: at, Counters: Counters{Received: 1, Available: 1}}, {Region: west, At: at, Counters: Counters{Received: 4, Available: 1, Consumed: 3}}}
	if _, err := m.saga(clocktest.New()).reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
		t.Fatal(err)
	}
	if res, got := call(t, s, m, "GET /v1/products/{sku}", "TEA", ""); res.StatusCode != http.StatusOK || got["available"] != 3.0 || got["version"] != 3.0 {
		t.Errorf("product: %d %s", res.StatusCode, res.Body)
	}
	res, _ := call(t, s, m, "GET /v1/products/{sku}/stock", "TEA", "")
	if want := `{"sku":"TEA","region":"us-east-1","received":5,"got":0,"available":3,"held":2,"consumed":0,"given":0,` +
		`"others":[{"region":"us-west-2","at":"2026-03-01T11:58:00Z","received":4,"got":0,"available":1,"held":0,"consumed":3,"given":0}]}`; res.Body != want {
		t.Errorf("stock: %s\nwant   %s", res.Body, want)
	}
}

func TestReceivingStock(t *testing.T) {
	const receive, body = "POST /v1/products/{sku}/receipts", `{"receiptId":"asn-1","quantity":5,"target":"us-west-2"}`
	own := Receipt{SKU: "TEA", ID: "asn-1", Quantity: 5, Target: west, Region: east}
	theirs, less, other := own, own, own
	theirs.Region, less.Quantity, other.Target = west, 4, east
	cases := []struct {
		name    string
		before  []Receipt
		where   platform.Durability
		status  int
		durable platform.Durability
		region  any
	}{
		{"new", nil, platform.InTwoRegions, http.StatusAccepted, platform.InTwoRegions, east},
		{"the peer cannot be had", nil, platform.InOneRegion, http.StatusAccepted, platform.InOneRegion, east},
		{"again", []Receipt{own}, platform.InTwoRegions, http.StatusAccepted, platform.InTwoRegions, east},
		{"again in the other region", []Receipt{theirs}, platform.InOneRegion, http.StatusAccepted, platform.InTwoRegions, west},
		{"again with another quantity", []Receipt{less}, platform.InTwoRegions, http.StatusUnprocessableEntity, "", nil},
		{"again with another target", []Receipt{other}, platform.InTwoRegions, http.StatusUnprocessableEntity, "", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{region: east, versions: []Product{tea(1, east)}, receipts: c.before, where: c.where}
			res, got := call(t, s, newMemory(nil), receive, "TEA", body)
			if res.StatusCode != c.status || res.Headers[platform.DurabilityHeader] != string(c.durable) || got["region"] != c.region || len(s.receipts) != 1 {
				t.Errorf("got %d %v with %d receipts: %s", res.StatusCode, res.Headers, len(s.receipts), res.Body)
			}
		})
	}
}

func TestBadRequestsAreToldWhereAndChangeNothing(t *testing.T) {
	const put, receive = "PUT /v1/products/{sku}", "POST /v1/products/{sku}/receipts"
	long := strings.Repeat("ä", maxTitle+1)
	cases := []struct {
		name, route, sku, body string
		status                 int
		pointers               []string
	}{
		{"malformed JSON", put, "TEA", `{"title":`, 400, []string{""}},
		{"text behind the JSON", put, "TEA", teaBody + `{}`, 400, []string{""}},
		{"oversized", put, "TEA", `{"title":"` + strings.Repeat("x", platform.MaxBody) + `"}`, 413, []string{""}},
		{"wrong type", put, "TEA", `{"title":"Tea","price":{"amount":"790","currency":"EUR"},"active":true}`, 400, []string{"/price/amount"}},
		{"extra field", put, "TEA", strings.Replace(teaBody, `{`, `{"colour":"green",`, 1), 400, []string{"/colour"}},
		{"empty", put, "TEA", `{}`, 400, []string{"/title", "/active", "/price"}},
		{"title too long, price negative, unknown currency", put, "TEA", `{"title":"` + long + `","price":{"amount":-1,"currency":"XXX"},"active":true}`, 400, []string{"/title", "/price/amount", "/price/currency"}},
		{"price huge", put, "TEA", `{"title":"Tea","price":{"amount":9223372036854775807,"currency":"EUR"},"active":true}`, 400, []string{"/price/amount"}},
		{"bad SKU", put, "tea!", teaBody, 400, []string{"sku"}},
		{"a receipt of malformed JSON", receive, "TEA", `{"receiptId"`, 400, []string{""}},
		{"a receipt with an extra field", receive, "TEA", `{"receiptId":"a","quantity":1,"target":"us-east-1","note":""}`, 400, []string{"/note"}},
		{"an oversized receipt", receive, "TEA", `{"receiptId":"` + strings.Repeat("x", platform.MaxBody) + `"}`, 413, []string{""}},
		{"a receipt without target", receive, "TEA", `{"receiptId":"a","quantity":1}`, 400, []string{"/target"}},
		{"a receipt id that is too long", receive, "TEA", `{"receiptId":"` + strings.Repeat("x", 65) + `","quantity":1,"target":"us-east-1"}`, 400, []string{"/receiptId"}},
		{"a receipt id of other characters", receive, "TEA", `{"receiptId":"a#b","quantity":1,"target":"us-east-1"}`, 400, []string{"/receiptId"}},
		{"quantity 0", receive, "TEA", `{"receiptId":"a","quantity":0,"target":"us-east-1"}`, 400, []string{"/quantity"}},
		{"quantity negative", receive, "TEA", `{"receiptId":"a","quantity":-5,"target":"us-east-1"}`, 400, []string{"/quantity"}},
		{"quantity overflows", receive, "TEA", `{"receiptId":"a","quantity":9223372036854775808,"target":"us-east-1"}`, 400, []string{"/quantity"}},
		{"quantity a fraction", receive, "TEA", `{"receiptId":"a","quantity":1.5,"target":"us-east-1"}`, 400, []string{"/quantity"}},
		{"a receipt for a bad SKU", receive, "tea!", `{"receiptId":"a","quantity":1,"target":"us-east-1"}`, 400, []string{"sku"}},
		{"receipt empty", receive, "TEA", `{}`, 400, []string{"/receiptId", "/quantity", "/target"}},
		{"quantity huge, region unknown", receive, "TEA", `{"receiptId":"a","quantity":1000001,"target":"eu-west-1"}`, 400, []string{"/quantity", "/target"}},
		{"receipt of an unknown SKU", receive, "CUP", `{"receiptId":"a","quantity":1,"target":"us-east-1"}`, 404, nil},
		{"stock of an unknown SKU", "GET /v1/products/{sku}/stock", "CUP", "", 404, nil},
		{"unknown product", "GET /v1/products/{sku}", "CUP", "", 404, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{region: east, versions: []Product{tea(1, east)}}
			res, got := call(t, s, newMemory(nil), c.route, c.sku, c.body)
			if pointers := pointersOf(got); res.StatusCode != c.status || !slices.Equal(pointers, c.pointers) {
				t.Errorf("got %d at %q, want %d at %q: %s", res.StatusCode, pointers, c.status, c.pointers, res.Body)
			}
			if len(s.versions) != 1 || s.versions[0] != tea(1, east) || len(s.receipts) != 0 {
				t.Errorf("it changed the catalogue: %+v %+v", s.versions, s.receipts)
			}
		})
	}
}

// pointersOf are the places that a problem points at.
func pointersOf(problem map[string]any) []string {
	var pointers []string
	list, _ := problem["errors"].([]any)
	for _, v := range list {
		pointers = append(pointers, v.(map[string]any)["pointer"].(string))
	}
	return pointers
}

func TestOtherServicesAskForAProduct(t *testing.T) {
	q := query{catalogue: &shelf{region: east, versions: []Product{tea(1, east), tea(2, west)}}}
	got, err := q.answer(t.Context(), question{Want: "product", SKU: "TEA"})
	raw, jsonErr := json.Marshal(got)
	want := `{"found":true,"sku":"TEA","title":"Tea","price":{"amount":790,"currency":"EUR"},"active":true,"version":2,"region":"us-west-2"}`
	if err != nil || jsonErr != nil || string(raw) != want {
		t.Errorf("got %s, %v, %v", raw, err, jsonErr)
	}
	if got, err := q.answer(t.Context(), question{Want: "product", SKU: "CUP"}); err != nil || got.Found {
		t.Errorf("unknown SKU: %+v, %v", got, err)
	}
	_, err = q.answer(t.Context(), question{Want: "stock", SKU: "TEA"})
	wantCode(t, err, platform.InvalidRequest)
}

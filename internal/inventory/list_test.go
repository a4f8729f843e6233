package inventory

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"twofold/internal/money"

	"twofold/internal/platform/clocktest"
)

const listRoute = "GET /v1/products"

func (s *shelf) add(sku string, versions ...int64) *shelf {
	for i, v := range versions {
		s.versions = append(s.versions, Product{SKU: sku, Title: fmt.Sprint(sku, " ", v), Price: money.Money{Amount: 1, Currency: "EUR"},
			Active: true, Version: v, Region: []string{east, west}[i]})
	}
	return s
}

func list(t *testing.T, s *shelf, m *memory, query map[string]string) (events.APIGatewayProxyResponse, map[string]any) {
	t.Helper()
	return send(t, s, m, listRoute, events.APIGatewayProxyRequest{QueryStringParameters: query})
}

func TestTheListShowsEveryProductOnceWithWhatThisRegionCanSell(t *testing.T) {
	s := (&shelf{region: east}).add("A", 1).add("B", 2, 3).add("C", 1)
	m := newMemory(map[string]int{"C": 2}).fill("A", 7).fill("C", 2)
	m.shards[shardID{"C", 1}], _ = credit().Apply(Ledger{}, 3)
	var seen []string
	query := map[string]string{"limit": "2"}
	for pages := 1; ; pages++ {
		res, got := list(t, s, m, query)
		if res.StatusCode != http.StatusOK || pages > 2 {
			t.Fatalf("page %d: %d %s", pages, res.StatusCode, res.Body)
		}
		for _, i := range got["items"].([]any) {
			p := i.(map[string]any)
			seen = append(seen, fmt.Sprint(p["sku"], " ", p["version"], " ", p["available"]))
		}
		next, more := got["nextCursor"].(string)
		if !more {
			break
		}
		query["cursor"] = next
	}
	if want := []string{"A 1 7", "B 3 0", "C 1 5"}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
	if res, _ := list(t, &shelf{region: east}, m, nil); res.Body != `{"items":[]}` {
		t.Errorf("an empty shop: %s", res.Body)
	}
}

func TestABadPageIsToldWhere(t *testing.T) {
	good := cursor{After: "TEA"}.String()
	cases := map[string]struct {
		query    map[string]string
		pointers []string
	}{
		"limit 0":            {map[string]string{"limit": "0"}, []string{"limit"}},
		"limit 51":           {map[string]string{"limit": "51"}, []string{"limit"}},
		"limit no number":    {map[string]string{"limit": "ten"}, []string{"limit"}},
		"limit huge":         {map[string]string{"limit": "9223372036854775808"}, []string{"limit"}},
		"cursor empty":       {map[string]string{"cursor": ""}, []string{"cursor"}},
		"cursor no base64":   {map[string]string{"cursor": "!"}, []string{"cursor"}},
		"cursor no JSON":     {map[string]string{"cursor": "dGVh"}, []string{"cursor"}},
		"cursor of another":  {map[string]string{"cursor": "eyJsaXN0ZWQiOiJ4In0"}, []string{"cursor"}}, // {"listed":"x"}
		"cursor no SKU":      {map[string]string{"cursor": cursor{After: "te a"}.String()}, []string{"cursor"}},
		"cursor lengthened":  {map[string]string{"cursor": good + good}, []string{"cursor"}},
		"cursor cut":         {map[string]string{"cursor": good[:len(good)-3]}, []string{"cursor"}},
		"both":               {map[string]string{"limit": "-1", "cursor": "x"}, []string{"limit", "cursor"}},
		"good cursor, limit": {map[string]string{"limit": "50", "cursor": good}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			res, got := list(t, &shelf{region: east}, newMemory(nil), c.query)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusBadRequest}[c.pointers == nil]; res.StatusCode != want || !slices.Equal(pointersOf(got), c.pointers) {
				t.Errorf("got %d %s, want %d at %q", res.StatusCode, res.Body, want, c.pointers)
			}
		})
	}
}

func TestACursorIsReadBackAndNothingElseIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := cursor{After: rapid.StringMatching(`[A-Z0-9][A-Z0-9-]{0,31}`).Draw(t, "sku")}
		if got, err := parseCursor(c.String()); err != nil || got != c {
			t.Fatalf("got %+v, %v, want %+v", got, err, c)
		}
		s := rapid.String().Draw(t, "noise")
		if got, err := parseCursor(s); err == nil && got.String() != s {
			t.Fatalf("%q was read as %+v", s, got)
		}
	})
}

func TestIfMatchGuardsAnEdit(t *testing.T) {
	const put = "PUT /v1/products/{sku}"
	change := strings.Replace(teaBody, "790", "800", 1)
	cases := []struct {
		name, match, body string
		before            []Product
		status            int
		pointers          []string
	}{
		{"the version that stands", `"4.us-east-1"`, change, []Product{tea(4, east)}, 200, nil},
		{"one of several", `"2.us-west-2", "4.us-east-1"`, change, []Product{tea(4, east)}, 200, nil},
		{"any version", `*`, change, []Product{tea(4, east)}, 200, nil},
		{"an older version", `"3.us-east-1"`, change, []Product{tea(4, east)}, 412, nil},
		{"the other region's edit came between", `"4.us-east-1"`, change, []Product{tea(4, east), tea(5, west)}, 412, nil},
		{"a weak tag", `W/"4.us-east-1"`, change, []Product{tea(4, east)}, 412, nil},
		{"any version of none", `*`, change, nil, 412, nil},
		{"a version of none", `"1.us-east-1"`, change, nil, 412, nil},
		{"sent again after its answer was lost", `"3.us-east-1"`, teaBody, []Product{tea(4, east)}, 200, nil},
		{"no tag", `4.us-east-1`, change, []Product{tea(4, east)}, 400, []string{"If-Match"}},
		{"an unclosed tag", `"4.us-east-1`, change, []Product{tea(4, east)}, 400, []string{"If-Match"}},
		{"tags without a comma", `"4.us-east-1" "5"`, change, []Product{tea(4, east)}, 400, []string{"If-Match"}},
		{"malformed beside a bad body", `x`, `{"title":"Tea","active":true}`, []Product{tea(4, east)}, 400, []string{"If-Match", "/price"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{region: east, versions: slices.Clone(c.before)}
			res, got := send(t, s, newMemory(nil), put, events.APIGatewayProxyRequest{PathParameters: map[string]string{"sku": "TEA"},
				Headers: map[string]string{"if-match": c.match}, Body: c.body})
			if res.StatusCode != c.status || !slices.Equal(pointersOf(got), c.pointers) {
				t.Errorf("got %d %s, want %d at %q", res.StatusCode, res.Body, c.status, c.pointers)
			}
			if c.status >= 400 && !reflect.DeepEqual(s.versions, slices.Clone(c.before)) {
				t.Errorf("it changed the catalogue: %+v", s.versions)
			}
			if c.status == 412 && (got["code"] != "PreconditionFailed" || got["detail"] == nil) {
				t.Errorf("got %s", res.Body)
			}
		})
	}
}

func TestAnEditThatIsOvertakenIsHeldAgainstItsPreconditionAgain(t *testing.T) {
	s := &overtaken{shelf: shelf{region: east, versions: []Product{tea(4, east)}}}
	a := api{region: east, peer: west, clock: clocktest.New(), catalogue: s, stock: newMemory(nil)}
	p := tea(0, "")
	p.Title = "Mine"
	match := precondition{tags: []string{tea(4, east).ETag()}}
	if _, done, err := a.edit(t.Context(), p, match); done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	_, _, err := a.edit(t.Context(), p, match)
	wantCode(t, err, "PreconditionFailed")
}

// overtaken is a shelf where somebody else's edit always comes first.
type overtaken struct{ shelf }

func (o *overtaken) PutVersion(ctx context.Context, p Product, seen int64) (bool, error) {
	theirs := tea(p.Version, east)
	theirs.Title = "Theirs"
	if _, err := o.shelf.PutVersion(ctx, theirs, seen); err != nil {
		return false, err
	}
	return o.shelf.PutVersion(ctx, p, seen)
}

func TestLatestOfEachKeepsTheOrderAndEverySKUOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.StringMatching(`[A-C]{1,3}`), rapid.IntRange(1, 2)).Draw(t, "versions by SKU")
		s := &shelf{}
		skus := slices.Sorted(maps.Keys(want))
		for _, sku := range skus {
			s.add(sku, []int64{2, 1}[:want[sku]]...)
		}
		got := latestOfEach(s.versions)
		if !slices.Equal(skusOf(got), skus) {
			t.Fatalf("got %q, want %q", skusOf(got), skus)
		}
		for _, p := range got {
			if p.Version != 2 {
				t.Fatalf("%s counts with version %d", p.SKU, p.Version)
			}
		}
	})
}

package order

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"twofold/internal/fact"
)

// pages reads a customer's list to its end.
func pages(t *testing.T, s *shop, limit int) (ids []string) {
	t.Helper()
	for next := ""; ; {
		res, page := call(t, s, "GET", "/v1/orders", "", func(r *events.APIGatewayProxyRequest) {
			r.QueryStringParameters = map[string]string{"limit": strconv.Itoa(limit)}
			if next != "" {
				r.QueryStringParameters["cursor"] = next
			}
		})
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, res.Body)
		}
		items := page["items"].([]any)
		if len(items) > limit {
			t.Fatalf("%d orders on a page of %d", len(items), limit)
		}
		for _, item := range items {
			ids = append(ids, item.(map[string]any)["orderId"].(string))
		}
		if next, _ = page["nextCursor"].(string); next == "" {
			return ids
		}
	}
}

func TestAllPagesTogetherAreTheCustomersOrdersOnceEachNewestFirst(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(east, west, newTestTable(), newTestTable())
		var want []string
		for i := range rapid.IntRange(0, 12).Draw(rt, "orders") {
			a := goodApplication()
			a.key = fmt.Sprintf("key-%d", i)
			s.clock.Set(noon.Add(time.Duration(i) * time.Millisecond))
			id := take(t, s, a).order.ID
			want = append(want, id)
			if rapid.Bool().Draw(rt, "taken by both") {
				s.own.put(factItem(placedFact(id, west, s.clock.Now().Add(-time.Hour))))
			}
			a.customer = "cust-2"
			take(t, s, a)
		}
		slices.Reverse(want)
		if got := pages(t, s, rapid.IntRange(1, 5).Draw(rt, "limit")); !slices.Equal(got, want) {
			rt.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func TestAListedOrderIsTheOrderThatIsRead(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	s.append(t, id, fact.Confirmed)
	read, _ := call(t, s, "GET", "/v1/orders/{orderId}", "", of(id))
	list, _ := call(t, s, "GET", "/v1/orders", "", asIs)
	if want := `{"items":[` + read.Body + `]}`; list.Body != want {
		t.Errorf("got  %s\nwant %s", list.Body, want)
	}
}

func TestABadPageIsAProblemThatPointsAtTheParameter(t *testing.T) {
	good, err := encodeCursor("cust-1", &position{Listed: listedKey(noon, "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"), Region: east})
	if err != nil {
		t.Fatal(err)
	}
	others, err := encodeCursor("cust-2", &position{Listed: listedKey(noon, "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"), Region: east})
	if err != nil {
		t.Fatal(err)
	}
	made := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	cases := []struct{ name, limit, cursor, pointer string }{
		{"limit 0", "0", good, "limit"}, {"limit 51", "51", good, "limit"}, {"limit that is none", "ten", good, "limit"},
		{"limit that overflows", "4294967297", good, "limit"},
		{"cursor that is no base64", "10", "*", "cursor"}, {"cursor that is no JSON", "10", "aGVsbG8", "cursor"},
		{"another customer's cursor", "10", others, "cursor"}, {"an empty cursor", "10", "", "cursor"},
		{"cursor of another place", "10", made(cursor{digest("cursor", "cust-1"), position{"person", east}}), "cursor"},
		{"cursor of another region", "10", made(cursor{digest("cursor", "cust-1"), position{listedKey(noon, "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"), "x"}}), "cursor"},
		{"good", "10", good, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(east, west, newTestTable(), newTestTable())
			res, out := call(t, s, "GET", "/v1/orders", "", func(r *events.APIGatewayProxyRequest) {
				r.QueryStringParameters = map[string]string{"limit": c.limit, "cursor": c.cursor}
			})
			if c.pointer == "" {
				if res.StatusCode != http.StatusOK {
					t.Errorf("%d %s", res.StatusCode, res.Body)
				}
				return
			}
			errs, _ := out["errors"].([]any)
			if res.StatusCode != http.StatusBadRequest || len(errs) != 1 || errs[0].(map[string]any)["pointer"] != c.pointer {
				t.Errorf("%d %s, want 400 with a pointer at %s", res.StatusCode, res.Body, c.pointer)
			}
		})
	}
}

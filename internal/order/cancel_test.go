package order

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

const cancellation = "/v1/orders/{orderId}/cancellation"

// of names the order of a request.
func of(id string) func(*events.APIGatewayProxyRequest) {
	return func(r *events.APIGatewayProxyRequest) { r.PathParameters = map[string]string{"orderId": id} }
}

func TestAWishToCancelStandsInBothRegionsAndIsAnObligationOfTheSweep(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	res, order := call(t, s, "POST", cancellation, "", of(id))
	if res.StatusCode != http.StatusAccepted || res.Headers[platform.DurabilityHeader] != "two-regions" || order["cancelRequested"] != true || order["state"] != "PLACED" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Headers, res.Body)
	}
	key := path(factKey(id, fact.CancelRequested, east))
	if s.own.items[key] == nil || !reflect.DeepEqual(s.own.items[key], s.peers.items[key]) {
		t.Errorf("own %v, peer's %v", s.own.items[key], s.peers.items[key])
	}
	if got, want := keyPart(s.own.items[key], "sweep"), "cancel#"+east+"#0"; got != want {
		t.Errorf("stands in the index at %q, want %q", got, want)
	}
}

func TestTheSameWishAgainIsAnsweredAsTheFirstAndBroughtToThePeerThen(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	s.peers.down = errDown
	first, _ := call(t, s, "POST", cancellation, "{}", of(id))
	s.peers.down = nil
	again, _ := call(t, s, "POST", cancellation, "", of(id))
	if first.Headers[platform.DurabilityHeader] != "one-region" || again.Headers[platform.DurabilityHeader] != "two-regions" || first.Body != again.Body {
		t.Errorf("%v %s\nthen %v %s", first.Headers, first.Body, again.Headers, again.Body)
	}
	other := newShop(west, east, s.peers, s.own)
	if there, _ := call(t, other, "POST", cancellation, "", of(id)); there.StatusCode != http.StatusAccepted || s.peers.items[path(factKey(id, fact.CancelRequested, west))] != nil {
		t.Errorf("the other region wrote a wish of its own: %d %s", there.StatusCode, there.Body)
	}
}

func TestWhatAnOrderAnswersToAWishToCancel(t *testing.T) {
	cases := []struct {
		name   string
		facts  []fact.Kind
		status int
		writes bool
	}{
		{"placed", nil, 202, true},
		{"waiting for the shopper", []fact.Kind{fact.ActionRequired}, 202, true},
		{"confirmed", []fact.Kind{fact.Confirmed}, 202, true},
		{"cancelled", []fact.Kind{fact.CancelRequested, fact.Cancelled}, 202, false},
		{"cancelled by the shop", []fact.Kind{fact.Confirmed, fact.Cancelled}, 202, false},
		{"rejected", []fact.Kind{fact.Rejected}, 409, false},
		{"refused before", []fact.Kind{fact.Confirmed, fact.CancelRequested, fact.CancelRefused}, 409, false},
		{"dispatched", []fact.Kind{fact.Confirmed, fact.Dispatched}, 409, false},
		{"delivered before dispatched arrived", []fact.Kind{fact.Delivered}, 409, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(east, west, newTestTable(), newTestTable())
			id := take(t, s, goodApplication()).order.ID
			for _, kind := range c.facts {
				s.append(t, id, kind)
			}
			before := len(s.own.items)
			res, out := call(t, s, "POST", cancellation, "", of(id))
			if res.StatusCode != c.status || (len(s.own.items) > before) != c.writes {
				t.Fatalf("%d %s, %d items more", res.StatusCode, res.Body, len(s.own.items)-before)
			}
			if c.status == 409 && (out["code"] != "Conflict" || out["detail"] == "") {
				t.Errorf("no reason: %s", res.Body)
			}
			if c.status == 202 && res.Headers[platform.DurabilityHeader] != "two-regions" {
				t.Errorf("stands in %v", res.Headers)
			}
		})
	}
}

func TestNobodyCancelsAnothersOrder(t *testing.T) {
	s := newShop(east, west, newTestTable(), newTestTable())
	id := take(t, s, goodApplication()).order.ID
	before := len(s.own.items)
	for name, change := range map[string]func(*events.APIGatewayProxyRequest){
		"another customer": func(r *events.APIGatewayProxyRequest) { r.RequestContext.Authorizer["customer"] = "cust-2" },
		"no such order":    func(r *events.APIGatewayProxyRequest) { r.PathParameters["orderId"] = "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa" },
	} {
		res, _ := call(t, s, "POST", cancellation, "", func(r *events.APIGatewayProxyRequest) { of(id)(r); change(r) })
		if res.StatusCode != http.StatusNotFound || len(s.own.items) != before {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.Body)
		}
	}
}

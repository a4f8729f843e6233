package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func TestAConfirmedOrderIsCancelledWithRefundAndStockBack(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	id := p.place(p.east, "ada", "k", newOrder("TEA", 3, goodCard))
	p.awaitState("ada", id, "CONFIRMED")
	// Asked in the region that is not the order's home.
	a := p.send(p.west, request{method: "POST", path: "/v1/orders/" + id + "/cancellation", token: p.shopper("ada")})
	if a.Status != http.StatusAccepted || a.Header.Get("Twofold-Durability") != "two-regions" || a.Body["cancelRequested"] != true {
		t.Fatalf("%d %v %s", a.Status, a.Header, a.Raw)
	}
	p.awaitState("ada", id, "CANCELLED")
	p.await("the goods are back", func() bool {
		s := p.send(p.east, request{method: "GET", path: "/v1/products/TEA/stock", token: p.staff()})
		return s.Body["available"] == 10.0
	})
	if kinds := factKinds(t, p, p.west, id); !kinds["refunded"] || !kinds["confirmed"] || !kinds["cancelled"] {
		t.Errorf("the facts are %v", kinds)
	}
	again := p.send(p.east, request{method: "POST", path: "/v1/orders/" + id + "/cancellation", token: p.shopper("ada")})
	if again.Status != http.StatusAccepted || again.text("state") != "CANCELLED" {
		t.Errorf("asked again: %d %s", again.Status, again.Raw)
	}
	p.promisesKept(id)
}

func TestAnOrderThatIsCancelledAtOnceIsCalledOffWhateverTheSagaIsDoing(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 20)
	var ids []string
	for i := range 8 {
		id := p.place([]string{p.east, p.west}[i%2], "ada", fmt.Sprint("k", i), newOrder("TEA", 1, goodCard))
		ids = append(ids, id)
		time.Sleep(time.Duration(i) * 5 * time.Millisecond) // at different moments of the saga
		if a := p.send(p.east, request{method: "POST", path: "/v1/orders/" + id + "/cancellation", token: p.shopper("ada")}); a.Status != http.StatusAccepted && a.Status != http.StatusNotFound {
			t.Fatalf("%d %s", a.Status, a.Raw)
		} else if a.Status == http.StatusNotFound {
			t.Fatalf("an order that stands in two regions is not found in one: %s", a.Raw)
		}
	}
	for _, id := range ids {
		p.awaitState("ada", id, "CANCELLED")
	}
	p.promisesKept(ids...)
}

func TestAShopperSeesOwnOrdersNewestFirst(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	var want []string
	for i := range 5 {
		want = append([]string{p.place([]string{p.east, p.west}[i%2], "ada", fmt.Sprint("k", i), newOrder("TEA", 1, goodCard))}, want...)
		time.Sleep(2 * time.Millisecond)
	}
	p.place(p.east, "eve", "k", newOrder("TEA", 1, goodCard))
	for _, region := range p.Regions() {
		p.await("the list is complete in "+region, func() bool { return strings.Join(list(p, region, "ada"), " ") == strings.Join(want, " ") })
	}
	bad := p.send(p.east, request{method: "GET", path: "/v1/orders?cursor=nonsense", token: p.shopper("ada")})
	if bad.Status != http.StatusBadRequest || !strings.Contains(bad.Raw, `"pointer":"cursor"`) {
		t.Errorf("a bad cursor: %d %s", bad.Status, bad.Raw)
	}
}

// list reads a customer's orders two at a time.
func list(p *platform, region, customer string) (ids []string) {
	for next := ""; ; {
		path := "/v1/orders?limit=2"
		if next != "" {
			path += "&cursor=" + next
		}
		a := p.send(region, request{method: "GET", path: path, token: p.shopper(customer)})
		if a.Status != http.StatusOK {
			p.t.Fatalf("%d %s", a.Status, a.Raw)
		}
		for _, item := range a.Body["items"].([]any) {
			ids = append(ids, item.(map[string]any)["orderId"].(string))
		}
		if next = a.text("nextCursor"); next == "" {
			return ids
		}
	}
}

// invoke calls a function as an operator would with the AWS CLI.
func invoke(t *testing.T, p *platform, region, function string, in any) string {
	t.Helper()
	payload, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	client := lambda.New(lambda.Options{Region: region, BaseEndpoint: aws.String(p.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")})
	res, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("twofold-local-" + function + ":live"), Payload: payload})
	if err != nil || res.FunctionError != nil {
		t.Fatalf("%s: %v %s", function, err, res.Payload)
	}
	return string(res.Payload)
}

func TestAnErasedPersonIsGoneFromBothRegions(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	id := p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	p.awaitState("ada", id, "CONFIRMED")
	if err := p.Quiet(t.Context()); err != nil { // its mail has gone out
		t.Fatal(err)
	}
	for _, region := range p.Regions() {
		invoke(t, p, region, "order-erase", map[string]string{"customer": "ada"})
	}
	for _, region := range p.Regions() {
		p.await("the person is gone in "+region, func() bool {
			return !strings.Contains(invoke(t, p, region, "order-query", map[string]string{"orderId": id, "want": "person"}), "Ada")
		})
	}
	p.awaitState("ada", id, "CONFIRMED")
}

func TestHealthTellsWhatTheProbeFound(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	for _, region := range p.Regions() {
		invoke(t, p, region, "health-probe", map[string]string{})
		a := p.send(region, request{method: "GET", path: "/health"})
		if a.Status != http.StatusOK || a.text("status") != "pass" || a.text("region") != region {
			t.Errorf("%s: %d %s", region, a.Status, a.Raw)
		}
	}
}

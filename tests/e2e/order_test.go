package e2e_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/local/core"
	"twofold/local/world"
)

func TestAnOrderIsConfirmedAndStoredInBothRegions(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	a := p.send(p.west, request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "k1", body: newOrder("TEA", 2, goodCard)})
	if a.Status != http.StatusAccepted || a.Header.Get("Twofold-Durability") != "two-regions" || !strings.HasSuffix(a.Header.Get("Location"), a.text("orderId")) {
		t.Fatalf("%d %v %s", a.Status, a.Header, a.Raw)
	}
	id := a.text("orderId")
	p.awaitState("ada", id, "CONFIRMED")
	p.promisesKept(id)

	for _, region := range p.Regions() {
		kinds := factKinds(t, p, region, id)
		if !kinds["placed"] || !kinds["confirmed"] {
			t.Errorf("the replica of %s holds the facts %v", region, kinds)
		}
	}
}

// factKinds reads an order's facts with the AWS SDK, as an operator would with the AWS CLI.
func factKinds(t *testing.T, p *platform, region, orderID string) map[string]bool {
	t.Helper()
	client := dynamodb.New(dynamodb.Options{Region: region, BaseEndpoint: aws.String(p.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")})
	res, err := client.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("twofold-local-orders"), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :fact)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: "order#" + orderID}, ":fact": &types.AttributeValueMemberS{Value: "fact#"}}})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, item := range res.Items {
		kinds[item["kind"].(*types.AttributeValueMemberS).Value] = true
	}
	return kinds
}

func TestTheSameRequestInBothRegionsIsOneOrder(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	body := newOrder("TEA", 1, goodCard)
	id := p.place(p.east, "ada", "same", body)
	for _, region := range []string{p.west, p.east, p.west} {
		if again := p.place(region, "ada", "same", body); again != id {
			t.Fatalf("%s made it %s, not %s", region, again, id)
		}
	}
	other := p.send(p.west, request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "same", body: newOrder("TEA", 2, goodCard)})
	if other.Status != http.StatusUnprocessableEntity || other.text("code") != "IdempotencyMismatch" {
		t.Errorf("the key with another body: %d %s", other.Status, other.Raw)
	}
	p.awaitState("ada", id, "CONFIRMED")
	p.promisesKept(id)
}

func TestARefusedOrderIsRejectedAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 3)
	bodies := map[string]string{
		"PaymentDeclined":     newOrder("TEA", 1, "pm_card_chargeDeclined"),
		"InsufficientStock":   newOrder("TEA", 7, goodCard), // more than both regions have
		"ShipmentUnavailable": strings.Replace(newOrder("TEA", 1, goodCard), "SW1Y 4JH", "UNDELIVERABLE", 1),
	}
	var ids []string
	for reason, body := range bodies {
		id := p.place(p.east, "ada", reason, body)
		p.awaitState("ada", id, "REJECTED")
		if got := p.send(p.west, request{method: "GET", path: "/v1/orders/" + id, token: p.shopper("ada")}).text("reason"); got != reason {
			t.Errorf("rejected because of %q, want %q", got, reason)
		}
		ids = append(ids, id)
	}
	p.promisesKept(ids...)
}

// The saga is stopped between the capture and the fact that tells of it: nothing but the sweep knows of the order then.
func TestTheSweepConfirmsAnOrderWhoseSagaDiedAfterTheCapture(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *world.Options) { o.Overrides = map[string]string{"SweepOwnAfter": "1s"} })
	p.stock("TEA", 790, 10)
	var dead atomic.Bool
	dead.Store(true)
	p.Cloud().Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if dead.Load() && call.Service == "lambda" && strings.Contains(call.Path, "order-saga") {
			return core.Errorf("InvalidRuntimeException", "stopped by the test")
		}
		return nil
	})
	id := p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	p.await("the saga has ended without writing the outcome", func() bool {
		return p.Cloud().Journal.Count(core.KindExecution) > 0
	})
	if state := p.send(p.east, request{method: "GET", path: "/v1/orders/" + id, token: p.shopper("ada")}).text("state"); state != "PLACED" {
		t.Fatalf("the order is %s", state)
	}
	dead.Store(false)
	p.awaitFor(2*time.Minute, "the sweep, which looks at whole minutes that are over, has started the saga again", func() bool {
		time.Sleep(time.Second)
		if _, err := p.Invoke(t.Context(), p.east, "twofold-local-order-sweep", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		return p.Cloud().Journal.Count(core.KindExecution) > 1
	})
	p.awaitState("ada", id, "CONFIRMED")
	p.promisesKept(id)
}

// changed is a copy of the deployable files with one text replaced in one of them.
func changed(t *testing.T, file, old, replacement string) string {
	t.Helper()
	return changedBehind(t, file, "", old, replacement)
}

// changedBehind replaces the first such text behind another one.
func changedBehind(t *testing.T, file, anchor, old, replacement string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"template.yaml", "samconfig.toml", "openapi.yaml", "stacks", "statemachine", "events"} {
		if err := os.CopyFS(filepath.Join(root, name), os.DirFS(filepath.Join(repository(t), name))); err == nil {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(repository(t), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(root, file)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, behind, found := strings.Cut(string(raw), anchor)
	if !found || !strings.Contains(behind, old) {
		t.Fatalf("%s does not contain %q behind %q", file, old, anchor)
	}
	if err := os.WriteFile(path, []byte(before+anchor+strings.Replace(behind, old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/world"
)

func TestACallThatTheRoleDoesNotAllowIsDeniedAndNamed(t *testing.T) {
	t.Parallel()
	root := changedBehind(t, "stacks/orders.yaml", "OrderSagaFunction:", "dynamodb:PutItem", "dynamodb:GetItem")
	p := start(t, func(o *world.Options) { o.Root = root })
	p.stock("TEA", 790, 10)
	p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	p.await("the call is denied", func() bool { return p.Cloud().Journal.Count(core.KindDenied) > 0 })
	denied := p.Cloud().Journal.Entries(core.KindDenied)[0]
	line := denied.Subject + " " + denied.Detail
	for _, part := range []string{"order-saga", "dynamodb:PutItem", "table/twofold-local-orders"} {
		if !strings.Contains(line, part) {
			t.Errorf("the denial %q does not name %s", line, part)
		}
	}
}

func TestWhatIsWrongInAFileStopsTheStartWithItsPlace(t *testing.T) {
	cases := map[string]struct{ file, old, replacement, want string }{
		"event pattern": {"stacks/saga.yaml", "detail-type: [OrderPlaced, OrderCancelRequested, OrderPaymentUpdated]", "detail-type: OrderPlaced", "stacks/saga.yaml:"},
		"state machine": {"statemachine/order-saga.asl.json", `"Next": "BookShipment"`, `"Next": "BookShipments"`, "BookShipments"},
		"reference":     {"stacks/events.yaml", "!GetAtt Bus.Arn", "!GetAtt Buss.Arn", "stacks/events.yaml:"},
		"parameter":     {"samconfig.toml", `"MailFrom=shop@twofold.example",`, "", "MailFrom"},
		"property":      {"stacks/data.yaml", "BillingMode: PAY_PER_REQUEST", "BillingModes: PAY_PER_REQUEST", "stacks/data.yaml:"},
		"resource type": {"stacks/events.yaml", "AWS::Events::Archive", "AWS::Events::Endpoint", "stacks/events.yaml:"},
		"pipe filter":   {"stacks/events.yaml", `"type":{"S":[{"prefix":"Order"}]}`, `"type":{"S":[{"prefixx":"Order"}]}`, "stacks/events.yaml:"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := changed(t, c.file, c.old, c.replacement)
			w, err := world.Start(context.Background(), world.Options{Root: root, Functions: functions(t)})
			if err == nil {
				t.Fatal("it started", w.Close())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\ndoes not say %s", err, c.want)
			}
		})
	}
}

func TestAnEventThatNoRuleWantsIsSeen(t *testing.T) {
	t.Parallel()
	root := changed(t, "stacks/saga.yaml", "[OrderPlaced, OrderCancelRequested", "[OrderPlacd, OrderCancelRequested")
	p := start(t, func(o *world.Options) { o.Root = root })
	p.stock("TEA", 790, 10)
	a := p.send(p.east, request{method: "POST", path: "/v1/orders", token: p.shopper("ada"), key: "k", body: newOrder("TEA", 1, goodCard)})
	if a.Status != http.StatusAccepted {
		t.Fatalf("%d %s", a.Status, a.Raw)
	}
	p.await("an event is unmatched", func() bool { return p.Cloud().Journal.Count(core.KindUnmatched) > 0 })
}

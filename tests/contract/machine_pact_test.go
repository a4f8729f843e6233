//go:build pact

package contract_test

import (
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/matchers"
	message "github.com/pact-foundation/pact-go/v2/message/v4"
)

// The state machine is started with what the rule makes of an event.
func TestWhatTheStateMachineNeedsOfEvents(t *testing.T) {
	log.SetOutput(io.Discard) // pact-go's own lines
	dir := os.Getenv("TWOFOLD_PACTS")
	if dir == "" {
		t.Fatal("TWOFOLD_PACTS is not set: run this test with `make contract`")
	}
	confirmed := script{"LoadOrder": {order("CONFIRMED", "committed")}}
	for _, c := range []struct{ given, cause, steps string }{
		{"an order is placed", "OrderPlaced", "LoadOrder ReleaseShipment SettleStock"},
		{"a confirmed order is cancelled", "OrderCancelRequested", "LoadOrder ReleaseShipment SettleStock"},
		{"the payment provider tells of an order", "OrderPaymentUpdated", "LoadOrder"}, // nothing waits for it any more
	} {
		pact, err := message.NewAsynchronousPact(message.Config{Consumer: "order-saga-machine", Provider: "order", PactDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		err = pact.AddAsynchronousMessage().Given(c.given).ExpectsToReceive(c.cause).
			WithJSONContent(map[string]any{"orderId": matchers.Regex("ord_mfzwizlooqqho3tpnvqxi2lomq", "^ord_[a-z2-7]{26}$"), "cause": matchers.Equality(c.cause)}).
			ConsumedBy(func(m message.AsynchronousMessage) error {
				steps, ended := play(t, string(m.Contents), confirmed)
				if got := strings.Join(steps, " "); got != c.steps || ended.Status != "SUCCEEDED" {
					t.Errorf("%s: %s %s after %s, want %s", c.cause, ended.Status, ended.Error, got, c.steps)
				}
				return nil
			}).Verify(t)
		if err != nil {
			t.Error(err)
		}
	}
}

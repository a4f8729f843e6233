package operator_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

// publish puts an event on a region's bus.
func (s *stage) publish(region, source, detailType, detail string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"Entries": []any{map[string]string{"EventBusName": "twofold-local", "Source": source, "DetailType": detailType, "Detail": detail}}})
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.Do(context.Background(), "publish", func(ctx context.Context) error {
		_, err := s.Cloud().Do(ctx, &core.Call{Region: region, Service: "events", Operation: "PutEvents", Body: body})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.wait(10 * time.Second)
}

func TestDeadLettersAreListedShownAndSentBack(t *testing.T) {
	s := simulate(t)
	s.publish(east, "twofold.inventory", "StockReceived", `{"sku":"TEA","receiptId":"r","region":"us-east-1","target":"us-east-1","quantity":"-1"}`)
	count := func() string {
		for _, line := range strings.Split(s.want("dlq list"), "\n") {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "inventory-events-dead" && f[1] == east {
				return f[2]
			}
		}
		return "no line"
	}
	if n := count(); n != "1" {
		t.Fatalf("%s dead letters", n)
	}
	shown := s.want("dlq show inventory-events-dead -in us-east-1", "ErrorCode: InvalidRequest", "Function: twofold-local-inventory-events", `"quantity":"-1"`)
	s.wait(time.Minute)
	s.want("dlq redrive inventory-events-dead -in us-east-1", "Nothing was changed", "1 messages", "inventory-events")
	s.want("dlq redrive inventory-events-dead -in us-east-1 -apply", "on their way to inventory-events")
	s.wait(time.Minute)
	if again := s.want("dlq show inventory-events-dead -in us-east-1", "ErrorCode: InvalidRequest"); again == shown {
		t.Error("the message was not sent back: it is the same letter")
	}
	s.want("dlq show order-prices-dead -in us-east-1", "shows no message")
	s.refused("dlq redrive saga-start-dead -in us-east-1", "belongs to no queue")
	s.refused("dlq show nothing -in us-east-1", "it has", "inventory-events-dead")
}

func TestEventsAreReplayed(t *testing.T) {
	s := simulate(t)
	from := s.Cloud().Now().UTC().Format(time.RFC3339)
	s.receive(east, 10)
	s.place(east, "k1", 1)
	s.wait(2 * time.Minute)
	before := s.Cloud().Journal.Count(core.KindEvent)
	s.want("replay -in us-east-1 -from "+from, "Nothing was changed", "all rules")
	s.want("replay -in us-east-1 -apply -from "+from, "was started")
	s.wait(time.Minute)
	if after := s.Cloud().Journal.Count(core.KindEvent); after <= before {
		t.Errorf("%d events before, %d after", before, after)
	}
	s.want("stock show "+sku, "us-east-1")
	if out := s.want("stock show " + sku); column(out, east, available) != "9" {
		t.Errorf("a replay has changed the stock:\n%s", out)
	}
	s.refused("replay -in us-east-1 -from "+from+" -rule nothing", "has no rule like")
	s.refused("replay -in us-east-1 -from yesterday", "write -from")
}

func TestStockIsEvenedOutAtOnce(t *testing.T) {
	s := simulate(t)
	s.receive(east, 40)
	s.place(west, "k1", 2)
	s.wait(2 * time.Minute)
	if out := s.want("stock rebalance "+sku, "Nothing was changed"); column(out, east, available) == "no line" {
		t.Errorf("it does not show both regions:\n%s", out)
	}
	s.want("stock rebalance "+sku+" -apply", "Evened out")
	s.refused("stock show NOTHING", "ever had NOTHING in stock")
}

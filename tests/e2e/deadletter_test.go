package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"twofold/local/core"
	"twofold/local/world"
)

// deadLetter receives one message of a queue, with its attributes.
func deadLetter(t *testing.T, p *platform, region, queue string) (body string, attributes map[string]string) {
	t.Helper()
	client := sqs.New(sqs.Options{Region: region, BaseEndpoint: aws.String(p.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")})
	url, err := client.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("twofold-local-" + queue)})
	if err != nil {
		t.Fatal(err)
	}
	attributes = map[string]string{}
	p.await("a dead letter is in "+queue, func() bool {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl, MessageAttributeNames: []string{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			body = *m.Body
			for name, a := range m.MessageAttributes {
				attributes[name] = aws.ToString(a.StringValue)
			}
		}
		return len(out.Messages) > 0
	})
	return body, attributes
}

// publish puts an event on a region's bus, as an operator would with the AWS CLI.
func publish(t *testing.T, p *platform, region, source, detailType, detail string) {
	t.Helper()
	entry := map[string]string{"EventBusName": "twofold-local", "Source": source, "DetailType": detailType, "Detail": detail}
	body, err := json.Marshal(map[string]any{"Entries": []any{entry}})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := p.Cloud().Do(t.Context(), &core.Call{Region: region, Service: "events", Operation: "PutEvents", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, raw := core.Encode(reply, nil); !strings.Contains(string(raw), `"FailedEntryCount":0`) {
		t.Fatalf("%s", raw)
	}
}

func TestABadEventOnTheBusLandsInADeadLetterQueueWithItsReasonAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.stock("TEA", 790, 10)
	for _, c := range []struct{ source, detailType, detail, queue, function string }{
		{"twofold.inventory", "ProductChanged", `{"sku":"not a SKU","region":"us-east-1","version":"1","title":"x","amount":"many","currency":"EUR","active":"true"}`, "order-prices-dead", "order-prices"},
		{"twofold.inventory", "StockReceived", `{"sku":"TEA","receiptId":"r","region":"us-east-1","target":"us-east-1","quantity":"-1"}`, "inventory-events-dead", "inventory-events"},
		{"twofold.order", "OrderRejected", `{"orderId":5,"region":"us-east-1"}`, "notification-mail-dead", "notification-mail"},
	} {
		publish(t, p, p.east, c.source, c.detailType, c.detail)
		body, attributes := deadLetter(t, p, p.east, c.queue)
		var event struct {
			Detail json.RawMessage `json:"detail"`
		}
		if err := json.Unmarshal([]byte(body), &event); err != nil || string(event.Detail) != c.detail {
			t.Errorf("%s: the dead letter is %s", c.detailType, body)
		}
		if attributes["ErrorCode"] != "InvalidRequest" || attributes["ErrorMessage"] == "" || attributes["Function"] != "twofold-local-"+c.function ||
			attributes["RequestID"] == "" || attributes["MessageID"] == "" {
			t.Errorf("%s: the reason is %v", c.detailType, attributes)
		}
	}
	id := p.place(p.east, "ada", "k", newOrder("TEA", 1, goodCard))
	p.awaitState("ada", id, "CONFIRMED")
}

func TestAnEventWhoseTargetRefusesItLandsInADeadLetterQueueWithTheReason(t *testing.T) {
	t.Parallel()
	root := changed(t, "stacks/saga.yaml", "Action: states:StartExecution", "Action: states:DescribeExecution")
	p := start(t, func(o *world.Options) { o.Root = root })
	publish(t, p, p.east, "twofold.order", "OrderPlaced", fmt.Sprintf(`{"orderId":"ord_aaaaaaaaaaaaaaaaaaaaaaaaaa","home":%q}`, p.east))
	_, attributes := deadLetter(t, p, p.east, "saga-start-dead")
	if attributes["ERROR_CODE"] != "NO_PERMISSIONS" || attributes["ERROR_MESSAGE"] == "" || attributes["RULE_ARN"] == "" || attributes["TARGET_ARN"] == "" || attributes["RETRY_ATTEMPTS"] != "0" {
		t.Errorf("the reason is %v", attributes)
	}
}

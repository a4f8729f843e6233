package events

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.yaml.in/yaml/v3"

	"twofold/internal/platform"
)

const invokeFolder = SampleFolder + "/invoke"

// TestEveryFunctionHasAnInputForSamLocalInvoke: sam local invoke <function> -e events/samples/invoke/<function>.json.
func TestEveryFunctionHasAnInputForSamLocalInvoke(t *testing.T) {
	folders, err := fs.ReadDir(repository(), "functions")
	if err != nil {
		t.Fatal(err)
	}
	have := samples(t, repository(), invokeFolder)
	for _, f := range folders {
		if have[f.Name()] == nil {
			t.Errorf("functions/%s has no input to try it with: write %s/%s.json", f.Name(), invokeFolder, f.Name())
		}
		delete(have, f.Name())
	}
	for name := range have {
		t.Errorf("%s/%s.json is for a function that is not there", invokeFolder, name)
	}
}

func read[T any](t *testing.T, name string) (v T) {
	t.Helper()
	raw, err := fs.ReadFile(repository(), invokeFolder+"/"+name+".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func TestQueueInputsCarryEventsThatTheRulesSendThere(t *testing.T) {
	all := schemas(t, repository())
	stacks, err := ReadStacks(repository())
	if err != nil {
		t.Fatal(err)
	}
	routed, _ := stacks.routes()
	for _, function := range []string{"inventory-events", "notification-mail", "order-prices"} {
		service, _, _ := strings.Cut(function, "-")
		batch := read[events.SQSEvent](t, function)
		if len(batch.Records) == 0 {
			t.Errorf("%s: no messages", function)
		}
		for _, m := range batch.Records {
			var head struct {
				DetailType string `json:"detail-type"`
			}
			if err := json.Unmarshal([]byte(m.Body), &head); err != nil {
				t.Fatal(err)
			}
			if !routed[service+" "+head.DetailType].there() {
				t.Errorf("%s: no rule sends %s there", function, head.DetailType)
				continue
			}
			if err := all[head.DetailType].Validate([]byte(m.Body)); err != nil {
				t.Errorf("%s: %v", function, err)
			}
		}
	}
}

func TestAPIInputsNameOperationsOfTheDocument(t *testing.T) {
	raw, err := fs.ReadFile(repository(), "openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for _, function := range []string{"order-api", "inventory-api", "api-health", "payment-webhook", "shipping-webhook"} {
		in := read[events.APIGatewayProxyRequest](t, function)
		if doc.Paths[in.Resource][strings.ToLower(in.HTTPMethod)] == nil {
			t.Errorf("%s: openapi.yaml has no %s %s", function, in.HTTPMethod, in.Resource)
		}
	}
}

// TestWebhookInputsAreSigned with the local stage's secrets; the functions refuse them all the same for their age, as they should.
func TestWebhookInputsAreSigned(t *testing.T) {
	for function, c := range map[string]struct{ header, secret string }{
		"payment-webhook": {"Stripe-Signature", "whsec_local"}, "shipping-webhook": {"Carrier-Signature", "carrier_webhook_local"},
	} {
		in := read[events.APIGatewayProxyRequest](t, function)
		signed := time.UnixMilli(in.RequestContext.RequestTimeEpoch)
		if err := platform.CheckSignature(in.Headers[c.header], in.Body, []string{c.secret}, signed); err != nil {
			t.Errorf("%s: %v", function, err)
		}
	}
}

func TestSagaInputsNameStepsOfTheStateMachine(t *testing.T) {
	raw, err := fs.ReadFile(repository(), "statemachine/order-saga.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var machine struct{ States map[string]any }
	if err := json.Unmarshal(raw, &machine); err != nil {
		t.Fatal(err)
	}
	for _, function := range []string{"order-saga", "inventory-saga", "payment-saga", "shipping-saga"} {
		in := read[struct {
			Step  string
			Order struct{ OrderID string }
		}](t, function)
		if !slices.Contains(keys(machine.States), in.Step) || in.Order.OrderID == "" {
			t.Errorf("%s: %+v", function, in)
		}
	}
}

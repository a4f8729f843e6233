package eventbridge_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/eventbridge"
)

func TestTargetInputs(t *testing.T) {
	const rule = `arn:aws:events:us-east-1:000000000000:rule/shop/placed`
	cases := []struct{ name, extra, want string }{
		{"a constant", `,"Input":"{\"x\":1}"`, `{"x":1}`},
		{"a path", `,"InputPath":"$.detail.lines[1]"`, `{"sku":"B"}`},
		{"a path to a string", `,"InputPath":"$.detail.kind"`, `"placed"`},
		{"values", `,"InputTransformer":{"InputPathsMap":{"kind":"$.detail.kind","n":"$.detail.n"},"InputTemplate":"{\"k\": <kind>, \"n\": <n>, \"t\": \"is <kind>\"}"}`,
			`{"k": "placed", "n": 5, "t": "is placed"}`},
		{"a missing value", `,"InputTransformer":{"InputPathsMap":{"x":"$.detail.gone"},"InputTemplate":"{\"x\": <x>}"}`, `{"x": ""}`},
		{"text", `,"InputTransformer":{"InputPathsMap":{"kind":"$.detail.kind"},"InputTemplate":"\"order is <kind>\""}`, `"order is placed"`},
		{"names of the rule", `,"InputTransformer":{"InputTemplate":"{\"a\":<aws.events.rule-arn>,\"n\":<aws.events.rule-name>,\"t\":<aws.events.event.ingestion-time>}"}`,
			`{"a":"` + rule + `","n":"placed","t":"2026-05-01T12:00:00Z"}`},
		{"the event without its detail", `,"InputTransformer":{"InputTemplate":"{\"e\":<aws.events.event>}"}`,
			`{"e":{"account":"000000000000","detailType":"OrderPlaced","id":"ID","region":"us-east-1","resources":[],"source":"twofold.order","time":"2026-05-01T12:00:00Z","version":"0"}}`},
		{"the whole event", `,"InputTransformer":{"InputTemplate":"<aws.events.event.json>"}`,
			`{"version":"0","id":"ID","detail-type":"OrderPlaced","source":"twofold.order","account":"000000000000","time":"2026-05-01T12:00:00Z","region":"us-east-1","resources":[],"detail":{"kind":"placed","n":5,"lines":[{"sku":"A"},{"sku":"B"}]}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.shop(east, c.extra)
			r.put(east, "shop", `{"kind":"placed","n":5,"lines":[{"sku":"A"},{"sku":"B"}]}`)
			r.run(time.Second)
			if len(r.deliveries) != 1 {
				t.Fatalf("%d deliveries", len(r.deliveries))
			}
			got := string(r.deliveries[0].Body)
			if i := strings.Index(got, `"id":"`); i >= 0 {
				got = got[:i+6] + "ID" + got[i+6+36:]
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAnInputThatCannotBeMadeIsADeadLetter(t *testing.T) {
	r := newRig(t)
	r.shop(east, `,"DeadLetterConfig":{"Arn":"`+dlq(east)+`"},"InputTransformer":{"InputPathsMap":{"l":"$.detail.lines"},"InputTemplate":"{\"x\": \"<l>\"}"}`)
	r.put(east, "shop", `{"kind":"placed","lines":["A"]}`)
	r.run(time.Second)
	if len(r.deliveries) != 1 || r.deliveries[0].Attributes["ERROR_CODE"] != "INVALID_JSON" {
		t.Errorf("got %v", r.deliveries)
	}
}

func TestTargetsAreChecked(t *testing.T) {
	r := newRig(t)
	r.must(east, "PutRule", `{"Name":"r","EventPattern":"{\"source\":[\"s\"]}"}`)
	put := func(target string) string { return `{"Rule":"r","Targets":[` + target + `]}` }
	q := `"Arn":"` + queue(east) + `"`
	r.refused(east, "PutTargets", put(`{"Id":"t",`+q+`,"InputPath":"$.a","Input":"1"}`), "ValidationException",
		"Only one of Input, InputPath, or InputTransformer must be provided for target t.")
	r.refused(east, "PutTargets", put(`{"Id":"t",`+q+`,"InputTransformer":{"InputPathsMap":{"a":"$.a"},"InputTemplate":"\"<b>\""}}`), "ValidationException",
		"InputTemplate for target t contains invalid placeholder b.")
	r.refused(east, "PutTargets", put(`{"Id":"t","Arn":"`+queue(west)+`"}`), "ValidationException",
		"Target t is in another region: only an event bus may be ("+queue(west)+")")
	r.refused(east, "PutTargets", put(`{"Id":"t","Arn":"`+core.ARN("events", west, "event-bus/b")+`"}`), "ValidationException",
		"RoleArn is required for target t: an event bus of another region")
	r.refused(east, "PutTargets", put(`{"Id":"t",`+q+`,"RetryPolicy":{"MaximumRetryAttempts":186}}`), "ValidationException",
		"MaximumRetryAttempts of target t must be between 0 and 185")
	r.refused(east, "PutTargets", put(`{"Id":"t",`+q+`,"KinesisParameters":{}}`), "UnsupportedOperationException",
		`the local cloud does not run these targets: json: unknown field "KinesisParameters" of EventBridge`)
	var six []string
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		six = append(six, `{"Id":"`+id+`",`+q+`}`)
	}
	r.refused(east, "PutTargets", put(strings.Join(six, ",")), "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	r.refused(east, "PutTargets", `{"Rule":"none","Targets":[]}`, "ResourceNotFoundException", "Rule none does not exist on EventBus default.")
}

func TestRulesAndTargetsOverTheWire(t *testing.T) {
	r := newRig(t)
	r.must(east, "CreateEventBus", `{"Name":"b"}`)
	r.refused(east, "CreateEventBus", `{"Name":"b"}`, "ResourceAlreadyExistsException", "Event bus b already exists.")
	r.refused(east, "DescribeEventBus", `{"Name":"c"}`, "ResourceNotFoundException", "Event bus c does not exist.")
	r.refused(east, "DeleteEventBus", `{"Name":"default"}`, "ValidationException", "Cannot delete event bus default.")
	if out := r.must(east, "ListEventBuses", `{}`); len(out["EventBuses"].([]any)) != 2 {
		t.Errorf("buses: %v", out)
	}
	out := r.must(east, "PutRule", `{"Name":"r","EventBusName":"b","EventPattern":"{\"source\":[\"s\"]}"}`)
	if out["RuleArn"] != "arn:aws:events:us-east-1:000000000000:rule/b/r" {
		t.Errorf("got %v", out)
	}
	r.refused(east, "PutRule", `{"Name":"x","EventPattern":"{\"int\": 42}"}`, "InvalidEventPatternException",
		"Event pattern is not valid. Reason: \"int\" must be an object or an array\n at [Source: (String)\"{\"int\": 42}\"; line: 1, column: 11]")
	r.refused(east, "PutRule", `{"Name":"x","EventBusName":"b","ScheduleExpression":"rate(1 minute)"}`, "ValidationException", "ScheduleExpression is supported only on the default event bus.")
	r.must(east, "PutTargets", `{"Rule":"r","EventBusName":"b","Targets":[{"Id":"t","Arn":"`+queue(east)+`"}]}`)
	r.must(east, "PutRule", `{"Name":"r","EventBusName":"b","EventPattern":"{\"source\":[\"t\"]}"}`)
	if out := r.must(east, "ListTargetsByRule", `{"Rule":"r","EventBusName":"b"}`); len(out["Targets"].([]any)) != 1 {
		t.Errorf("PutRule must keep the targets: %v", out)
	}
	r.must(east, "DisableRule", `{"Name":"r","EventBusName":"b"}`)
	if out := r.must(east, "DescribeRule", `{"Name":"r","EventBusName":"b"}`); out["State"] != "DISABLED" || out["EventPattern"] != `{"source":["t"]}` {
		t.Errorf("got %v", out)
	}
	r.must(east, "EnableRule", `{"Name":"r","EventBusName":"b"}`)
	r.refused(east, "DeleteRule", `{"Name":"r","EventBusName":"b"}`, "ValidationException", "Rule can't be deleted since it has targets.")
	r.must(east, "RemoveTargets", `{"Rule":"r","EventBusName":"b","Ids":["t"]}`)
	r.must(east, "DeleteRule", `{"Name":"r","EventBusName":"b"}`)
	r.must(east, "DeleteRule", `{"Name":"r","EventBusName":"b"}`)
	if out := r.must(east, "ListRules", `{"EventBusName":"b"}`); len(out["Rules"].([]any)) != 0 {
		t.Errorf("rules: %v", out)
	}
	r.must(east, "DeleteEventBus", `{"Name":"b"}`)
	if _, err := r.call(east, "CreateApiDestination", `{}`); err == nil || !strings.Contains(err.Error(), "does not run") {
		t.Errorf("an operation that is not run must say so: %v", err)
	}
}

func TestADisabledRuleMatchesNothing(t *testing.T) {
	r := newRig(t)
	r.shop(east, "")
	r.must(east, "DisableRule", `{"Name":"placed","EventBusName":"shop"}`)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Second)
	if len(r.deliveries) != 0 || r.cloud.Journal.Count(core.KindUnmatched) != 1 {
		t.Error("a disabled rule delivered")
	}
}

func TestProvisioningNamesPlaceAndFault(t *testing.T) {
	cases := []struct{ kind, properties, want string }{
		{"AWS::Events::Rule", `{"EventPattern":{"detail":{"kind":"placed"}}}`, `EventPattern: "kind" must be an object or an array at /detail/kind`},
		{"AWS::Events::Rule", `{"EventBusName":"none","EventPattern":{"source":["s"]}}`, `Event bus none does not exist.`},
		{"AWS::Events::Rule", `{"EventPattern":{"source":["s"]},"RoleArn":"x"}`, `does not run the property "RoleArn"`},
		{"AWS::Events::Rule", `{"EventPattern":{"source":["s"]},"Targets":[{"Id":"t","Arn":"x"}]}`, `Targets: Parameter x is not valid`},
		{"AWS::Events::Rule", `{"ScheduleExpression":"rate(1 minute)"}`, `does not run the ScheduleExpression of a rule`},
		{"AWS::Events::Archive", `{"SourceArn":"x"}`, `SourceArn must be the ARN of an event bus of us-east-1`},
		{"AWS::EventSchemas::Schema", `{"Type":"JSONSchemaDraft4","Content":"{"}`, `Content is not JSON`},
		{"AWS::Events::Connection", `{}`, `not a resource of EventBridge`},
	}
	for _, c := range cases {
		_, err := newRig(t).service.Provision(t.Context(), resource(east, c.kind, "Thing", c.properties))
		if err == nil || !strings.HasPrefix(err.Error(), "stacks/events.yaml:7: Thing ("+c.kind+"): ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s gives %v", c.kind, c.properties, err)
		}
	}
}

func TestProvisioningAnswersRefAndGetAtt(t *testing.T) {
	r := newRig(t)
	bus := r.provision(east, "AWS::Events::EventBus", "Bus", `{"Name":"shop","Tags":[]}`)
	rule := r.provision(east, "AWS::Events::Rule", "Rule", `{"EventBusName":"`+bus.Ref+`","EventPattern":{"source":["s"]}}`)
	name := resource(east, "", "Rule", `{}`).PhysicalName()
	policy := r.provision(east, "AWS::Events::EventBusPolicy", "Policy", `{"EventBusName":"shop","StatementId":"peer","Statement":{"Effect":"Allow"}}`)
	schema := r.provision(east, "AWS::EventSchemas::Schema", "Schema", `{"RegistryName":"reg","SchemaName":"twofold.order@OrderPlaced","Type":"JSONSchemaDraft4","Content":"{}"}`)
	if bus.Ref != "shop" || bus.Attrs["Arn"] != core.ARN("events", east, "event-bus/shop") || rule.Ref != "shop|"+name ||
		rule.Attrs["Arn"] != core.ARN("events", east, "rule/shop/"+name) || policy.Ref != "peer" || schema.Attrs["SchemaVersion"] != "1" {
		t.Errorf("got %v %v %v %v", bus, rule, policy, schema)
	}
	if got, ok := r.service.Schema(east, "reg", "twofold.order@OrderPlaced"); !ok || got.Content != "{}" || len(r.service.Schemas(east, "reg")) != 1 {
		t.Errorf("schema %v", got)
	}
	if len(r.service.BusPolicy(east, "shop")) != 1 {
		t.Error("the bus policy is not kept")
	}
	r.provision(east, "AWS::Events::Rule", "Rule", `{"Name":"renamed","EventBusName":"shop","EventPattern":{"source":["s"]}}`)
	if out := r.must(east, "ListRules", `{"EventBusName":"shop"}`); len(out["Rules"].([]any)) != 1 {
		t.Errorf("a renamed rule must replace the old one: %v", out)
	}
}

func TestAScheduledRuleSendsItsEvent(t *testing.T) {
	var fire func(context.Context, time.Time)
	stopped := 0
	r := newRig(t, func(p *eventbridge.Ports) {
		p.Schedule = func(_, name, expression string, f func(context.Context, time.Time)) (func(), error) {
			if expression != "rate(1 minute)" {
				return nil, errors.New("bad")
			}
			fire = f
			return func() { stopped++ }, nil
		}
	})
	r.refused(east, "PutRule", `{"Name":"r","ScheduleExpression":"rate(x)"}`, "ValidationException", "Parameter ScheduleExpression is not valid.")
	r.must(east, "PutRule", `{"Name":"r","ScheduleExpression":"rate(1 minute)"}`)
	r.must(east, "PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"`+queue(east)+`"}]}`)
	fire(t.Context(), start)
	r.run(time.Second)
	if len(r.deliveries) != 1 || !strings.Contains(string(r.deliveries[0].Body), `"detail-type":"Scheduled Event","source":"aws.events"`) {
		t.Errorf("got %v", r.deliveries)
	}
	r.must(east, "DisableRule", `{"Name":"r"}`)
	if stopped != 1 {
		t.Error("a disabled rule's schedule goes on")
	}
}

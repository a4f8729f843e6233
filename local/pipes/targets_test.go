package pipes_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/pipes"
)

func TestAPipeGoesOnWhereItStood(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.pipe("", toBus)
	r.run(time.Second)
	saved := r.service.Checkpoints()
	if saved["us-east-1/facts"] != 1 {
		t.Fatalf("checkpoints %v", saved)
	}
	r.write("OrderPlaced", 2)
	r.service = r.newService()
	r.service.Restore(saved)
	r.entries = nil
	r.pipe("", toBus)
	r.run(time.Second)
	if got := details(r.entries); !strings.HasPrefix(got, "2") || strings.Contains(got, "1") {
		t.Errorf("delivered %s after the restart", got)
	}
}

func TestAnUpdateKeepsThePositionAndSameDefinitionKeepsRunning(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.pipe("", toBus)
	r.run(time.Second)
	r.pipe("", toBus)
	r.pipe(`,"BatchSize":5`, toBus)
	r.write("OrderPlaced", 2)
	r.more.Set()
	r.run(time.Second)
	r.more.Set()
	r.run(time.Second)
	if got := details(r.entries); got != "1 2" {
		t.Errorf("delivered %s", got)
	}
}

func TestStopAndStart(t *testing.T) {
	r := newRig(t)
	r.pipe("", `"DesiredState":"STOPPED",`+toBus)
	r.write("OrderPlaced", 1)
	r.run(time.Second)
	if len(r.entries) != 0 {
		t.Fatal("a stopped pipe delivered")
	}
	do := func(method, path string) map[string]any {
		reply, err := r.cloud.Do(t.Context(), &core.Call{Region: east, Service: "pipes", Method: method, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Body.(map[string]any)
	}
	if out := do("POST", "/v1/pipes/facts/start"); out["CurrentState"] != "RUNNING" {
		t.Errorf("got %v", out)
	}
	r.run(time.Second)
	if len(r.entries) != 1 || do("GET", "/v1/pipes/facts")["CurrentState"] != "RUNNING" || len(do("GET", "/v1/pipes")["Pipes"].([]map[string]any)) != 1 {
		t.Error("a started pipe must deliver and show")
	}
	if _, err := r.cloud.Do(t.Context(), &core.Call{Region: east, Service: "pipes", Method: "GET", Path: "/v1/pipes/none"}); err == nil {
		t.Error("an unknown pipe was found")
	}
	if _, err := r.cloud.Do(t.Context(), &core.Call{Region: east, Service: "pipes", Method: "DELETE", Path: "/v1/pipes/facts"}); err == nil {
		t.Error("an operation that is not run must say so")
	}
}

type allow func(action string) bool

func (a allow) Allowed(_ core.Principal, action, _ string, _ []core.ConditionKey) error {
	if a(action) {
		return nil
	}
	return errors.New("no policy allows it")
}

func TestThePipeNeedsItsRole(t *testing.T) {
	for _, missing := range []string{"dynamodb:GetRecords", "events:PutEvents"} {
		r := newRig(t)
		r.cloud.UseAuthorizer(allow(func(action string) bool { return action != missing }))
		r.write("OrderPlaced", 1)
		r.pipe("", toBus)
		r.run(time.Second)
		if len(r.entries) != 0 || r.cloud.Journal.Count(core.KindDenied) == 0 {
			t.Errorf("without %s: delivered %v, denied %d", missing, r.entries, r.cloud.Journal.Count(core.KindDenied))
		}
		if st := r.service.Statuses()[0]; !strings.Contains(st.LastError, missing) || st.Running == (missing == "dynamodb:GetRecords") {
			t.Errorf("without %s: status %+v", missing, st)
		}
	}
}

func TestQueueTarget(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.write("OrderPlaced", 2)
	r.pipe("", `"Target":"arn:aws:sqs:us-east-1:000000000000:q.fifo","TargetParameters":{"InputTemplate":"<$.dynamodb.Keys>","SqsQueueParameters":{"MessageGroupId":"$.dynamodb.Keys.pk.S","MessageDeduplicationId":"$.eventID"}}`)
	r.run(time.Second)
	if len(r.sent) != 2 || string(r.sent[1].Body) != `{"pk":{"S":"order#2"}}` || r.sent[1].MessageGroupID != "order#2" || r.sent[1].DeduplicationID != "2" || r.sent[1].Principal.RoleARN != role {
		t.Errorf("sent %+v", r.sent)
	}
}

func TestFunctionTargetMayRefuseRecords(t *testing.T) {
	r := newRig(t)
	refusals := 1
	r.answer = func(d pipes.Delivery) ([]byte, error) {
		if refusals > 0 {
			refusals--
			return []byte(`{"batchItemFailures":[{"itemIdentifier":"000000000000000000002"}]}`), nil
		}
		return []byte(`null`), nil
	}
	for n := range 3 {
		r.write("OrderPlaced", n)
	}
	r.pipe("", `"Target":"arn:aws:lambda:us-east-1:000000000000:function:f","TargetParameters":{"InputTemplate":"<$.eventID>"}`)
	r.run(time.Minute)
	if len(r.sent) != 2 || string(r.sent[0].Body) != `["1","2","3"]` || string(r.sent[1].Body) != `["2","3"]` {
		t.Errorf("sent %+v", r.sent)
	}
}

func TestWindowCollectsABatch(t *testing.T) {
	r := newRig(t)
	r.pipe(`,"BatchSize":3,"MaximumBatchingWindowInSeconds":5`, `"Target":"arn:aws:states:us-east-1:000000000000:stateMachine:m","TargetParameters":{"InputTemplate":"<$.eventID>","StepFunctionStateMachineParameters":{"InvocationType":"FIRE_AND_FORGET"}}`)
	r.write("OrderPlaced", 1)
	r.run(time.Second)
	r.write("OrderPlaced", 2)
	r.run(3 * time.Second)
	if len(r.sent) != 0 {
		t.Fatal("sent before the window was over")
	}
	r.run(2 * time.Second)
	if len(r.sent) != 1 || string(r.sent[0].Body) != `["1","2"]` || !r.sent[0].Async {
		t.Errorf("sent %+v", r.sent)
	}
}

func TestBadPipesAreRefused(t *testing.T) {
	cases := []struct{ name, props, want string }{
		{"enrichment", properties("", `"Enrichment":"x",`+toBus), `does not run the property "Enrichment"`},
		{"endpoint", properties("", `"Target":"`+bus+`","TargetParameters":{"EventBridgeEventBusParameters":{"EndpointId":"x"}}`), "EndpointId"},
		{"target", properties("", `"Target":"arn:aws:sns:us-east-1:000000000000:t"`), "runs event buses"},
		{"source", strings.Replace(properties("", toBus), stream, "arn:aws:sqs:us-east-1:000000000000:q", 1), "runs DynamoDB streams"},
		{"position", strings.Replace(properties("", toBus), "TRIM_HORIZON", "AT_TIMESTAMP", 1), "StartingPosition must be"},
		{"latest without its port", strings.Replace(properties("", toBus), "TRIM_HORIZON", "LATEST", 1), "does not run StartingPosition LATEST"},
		{"batch size", properties(`,"BatchSize":0`, toBus), "BatchSize must be between 1 and 10000, not 0"},
		{"partial", properties(`,"OnPartialBatchItemFailure":"X"`, toBus), "AUTOMATIC_BISECT"},
		{"filter", strings.Replace(properties("", toBus), `[\"INSERT\"]`, `\"INSERT\"`, 1), `SourceParameters/FilterCriteria/Filters/0/Pattern: "eventName" must be an object or an array at /eventName`},
		{"operator", strings.Replace(properties("", toBus), `[\"INSERT\"]`, `[{\"wildcard\":\"I*\"}]`, 1), "Pipes does not support wildcard"},
		{"placeholder", properties("", `"Target":"`+bus+`","TargetParameters":{"InputTemplate":"{\"a\": <aws.pipes.what>}"}`), "<aws.pipes.what> is neither"},
		{"role", strings.Replace(properties("", toBus), role, "", 1), "RoleArn is required"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := newRig(t).provision(c.props)
			if err == nil || !strings.HasPrefix(err.Error(), "stacks/events.yaml:9: Pipe (AWS::Pipes::Pipe): ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

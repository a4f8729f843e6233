package states

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const roleARN = "arn:aws:iam::000000000000:role/saga"

func taskState(more string) string {
	return `{"Type":"Task","Resource":"` + functionARN + `"` + more + `,"End":true}`
}

func TestRetriesComeWhenTheRetrierSays(t *testing.T) {
	s := time.Second
	for name, c := range map[string]struct {
		retry string
		want  []time.Duration
	}{
		"defaults":       {`{"ErrorEquals":["E"]}`, []time.Duration{0, 1 * s, 3 * s, 7 * s}},
		"rate and bound": {`{"ErrorEquals":["E"],"IntervalSeconds":3,"BackoffRate":2,"MaxAttempts":5,"MaxDelaySeconds":10}`, []time.Duration{0, 3 * s, 9 * s, 19 * s, 29 * s, 39 * s}},
		"fraction":       {`{"ErrorEquals":["States.ALL"],"IntervalSeconds":2,"BackoffRate":1.5,"MaxAttempts":3,"JitterStrategy":"NONE"}`, []time.Duration{0, 2 * s, 5 * s, 9500 * time.Millisecond}},
		"none":           {`{"ErrorEquals":["E"],"MaxAttempts":0}`, []time.Duration{0}},
		"another error":  {`{"ErrorEquals":["F"]}`, []time.Duration{0}},
		"task failed":    {`{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}`, []time.Duration{0, 1 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.lambda = answers(lambdaError("E", "no"))
			o := b.run(single(taskState(`,"Retry":[`+c.retry+`]`)), `{}`)
			if !slices.Equal(b.at, c.want) || o.Error != "E" {
				t.Errorf("called at %v, want %v; %s", b.at, c.want, o.Error)
			}
		})
	}
}

func TestJitterDrawsBelowTheDelay(t *testing.T) {
	var seen []time.Duration
	for seed := range uint64(5) {
		b := seededBench(t, seed)
		b.lambda = answers(lambdaError("E", "no"), "1")
		b.run(single(taskState(`,"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":100,"JitterStrategy":"FULL"}]`)), `{}`)
		if b.at[1] < 0 || b.at[1] >= 100*time.Second || slices.Contains(seen, b.at[1]) {
			t.Errorf("seed %d: retried at %v, before %v", seed, b.at[1], seen)
		}
		seen = append(seen, b.at[1])
	}
}

func TestEachRetrierCountsItsOwnAttempts(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(lambdaError("A", ""), lambdaError("B", ""), lambdaError("A", ""), lambdaError("B", ""), "1")
	o := b.run(single(taskState(`,"Retry":[{"ErrorEquals":["A"],"MaxAttempts":2,"BackoffRate":1},{"ErrorEquals":["B"],"MaxAttempts":1}]`)), `{}`)
	if o.Error != "B" || len(b.calls) != 4 {
		t.Errorf("%+v after %d calls", o, len(b.calls))
	}
}

func TestRetryCountIsInTheContext(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(lambdaError("E", ""), "1")
	b.run(single(taskState(`,"Parameters":{"n.$":"$$.State.RetryCount"},"Retry":[{"ErrorEquals":["E"]}]`)), `{}`)
	if string(b.calls[0].Payload) != `{"n":0}` || string(b.calls[1].Payload) != `{"n":1}` {
		t.Errorf("%s %s", b.calls[0].Payload, b.calls[1].Payload)
	}
}

func TestTheFirstCatcherThatMatchesTakesTheError(t *testing.T) {
	machine := func(catch string) string {
		return `{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"` + functionARN + `","TimeoutSeconds":5,"End":true,"Catch":[` + catch + `]},
			"A":{"Type":"Pass","Parameters":{"at":"A","in.$":"$"},"End":true},"B":{"Type":"Pass","Parameters":{"at":"B","in.$":"$"},"End":true}}}`
	}
	for name, c := range map[string]struct {
		lambda Invoke
		catch  string
		want   string
	}{
		"by name":               {answers(lambdaError("E", "m")), `{"ErrorEquals":["X"],"Next":"B"},{"ErrorEquals":["Y","E"],"Next":"A"},{"ErrorEquals":["States.ALL"],"Next":"B"}`, `{"at":"A","in":{"Error":"E","Cause":"{\"errorMessage\":\"m\",\"errorType\":\"E\"}"}}`},
		"with a result path":    {answers(lambdaError("E", "m")), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["E"],"ResultPath":"$.error","Next":"A"}`, `{"at":"A","in":{"k":1,"error":{"Error":"E","Cause":"{\"errorMessage\":\"m\",\"errorType\":\"E\"}"}}}`},
		"dropping the error":    {answers(lambdaError("E", "m")), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"A"}`, `{"at":"A","in":{"k":1}}`},
		"throttled":             {answers(core.Errorf("TooManyRequestsException", "Rate Exceeded")), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["Lambda.TooManyRequestsException"],"ResultPath":null,"Next":"A"}`, `{"at":"A","in":{"k":1}}`},
		"no connection":         {answers(core.ErrUnreachable), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["Lambda.SdkClientException"],"ResultPath":null,"Next":"A"}`, `{"at":"A","in":{"k":1}}`},
		"denied":                {answers(core.Errorf("AccessDeniedException", "no")), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["Lambda.AWSLambdaException"],"ResultPath":null,"Next":"A"}`, `{"at":"A","in":{"k":1}}`},
		"without an error type": {answers(InvokeResult{FunctionError: "Unhandled", Payload: []byte(`{}`)}), `{"ErrorEquals":["Z"],"Next":"B"},{"ErrorEquals":["Lambda.Unknown"],"ResultPath":null,"Next":"A"}`, `{"at":"A","in":{"k":1}}`},
		"time-out":              {nil, `{"ErrorEquals":["States.TaskFailed"],"Next":"B"},{"ErrorEquals":["States.Timeout"],"Next":"A"}`, `{"at":"A","in":{"Error":"States.Timeout","Cause":""}}`},
		"large result":          {answers(`"` + strings.Repeat("x", maxPayload) + `"`), `{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":null,"Next":"A"},{"ErrorEquals":["States.ALL"],"Next":"B"}`, `{"at":"A","in":{"k":1}}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if b.lambda = c.lambda; c.lambda == nil {
				b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
					return InvokeResult{}, b.cloud.Sleep(ctx, time.Hour)
				}
			}
			def := machine(c.catch)
			if !strings.Contains(c.catch, `"Next":"B"`) {
				t.Fatal("every case has a catcher that must not match")
			}
			if o := b.run(def, `{"k":1}`); o.Output != c.want {
				t.Errorf("%+v", o)
			}
		})
	}
}

func TestAllDoesNotCatchWhatIsTerminal(t *testing.T) {
	catch := `,"Retry":[{"ErrorEquals":["States.ALL"]}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"A"}]},"A":{"Type":"Pass","End":true}`
	for name, c := range map[string]struct{ more, lambda, want string }{
		"runtime":    {`,"OutputPath":"$.no"`, `{}`, "States.Runtime"},
		"data limit": {``, `"` + strings.Repeat("x", maxPayload) + `"`, "States.DataLimitExceeded"},
	} {
		b := newBench(t)
		b.lambda = answers(c.lambda)
		state := `{"Type":"Task","Resource":"` + functionARN + `","End":true` + c.more + catch
		if o := b.run(single(state), `{}`); o.Error != c.want || len(b.calls) != 1 {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestTimeoutsEndWaitingButNotTheCall(t *testing.T) {
	b := newBench(t)
	done := time.Duration(0)
	b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		err := b.cloud.Sleep(ctx, 30*time.Second)
		done = b.sim.Now().Sub(epoch)
		return InvokeResult{Payload: []byte("1")}, err
	}
	o := b.run(single(taskState(`,"TimeoutSecondsPath":"$.t"`)), `{"t":5}`)
	if o.Status != failedEnd || o.Error != "States.Timeout" || o.Took != 5*time.Second || done != 30*time.Second {
		t.Errorf("%+v; the function ended after %v", o, done)
	}
}

func TestHeartbeatTimeoutIsCaughtAsTimeout(t *testing.T) {
	b := newBench(t)
	b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		return InvokeResult{}, b.cloud.Sleep(ctx, time.Minute)
	}
	o := b.run(single(`{"Type":"Task","Resource":"`+functionARN+`","TimeoutSeconds":20,"HeartbeatSeconds":3,"End":true,"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"A"}]},"A":{"Type":"Pass","End":true}`), `{}`)
	if o.Output != `{"Error":"States.HeartbeatTimeout","Cause":""}` || o.Took != 3*time.Second {
		t.Errorf("%+v", o)
	}
}

func TestAMachinesTimeoutEndsItsExecutions(t *testing.T) {
	b := newBench(t)
	o := b.run(`{"StartAt":"W","TimeoutSeconds":90,"States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}}`, `{}`)
	if o.Status != timedOut || o.Took != 90*time.Second {
		t.Errorf("%+v", o)
	}
	b.expect(o, "1<0 ExecutionStarted input={}", "2<0 WaitStateEntered name=W input={}", "3<0 ExecutionTimedOut")
}

func TestInvokeGivesAnswerAndMetadata(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(InvokeResult{Payload: []byte(`{"reserved": true}`), ExecutedVersion: "7"})
	o := b.run(single(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"pay:live","Payload":{"order.$":"$.o"}},
		"ResultSelector":{"p.$":"$.Payload","v.$":"$.ExecutedVersion","s.$":"$.StatusCode","h.$":"$.SdkHttpMetadata.HttpStatusCode","l.$":"$.SdkHttpMetadata.HttpHeaders.Content-Length","m.$":"$.SdkHttpMetadata.AllHttpHeaders['X-Amz-Executed-Version'][0]"},"ResultPath":"$.r","End":true}`), `{"o":1}`)
	if o.Output != `{"o":1,"r":{"p":{"reserved":true},"v":"7","s":200,"h":200,"l":"18","m":"7"}}` {
		t.Errorf("%+v", o)
	}
	if c := b.calls[0]; c.FunctionName != "pay" || c.Qualifier != "live" || string(c.Payload) != `{"order":1}` {
		t.Errorf("%+v", c)
	}
}

func TestFunctionsAreNamedInEveryWayLambdaTakes(t *testing.T) {
	for name, want := range map[string]InvokeRequest{
		"pay":                       {FunctionName: "pay", Region: region},
		"pay:3":                     {FunctionName: "pay", Qualifier: "3", Region: region},
		"000000000000:function:pay": {FunctionName: "pay", Region: region},
		functionARN:                 {FunctionName: "pay", Region: region},
		"arn:aws:lambda:us-west-2:0:function:pay:live": {FunctionName: "pay", Qualifier: "live", Region: "us-west-2"},
	} {
		r := InvokeRequest{Region: region}
		r.setFunction(name)
		if r.FunctionName != want.FunctionName || r.Qualifier != want.Qualifier || r.Region != want.Region {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// recorder is a service that answers every call with reply.
type recorder struct {
	calls []*core.Call
	reply any
	err   error
}

func (r *recorder) Handle(_ context.Context, c *core.Call) (*core.Reply, error) {
	r.calls = append(r.calls, c)
	return &core.Reply{Body: r.reply}, r.err
}

func TestServicesAreCalledAsTheirAPIsWantIt(t *testing.T) {
	for name, c := range map[string]struct {
		signing, resource, params, reply, want, operation, selected string
	}{
		"put item": {"dynamodb", "dynamodb:putItem", `{"TableName":"t","Item":{"pk":{"S":"a"}}}`, `{}`, `{"TableName":"t","Item":{"pk":{"S":"a"}}}`, "PutItem", `200`},
		"sdk":      {"dynamodb", "aws-sdk:dynamodb:query", `{"TableName":"t"}`, `{"Count":0}`, `{"TableName":"t"}`, "Query", ``},
		"queue":    {"sqs", "sqs:sendMessage", `{"QueueUrl":"u","MessageBody":{"a":1}}`, `{"MessageId":"m"}`, `{"QueueUrl":"u","MessageBody":"{\"a\":1}"}`, "SendMessage", `200`},
		"events": {"events", "events:putEvents", `{"Entries":[{"Source":"s","Detail":{"a":1}}]}`, `{"FailedEntryCount":0}`,
			`{"Entries":[{"Source":"s","Detail":"{\"a\":1}","Resources":["arn:aws:states:us-east-1:000000000000:stateMachine:m","arn:aws:states:us-east-1:000000000000:execution:m:x"]}]}`, "PutEvents", ``},
	} {
		t.Run(name, func(t *testing.T) {
			b, r := newBench(t), &recorder{reply: []byte(c.reply)}
			b.cloud.Register(c.signing, r)
			o := b.run(single(`{"Type":"Task","Resource":"arn:aws:states:::`+c.resource+`","Parameters":`+c.params+`,"End":true}`), `{}`)
			if o.Status != succeeded || len(r.calls) != 1 || string(r.calls[0].Body) != c.want || r.calls[0].Operation != c.operation || r.calls[0].Principal.RoleARN != roleARN {
				t.Fatalf("%+v %s", o, r.calls[0].Body)
			}
			var out struct {
				SdkHttpMetadata struct{ HttpStatusCode json.Number }
			}
			if err := json.Unmarshal([]byte(o.Output), &out); err != nil || string(out.SdkHttpMetadata.HttpStatusCode) != c.selected {
				t.Error(o.Output, err)
			}
		})
	}
}

func TestServiceErrorsAreNamedByService(t *testing.T) {
	for name, c := range map[string]struct {
		resource, reply string
		err             error
		want            string
	}{
		"modeled":       {"dynamodb:putItem", `{}`, core.Errorf("ConditionalCheckFailedException", "no"), "DynamoDB.ConditionalCheckFailedException"},
		"not modeled":   {"dynamodb:putItem", `{}`, core.Errorf("ValidationException", "no"), "DynamoDB.AmazonDynamoDBException"},
		"by sdk":        {"aws-sdk:dynamodb:putItem", `{}`, core.Errorf("ValidationException", "no"), "DynamoDb.DynamoDbException"},
		"no connection": {"dynamodb:putItem", `{}`, core.ErrUnreachable, "DynamoDB.SdkClientException"},
	} {
		b := newBench(t)
		b.cloud.Register("dynamodb", &recorder{reply: []byte(c.reply), err: c.err})
		if o := b.run(single(`{"Type":"Task","Resource":"arn:aws:states:::`+c.resource+`","Parameters":{},"End":true}`), `{}`); o.Error != c.want {
			t.Errorf("%s: %+v", name, o)
		}
	}
	b := newBench(t)
	b.cloud.Register("events", &recorder{reply: []byte(`{"FailedEntryCount":1,"Entries":[{"ErrorCode":"X"}]}`)})
	if o := b.run(single(`{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","Parameters":{"Entries":[]},"End":true}`), `{}`); o.Error != "EventBridge.FailedEntry" {
		t.Errorf("%+v", o)
	}
}

func TestAnExecutionStartsAnother(t *testing.T) {
	b := newBench(t)
	inner := b.create("inner", Standard, single(`{"Type":"Pass","End":true}`))
	o := b.run(single(`{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","Parameters":{"StateMachineArn":"`+inner+`","Name":"child","Input":{"a.$":"$.a"}},"ResultSelector":{"arn.$":"$.ExecutionArn"},"End":true}`), `{"a":1}`)
	child := "arn:aws:states:us-east-1:000000000000:execution:inner:child"
	if o.Output != fmt.Sprintf(`{"arn":%q}`, child) || b.outcome(child).Output != `{"a":1}` {
		t.Errorf("%+v", o)
	}
	o = b.outcome(child)
	if o.Status != succeeded {
		t.Errorf("%+v", o)
	}
}

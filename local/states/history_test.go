package states

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

func TestHistoryOfATaskThatIsRetriedAndCaught(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(lambdaError("E", "m"))
	o := b.run(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"`+functionARN+`","TimeoutSeconds":5,"Next":"N","Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],
		"Catch":[{"ErrorEquals":["E"],"Next":"N"}]},"N":{"Type":"Succeed"}}}`, `{"a": 1}`)
	const cause = `{"errorMessage":"m","errorType":"E"}`
	const caught = `{"Error":"E","Cause":"{\"errorMessage\":\"m\",\"errorType\":\"E\"}"}`
	b.expect(o,
		`1<0 ExecutionStarted input={"a": 1}`,
		`2<0 TaskStateEntered name=S input={"a": 1}`,
		`3<2 LambdaFunctionScheduled resource=`+functionARN+` input={"a":1} timeoutInSeconds=5`,
		`4<3 LambdaFunctionStarted`,
		`5<4 LambdaFunctionFailed error=E cause=`+cause,
		`6<5 LambdaFunctionScheduled resource=`+functionARN+` input={"a":1} timeoutInSeconds=5`,
		`7<6 LambdaFunctionStarted`,
		`8<7 LambdaFunctionFailed error=E cause=`+cause,
		`9<8 TaskStateExited name=S output=`+caught,
		`10<9 SucceedStateEntered name=N input=`+caught,
		`11<10 SucceedStateExited name=N output=`+caught,
		`12<11 ExecutionSucceeded output=`+caught)
}

func TestHistoryOfAnIntegration(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(`1`, core.Errorf("TooManyRequestsException", "Rate Exceeded."))
	o := b.run(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"pay","Payload.$":"$"},"ResultSelector":{"p.$":"$.Payload"},"Next":"T"},
		"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"pay"},"End":true}}}`, `{}`)
	trim := func(i int) string { return strings.SplitN(o.History[i], "Request ID", 2)[0] }
	for i, want := range []string{
		`1<0 ExecutionStarted input={}`,
		`2<0 TaskStateEntered name=S input={}`,
		`3<2 TaskScheduled resource=invoke parameters={"FunctionName":"pay","Payload":{}}`,
		`4<3 TaskStarted resource=invoke`,
		``,
		`6<5 TaskStateExited name=S output={"p":1}`,
		`7<6 TaskStateEntered name=T input={"p":1}`,
		`8<7 TaskScheduled resource=invoke parameters={"FunctionName":"pay"}`,
		`9<8 TaskStarted resource=invoke`,
		`10<9 TaskFailed resource=invoke error=Lambda.TooManyRequestsException cause=Rate Exceeded. (Service: AWSLambda; Status Code: 400; Error Code: TooManyRequestsException; `,
		`11<10 ExecutionFailed error=Lambda.TooManyRequestsException cause=Rate Exceeded. (Service: AWSLambda; Status Code: 400; Error Code: TooManyRequestsException; `,
	} {
		if want != "" && trim(i) != want {
			t.Errorf("%s\nwant %s", trim(i), want)
		}
	}
	if !strings.HasPrefix(o.History[4], `5<4 TaskSucceeded resource=invoke output={"ExecutedVersion":"$LATEST","Payload":1,`) {
		t.Error(o.History[4])
	}
}

func TestHistoryOfATimeout(t *testing.T) {
	b := newBench(t)
	b.lambda = hang(b)
	o := b.run(single(taskState(`,"TimeoutSeconds":5`)), `{}`)
	b.expect(o, `1<0 ExecutionStarted input={}`, `2<0 TaskStateEntered name=S input={}`,
		`3<2 LambdaFunctionScheduled resource=`+functionARN+` input={} timeoutInSeconds=5`, `4<3 LambdaFunctionStarted`,
		`5<4 LambdaFunctionTimedOut error=States.Timeout`, `6<5 ExecutionFailed error=States.Timeout`)
}

func TestHistoryOfAMapWithRetry(t *testing.T) {
	b := newBench(t)
	o := b.run(single(`{"Type":"Map","Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["E"],"Next":"C"}],"End":true,
		"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Fail","Error":"E","Cause":"C"}}}},"C":{"Type":"Pass","End":true}`), `[1]`)
	const caught = `{"Error":"E","Cause":"C"}`
	b.expect(o, `1<0 ExecutionStarted input=[1]`, `2<0 MapStateEntered name=S input=[1]`,
		`3<2 MapStateStarted length=1`, `4<3 MapIterationStarted name=S index=0`, `5<4 FailStateEntered name=I input=1`, `6<5 MapIterationFailed name=S index=0`,
		`7<5 MapStateStarted length=1`, `8<7 MapIterationStarted name=S index=0`, `9<8 FailStateEntered name=I input=1`, `10<9 MapIterationFailed name=S index=0`,
		`11<9 MapStateFailed`, `12<11 MapStateExited name=S output=`+caught,
		`13<12 PassStateEntered name=C input=`+caught, `14<13 PassStateExited name=C output=`+caught, `15<14 ExecutionSucceeded output=`+caught)
}

func TestHistoryOfAMapOneAfterTheOther(t *testing.T) {
	b := newBench(t)
	o := b.run(single(`{"Type":"Map","MaxConcurrency":1,"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`), `[1,2]`)
	b.expect(o, `1<0 ExecutionStarted input=[1,2]`, `2<0 MapStateEntered name=S input=[1,2]`, `3<2 MapStateStarted length=2`,
		`4<3 MapIterationStarted name=S index=0`, `5<4 PassStateEntered name=I input=1`, `6<5 PassStateExited name=I output=1`, `7<6 MapIterationSucceeded name=S index=0`,
		`8<6 MapIterationStarted name=S index=1`, `9<8 PassStateEntered name=I input=2`, `10<9 PassStateExited name=I output=2`, `11<10 MapIterationSucceeded name=S index=1`,
		`12<11 MapStateSucceeded`, `13<11 MapStateExited name=S output=[1,2]`, `14<13 ExecutionSucceeded output=[1,2]`)
}

func TestHistoryOfAMapStartsItsIterationsFirstAndAbortsThem(t *testing.T) {
	b := newBench(t)
	b.lambda = hang(b)
	o := b.run(single(`{"Type":"Map","ItemProcessor":{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"W"}],"Default":"T"},
		"W":{"Type":"Wait","Seconds":2,"Next":"F"},"F":{"Type":"Fail","Error":"E"},"T":`+taskState("")+`}},"End":true}`), `[1,2]`)
	if got := strings.Join(o.History[2:5], "|"); got != `3<2 MapStateStarted length=2|4<3 MapIterationStarted name=S index=0|5<3 MapIterationStarted name=S index=1` {
		t.Error(got)
	}
	last := o.History[len(o.History)-5:]
	failed := strings.SplitN(last[0], "<", 2)[1]
	previous, _, _ := strings.Cut(failed, " ")
	for i, want := range []string{"MapIterationFailed name=S index=0", "TaskStateAborted", "MapIterationAborted name=S index=1", "MapStateFailed"} {
		if !strings.HasSuffix(last[i], "<"+previous+" "+want) {
			t.Errorf("%s, want %s after %s", last[i], want, previous)
		}
	}
}

func TestHistoryOfAParallel(t *testing.T) {
	b := newBench(t)
	o := b.run(single(`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Result":1,"End":true}}}],"End":true}`), `{}`)
	b.expect(o, `1<0 ExecutionStarted input={}`, `2<0 ParallelStateEntered name=S input={}`, `3<2 ParallelStateStarted`,
		`4<3 PassStateEntered name=A input={}`, `5<4 PassStateExited name=A output=1`, `6<5 ParallelStateSucceeded`, `7<5 ParallelStateExited name=S output=[1]`, `8<7 ExecutionSucceeded output=[1]`)
}

func TestHistoryPagesBothWaysAndHidesData(t *testing.T) {
	b := newBench(t)
	b.run(single(`{"Type":"Pass","End":true}`), `{}`)
	x := "arn:aws:states:us-east-1:000000000000:execution:m:x"
	for _, reverse := range []bool{false, true} {
		var ids []string
		token := ""
		for {
			in := map[string]any{"executionArn": x, "maxResults": 3, "reverseOrder": reverse, "includeExecutionData": false}
			if token != "" {
				in["nextToken"] = token
			}
			page := b.must("GetExecutionHistory", in)
			for _, e := range page["events"].([]any) {
				ids = append(ids, fmt.Sprint(e.(map[string]any)["id"]))
				if s := line(e.(map[string]any)); strings.Contains(s, "input") || strings.Contains(s, "output") {
					t.Error(s)
				}
			}
			if token, _ = page["nextToken"].(string); token == "" {
				break
			}
		}
		want := "1 2 3 4"
		if reverse {
			want = "4 3 2 1"
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("reverse %v: %s", reverse, got)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	b := newBench(t)
	o := b.run(`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.a","IsPresent":true,"Next":"A"}],"Default":"E"},"E":{"Type":"Succeed"}}}`, `{"a":1}`)
	if len(o.History) != maxHistory || o.Status != failedEnd || !strings.HasSuffix(o.History[maxHistory-1], "ExecutionFailed error=States.Runtime cause="+historyLimitText) {
		t.Errorf("%d events, %s, %s", len(o.History), o.Status, o.History[len(o.History)-1])
	}
}

func TestEventTimesAreTheClocks(t *testing.T) {
	b := newBench(t)
	b.run(single(`{"Type":"Wait","Seconds":3,"End":true}`), `{}`)
	page := b.must("GetExecutionHistory", map[string]any{"executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:x"})
	events := page["events"].([]any)
	first, last := events[0].(map[string]any)["timestamp"].(float64), events[3].(map[string]any)["timestamp"].(float64)
	if int64(first) != epoch.Unix() || last-first != 3 {
		t.Error(first, last)
	}
}

// hang makes a function that answers after an hour.
func hang(b *bench) Invoke {
	return func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		return InvokeResult{}, b.cloud.Sleep(ctx, time.Hour)
	}
}

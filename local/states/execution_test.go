package states

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"twofold/local/core"
)

func TestAnExpressExecutionLeavesOnlyAJournalEntryAndItsBill(t *testing.T) {
	b := newBench(t)
	b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		return lambdaError("E", "m"), b.cloud.Sleep(ctx, 150*time.Millisecond)
	}
	b.create("m", Express, single(taskState("")))
	x := b.must("StartExecution", in{"stateMachineArn": machineM, "name": "x", "input": `{"a":1}`})["executionArn"].(string)
	if !strings.HasPrefix(x, "arn:aws:states:us-east-1:000000000000:express:m:x:") {
		t.Error(x)
	}
	b.sim.Run(epoch.Add(time.Minute))
	e := b.cloud.Journal.Entries(core.KindExecution)[0]
	d := e.Data.(Ended)
	if e.Subject != "m" || e.Region != region || e.Detail != "FAILED E" || d.ARN != x || d.Error != "E" || d.Cause != `{"errorMessage":"m","errorType":"E"}` || d.Input != `{"a":1}` || d.Stopped.Sub(d.Started) != 150*time.Millisecond {
		t.Errorf("%+v", e)
	}
	if got := fmt.Sprint(b.cloud.Meter.Read()); got != "[{{us-east-1 states:ExpressGBSecond} 0.0125} {{us-east-1 states:ExpressRequest} 1}]" {
		t.Error(got)
	}
	if len(b.svc.executions) != 0 || len(b.svc.machines[machineM].executions) != 0 {
		t.Error("the service still holds the execution")
	}
	b.refused("ListExecutions", in{"stateMachineArn": machineM}, "StateMachineTypeNotSupported: This operation is not supported by this type of state machine")
}

func TestStandardExecutionsAreBilledByTransition(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(lambdaError("E", ""), "1")
	b.run(single(`{"Type":"Pass","Next":"T"},"T":`+taskState(`,"Retry":[{"ErrorEquals":["E"]}]`)), `{}`)
	if got := fmt.Sprint(b.cloud.Meter.Read()); got != "[{{us-east-1 states:StandardTransition} 3}]" {
		t.Error(got)
	}
}

func TestASyncExecutionAnswersItsResult(t *testing.T) {
	b := newBench(t)
	b.create("m", Express, single(`{"Type":"Wait","Seconds":2,"Next":"P"},"P":{"Type":"Pass","Result":{"Arg1":"argument1"},"End":true}`))
	b.create("f", Express, single(`{"Type":"Fail","Error":"E","Cause":"C"}`))
	b.create("s", Standard, pass)
	b.inTask(func(ctx context.Context) {
		sync := func(name string) string {
			body := fmt.Sprintf(`{"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:%s","name":"x"}`, name)
			reply, err := b.cloud.Do(ctx, &core.Call{Region: region, Service: "states", Operation: "StartSyncExecution", Body: []byte(body)})
			_, _, text := core.Encode(reply, err)
			return string(text)
		}
		if got := sync("m"); !strings.Contains(got, `"startDate":1772366400.000,"stopDate":1772366402.000,"status":"SUCCEEDED","input":"{}","inputDetails":{"included":true},"billingDetails":{"billedMemoryUsedInMB":64,"billedDurationInMilliseconds":2000},"output":"{\"Arg1\":\"argument1\"}"`) {
			t.Error(got)
		}
		if got := sync("f"); !strings.Contains(got, `"status":"FAILED"`) || !strings.Contains(got, `"error":"E","cause":"C"`) || !strings.Contains(got, `"billedDurationInMilliseconds":100`) {
			t.Error(got)
		}
		if got := sync("s"); !strings.Contains(got, "StateMachineTypeNotSupported") {
			t.Error(got)
		}
	})
	if n := b.cloud.Journal.Count(core.KindExecution); n != 2 {
		t.Errorf("%d executions", n)
	}
}

func TestExpressExecutionsEndAfterFiveMinutes(t *testing.T) {
	b := newBench(t)
	b.create("m", Express, `{"StartAt":"S","TimeoutSeconds":1000,"States":{"S":{"Type":"Wait","Seconds":3600,"End":true}}}`)
	b.must("StartExecution", in{"stateMachineArn": machineM})
	b.sim.Run(epoch.Add(2 * time.Hour))
	d := b.cloud.Journal.Entries(core.KindExecution)[0].Data.(Ended)
	if d.Status != timedOut || d.Stopped.Sub(d.Started) != 5*time.Minute {
		t.Errorf("%+v", d)
	}
}

func TestExpressExecutionsRunTwiceWhereTheFaultSaysSo(t *testing.T) {
	b := newBench(t)
	b.lambda = answers("1")
	b.svc.duplicate = func(x Execution) bool { return x.Name == "twice" && x.Machine == "m" && x.Region == region }
	b.create("m", Express, single(taskState("")))
	b.create("s", Standard, single(taskState("")))
	for _, name := range []string{"once", "twice"} {
		b.must("StartExecution", in{"stateMachineArn": machineM, "name": name, "input": `"` + name + `"`})
		b.must("StartExecution", in{"stateMachineArn": strings.Replace(machineM, ":m", ":s", 1), "name": name, "input": `"standard"`})
	}
	b.sim.Run(epoch.Add(time.Minute))
	seen := map[string]int{}
	for _, c := range b.calls {
		seen[string(c.Payload)]++
	}
	if seen[`"once"`] != 1 || seen[`"twice"`] != 2 || seen[`"standard"`] != 2 {
		t.Error(seen)
	}
}

func TestExpressMachinesThatAskForLogsJournalTheirEvents(t *testing.T) {
	b := newBench(t)
	b.must("CreateStateMachine", in{"name": "m", "type": Express, "definition": pass, "roleArn": roleARN, "loggingConfiguration": in{"level": "ALL"}})
	b.must("StartExecution", in{"stateMachineArn": machineM})
	b.sim.Run(epoch.Add(time.Minute))
	d := b.cloud.Journal.Entries(core.KindExecution)[0].Data.(Ended)
	if d.Events != 4 || !strings.Contains(string(d.History()), `"type":"PassStateExited","id":3,"previousEventId":2`) {
		t.Errorf("%+v", d)
	}
}

func TestALostRegionsExecutionsWaitAndGoOn(t *testing.T) {
	b := newBench(t)
	b.lambda = answers("1")
	b.create("m", Standard, single(`{"Type":"Wait","Seconds":5,"Next":"T"},"T":`+taskState("")))
	x := b.must("StartExecution", in{"stateMachineArn": machineM, "name": "x"})["executionArn"].(string)
	b.sim.Run(epoch.Add(time.Second))
	b.cloud.Faults.SetRegion(region, core.Lost)
	b.sim.Run(epoch.Add(time.Minute))
	if len(b.calls) != 0 {
		t.Fatal("a lost region's execution called a function")
	}
	b.cloud.Faults.SetRegion(region, core.Up)
	b.sim.Run(epoch.Add(2 * time.Minute))
	if o := b.outcome(x); o.Output != "1" || o.Took != time.Minute {
		t.Errorf("%+v", o)
	}
}

func TestExecutionsVanishWithTheirRegion(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, single(`{"Type":"Wait","Seconds":5,"Next":"T"},"T":`+taskState("")))
	b.create("e", Express, single(`{"Type":"Wait","Seconds":5,"Next":"T"},"T":`+taskState("")))
	for _, name := range []string{"m", "e"} {
		b.must("StartExecution", in{"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:" + name, "name": "x"})
	}
	b.sim.Run(epoch.Add(time.Second))
	b.cloud.Faults.SetRegion(region, core.Gone)
	b.sim.Run(epoch.Add(time.Hour))
	if len(b.calls) != 0 || b.cloud.Journal.Count(core.KindExecution) != 0 || len(b.svc.executions) != 0 {
		t.Error("something of a region that is gone went on")
	}
}

func TestACancelledCallIsAFailureAndNotTheEndOfTheExecution(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(context.Canceled, core.ErrRegionLost, `"third"`)
	o := b.run(single(taskState(`,"Retry":[{"ErrorEquals":["Lambda.SdkClientException"]}]`)), `{}`)
	if o.Output != `"third"` {
		t.Errorf("%+v", o)
	}
}

func TestOneSeedIsOneRun(t *testing.T) {
	trace := func(seed uint64) string {
		b := seededBench(t, seed)
		b.lambda = func(ctx context.Context, r InvokeRequest) (InvokeResult, error) {
			err := b.cloud.Point(ctx, "lambda")
			return lambdaError("E", string(r.Payload)), err
		}
		o := b.run(single(`{"Type":"Map","End":true,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"U"}],"ItemProcessor":{"StartAt":"T","States":{"T":`+taskState(`,"Retry":[{"ErrorEquals":["E"],"JitterStrategy":"FULL"}]`)+`}}},
			"U":{"Type":"Pass","Parameters":{"u.$":"States.UUID()"},"End":true}`), `[1,2,3,4]`)
		return b.sim.TraceHash() + strings.Join(o.History, "\n")
	}
	first, again, other := trace(7), trace(7), trace(8)
	if first != again {
		t.Error("one seed gave two runs")
	}
	if first == other {
		t.Error("two seeds gave one run")
	}
}

func TestManyExecutionsRunAtOnceOnTheLiveDriver(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	cloud := core.New(live, faults, 1)
	var mu sync.Mutex
	n := 0
	svc := New(ctx, cloud, Options{Invoke: func(context.Context, InvokeRequest) (InvokeResult, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		return InvokeResult{Payload: []byte(`{"n":1}`)}, nil
	}})
	cloud.Register("states", svc)
	definition := single(`{"Type":"Parallel","Branches":[{"StartAt":"T","States":{"T":` + taskState(`,"TimeoutSeconds":60`) + `}},{"StartAt":"T","States":{"T":` + taskState("") + `}}],"Next":"M"},
		"M":{"Type":"Map","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}`)
	for name, typ := range map[string]string{"m": Express, "s": Standard} {
		if _, _, err := svc.create(region, machineRequest{Name: name, Definition: &definition, RoleArn: new(string), Type: typ}); err != nil {
			t.Fatal(err)
		}
	}
	const each = 50
	for i := range each {
		for _, name := range []string{"m", "s"} {
			if err := svc.Start(ctx, region, "arn:aws:states:us-east-1:000000000000:stateMachine:"+name, fmt.Sprint(i), []byte(`{}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	deadline := time.Now().Add(20 * time.Second)
	for cloud.Journal.Count(core.KindExecution) < 2*each && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	live.Drain()
	mu.Lock()
	defer mu.Unlock()
	if got := cloud.Journal.Count(core.KindExecution); got != 2*each || n != 4*each {
		t.Errorf("%d executions ended, %d calls", got, n)
	}
}

func BenchmarkExpressSagaOfTenStates(b *testing.B) {
	faults := core.NewFaults(0)
	sim := core.NewSim(epoch, faults, 1)
	cloud := core.New(sim, faults, 1)
	svc := New(context.Background(), cloud, Options{Invoke: func(context.Context, InvokeRequest) (InvokeResult, error) {
		return InvokeResult{Payload: []byte(`{"decision":"captured","intentId":"pi_123","committedBy":"us-east-1","placedRegion":"us-east-1"}`)}, nil
	}})
	states := ""
	for i := range 9 {
		states += fmt.Sprintf(`"S%d":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f:live","Payload":{"step":"S%d","order.$":"$.order"}},"ResultSelector":{"r.$":"$.Payload"},"ResultPath":"$.s%d",
			"Retry":[{"ErrorEquals":["Unavailable"]}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"S9"}],"Next":"S%d"},`, i, i, i, i+1)
	}
	definition := `{"StartAt":"S0","TimeoutSeconds":100,"States":{` + states + `"S9":{"Type":"Succeed"}}}`
	if _, _, err := svc.create(region, machineRequest{Name: "m", Definition: &definition, RoleArn: new(string), Type: Express}); err != nil {
		b.Fatal(err)
	}
	input := []byte(`{"order":{"orderId":"ord_abcdefghijklmnopqrstuvwxyz","lines":[{"sku":"A","quantity":1,"unitAmount":100},{"sku":"B","quantity":2,"unitAmount":250}],"amount":{"amount":600,"currency":"EUR"}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := svc.Start(context.Background(), region, machineM, "", input); err != nil {
			b.Fatal(err)
		}
		sim.Run(sim.Now().Add(time.Second))
	}
}

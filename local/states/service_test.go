package states

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const (
	pass      = `{"StartAt":"S","States":{"S":{"Type":"Pass","Result":{"Arg1":"argument1"},"End":true}}}`
	passOther = `{"StartAt":"S","States":{"S":{"Type":"Pass","Result":2,"End":true}}}`
	machineM  = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
)

type in = map[string]any

// refused makes a call that must fail with an error that begins with want.
func (b *bench) refused(op string, request in, want string) {
	b.t.Helper()
	if out, err := b.call(op, request); err == nil || !strings.HasPrefix(err.Error(), want) {
		b.t.Errorf("%s %v: %v %v, want %s", op, request, out, err, want)
	}
}

func (b *bench) inTask(do func(ctx context.Context)) {
	b.sim.Go(context.Background(), "test", do)
	b.sim.Run(b.sim.Now().Add(time.Hour))
}

func TestMachinesAreCreatedOnceByName(t *testing.T) {
	b := newBench(t)
	create := in{"name": "m", "definition": pass, "roleArn": roleARN}
	first := b.must("CreateStateMachine", create)
	if again := b.must("CreateStateMachine", create); fmt.Sprint(again) != fmt.Sprint(first) || first["stateMachineArn"] != machineM {
		t.Error(first, again)
	}
	b.refused("CreateStateMachine", in{"name": "m", "definition": passOther, "roleArn": roleARN}, "StateMachineAlreadyExists: State Machine Already Exists: '"+machineM+"'")
	b.refused("CreateStateMachine", in{"name": "m", "definition": pass, "roleArn": roleARN, "type": "EXPRESS"}, "StateMachineAlreadyExists")
	b.refused("CreateStateMachine", in{"name": "m m", "definition": pass, "roleArn": roleARN}, "InvalidName: Invalid Name: 'm m'")
	b.refused("CreateStateMachine", in{"name": "n", "definition": pass, "roleArn": roleARN, "type": "FAST"}, "ValidationException: 1 validation error detected: Value 'FAST' at 'type'")
	b.refused("CreateStateMachine", in{"name": "n", "definition": pass, "roleArn": roleARN, "versionDescription": "v"}, "ValidationException: Version description can only be set when publish is true")
	b.refused("CreateStateMachine", in{"definition": pass, "roleArn": roleARN}, "ValidationException")
	d := b.must("DescribeStateMachine", in{"stateMachineArn": machineM})
	want := in{"creationDate": float64(epoch.Unix()), "definition": pass, "loggingConfiguration": in{"includeExecutionData": false, "level": "OFF"}, "name": "m",
		"roleArn": roleARN, "stateMachineArn": machineM, "status": "ACTIVE", "tracingConfiguration": in{"enabled": false}, "type": "STANDARD"}
	if fmt.Sprint(d) != fmt.Sprint(want) {
		t.Errorf("%v", d)
	}
	b.refused("DescribeStateMachine", in{"stateMachineArn": machineM + "x"}, "StateMachineDoesNotExist: State Machine Does Not Exist: '"+machineM+"x'")
	b.refused("DescribeStateMachine", in{"stateMachineArn": "not_a_valid_arn"}, "InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'")
	b.must("DeleteStateMachine", in{"stateMachineArn": machineM})
	b.must("DeleteStateMachine", in{"stateMachineArn": machineM})
	b.refused("StartExecution", in{"stateMachineArn": machineM}, "StateMachineDoesNotExist")
}

func TestUpdatesMakeRevisionsThatRunningExecutionsDoNotSee(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":5,"Next":"S"},"S":{"Type":"Pass","Result":1,"End":true}}}`)
	x := b.must("StartExecution", in{"stateMachineArn": machineM})["executionArn"].(string)
	b.sim.Run(epoch.Add(time.Second))
	b.refused("UpdateStateMachine", in{"stateMachineArn": machineM}, "MissingRequiredParameter: Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
	one := b.must("UpdateStateMachine", in{"stateMachineArn": machineM, "definition": passOther})
	same := b.must("UpdateStateMachine", in{"stateMachineArn": machineM, "definition": passOther})
	if one["revisionId"] == nil || one["revisionId"] != same["revisionId"] {
		t.Error(one, same)
	}
	b.sim.Run(epoch.Add(time.Minute))
	if o := b.outcome(x); o.Output != "1" {
		t.Errorf("%+v", o)
	}
	if d := b.must("DescribeStateMachine", in{"stateMachineArn": machineM}); d["definition"] != passOther || d["revisionId"] != one["revisionId"] {
		t.Error(d)
	}
}

func TestANameStandsForOneExecution(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, single(`{"Type":"Wait","Seconds":5,"End":true}`))
	start := in{"stateMachineArn": machineM, "name": "x", "input": `{"a":1}`}
	first := b.must("StartExecution", start)
	b.sim.Run(epoch.Add(time.Second))
	if again := b.must("StartExecution", start); fmt.Sprint(again) != fmt.Sprint(first) {
		t.Error(first, again)
	}
	b.refused("StartExecution", in{"stateMachineArn": machineM, "name": "x", "input": `{"a":2}`}, "ExecutionAlreadyExists: Execution Already Exists: 'arn:aws:states:us-east-1:000000000000:execution:m:x'")
	b.sim.Run(epoch.Add(time.Minute))
	b.refused("StartExecution", start, "ExecutionAlreadyExists")
	if n := b.cloud.Journal.Count(core.KindExecution); n != 1 {
		t.Errorf("%d executions ended", n)
	}
}

func TestInputIsCheckedBeforeAnExecutionStarts(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, pass)
	for input, want := range map[string]string{
		"not json": "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'",
		"{'a':1}":  "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unexpected character (''' (code 39)): was expecting double-quote to start field name'",
		"":         "InvalidExecutionInput: Invalid State Machine Execution Input: 'Invalid execution input.'",
		`"` + strings.Repeat("x", maxPayload) + `"`: "ValidationException: 1 validation error detected",
	} {
		b.refused("StartExecution", in{"stateMachineArn": machineM, "input": input}, want)
	}
	for _, input := range []string{"2", `"text"`, "null"} {
		b.must("StartExecution", in{"stateMachineArn": machineM, "input": input})
	}
}

func TestADescriptionTellsEverythingAboutAnExecution(t *testing.T) {
	b := newBench(t)
	b.run(pass, `{}`)
	x := "arn:aws:states:us-east-1:000000000000:execution:m:x"
	d := b.must("DescribeExecution", in{"executionArn": x})
	want := in{"executionArn": x, "input": "{}", "inputDetails": in{"included": true}, "name": "x", "output": `{"Arg1":"argument1"}`, "outputDetails": in{"included": true},
		"redriveCount": 0.0, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
		"startDate": float64(epoch.Unix()), "stateMachineArn": machineM, "status": "SUCCEEDED", "stopDate": float64(epoch.Unix())}
	if fmt.Sprint(d) != fmt.Sprint(want) {
		t.Errorf("%v", d)
	}
	if d := b.must("DescribeStateMachineForExecution", in{"executionArn": x}); d["definition"] != pass || d["stateMachineArn"] != machineM {
		t.Error(d)
	}
	for _, op := range []string{"DescribeExecution", "GetExecutionHistory", "StopExecution"} {
		b.refused(op, in{"executionArn": x + "y"}, "ExecutionDoesNotExist: Execution Does Not Exist: '"+x+"y'")
		b.refused(op, in{"executionArn": "invalid"}, "InvalidArn: Invalid Arn: 'Invalid ARN prefix: invalid'")
		b.refused(op, in{"executionArn": "arn:aws:states:us-east-1:000000000000:express:m:x:y"}, "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'")
	}
}

func TestAStoppedExecutionIsAborted(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, single(`{"Type":"Wait","Seconds":500,"Next":"T"},"T":`+taskState("")))
	x := b.must("StartExecution", in{"stateMachineArn": machineM, "name": "x"})["executionArn"].(string)
	b.sim.Run(epoch.Add(10 * time.Second))
	b.must("StopExecution", in{"executionArn": x, "error": "E", "cause": "C"})
	b.sim.Run(epoch.Add(time.Hour))
	o := b.outcome(x)
	if o.Status != aborted || o.Error != "E" || o.Cause != "C" || o.Took != 10*time.Second || len(b.calls) > 0 {
		t.Errorf("%+v", o)
	}
	b.expect(o, "1<0 ExecutionStarted input={}", "2<0 WaitStateEntered name=S input={}", "3<0 ExecutionAborted error=E cause=C")
}

func TestListsArePagedNewestFirst(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, pass)
	for i := range 7 {
		b.must("StartExecution", in{"stateMachineArn": machineM, "name": fmt.Sprintf("x%d", i)})
	}
	var names []string
	token := ""
	for page := 0; ; page++ {
		request := in{"stateMachineArn": machineM, "maxResults": 3}
		if token != "" {
			request["nextToken"] = token
		}
		out := b.must("ListExecutions", request)
		for _, e := range out["executions"].([]any) {
			names = append(names, e.(map[string]any)["name"].(string))
		}
		b.must("StartExecution", in{"stateMachineArn": machineM, "name": fmt.Sprintf("late%d", page)})
		if token, _ = out["nextToken"].(string); token == "" {
			break
		}
	}
	if got := strings.Join(names, " "); got != "x6 x5 x4 x3 x2 x1 x0" {
		t.Error(got)
	}
	b.sim.Run(epoch.Add(time.Minute))
	if out := b.must("ListExecutions", in{"stateMachineArn": machineM, "statusFilter": "RUNNING"}); len(out["executions"].([]any)) != 0 {
		t.Error(out)
	}
	b.create("a", Standard, pass)
	if out := b.must("ListStateMachines", in{"maxResults": 1}); fmt.Sprint(out["stateMachines"].([]any)[0].(map[string]any)["name"]) != "a" || out["nextToken"] == nil {
		t.Error(out)
	}
	b.refused("ListExecutions", in{"stateMachineArn": machineM, "maxResults": 1001}, "ValidationException: 1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000")
	b.refused("ListExecutions", in{"stateMachineArn": machineM, "nextToken": "x"}, "InvalidToken: Invalid Token: 'Invalid token'")
	b.refused("ListExecutions", in{"stateMachineArn": machineM + "x"}, "StateMachineDoesNotExist")
	b.refused("RedriveExecution", in{}, "UnsupportedOperationException")
}

func TestValidationAnswersDiagnostics(t *testing.T) {
	b := newBench(t)
	if out := b.must("ValidateStateMachineDefinition", in{"definition": pass}); fmt.Sprint(out) != "map[diagnostics:[] result:OK truncated:false]" {
		t.Error(out)
	}
	out := b.must("ValidateStateMachineDefinition", in{"definition": `{"States":{"S":{"Type":"Succeed"}}}`})
	d := out["diagnostics"].([]any)[0].(map[string]any)
	if out["result"] != "FAIL" || d["code"] != "SCHEMA_VALIDATION_FAILED" || d["location"] != "/" || d["message"] != "These fields are required: [StartAt]" || d["severity"] != "ERROR" {
		t.Error(out)
	}
}

// denyAll refuses everybody but the operator.
type denyAll struct{}

func (denyAll) Allowed(core.Principal, string, string, []core.ConditionKey) error {
	return errors.New("no policy allows it")
}

func TestEveryOperationAsksWhetherItsCallerMay(t *testing.T) {
	b := newBench(t)
	b.create("m", Express, pass)
	b.cloud.UseAuthorizer(denyAll{})
	x := "arn:aws:states:us-east-1:000000000000:execution:m:x"
	for _, op := range []string{"CreateStateMachine", "UpdateStateMachine", "DeleteStateMachine", "DescribeStateMachine", "DescribeStateMachineForExecution", "ListStateMachines",
		"ValidateStateMachineDefinition", "PublishStateMachineVersion", "DeleteStateMachineVersion", "ListStateMachineVersions", "CreateStateMachineAlias", "UpdateStateMachineAlias",
		"DeleteStateMachineAlias", "DescribeStateMachineAlias", "ListStateMachineAliases", "StartExecution", "StartSyncExecution", "StopExecution", "DescribeExecution", "ListExecutions", "GetExecutionHistory"} {
		body, err := json.Marshal(in{"name": "n", "definition": pass, "roleArn": roleARN, "stateMachineArn": machineM, "executionArn": x, "stateMachineVersionArn": machineM + ":1", "stateMachineAliasArn": machineM + ":live",
			"description": "d", "routingConfiguration": []any{in{"stateMachineVersionArn": machineM + ":1", "weight": 100}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.cloud.Do(context.Background(), &core.Call{Region: region, Service: "states", Operation: op, Body: body, Principal: core.Principal{RoleARN: "r"}})
		var e *core.Error
		if !errors.As(err, &e) || e.Code != "AccessDeniedException" || !strings.Contains(e.Message, "states:"+op) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

func TestProvisionedMachinesVersionsAndAliasesRun(t *testing.T) {
	b := newBench(t)
	provision := func(typ, id string, properties map[string]any) core.Physical {
		t.Helper()
		p, err := b.svc.Provisioners()[typ].Provision(context.Background(), core.Resource{Region: region, Stack: "saga", LogicalID: id, Type: typ, Position: "saga.yaml:3", Properties: properties})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for i, definition := range []string{pass, passOther} {
		m := provision("AWS::StepFunctions::StateMachine", "Saga", map[string]any{"RoleArn": roleARN, "StateMachineType": "EXPRESS", "StateMachineName": "m", "DefinitionString": strings.Replace(definition, `"S":{`, `"S":{"Comment":"${X}",`, 1),
			"DefinitionSubstitutions": map[string]any{"X": "y"}, "LoggingConfiguration": map[string]any{"Level": "ERROR"}, "TracingConfiguration": map[string]any{"Enabled": true}, "Tags": []any{}})
		if m.Ref != machineM || m.Attrs["Name"] != "m" || m.Attrs["StateMachineRevisionId"] == "" {
			t.Fatalf("%+v", m)
		}
		v := provision("AWS::StepFunctions::StateMachineVersion", "V", map[string]any{"StateMachineArn": m.Ref, "StateMachineRevisionId": m.Attrs["StateMachineRevisionId"]})
		if v.Ref != fmt.Sprintf("%s:%d", machineM, i+1) {
			t.Fatalf("%+v", v)
		}
		shift := []map[string]any{{"Type": "CANARY", "Percentage": "10", "Interval": 5}, {"Type": "ALL_AT_ONCE"}}[i]
		shift["StateMachineVersionArn"] = v.Ref
		a := provision("AWS::StepFunctions::StateMachineAlias", "A", map[string]any{"Name": "live", "DeploymentPreference": shift})
		if err := b.svc.Start(context.Background(), region, a.Ref, "", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	b.sim.Run(epoch.Add(time.Minute))
	d := b.must("DescribeStateMachine", in{"stateMachineArn": machineM})
	if fmt.Sprint(d["loggingConfiguration"]) != "map[level:ERROR]" || !strings.Contains(d["definition"].(string), `"Comment":"y"`) {
		t.Error(d)
	}
	outputs := map[string]bool{}
	for _, e := range b.cloud.Journal.Entries(core.KindExecution) {
		outputs[e.Data.(Ended).Output] = true
	}
	if !outputs["2"] || !outputs[`{"Arg1":"argument1"}`] {
		t.Error(outputs)
	}
	back := map[string]any{"Name": "live", "DeploymentPreference": map[string]any{"StateMachineVersionArn": machineM + ":1", "Type": "LINEAR", "Percentage": 10, "Interval": 1}}
	_, err := b.svc.Provisioners()["AWS::StepFunctions::StateMachineAlias"].Provision(context.Background(), core.Resource{Region: region, Type: "T", Properties: back})
	if err == nil || !strings.Contains(err.Error(), "moved step by step by a deployment") {
		t.Error(err)
	}
	_, err = b.svc.Provisioners()["AWS::StepFunctions::StateMachine"].Provision(context.Background(), core.Resource{Position: "saga.yaml:3", LogicalID: "Saga", Type: "T", Properties: map[string]any{"RoleArn": "r", "DefinitionString": "{}"}})
	if err == nil || !strings.HasPrefix(err.Error(), "saga.yaml:3: Saga (T): InvalidDefinition") {
		t.Error(err)
	}
}

func TestVersionsStayAndAliasesRouteByWeight(t *testing.T) {
	b := newBench(t)
	b.create("m", Standard, pass)
	v1 := b.must("PublishStateMachineVersion", in{"stateMachineArn": machineM, "revisionId": "INITIAL"})["stateMachineVersionArn"].(string)
	if again := b.must("PublishStateMachineVersion", in{"stateMachineArn": machineM}); again["stateMachineVersionArn"] != v1 || v1 != machineM+":1" {
		t.Error(again)
	}
	up := b.must("UpdateStateMachine", in{"stateMachineArn": machineM, "definition": passOther, "publish": true})
	v2 := up["stateMachineVersionArn"].(string)
	b.refused("PublishStateMachineVersion", in{"stateMachineArn": machineM, "revisionId": "old"}, "ConflictException: Failed to publish the State Machine version for revision old. The current State Machine revision is "+up["revisionId"].(string))
	list := b.must("ListStateMachineVersions", in{"stateMachineArn": machineM})["stateMachineVersions"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["stateMachineVersionArn"] != v2 {
		t.Error(list)
	}
	routes := []any{in{"stateMachineVersionArn": v1, "weight": 80}, in{"stateMachineVersionArn": v2, "weight": 20}}
	live := b.must("CreateStateMachineAlias", in{"name": "live", "routingConfiguration": routes})["stateMachineAliasArn"].(string)
	outputs := map[string]int{}
	for i := range 200 {
		x := b.must("StartExecution", in{"stateMachineArn": live, "name": fmt.Sprint(i)})["executionArn"].(string)
		b.sim.Run(b.sim.Now().Add(time.Second))
		outputs[b.outcome(x).Output]++
	}
	if n := outputs["2"]; n < 20 || n > 60 || n+outputs[`{"Arg1":"argument1"}`] != 200 {
		t.Error(outputs)
	}
	x := b.must("DescribeExecution", in{"executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:1"})
	if x["stateMachineAliasArn"] != live || x["stateMachineVersionArn"] == nil || x["stateMachineArn"] != machineM {
		t.Error(x)
	}
	b.refused("DeleteStateMachineVersion", in{"stateMachineVersionArn": v2}, "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]")
	b.must("UpdateStateMachineAlias", in{"stateMachineAliasArn": live, "routingConfiguration": []any{in{"stateMachineVersionArn": v1, "weight": 100}}})
	b.must("DeleteStateMachineVersion", in{"stateMachineVersionArn": v2})
	b.refused("StartExecution", in{"stateMachineArn": v2}, "StateMachineDoesNotExist")
	b.must("StartExecution", in{"stateMachineArn": v1})
	for want, r := range map[string][]any{
		"ValidationException: Routing configuration must contain state machine version ARNs. Received: [" + machineM + "]":                     {in{"stateMachineVersionArn": machineM, "weight": 100}},
		"ValidationException: Sum of routing configuration weights must equal 100. Received: [70, 29]":                                         {in{"stateMachineVersionArn": v1, "weight": 70}, in{"stateMachineVersionArn": v2, "weight": 29}},
		"ValidationException: Routing configuration must contain distinct state machine version ARNs. Received: [" + v1 + ", " + v1 + "]":      {in{"stateMachineVersionArn": v1, "weight": 70}, in{"stateMachineVersionArn": v1, "weight": 30}},
		"ValidationException: 1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint": {in{"stateMachineVersionArn": v1, "weight": 101}},
		"ConflictException: Failed to create alias because an alias with the same name":                                                        {in{"stateMachineVersionArn": v1, "weight": 100}},
	} {
		name := "other"
		if strings.HasPrefix(want, "Conflict") {
			b.must("UpdateStateMachineAlias", in{"stateMachineAliasArn": live, "description": "d"})
			name = "live"
		}
		b.refused("CreateStateMachineAlias", in{"name": name, "routingConfiguration": r}, want)
	}
	b.refused("CreateStateMachineAlias", in{"name": "123", "routingConfiguration": routes}, "ValidationException: 1 validation error detected: Value '123' at 'name'")
	if out := b.must("DescribeStateMachineAlias", in{"stateMachineAliasArn": live}); out["description"] != "d" || len(out["routingConfiguration"].([]any)) != 1 {
		t.Error(out)
	}
	if out := b.must("ListStateMachineAliases", in{"stateMachineArn": machineM}); len(out["stateMachineAliases"].([]any)) != 1 {
		t.Error(out)
	}
	b.must("DeleteStateMachineAlias", in{"stateMachineAliasArn": live})
	b.refused("UpdateStateMachineAlias", in{"stateMachineAliasArn": live, "description": "e"}, "ResourceNotFound: Request references a resource that does not exist.")
}

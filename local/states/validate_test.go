package states

import (
	"strings"
	"testing"
)

func TestWrongDefinitionsAreRefusedWithTheirPlace(t *testing.T) {
	const end = `,"End":true}`
	const inline = `{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}}`
	const task = `{"Type":"Task","Resource":"` + functionARN + `","End":true`
	for name, c := range map[string]struct{ def, want string }{
		"empty":                {` `, `SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object`},
		"not JSON":             {`not a definition`, `INVALID_JSON_DESCRIPTION: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')` + "\n" + ` at [Source: (String)"not a definition"; line: 1, column: 4]`},
		"nothing":              {`{}`, `SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /`},
		"no states":            {`{"StartAt":"S"}`, `SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /`},
		"type":                 {single(`{"Type":"Nap"}`), `SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/S/Type`},
		"start":                {`{"StartAt":"X","States":{"S":{"Type":"Succeed"}}}`, `MISSING_TRANSITION_TARGET: Missing 'StartAt' target: X at /StartAt`},
		"next":                 {single(`{"Type":"Pass","Next":"X"},"E":{"Type":"Succeed"}`), `MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Next`},
		"default":              {single(`{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"E"}],"Default":"X"},"E":{"Type":"Succeed"}`), `MISSING_TRANSITION_TARGET: Missing 'Default' target: X at /States/S/Default`},
		"catch next":           {single(task + `,"Catch":[{"ErrorEquals":["E"],"Next":"X"}]}`), `MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Catch[0]/Next`},
		"unreachable":          {single(`{"Type":"Succeed"},"U":{"Type":"Succeed"}`), `MISSING_TRANSITION_TARGET: State "U" is not reachable. at /States/U`},
		"no end":               {single(`{"Type":"Pass","Next":"S"}`), `MISSING_TRANSITION_TARGET: No terminal state: a state with "End": true, or of type Succeed or Fail at /`},
		"neither":              {single(`{"Type":"Pass"},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: Exactly one of these fields is required: [Next, End] at /States/S`},
		"both":                 {single(`{"Type":"Pass","Next":"E","End":true},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: Exactly one of these fields is required: [Next, End] at /States/S`},
		"unknown field":        {single(`{"Type":"Pass","Foo":1` + end), `SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported at /States/S`},
		"field of another":     {single(`{"Type":"Succeed","Next":"S"}`), `SCHEMA_VALIDATION_FAILED: Field 'Next' is not supported at /States/S`},
		"expression":           {single(`{"Type":"Pass","Parameters":{"v.$":"States.None()"}` + end), `SCHEMA_VALIDATION_FAILED: The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters`},
		"expression not text":  {single(`{"Type":"Pass","Parameters":{"v.$":1}` + end), `SCHEMA_VALIDATION_FAILED: The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters`},
		"result path":          {single(`{"Type":"Pass","ResultPath":"$.a[*]"` + end), `SCHEMA_VALIDATION_FAILED: Value is not a valid JSONPath: a reference path names one place: no wildcard, slice, filter or descent at /States/S/ResultPath`},
		"timestamp":            {single(`{"Type":"Wait","Timestamp":"2016-12-05T21:29:29"` + end), `SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/S/Timestamp`},
		"wait for what":        {single(`{"Type":"Wait"` + end), `SCHEMA_VALIDATION_FAILED: Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/S`},
		"wait for two":         {single(`{"Type":"Wait","Seconds":1,"SecondsPath":"$.a"` + end), `SCHEMA_VALIDATION_FAILED: Only one of these fields is allowed: [Seconds, SecondsPath, Timestamp, TimestampPath] at /States/S`},
		"all first":            {single(task + `,"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["E"]}]}`), `SCHEMA_VALIDATION_FAILED: States.ALL must stand alone, in the last element at /States/S/Retry[0]/ErrorEquals`},
		"all with others":      {single(task + `,"Retry":[{"ErrorEquals":["States.ALL","E"]}]}`), `SCHEMA_VALIDATION_FAILED: States.ALL must stand alone, in the last element at /States/S/Retry[0]/ErrorEquals`},
		"reserved name":        {single(task + `,"Retry":[{"ErrorEquals":["States.Tiimeout"]}]}`), `SCHEMA_VALIDATION_FAILED: 'States.Tiimeout' is not an error name of the States Language at /States/S/Retry[0]/ErrorEquals`},
		"no names":             {single(task + `,"Retry":[{"ErrorEquals":[]}]}`), `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/S/Retry[0]/ErrorEquals`},
		"backoff":              {single(task + `,"Retry":[{"ErrorEquals":["E"],"BackoffRate":0.5}]}`), `SCHEMA_VALIDATION_FAILED: Value is not greater than or equal to 1.0 at /States/S/Retry[0]/BackoffRate`},
		"jitter":               {single(task + `,"Retry":[{"ErrorEquals":["E"],"JitterStrategy":"HALF"}]}`), `SCHEMA_VALIDATION_FAILED: The field 'JitterStrategy' should have one of these values: [FULL, NONE] at /States/S/Retry[0]/JitterStrategy`},
		"heartbeat":            {single(task + `,"TimeoutSeconds":5,"HeartbeatSeconds":5}`), `SCHEMA_VALIDATION_FAILED: Value of HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds`},
		"timeout":              {single(task + `,"TimeoutSeconds":0}`), `SCHEMA_VALIDATION_FAILED: Value is not greater than or equal to 1 at /States/S/TimeoutSeconds`},
		"no operator":          {single(`{"Type":"Choice","Choices":[{"Variable":"$.a","Next":"E"}]},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: A comparison operator, And, Or or Not is required at /States/S/Choices[0]`},
		"two operators":        {single(`{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"IsString":true,"Next":"E"}]},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: Field 'IsString' is not supported at /States/S/Choices[0]`},
		"operand":              {single(`{"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":"1","Next":"E"}]},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: Value has the wrong type for NumericEquals at /States/S/Choices[0]/NumericEquals`},
		"inner next":           {single(`{"Type":"Choice","Choices":[{"Not":{"Variable":"$.a","IsNull":true,"Next":"E"},"Next":"E"}]},"E":{"Type":"Succeed"}`), `SCHEMA_VALIDATION_FAILED: Field 'Next' is not supported at /States/S/Choices[0]/Not`},
		"no branches":          {single(`{"Type":"Parallel","Branches":[]` + end), `SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/S/Branches`},
		"inside a branch":      {single(`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"S"}}}]` + end), `MISSING_TRANSITION_TARGET: Missing 'Next' target: S at /States/S/Branches[0]/States/A/Next`},
		"no processor":         {single(`{"Type":"Map"` + end), `SCHEMA_VALIDATION_FAILED: These fields are required: [ItemProcessor] at /States/S`},
		"function name":        {single(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{}` + end), `SCHEMA_VALIDATION_FAILED: The field 'FunctionName' is required but was missing at /States/S/Parameters`},
		"no such integration":  {single(`{"Type":"Task","Resource":"arn:aws:states:::dynamodb:query"` + end), `SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource`},
		"unsubstituted":        {single(`{"Type":"Task","Resource":"${Function}"` + end), `SCHEMA_VALIDATION_FAILED: The resource provided ${Function} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource`},
		"JSONata":              {`{"QueryLanguage":"JSONata","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, `SCHEMA_VALIDATION_FAILED: the local cloud does not run the query language JSONata (state '') at /QueryLanguage`},
		"JSONata in one state": {single(`{"Type":"Pass","QueryLanguage":"JSONata"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run the query language JSONata (state 'S') at /States/S/QueryLanguage`},
		"distributed map":      {single(`{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},` + inline[1:] + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run distributed Map (state 'S') at /States/S/ItemProcessor/ProcessorConfig/Mode`},
		"item reader":          {single(`{"Type":"Map","ItemReader":{},"ItemProcessor":` + inline + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run distributed Map, to which ItemReader belongs (state 'S') at /States/S/ItemReader`},
		"activity":             {single(`{"Type":"Task","Resource":"arn:aws:states:us-east-1:000000000000:activity:a"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run activities (state 'S') at /States/S/Resource`},
		"task token":           {single(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run the integration pattern .waitForTaskToken (state 'S') at /States/S/Resource`},
		"sync":                 {single(`{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run the integration pattern .sync:2 (state 'S') at /States/S/Resource`},
		"another service":      {single(`{"Type":"Task","Resource":"arn:aws:states:::sns:publish"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run the service integration sns:publish (state 'S') at /States/S/Resource`},
		"another SDK service":  {single(`{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:getObject"` + end), `SCHEMA_VALIDATION_FAILED: the local cloud does not run the service integration aws-sdk:s3:getObject (state 'S') at /States/S/Resource`},
		"a list as state":      {single(`[]`), `SCHEMA_VALIDATION_FAILED: Expected value of type Object at /States/S`},
	} {
		t.Run(name, func(t *testing.T) {
			problems := Validate([]byte(c.def))
			var texts []string
			for _, p := range problems {
				texts = append(texts, p.String())
			}
			if len(texts) == 0 || texts[0] != c.want {
				t.Errorf("%s\nwant %s", strings.Join(texts, "\n"), c.want)
			}
		})
	}
}

func TestProblemsNameTheirState(t *testing.T) {
	problems := Validate([]byte(`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Task","Resource":"x","End":true}}}`))
	if len(problems) != 1 || problems[0].State != "B" {
		t.Errorf("%+v", problems)
	}
}

func TestCreationTellsAllProblemsInAWSsShape(t *testing.T) {
	_, err := newBench(t).call("CreateStateMachine", map[string]any{"name": "m", "roleArn": "r", "definition": single(`{"Type":"Pass","Next":"B"},"C":{"Type":"Succeed"}`)})
	want := `InvalidDefinition: Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/S/Next, MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C'`
	if err == nil || err.Error() != want {
		t.Error(err)
	}
	_, err = newBench(t).call("CreateStateMachine", map[string]any{"name": "m", "type": Express, "roleArn": "r", "definition": single(`{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","End":true}`)})
	want = `InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration at /States/S/Resource'`
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestARightDefinitionHasNoProblems(t *testing.T) {
	const saga = `{"Comment":"c","StartAt":"Load","Version":"1.0","TimeoutSeconds":100,"QueryLanguage":"JSONPath","States":{
		"Load":{"Type":"Task","Comment":"c","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Payload":{"orderId.$":"$.orderId"}},"ResultSelector":{"order.$":"$.Payload"},"ResultPath":"$.order","TimeoutSeconds":20,
			"Retry":[{"ErrorEquals":["Throttled","Lambda.TooManyRequestsException"],"IntervalSeconds":1,"MaxAttempts":5,"BackoffRate":2,"MaxDelaySeconds":10,"JitterStrategy":"FULL"}],
			"Catch":[{"ErrorEquals":["InsufficientStock"],"ResultPath":"$.reason","Next":"End"},{"ErrorEquals":["States.ALL"],"Next":"End"}],"Next":"Route"},
		"Route":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","IsPresent":true},{"Variable":"$.a","StringEquals":"x"}],"Next":"End"}],"Default":"End"},
		"End":{"Type":"Succeed"}}}`
	if problems := Validate([]byte(saga)); len(problems) > 0 {
		t.Error(problems)
	}
}

package states

import (
	"context"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

func TestStatesGiveTheOutputsThatTheLanguageDefines(t *testing.T) {
	for name, c := range map[string]struct{ state, input, want string }{
		"pass keeps its input":          {`{"Type":"Pass","End":true}`, `{"b":1.50,"a":[1e3,12345678901234567890]}`, `{"b":1.50,"a":[1e3,12345678901234567890]}`},
		"pass result":                   {`{"Type":"Pass","Result":{"x":1},"End":true}`, `{}`, `{"x":1}`},
		"pass result at a path":         {`{"Type":"Pass","Result":{"x":0.381},"ResultPath":"$.coords","End":true}`, `{"georefOf":"Home"}`, `{"georefOf":"Home","coords":{"x":0.381}}`},
		"result path makes parents":     {`{"Type":"Pass","Result":6,"ResultPath":"$.a.b.c","End":true}`, `{"a":{"z":1}}`, `{"a":{"z":1,"b":{"c":6}}}`},
		"result path into an element":   {`{"Type":"Pass","Result":6,"ResultPath":"$.a[1]","End":true}`, `{"a":[1,2,3]}`, `{"a":[1,6,3]}`},
		"result path null":              {`{"Type":"Pass","Result":6,"ResultPath":null,"End":true}`, `{"a":1}`, `{"a":1}`},
		"input path null":               {`{"Type":"Pass","InputPath":null,"End":true}`, `{"a":1}`, `{}`},
		"input and output path":         {`{"Type":"Pass","InputPath":"$.a","OutputPath":"$.b","End":true}`, `{"a":{"b":[1]}}`, `[1]`},
		"output path null":              {`{"Type":"Pass","OutputPath":null,"End":true}`, `{"a":1}`, `{}`},
		"result path uses raw input":    {`{"Type":"Pass","InputPath":"$.a","ResultPath":"$.r","End":true}`, `{"a":2}`, `{"a":2,"r":2}`},
		"parameters":                    {`{"Type":"Pass","Parameters":{"flagged":true,"parts":{"first.$":"$.vals[0]","last3.$":"$.vals[-3:]"}},"End":true}`, `{"vals":[0,10,20,30,40,50]}`, `{"flagged":true,"parts":{"first":0,"last3":[30,40,50]}}`},
		"parameters in an array":        {`{"Type":"Pass","Parameters":{"l":[{"x.$":"$.a"},2]},"End":true}`, `{"a":"v"}`, `{"l":[{"x":"v"},2]}`},
		"context":                       {`{"Type":"Pass","Parameters":{"n.$":"$$.State.Name","x.$":"$$.Execution.Name","i.$":"$$.Execution.Input.a","m.$":"$$.StateMachine.Name"},"End":true}`, `{"a":1}`, `{"n":"S","x":"x","i":1,"m":"m"}`},
		"context times":                 {`{"Type":"Pass","Parameters":{"t.$":"$$.Execution.StartTime"},"End":true}`, `{}`, `{"t":"2026-03-01T12:00:00.000Z"}`},
		"succeed":                       {`{"Type":"Succeed","OutputPath":"$.a"}`, `{"a":1}`, `1`},
		"choice passes its input on":    {`{"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":1,"Next":"T"}]},"T":{"Type":"Succeed"}`, `{"a":1}`, `{"a":1}`},
		"wildcard without a match":      {`{"Type":"Pass","Parameters":{"item.$":"$.items[*].v"},"End":true}`, `{}`, `{"item":[]}`},
		"fixed members with dollar":     {`{"Type":"Pass","Result":{"a.$":"$.b"},"End":true}`, `{}`, `{"a.$":"$.b"}`},
		"map":                           {`{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `[1,"two",null]`, `[1,"two",null]`},
		"map with items path":           {`{"Type":"Map","ItemsPath":"$.l","ResultPath":"$.r","Iterator":{"StartAt":"I","States":{"I":{"Type":"Pass","Result":0,"End":true}}},"End":true}`, `{"l":[1,2]}`, `{"l":[1,2],"r":[0,0]}`},
		"map with item selector":        {`{"Type":"Map","ItemsPath":"$.l","ItemSelector":{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","k.$":"$.k"},"ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"k":"K","l":["a","b"]}`, `[{"v":"a","i":0,"k":"K"},{"v":"b","i":1,"k":"K"}]`},
		"map with legacy parameters":    {`{"Type":"Map","ItemsPath":"$.l","Parameters":{"v.$":"$$.Map.Item.Value"},"Iterator":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"l":[7]}`, `[{"v":7}]`},
		"map knows its item inside":     {`{"Type":"Map","MaxConcurrency":2,"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index"},"OutputPath":"$.i","End":true}}},"End":true}`, `[9,9,9,9,9]`, `[0,1,2,3,4]`},
		"map over nothing":              {`{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `[]`, `[]`},
		"parallel":                      {`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","Result":1,"End":true}}},{"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":5,"End":true}}}],"ResultPath":"$.r","End":true}`, `{"a":0}`, `{"a":0,"r":[1,{"a":0}]}`},
		"parallel parameters, selector": {`{"Type":"Parallel","Parameters":{"p.$":"$.a"},"ResultSelector":{"first.$":"$[0].p"},"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}],"End":true}`, `{"a":0}`, `{"first":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBench(t).run(single(c.state), c.input)
			if o.Status != succeeded || o.Output != c.want {
				t.Errorf("%s %s (%s: %s), want %s", o.Status, o.Output, o.Error, o.Cause, c.want)
			}
		})
	}
}

func TestFailuresAreTheOnesThatAWSGives(t *testing.T) {
	const where = "An error occurred while executing the state 'S' (entered at the event id #2). "
	for name, c := range map[string]struct{ state, input, err, cause string }{
		"fail":                 {`{"Type":"Fail","Error":"E","Cause":"C"}`, `{}`, "E", "C"},
		"fail by paths":        {`{"Type":"Fail","ErrorPath":"$.e","CausePath":"States.Format('because {}', $.c)"}`, `{"e":"E","c":"C"}`, "E", "because C"},
		"fail without words":   {`{"Type":"Fail"}`, `{}`, "", ""},
		"parameter path":       {`{"Type":"Pass","Parameters":{"v.$":"$.no"},"End":true}`, `{"a":1}`, "States.Runtime", where + "The JSONPath '$.no' specified for the field 'v.$' could not be found in the input '{\"a\":1}'"},
		"input path":           {`{"Type":"Pass","InputPath":"$.no","End":true}`, `{}`, "States.Runtime", where + "Invalid path '$.no' : No results for path: $['no']"},
		"output path":          {`{"Type":"Pass","OutputPath":"$.no.such.path","End":true}`, `{}`, "States.Runtime", where + "Invalid path '$.no.such.path' : Missing property in path $['no']"},
		"result path":          {`{"Type":"Pass","Result":1,"ResultPath":"$.a.b","End":true}`, `{"a":1}`, "States.ResultPathMatchFailure", where + `Unable to apply step "b" to input 1`},
		"no choice":            {`{"Type":"Choice","Choices":[{"Variable":"$.a","NumericEquals":1,"Next":"T"}]},"T":{"Type":"Succeed"}`, `{"a":2}`, "States.NoChoiceMatched", where + "Failed to transition out of the state. The state does not point to a next state."},
		"choice path":          {`{"Type":"Choice","Choices":[{"Variable":"$.b","NumericEquals":1,"Next":"T"}]},"T":{"Type":"Succeed"}`, `{"a":2}`, "States.Runtime", where + "Invalid path '$.b': The choice state's condition path references an invalid value."},
		"intrinsic":            {`{"Type":"Pass","Parameters":{"v.$":"States.ArrayGetItem($.a, 3)"},"End":true}`, `{"a":[1]}`, "States.IntrinsicFailure", where + "The function 'States.ArrayGetItem($.a, 3)' had the following error: The index 3 is out of bounds for an array of 1 elements"},
		"map input":            {`{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"foo":"bar"}`, "States.Runtime", where + `Map state input must be an array but was: {"foo":"bar"}`},
		"max concurrency":      {`{"Type":"Map","ItemsPath":"$.l","MaxConcurrencyPath":"$.n","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`, `{"l":[1],"n":"NoNumber"}`, "States.Runtime", where + `The MaxConcurrencyPath field refers to value "NoNumber" which is not a valid integer: $.n`},
		"wait seconds":         {`{"Type":"Wait","SecondsPath":"$.n","End":true}`, `{"n":-1}`, "States.Runtime", where + "The SecondsPath parameter references a negative value: $.n == -1"},
		"wait fraction":        {`{"Type":"Wait","SecondsPath":"$.n","End":true}`, `{"n":1.5}`, "States.Runtime", where + "The SecondsPath parameter cannot be parsed as a long value: $.n == 1.5"},
		"wait without value":   {`{"Type":"Wait","SecondsPath":"$.n","End":true}`, `{}`, "States.Runtime", where + "The SecondsPath parameter does not reference an input value: $.n"},
		"wait without offset":  {`{"Type":"Wait","TimestampPath":"$.t","End":true}`, `{"t":"2026-12-05T21:29:29"}`, "States.Runtime", where + "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.t == 2026-12-05T21:29:29"},
		"wait for a lifetime":  {`{"Type":"Wait","TimestampPath":"$.t","End":true}`, `{"t":"2126-12-05T21:29:29Z"}`, "States.Runtime", where + "Wait state delay is too long."},
		"variable":             {`{"Type":"Pass","Parameters":{"v.$":"$none"},"End":true}`, `{}`, "States.Runtime", where + "The JSONPath '$none' specified for the field 'v.$' could not be found in the input '{}'"},
		"index":                {`{"Type":"Pass","InputPath":"$.a[1]","End":true}`, `{"a":[0]}`, "States.Runtime", where + "Invalid path '$.a[1]' : Index out of bounds when evaluating path $['a'][1]"},
		"output that is large": {`{"Type":"Pass","Parameters":{"a.$":"$.s","b.$":"$.s"},"End":true}`, `{"s":"` + strings.Repeat("x", 140000) + `"}`, "States.DataLimitExceeded", "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit."},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBench(t).run(single(c.state), c.input)
			if o.Status != failedEnd || o.Error != c.err || o.Cause != c.cause {
				t.Errorf("%s %q %q", o.Status, o.Error, o.Cause)
			}
		})
	}
}

func TestWaitsTakeTheirTime(t *testing.T) {
	for state, want := range map[string]time.Duration{
		`{"Type":"Wait","Seconds":90,"End":true}`:                            90 * time.Second,
		`{"Type":"Wait","Seconds":0,"End":true}`:                             0,
		`{"Type":"Wait","SecondsPath":"$.s","End":true}`:                     7 * time.Second,
		`{"Type":"Wait","Timestamp":"2026-03-01T12:01:00Z","End":true}`:      time.Minute,
		`{"Type":"Wait","Timestamp":"2020-03-01T12:01:00Z","End":true}`:      0,
		`{"Type":"Wait","TimestampPath":"$.t","End":true}`:                   2500 * time.Millisecond,
		`{"Type":"Wait","Timestamp":"2026-03-01T14:00:30+02:00","End":true}`: 30 * time.Second,
	} {
		o := newBench(t).run(single(state), `{"s":7,"t":"2026-03-01T12:00:02.5Z"}`)
		if o.Status != succeeded || o.Took != want {
			t.Errorf("%s: %s after %v, want %v", state, o.Status, o.Took, want)
		}
	}
}

func TestVariablesAreSeenInsideAndSetOnlyAtHome(t *testing.T) {
	o := newBench(t).run(`{"StartAt":"A","States":{
		"A":{"Type":"Pass","Result":{"n":4},"Assign":{"x.$":"$.n","y":{"z":[1]}},"Next":"M"},
		"M":{"Type":"Map","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Assign":{"inner.$":"States.MathAdd($x, $$.Map.Item.Value)"},"Next":"J"},
			"J":{"Type":"Pass","InputPath":"$inner","End":true}}},"ItemsPath":"$y.z","Next":"C"},
		"C":{"Type":"Choice","Choices":[{"Variable":"$x","NumericEquals":4,"Assign":{"x":5},"Next":"D"}],"Default":"D","Assign":{"x":0}},
		"D":{"Type":"Pass","Parameters":{"x.$":"$x","sum.$":"$[0]","z.$":"$y.z[0]"},"End":true}}}`, `{}`)
	if o.Output != `{"x":5,"sum":5,"z":1}` {
		t.Errorf("%+v", o)
	}
	if o.History[2] != "3<2 PassStateExited name=A output={\"n\":4} assignedVariables=map[x:4 y:{\"z\":[1]}]" {
		t.Error(o.History[2])
	}
}

func TestExecutionsActAsTheMachinesRole(t *testing.T) {
	b := newBench(t)
	b.lambda = answers(`{"ok":true}`)
	o := b.run(single(`{"Type":"Task","Resource":"`+functionARN+`:live","End":true}`), `{"a":1}`)
	want := InvokeRequest{Region: region, FunctionName: "pay", Qualifier: "live", Payload: []byte(`{"a":1}`),
		Principal: core.Principal{RoleARN: "arn:aws:iam::000000000000:role/saga", Via: "m", Region: region}}
	got := b.calls[0]
	if o.Output != `{"ok":true}` || got.Principal != want.Principal || got.FunctionName != want.FunctionName || got.Qualifier != want.Qualifier || string(got.Payload) != string(want.Payload) {
		t.Errorf("%+v %+v", o, got)
	}
}

func TestParallelStopsWhatStillRunsWhenABranchFails(t *testing.T) {
	b := newBench(t)
	b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		return InvokeResult{Payload: []byte("1")}, b.cloud.Sleep(ctx, time.Minute)
	}
	o := b.run(single(`{"Type":"Parallel","End":true,"Branches":[
		{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"Next":"F"},"F":{"Type":"Fail","Error":"E","Cause":"C"}}},
		{"StartAt":"B","States":{"B":{"Type":"Task","Resource":"`+functionARN+`","Next":"B2"},"B2":{"Type":"Task","Resource":"`+functionARN+`","End":true}}}]}`), `{}`)
	if o.Status != failedEnd || o.Error != "E" || o.Took != time.Second || len(b.calls) != 1 {
		t.Errorf("%+v, %d calls", o, len(b.calls))
	}
}

func TestMapToleratesFailures(t *testing.T) {
	const machine = `{"Type":"Map","ItemsPath":"$.l","ToleratedFailureCountPath":"$.n","ItemProcessor":{"StartAt":"C","States":{
		"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericLessThan":0,"Next":"F"}],"Default":"P"},"P":{"Type":"Pass","End":true},"F":{"Type":"Fail","Error":"Negative"}}},"End":true}`
	if o := newBench(t).run(single(machine), `{"l":[1,-1,3],"n":1}`); o.Output != `[1,3]` {
		t.Errorf("%+v", o)
	}
	if o := newBench(t).run(single(machine), `{"l":[-1,-1,3],"n":1}`); o.Error != "States.ExceedToleratedFailureThreshold" {
		t.Errorf("%+v", o)
	}
}

func TestMapRunsAtMostMaxConcurrencyAtOnce(t *testing.T) {
	b := newBench(t)
	busy, most := 0, 0
	b.lambda = func(ctx context.Context, _ InvokeRequest) (InvokeResult, error) {
		busy++
		most = max(most, busy)
		err := b.cloud.Sleep(ctx, time.Second)
		busy--
		return InvokeResult{Payload: []byte("0")}, err
	}
	o := b.run(single(`{"Type":"Map","MaxConcurrency":3,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"`+functionARN+`","End":true}}},"End":true}`), `[1,2,3,4,5,6,7]`)
	if o.Status != succeeded || most != 3 || o.Took != 3*time.Second {
		t.Errorf("%s, %d at once, %v", o.Status, most, o.Took)
	}
}

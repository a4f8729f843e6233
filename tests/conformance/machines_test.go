package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// machineCase is a state machine, or the expression of one Pass state, and how its execution ends.
type machineCase struct {
	From       string
	Definition json.RawMessage
	Path       string // a path or intrinsic function, in place of Definition
	Input      json.RawMessage
	Output     json.RawMessage
	Error      string
}

func (c machineCase) definition(t *testing.T) string {
	t.Helper()
	if c.Path == "" {
		return string(c.Definition)
	}
	def, err := json.Marshal(map[string]any{"StartAt": "Case", "States": map[string]any{"Case": map[string]any{
		"Type": "Pass", "Parameters": map[string]any{"out.$": c.Path}, "OutputPath": "$.out", "End": true}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(def)
}

// run creates the machine, starts it and waits until it has ended.
func (c machineCase) run(t *testing.T, client *sfn.Client, name string) *sfn.DescribeExecutionOutput {
	t.Helper()
	ctx := context.Background()
	m, err := client.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: &name, RoleArn: aws.String(role), Definition: aws.String(c.definition(t))})
	if err != nil {
		t.Fatal(err)
	}
	x, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: m.StateMachineArn, Input: aws.String(string(c.Input))})
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		d, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: x.ExecutionArn})
		if err != nil {
			t.Fatal(err)
		}
		if d.Status != types.ExecutionStatusRunning {
			return d
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("still running after five seconds")
	return nil
}

func (c machineCase) check(t *testing.T, d *sfn.DescribeExecutionOutput) {
	t.Helper()
	if c.Error != "" {
		if d.Status != types.ExecutionStatusFailed || aws.ToString(d.Error) != c.Error {
			t.Errorf("%s %s (%s), want FAILED %s", d.Status, aws.ToString(d.Error), aws.ToString(d.Cause), c.Error)
		}
		return
	}
	if d.Status != types.ExecutionStatusSucceeded {
		t.Fatalf("%s: %s: %s", d.Status, aws.ToString(d.Error), aws.ToString(d.Cause))
	}
	same(t, "output", *d.Output, c.Output)
}

func TestPathsAndIntrinsicFunctionsAnswerAsDocumented(t *testing.T) { runMachines(t, "paths.json") }

func TestStatesEndAsDocumented(t *testing.T) { runMachines(t, "machines.json") }

func runMachines(t *testing.T, file string) {
	client := sfn.NewFromConfig(cloud(t))
	for i, c := range cases[machineCase](t, file) {
		t.Run(c.From, func(t *testing.T) { c.check(t, c.run(t, client, fmt.Sprintf("case-%d", i))) })
	}
}

func TestHistoryIsPagedAndReversed(t *testing.T) {
	client, ctx := sfn.NewFromConfig(cloud(t)), context.Background()
	d := machineCase{Path: "$.a", Input: json.RawMessage(`{"a":1}`)}.run(t, client, "paged")
	var forward []int64
	in := &sfn.GetExecutionHistoryInput{ExecutionArn: d.ExecutionArn, MaxResults: 3}
	for {
		page, err := client.GetExecutionHistory(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			forward = append(forward, e.Id, e.PreviousEventId)
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if got := fmt.Sprint(forward); got != "[1 0 2 0 3 2 4 3]" {
		t.Errorf("ids and previous ids are %s", got)
	}
	back, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: d.ExecutionArn, ReverseOrder: true, IncludeExecutionData: aws.Bool(false)})
	if err != nil {
		t.Fatal(err)
	}
	first := back.Events[0]
	if first.Type != types.HistoryEventTypeExecutionSucceeded || first.ExecutionSucceededEventDetails.Output != nil {
		t.Errorf("the first event from behind is %s with output %v", first.Type, first.ExecutionSucceededEventDetails.Output)
	}
}

func TestWhatIsNotRunIsRefusedInTheServicesShape(t *testing.T) {
	client := sfn.NewFromConfig(cloud(t))
	_, err := client.CreateStateMachine(context.Background(), &sfn.CreateStateMachineInput{Name: aws.String("jsonata"), RoleArn: aws.String(role),
		Definition: aws.String(`{"QueryLanguage":"JSONata","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`)})
	refused(t, err, "InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: the local cloud does not run the query language JSONata")
	_, err = client.CreateActivity(context.Background(), &sfn.CreateActivityInput{Name: aws.String("a")})
	refused(t, err, "UnsupportedOperationException", "the local cloud does not run CreateActivity")
}

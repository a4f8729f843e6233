package infra_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// statement is a statement that allows something.
type statement struct {
	actions, resources []string
	text               string
}

// statements are all of a value that is, or has somewhere in it, a policy that allows.
func statements(v any) []statement {
	switch v := v.(type) {
	case []any:
		var out []statement
		for _, e := range v {
			out = append(out, statements(e)...)
		}
		return out
	case map[string]any:
		if v["Effect"] == "Allow" && v["Resource"] != nil {
			return []statement{{words(v["Action"]), words(v["Resource"]), fmt.Sprint(v)}}
		}
		var out []statement
		for _, e := range v {
			out = append(out, statements(e)...)
		}
		return out
	}
	return nil
}

// words are a string or a list of strings; what is neither is written out.
func words(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// wide are the statements that may name all resources, and why.
var wide = map[string]string{
	"dynamodb:ListStreams":     "the action knows no resources",
	"logs:CreateLogDelivery":   "the actions of log delivery know no resources",
	"xray:PutTraceSegments":    "the action knows no resources",
	"cloudwatch:PutMetricData": "the action knows no resources",
}

// roles are everything that something acts as: functions, state machines and roles of their own.
func roles(ts *templates) []declaration {
	return slices.Concat(ts.of("AWS::Serverless::Function"), ts.of("AWS::Serverless::StateMachine"), ts.of("AWS::IAM::Role"))
}

// deploy are the stacks whose roles make and change everything else: they are held to what the stage is named, not to single actions.
var deploy = []string{"pipeline.yaml", "pipeline-stage.yaml"}

// TestEveryRoleNamesItsActionsAndResources goes through the policies of all functions, state machines and roles at run time.
func TestEveryRoleNamesItsActionsAndResources(t *testing.T) {
	n := 0
	for _, d := range roles(readTemplates(t)) {
		if slices.Contains(deploy, d.file) {
			continue
		}
		for _, s := range statements(d.properties["Policies"]) {
			n++
			for _, wrong := range tooWide(s) {
				t.Errorf("%s: %s: %s", d.file, d.id, wrong)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d statements were found", n)
	}
}

func tooWide(s statement) []string {
	var out []string
	for _, a := range s.actions {
		if strings.Contains(a, "*") || !strings.Contains(a, ":") {
			out = append(out, "allows "+a)
		}
	}
	for _, r := range s.resources {
		if r == "*" && (len(s.actions) == 0 || wide[s.actions[0]] == "") {
			out = append(out, fmt.Sprintf("allows %v on everything", s.actions))
		}
		if parts := strings.SplitN(r, ":", 6); len(parts) == 6 && strings.HasPrefix(parts[5], "*") {
			out = append(out, "allows something on all of "+r)
		}
	}
	return out
}

func TestAPolicyThatIsTooWideIsFound(t *testing.T) {
	for _, bad := range []map[string]any{
		{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:1:table/t"},
		{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:us-east-1:1:table/t"},
		{"Effect": "Allow", "Action": []any{"dynamodb:PutItem"}, "Resource": []any{"*"}},
		{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:1:*"},
	} {
		found := statements([]any{map[string]any{"PolicyDocument": map[string]any{"Statement": []any{bad}}}})
		if len(found) != 1 || len(tooWide(found[0])) == 0 {
			t.Errorf("%v passes", bad)
		}
	}
}

// TestEveryFunctionHasARoleOfItsOwn: SAM makes one for each function that names none, of the function's own statements. A policy that is a word
// is a managed one, which says more than one function needs.
func TestEveryFunctionHasARoleOfItsOwn(t *testing.T) {
	for _, d := range readTemplates(t).of("AWS::Serverless::Function") {
		if d.properties["Role"] != nil {
			t.Errorf("%s: %s borrows a role", d.file, d.id)
		}
		policies, _ := d.properties["Policies"].([]any)
		for _, p := range policies {
			if m, _ := p.(map[string]any); m["Statement"] == nil {
				t.Errorf("%s: %s has the policy %v, which is not written out", d.file, d.id, p)
			}
		}
	}
}

// TestEveryPermissionNamesWhoInvokes: a service that is let in without its source would be let in for any account.
func TestEveryPermissionNamesWhoInvokes(t *testing.T) {
	found := readTemplates(t).of("AWS::Lambda::Permission")
	if len(found) == 0 {
		t.Error("there is no permission")
	}
	for _, d := range found {
		if d.properties["SourceArn"] == nil && d.properties["SourceAccount"] == nil {
			t.Errorf("%s: %s lets in %s for everybody", d.file, d.id, d.text("Principal"))
		}
	}
}

// TestEveryQueuePolicyNamesWhoSends holds policies of queues and topics to the same.
func TestEveryQueuePolicyNamesWhoSends(t *testing.T) {
	ts := readTemplates(t)
	for _, d := range slices.Concat(ts.of("AWS::SQS::QueuePolicy"), ts.of("AWS::SNS::TopicPolicy")) {
		for _, s := range statements(d.properties["PolicyDocument"]) {
			if !strings.Contains(s.text, "aws:SourceArn") && !strings.Contains(s.text, "aws:SourceAccount") {
				t.Errorf("%s: %s does not name the source: %s", d.file, d.id, s.text)
			}
		}
	}
}

// TestNothingIsGivenUpWithoutADeadLetter: the targets of rules, the pipes, and the queues that functions read have somewhere to put what fails.
func TestNothingIsGivenUpWithoutADeadLetter(t *testing.T) {
	ts := readTemplates(t)
	for _, d := range ts.of("AWS::Events::Rule") {
		targets, _ := d.properties["Targets"].([]any)
		for _, target := range targets {
			if m, _ := target.(map[string]any); m["DeadLetterConfig"] == nil {
				t.Errorf("%s: a target of %s has no dead-letter queue", d.file, d.id)
			}
		}
	}
	for _, d := range ts.of("AWS::Pipes::Pipe") {
		if d.at("SourceParameters", "DynamoDBStreamParameters", "DeadLetterConfig") == nil {
			t.Errorf("%s: %s has no dead-letter queue", d.file, d.id)
		}
	}
	for _, d := range ts.of("AWS::SQS::Queue") {
		dead := strings.HasSuffix(d.text("QueueName"), "-dead")
		if dead == (d.properties["RedrivePolicy"] != nil) {
			t.Errorf("%s: %s is a dead-letter queue: %v, and has a redrive policy: %v", d.file, d.id, dead, !dead)
		}
	}
}

// TestLambdaWritesNoLinesOfItsOwn is what local/cost takes for granted of every stack that has functions.
func TestLambdaWritesNoLinesOfItsOwn(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "stacks", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		if strings.Contains(text, "AWS::Serverless::Function") && !strings.Contains(text, "    LoggingConfig: { LogFormat: JSON, SystemLogLevel: WARN }\n") {
			t.Errorf("%s: Globals has no LoggingConfig with SystemLogLevel WARN", filepath.Base(f))
		}
	}
}

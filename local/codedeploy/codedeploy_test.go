package codedeploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

// account is a simulated cloud with a fake Lambda and CloudWatch, which note what is done.
type account struct {
	t     *testing.T
	sim   *core.Sim
	cloud *core.Cloud
	svc   *Service

	done   []string
	alarm  time.Duration // after which the alarm is in ALARM; 0 for never
	answer string        // of hooks
	denied string        // an action that IAM refuses
}

func newAccount(t *testing.T) *account {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(time.Unix(0, 0), faults, 1)
	a := &account{t: t, sim: sim, cloud: core.New(sim, faults, 1), answer: "Succeeded"}
	a.svc = New(a.cloud, Options{})
	a.cloud.UseAuthorizer(a)
	a.cloud.Register("codedeploy", a.svc)
	a.cloud.Register("lambda", serviceFunc(a.lambda))
	a.cloud.Register("monitoring", serviceFunc(a.alarms))
	t.Cleanup(sim.Stop)
	return a
}

type serviceFunc func(ctx context.Context, call *core.Call) (*core.Reply, error)

func (f serviceFunc) Handle(ctx context.Context, call *core.Call) (*core.Reply, error) {
	return f(ctx, call)
}

func (a *account) Allowed(p core.Principal, action, _ string, _ []core.ConditionKey) error {
	if action == a.denied || p.RoleARN != "role" && p.RoleARN != "hook" {
		return errors.New("no policy allows it")
	}
	return nil
}

func (a *account) lambda(ctx context.Context, call *core.Call) (*core.Reply, error) {
	if strings.HasSuffix(call.Path, "/aliases/live") {
		if err := call.Authorize("lambda:UpdateAlias", call.Path); err != nil {
			return nil, err
		}
		a.done = append(a.done, fmt.Sprintf("%s %s", a.sim.Now().Sub(time.Unix(0, 0)), call.Body))
		return &core.Reply{Body: map[string]any{}}, nil
	}
	var e struct{ DeploymentId, LifecycleEventHookExecutionId string }
	if err := call.Decode(&e); err != nil {
		return nil, err
	}
	a.done = append(a.done, "hook")
	if a.answer == "" {
		return &core.Reply{Body: "null"}, nil
	}
	body, err := json.Marshal(map[string]string{"deploymentId": e.DeploymentId, "lifecycleEventHookExecutionId": e.LifecycleEventHookExecutionId, "status": a.answer})
	if err != nil {
		return nil, err
	}
	_, err = a.cloud.Do(ctx, &core.Call{Region: "r", Service: "codedeploy", Operation: "PutLifecycleEventHookExecutionStatus", Body: body, Principal: core.Principal{RoleARN: "hook"}})
	return &core.Reply{Body: "null"}, err
}

func (a *account) alarms(_ context.Context, call *core.Call) (*core.Reply, error) {
	if err := call.Authorize("cloudwatch:DescribeAlarms", "*"); err != nil {
		return nil, err
	}
	out := map[string]any{"MetricAlarms": []any{}}
	if a.alarm > 0 && a.sim.Now().Sub(time.Unix(0, 0)) >= a.alarm-time.Nanosecond {
		out["MetricAlarms"] = []any{map[string]string{"AlarmName": "errors"}}
	}
	return &core.Reply{Body: out}, nil
}

// deploy goes from version 1 to 2 with a configuration and an alarm.
func (a *account) deploy(config string, alarms ...any) (out Outcome) {
	a.t.Helper()
	_, err := a.svc.Provision(context.Background(), core.Resource{Region: "r", Type: "AWS::CodeDeploy::DeploymentGroup", Properties: map[string]any{
		"ApplicationName": "app", "DeploymentGroupName": "group", "ServiceRoleArn": "role", "DeploymentConfigName": config,
		"AlarmConfiguration":        map[string]any{"Enabled": true, "Alarms": alarms},
		"AutoRollbackConfiguration": map[string]any{"Enabled": true, "Events": []any{"DEPLOYMENT_STOP_ON_ALARM"}}}})
	if err != nil {
		a.t.Fatal(err)
	}
	ended := false
	a.sim.Go(context.Background(), "deploy", func(ctx context.Context) {
		out, err = a.svc.Deploy(ctx, Release{Region: "r", Group: "group", Function: "f", Alias: "live", From: "1", To: "2", Before: "before", After: "after"})
		ended = true
	})
	if !a.sim.RunUntil(a.sim.Now().Add(time.Hour), func() bool { return ended }) || err != nil {
		a.t.Fatalf("%v %v", ended, err)
	}
	return out
}

const (
	toTwo      = ` {"FunctionVersion":"2","RoutingConfig":{"AdditionalVersionWeights":{}}}`
	backToOne  = ` {"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{}}}`
	tenPercent = ` {"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.1}}}`
)

var errorsAlarm = map[string]any{"Name": "errors"}

func TestACanaryWaitsItsMinutesBetweenTheHooks(t *testing.T) {
	a := newAccount(t)
	out := a.deploy("CodeDeployDefault.LambdaCanary10Percent5Minutes", errorsAlarm)
	want := []string{"hook", "0s" + tenPercent, "5m0s" + toTwo, "hook"}
	if !out.Succeeded || strings.Join(a.done, "\n") != strings.Join(want, "\n") {
		t.Errorf("%+v\n%s", out, strings.Join(a.done, "\n"))
	}
}

func TestAnAlarmPutsTheAliasBack(t *testing.T) {
	a := newAccount(t)
	a.alarm = 90 * time.Second
	out := a.deploy("CodeDeployDefault.LambdaCanary10Percent5Minutes", errorsAlarm)
	want := []string{"hook", "0s" + tenPercent, "1m30s" + backToOne}
	if out.Succeeded || !strings.Contains(out.Reason, "errors is in ALARM") || strings.Join(a.done, "\n") != strings.Join(want, "\n") {
		t.Errorf("%+v\n%s", out, strings.Join(a.done, "\n"))
	}
}

func TestAnAlarmThatFiresAlreadyBlocksADeploymentUnlessItAsksNone(t *testing.T) {
	a := newAccount(t)
	a.alarm = time.Nanosecond
	if out := a.deploy("CodeDeployDefault.LambdaCanary10Percent5Minutes", errorsAlarm); out.Succeeded || strings.Join(a.done, "") != "0s"+backToOne {
		t.Errorf("%+v %q", out, a.done)
	}
	a.done = nil
	if out := a.deploy("CodeDeployDefault.LambdaAllAtOnce"); !out.Succeeded || strings.Join(a.done, "") != "hook0s"+toTwo+"hook" {
		t.Errorf("%+v %q", out, a.done)
	}
}

func TestAHookThatSaysNoOrNothingStopsIt(t *testing.T) {
	for answer, want := range map[string]string{"Failed": "before answered Failed", "": "before did not answer"} {
		a := newAccount(t)
		a.answer = answer
		if out := a.deploy("CodeDeployDefault.LambdaAllAtOnce"); out.Succeeded || !strings.Contains(out.Reason, want) || strings.Join(a.done, "") != "hook0s"+backToOne {
			t.Errorf("%q: %+v %q", answer, out, a.done)
		}
	}
}

func TestAMissingPermissionStopsIt(t *testing.T) {
	for _, action := range []string{"cloudwatch:DescribeAlarms", "codedeploy:PutLifecycleEventHookExecutionStatus"} {
		a := newAccount(t)
		a.denied = action
		if out := a.deploy("CodeDeployDefault.LambdaAllAtOnce", errorsAlarm); out.Succeeded || !strings.Contains(out.Reason, action) {
			t.Errorf("without %s: %+v", action, out)
		}
	}
}

func TestConfigurationsAreReadFromTheirNames(t *testing.T) {
	for name, want := range map[string][]step{
		"CodeDeployDefault.LambdaAllAtOnce":                    {{100, 0}},
		"CodeDeployDefault.LambdaCanary10Percent15Minutes":     {{10, 15 * time.Minute}, {100, 0}},
		"CodeDeployDefault.LambdaLinear10PercentEvery1Minute":  append(tenths(time.Minute), step{100, 0}),
		"CodeDeployDefault.LambdaLinear10PercentEvery3Minutes": append(tenths(3*time.Minute), step{100, 0}),
	} {
		if got, known := stepsOf(name); !known || !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range []string{"", "CodeDeployDefault.OneAtATime", "CodeDeployDefault.LambdaCanary0Percent5Minutes", "mine"} {
		if _, known := stepsOf(name); known {
			t.Errorf("%q is taken for a configuration", name)
		}
	}
}

func tenths(hold time.Duration) (steps []step) {
	for p := 10; p < 100; p += 10 {
		steps = append(steps, step{p, hold})
	}
	return steps
}

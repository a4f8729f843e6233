package codedeploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const alias = "arn:aws:states:r:000000000000:stateMachine:saga:live"

// states notes where the executions of an alias go.
func (a *account) states(_ context.Context, call *core.Call) (*core.Reply, error) {
	if a.denied == "states:UpdateStateMachineAlias" {
		return nil, errors.New("no policy allows it")
	}
	var in struct {
		StateMachineAliasArn string
		RoutingConfiguration []struct {
			StateMachineVersionArn string
			Weight                 int
		}
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	line := a.sim.Now().Sub(time.Unix(0, 0)).String()
	for _, r := range in.RoutingConfiguration {
		line += fmt.Sprintf(" %s=%d", number(r.StateMachineVersionArn), r.Weight)
	}
	a.done = append(a.done, line)
	if call.Operation != "UpdateStateMachineAlias" || in.StateMachineAliasArn != alias {
		return nil, fmt.Errorf("%s of %s", call.Operation, in.StateMachineAliasArn)
	}
	return &core.Reply{Body: map[string]any{}}, nil
}

// shiftMachine goes from version 1 to 2.
func (a *account) shiftMachine(p MachinePreference) (out Outcome, err error) {
	a.t.Helper()
	a.cloud.Register("states", serviceFunc(a.states))
	a.cloud.UseAuthorizer(nobody{})
	ended := false
	a.sim.Go(context.Background(), "deploy", func(ctx context.Context) {
		machine := strings.TrimSuffix(alias, ":live")
		out, err = a.svc.DeployMachine(ctx, MachineRelease{Region: "r", Alias: alias, From: machine + ":1", To: machine + ":2", Preference: p})
		ended = true
	})
	if !a.sim.RunUntil(a.sim.Now().Add(time.Hour), func() bool { return ended }) {
		a.t.Fatal("it does not end")
	}
	return out, err
}

// nobody asks for no permission: CloudFormation acts as who updates the stack.
type nobody struct{}

func (nobody) Allowed(core.Principal, string, string, []core.ConditionKey) error { return nil }

func TestAMachinesExecutionsAreSharedOutAsItsAliasSays(t *testing.T) {
	for name, c := range map[string]struct {
		preference MachinePreference
		want       []string
	}{
		"canary":      {MachinePreference{Type: "CANARY", Percentage: 10, Interval: 5, Alarms: []string{"errors"}}, []string{"0s 1=90 2=10", "5m0s 2=100"}},
		"linear":      {MachinePreference{Type: "LINEAR", Percentage: 40, Interval: 2}, []string{"0s 1=60 2=40", "2m0s 1=20 2=80", "4m0s 2=100"}},
		"all at once": {MachinePreference{Type: "ALL_AT_ONCE"}, []string{"0s 2=100"}},
	} {
		a := newAccount(t)
		if out, err := a.shiftMachine(c.preference); err != nil || !out.Succeeded || strings.Join(a.done, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %+v %v\n%s", name, out, err, strings.Join(a.done, "\n"))
		}
	}
}

func TestAnAlarmGivesTheExecutionsBack(t *testing.T) {
	a := newAccount(t)
	a.alarm = 90 * time.Second
	out, err := a.shiftMachine(MachinePreference{Type: "LINEAR", Percentage: 10, Interval: 1, Alarms: []string{"errors"}})
	if err != nil || out.Succeeded || !strings.Contains(out.Reason, "errors is in ALARM") || strings.Join(a.done, "\n") != "0s 1=90 2=10\n1m0s 1=80 2=20\n1m30s 1=100" {
		t.Errorf("%+v %v\n%s", out, err, strings.Join(a.done, "\n"))
	}
	if out.ID != "saga:2" {
		t.Errorf("it is called %s", out.ID)
	}
}

func TestAPreferenceThatIsNoneBeginsNothing(t *testing.T) {
	for _, p := range []MachinePreference{{}, {Type: "CANARY"}, {Type: "CANARY", Percentage: 100, Interval: 1}, {Type: "LINEAR", Percentage: 10, Interval: 2101}} {
		a := newAccount(t)
		if _, err := a.shiftMachine(p); err == nil || len(a.done) > 0 {
			t.Errorf("%+v: %v, %q", p, err, a.done)
		}
	}
	a := newAccount(t)
	a.denied = "states:UpdateStateMachineAlias"
	if _, err := a.shiftMachine(MachinePreference{Type: "ALL_AT_ONCE"}); err == nil || !strings.Contains(err.Error(), "and rolling back") {
		t.Errorf("an alias that may not be moved: %v", err)
	}
}

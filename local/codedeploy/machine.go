package codedeploy

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"twofold/local/core"
)

// MachineRelease is what is deployed of a state machine: its alias, by ARN, goes from one version's ARN to another's.
type MachineRelease struct {
	Region, Alias, From, To string
	Preference              MachinePreference
}

// MachinePreference is the DeploymentPreference of an AWS::StepFunctions::StateMachineAlias
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-stepfunctions-statemachinealias-deploymentpreference.html).
type MachinePreference struct {
	Type       string // ALL_AT_ONCE, CANARY or LINEAR
	Percentage core.Int
	Interval   core.Int // minutes
	Alarms     []string
}

func (p MachinePreference) steps() ([]step, error) {
	switch {
	case p.Type == "ALL_AT_ONCE":
		return []step{{percent: 100}}, nil
	case p.Type != "CANARY" && p.Type != "LINEAR":
		return nil, fmt.Errorf("there is no deployment of the type %q", p.Type)
	case p.Percentage < 1 || p.Percentage > 99 || p.Interval < 1 || p.Interval > 2100:
		return nil, fmt.Errorf("%s needs a Percentage of 1 to 99 and an Interval of 1 to 2100 minutes, not %d and %d", p.Type, p.Percentage, p.Interval)
	}
	return gradually(p.Type == "CANARY", int(p.Percentage), time.Duration(p.Interval)*time.Minute), nil
}

// DeployMachine shifts the executions of an alias to another version, as CloudFormation does when a stack's update gives the alias one: as whoever updates the
// stack. An error says that it could not begin, or not be taken back; what stops it is in the Outcome.
func (s *Service) DeployMachine(ctx context.Context, r MachineRelease) (Outcome, error) {
	steps, err := r.Preference.steps()
	if err != nil {
		return Outcome{}, err
	}
	name := strings.Split(r.Alias, ":")
	if len(name) != 8 {
		return Outcome{}, fmt.Errorf("%s is no alias of a state machine", r.Alias)
	}
	return s.shift(ctx, name[6]+":"+number(r.To), &shift{
		region: r.Region, subject: name[6], from: number(r.From), to: number(r.To), of: "executions", steps: steps, alarms: r.Preference.Alarms,
		as:    core.Principal{Via: "cloudformation", Region: r.Region},
		route: func(ctx context.Context, x *shift, percent int) error { return s.routeMachine(ctx, x, r, percent) },
	})
}

// number is the last part of a version's ARN.
func number(version string) string { return version[strings.LastIndex(version, ":")+1:] }

// routeMachine gives the new version a share of the executions that are started from now on.
func (s *Service) routeMachine(ctx context.Context, x *shift, r MachineRelease, percent int) error {
	routes := []map[string]any{}
	for _, to := range []struct {
		version string
		weight  int
	}{{r.From, 100 - percent}, {r.To, percent}} {
		if to.weight > 0 {
			routes = append(routes, map[string]any{"stateMachineVersionArn": to.version, "weight": to.weight})
		}
	}
	_, err := s.do(ctx, x, core.Call{Service: "states", Method: http.MethodPost, Path: "/", Operation: "UpdateStateMachineAlias"},
		map[string]any{"stateMachineAliasArn": r.Alias, "routingConfiguration": routes})
	return err
}

package world

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"twofold/local/codedeploy"
	"twofold/local/core"
	"twofold/local/template"
)

// DeployMachine gives a state machine ("order-saga") in a region a new definition, as an update of its stack would: a new version is published, and the alias goes over to it as its
// DeploymentPreference says. After a rollback the machine has the definition that it had; the version stays, as its DeletionPolicy says. change makes the new definition of the old one.
func (w *World) DeployMachine(ctx context.Context, region, machine string, change func(definition string) string) (out codedeploy.Outcome, err error) {
	d, err := w.machineAlias(region, machine)
	if err != nil {
		return out, err
	}
	preference, err := preferenceOf(d)
	if err != nil {
		return out, err
	}
	arn, old := d.Ref[:strings.LastIndex(d.Ref, ":")], struct{ Definition string }{}
	if err := w.askStates(ctx, region, "DescribeStateMachine", map[string]any{"stateMachineArn": arn}, &old); err != nil {
		return out, err
	}
	var now struct {
		Routes []struct{ StateMachineVersionArn string } `json:"routingConfiguration"`
	}
	if err := w.askStates(ctx, region, "DescribeStateMachineAlias", map[string]any{"stateMachineAliasArn": d.Ref}, &now); err != nil {
		return out, err
	}
	if len(now.Routes) != 1 {
		return out, fmt.Errorf("the alias %s is being moved already", d.Ref)
	}
	var next struct{ StateMachineVersionArn string }
	update := map[string]any{"stateMachineArn": arn, "definition": change(old.Definition), "publish": true}
	if err := w.askStates(ctx, region, "UpdateStateMachine", update, &next); err != nil {
		return out, err
	}
	out, err = w.svc.codedeploy.DeployMachine(ctx, codedeploy.MachineRelease{Region: region, Alias: d.Ref, From: now.Routes[0].StateMachineVersionArn,
		To: next.StateMachineVersionArn, Preference: preference})
	if err != nil || out.Succeeded {
		return out, err
	}
	return out, w.askStates(ctx, region, "UpdateStateMachine", map[string]any{"stateMachineArn": arn, "definition": old.Definition}, &struct{}{})
}

// machineAlias is the deployed alias of a state machine.
func (w *World) machineAlias(region, machine string) (found template.Deployed, err error) {
	of := core.ARN("states", region, "stateMachine:"+w.table(machine))
	for _, s := range w.stacks {
		if s.Region != region {
			continue
		}
		s.Walk(func(d template.Deployed) {
			if d.Type == "AWS::StepFunctions::StateMachineAlias" && strings.HasPrefix(d.Ref, of) {
				found = d
			}
		})
	}
	if found.Ref == "" {
		return found, fmt.Errorf("%s has no alias in %s", machine, region)
	}
	return found, nil
}

func preferenceOf(alias template.Deployed) (p codedeploy.MachinePreference, err error) {
	raw, err := json.Marshal(alias.Properties["DeploymentPreference"])
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(raw, &p)
}

// askStates calls Step Functions as whoever updates a stack, and reads the answer.
func (w *World) askStates(ctx context.Context, region, operation string, in map[string]any, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	reply, err := w.cloud.Do(ctx, &core.Call{Region: region, Service: "states", Method: http.MethodPost, Path: "/", Operation: operation,
		Header: http.Header{}, Body: raw, Principal: core.Principal{Via: "cloudformation", Region: region}})
	if err != nil {
		return err
	}
	_, _, body := core.Encode(reply, nil)
	return json.Unmarshal(body, out)
}

package template

import (
	"encoding/json"
	"strings"
)

// stateMachine transforms AWS::Serverless::StateMachine.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html.
func (s *sam) stateMachine(r *samResource) error {
	userTags, err := r.takeMap("Tags")
	if err != nil {
		return err
	}
	tags := tagList(r.Pos, "stateMachine:createdBy", userTags)
	props := object(r.Pos, "StateMachineName", r.take("Name"), "StateMachineType", r.take("Type"),
		"LoggingConfiguration", r.take("Logging"), "TracingConfiguration", r.take("Tracing"), "Tags", tags)
	r.copy(props, "DefinitionSubstitutions")
	if err := definition(r, props); err != nil {
		return err
	}
	if role := r.take("Role"); role != nil {
		if r.Get("Policies") != nil {
			return r.errorf("Policies", "Role and Policies cannot both stand")
		}
		props.Set("RoleArn", role)
	} else {
		props.Set("RoleArn", getAtt(r.Pos, r.id+"Role", "Arn"))
		parts := roleParts{assume: assumedBy(r.Pos, "states.amazonaws.com"), tags: tags}
		if t, ok := r.Get("Tracing").(*Map); ok && t.Get("Enabled") == true {
			parts.after = []any{xrayWrite}
		}
		if err := s.executionRole(r, parts); err != nil {
			return err
		}
	}
	if err := s.main(r, "AWS::StepFunctions::StateMachine", props); err != nil {
		return err
	}
	target, err := s.publishMachine(r)
	if err != nil {
		return err
	}
	return s.eachEvent(r, target, (*event).machine)
}

func definition(r *samResource, props *Map) error {
	uri, err := r.path("DefinitionUri")
	if err != nil {
		return err
	}
	inline, err := r.takeMap("Definition")
	if err != nil {
		return err
	}
	if (uri == "") == (inline == nil) {
		return r.Pos.Errorf("%s: give either DefinitionUri or Definition", r.what)
	}
	if uri != "" {
		props.Set("DefinitionS3Location", uri)
		return nil
	}
	plain, err := plainJSON(inline)
	if err != nil {
		return r.errorf("Definition", "%v", err)
	}
	text, err := json.MarshalIndent(plain, "", "    ")
	if err != nil {
		return r.errorf("Definition", "%v", err)
	}
	var lines []any
	for _, line := range strings.Split(string(text), "\n") {
		lines = append(lines, line)
	}
	props.Set("DefinitionString", &Intrinsic{Name: "Fn::Join", Arg: []any{"\n", lines}, Pos: inline.Pos})
	return nil
}

// publishMachine generates version and alias, and says what events start.
func (s *sam) publishMachine(r *samResource) (eventTarget, error) {
	t := eventTarget{arn: refTo(r.Pos, r.id), suffix: "StepFunctionsTarget", action: "states:StartExecution",
		policy: "StartExecutionPolicy", boundary: r.Get("PermissionsBoundary")}
	r.taken["PermissionsBoundary"] = true
	alias, err := r.path("AutoPublishAlias")
	if err != nil {
		return t, err
	}
	preference, err := r.takeMap("DeploymentPreference")
	if err != nil {
		return t, err
	}
	byAlias := r.take("UseAliasAsEventTarget") == true
	if alias == "" {
		if byAlias || preference != nil {
			return t, r.Pos.Errorf("%s: UseAliasAsEventTarget and DeploymentPreference need AutoPublishAlias", r.what)
		}
		return t, nil
	}
	version, aliasID := r.id+"Version", r.id+"Alias"+alias
	props := object(r.Pos, "StateMachineArn", refTo(r.Pos, r.id),
		"StateMachineRevisionId", getAtt(r.Pos, r.id, "StateMachineRevisionId"))
	err = s.derived(r, version, "AWS::StepFunctions::StateMachineVersion", props, "DeletionPolicy", "Retain", "UpdateReplacePolicy", "Retain")
	if err != nil {
		return t, err
	}
	shift := object(r.Pos, "Type", "ALL_AT_ONCE")
	if preference != nil {
		shift = &Map{Pos: preference.Pos, Fields: append([]Field{}, preference.Fields...)}
	}
	shift.Set("StateMachineVersionArn", refTo(r.Pos, version))
	if byAlias {
		t.arn = refTo(r.Pos, aliasID)
	}
	return t, s.derived(r, aliasID, "AWS::StepFunctions::StateMachineAlias", object(r.Pos, "Name", alias, "DeploymentPreference", shift))
}

// machine generates an event source of a state machine.
func (e *event) machine() error {
	switch e.kind {
	case "ScheduleV2":
		return e.schedule()
	case "Schedule", "EventBridgeRule", "CloudWatchEvent":
		role := any(nil)
		if e.kind == "Schedule" {
			role = e.take("RoleArn")
		}
		if role != nil {
			return e.rule(role)
		}
		if err := e.rule(getAtt(e.Pos, e.id+"Role", "Arn")); err != nil {
			return err
		}
		doc := object(e.Pos, "Statement", []any{allow(e.Pos, e.target.action, e.target.arn)})
		return e.derived(e.r, e.id+"Role", "AWS::IAM::Role", object(e.Pos,
			"AssumeRolePolicyDocument", assumedBy(e.Pos, "events.amazonaws.com"),
			"Policies", []any{policy(e.Pos, e.id+"RoleStartExecutionPolicy", doc)},
			"PermissionsBoundary", e.target.boundary))
	}
	return e.Pos.Errorf("%s: the event type is not transformed", e.what)
}

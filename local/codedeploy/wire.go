package codedeploy

import (
	"context"

	"twofold/local/core"
)

// Handle answers one call (https://docs.aws.amazon.com/codedeploy/latest/APIReference/).
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	operations := map[string]func(*deployment, request) (any, error){
		"ListDeploymentTargets": s.list, "GetDeploymentTarget": s.target, "PutLifecycleEventHookExecutionStatus": s.put,
	}
	run := operations[call.Operation]
	if run == nil {
		return nil, core.NotRun("codedeploy", "operation "+call.Operation)
	}
	var in request
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.deployments[in.DeploymentID]
	if d == nil || d.Region != call.Region {
		return nil, core.Errorf("DeploymentDoesNotExistException", "The deployment %s could not be found", in.DeploymentID)
	}
	group := core.ARN("codedeploy", d.Region, "deploymentgroup:"+d.group.application+"/"+d.group.name)
	if err := call.Authorize("codedeploy:"+call.Operation, group); err != nil {
		return nil, err
	}
	out, err := run(d, in)
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: out}, nil
}

type request struct {
	DeploymentID string `json:"deploymentId"`
	TargetID     string `json:"targetId"`
	ExecutionID  string `json:"lifecycleEventHookExecutionId"`
	Status       string `json:"status"`
}

func (d *deployment) targetID() string { return d.Function + ":" + d.Alias }

func (s *Service) list(d *deployment, _ request) (any, error) {
	return map[string]any{"targetIds": []string{d.targetID()}}, nil
}

func (s *Service) target(d *deployment, in request) (any, error) {
	if in.TargetID != d.targetID() {
		return nil, core.Errorf("DeploymentTargetDoesNotExistException", "The deployment has no target %s", in.TargetID)
	}
	info := map[string]any{"functionName": d.Function, "functionAlias": d.Alias, "currentVersion": d.From, "targetVersion": d.To, "targetVersionWeight": float64(d.weight) / 100}
	return map[string]any{"deploymentTarget": map[string]any{"deploymentTargetType": "LambdaFunction",
		"lambdaTarget": map[string]any{"deploymentId": d.id, "targetId": d.targetID(), "status": "InProgress", "lambdaFunctionInfo": info}}}, nil
}

func (s *Service) put(d *deployment, in request) (any, error) {
	switch {
	case in.ExecutionID != d.hook || d.hook == "":
		return nil, core.Errorf("InvalidLifecycleEventHookExecutionIdException", "No hook with this id is waited for")
	case in.Status != "Succeeded" && in.Status != "Failed":
		return nil, core.Errorf("InvalidLifecycleEventHookExecutionStatusException", "The status must be Succeeded or Failed")
	case d.answer != "":
		return nil, core.Errorf("LifecycleEventAlreadyCompletedException", "The hook has answered already")
	}
	d.answer = in.Status
	return map[string]any{"lifecycleEventHookExecutionId": in.ExecutionID}, nil
}

package deploy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform"
)

// moment is when a hook is called.
type moment int

const (
	before moment = iota // the new version has no traffic yet
	after                // it has all
)

// hookEvent is what CodeDeploy calls a hook with
// (https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
type hookEvent struct {
	DeploymentID string `json:"DeploymentId"`
	ExecutionID  string `json:"LifecycleEventHookExecutionId"`
}

// hook judges new versions.
type hook struct {
	moment      moment
	prefix      string
	sku         string
	deployments deployments
	functions   functions
	clock       platform.Clock
	log         *slog.Logger
}

type deployments interface {
	ListDeploymentTargets(ctx context.Context, in *codedeploy.ListDeploymentTargetsInput, opts ...func(*codedeploy.Options)) (*codedeploy.ListDeploymentTargetsOutput, error)
	GetDeploymentTarget(ctx context.Context, in *codedeploy.GetDeploymentTargetInput, opts ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentTargetOutput, error)
	PutLifecycleEventHookExecutionStatus(ctx context.Context, in *codedeploy.PutLifecycleEventHookExecutionStatusInput, opts ...func(*codedeploy.Options)) (*codedeploy.PutLifecycleEventHookExecutionStatusOutput, error)
}

type functions interface {
	Invoke(ctx context.Context, in *lambdaclient.InvokeInput, opts ...func(*lambdaclient.Options)) (*lambdaclient.InvokeOutput, error)
}

// handle tells CodeDeploy its verdict. An error is returned only if that could not be told: then CodeDeploy stops the deployment when its time is up.
func (h *hook) handle(ctx context.Context, e hookEvent) error {
	status := types.LifecycleEventStatusSucceeded
	if err := h.judge(ctx, e.DeploymentID); err != nil {
		status = types.LifecycleEventStatusFailed
		h.log.Error("the version is refused", "deployment", e.DeploymentID, "error", err.Error())
	}
	_, err := h.deployments.PutLifecycleEventHookExecutionStatus(ctx, &codedeploy.PutLifecycleEventHookExecutionStatusInput{
		DeploymentId: &e.DeploymentID, LifecycleEventHookExecutionId: &e.ExecutionID, Status: status,
	})
	return err
}

// judge checks every function of the deployment; nil if all is as it must be.
func (h *hook) judge(ctx context.Context, deployment string) error {
	targets, err := h.deployments.ListDeploymentTargets(ctx, &codedeploy.ListDeploymentTargetsInput{DeploymentId: &deployment})
	if err != nil {
		return err
	}
	if len(targets.TargetIds) == 0 {
		return errors.New("the deployment has no target")
	}
	for _, id := range targets.TargetIds {
		got, err := h.deployments.GetDeploymentTarget(ctx, &codedeploy.GetDeploymentTargetInput{DeploymentId: &deployment, TargetId: &id})
		if err != nil {
			return err
		}
		if got.DeploymentTarget == nil || got.DeploymentTarget.LambdaTarget == nil || got.DeploymentTarget.LambdaTarget.LambdaFunctionInfo == nil {
			return fmt.Errorf("the target %s is no function", id)
		}
		if err := h.exercise(ctx, deployment, got.DeploymentTarget.LambdaTarget.LambdaFunctionInfo); err != nil {
			return err
		}
	}
	return nil
}

// exercise puts the checks of a function to its new version: by its number before it has traffic, by the alias afterwards.
func (h *hook) exercise(ctx context.Context, deployment string, f *types.LambdaFunctionInfo) error {
	name, qualifier := aws.ToString(f.FunctionName), aws.ToString(f.TargetVersion)
	if h.moment == after {
		qualifier = aws.ToString(f.FunctionAlias)
	}
	kind := strings.TrimPrefix(name, h.prefix)
	all, known := contracts()[kind]
	if !known {
		return fmt.Errorf("there are no checks for %s: write some, or let it be deployed without this hook", kind)
	}
	s := &subject{functions: h.functions, name: name, qualifier: qualifier}
	for _, c := range all {
		if err := s.check(ctx, c); err != nil {
			return err
		}
	}
	if kind == takesOrders {
		return h.order(ctx, s, deployment)
	}
	return nil
}

// subject is the version that is judged.
type subject struct {
	functions       functions
	name, qualifier string
}

func (s *subject) check(ctx context.Context, c check) error {
	got, err := s.ask(ctx, c.event)
	if err == nil {
		err = c.want(got)
	}
	if err != nil {
		return fmt.Errorf("%s:%s: %s: %w", s.name, s.qualifier, c.name, err)
	}
	return nil
}

func (s *subject) ask(ctx context.Context, event []byte) (answer, error) {
	out, err := s.functions.Invoke(ctx, &lambdaclient.InvokeInput{FunctionName: &s.name, Qualifier: &s.qualifier, Payload: event})
	if err != nil {
		return answer{}, err
	}
	return answer{payload: out.Payload, failed: out.FunctionError != nil}, nil
}

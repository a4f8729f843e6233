package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/internal/platform/clocktest"
)

// stage is CodeDeploy with one deployment, and the function that is deployed.
type stage struct {
	function string
	answer   func(r events.APIGatewayProxyRequest, raw string) (payload string, failed bool)

	asked    []string // qualifier, method and resource of each call
	keys     []string
	verdicts []types.LifecycleEventStatus
	deaf     error
}

func (s *stage) ListDeploymentTargets(context.Context, *codedeploy.ListDeploymentTargetsInput, ...func(*codedeploy.Options)) (*codedeploy.ListDeploymentTargetsOutput, error) {
	return &codedeploy.ListDeploymentTargetsOutput{TargetIds: []string{"t"}}, nil
}

func (s *stage) GetDeploymentTarget(context.Context, *codedeploy.GetDeploymentTargetInput, ...func(*codedeploy.Options)) (*codedeploy.GetDeploymentTargetOutput, error) {
	info := types.LambdaFunctionInfo{FunctionName: aws.String("twofold-prod-" + s.function), FunctionAlias: aws.String("live"), TargetVersion: aws.String("7")}
	return &codedeploy.GetDeploymentTargetOutput{DeploymentTarget: &types.DeploymentTarget{LambdaTarget: &types.LambdaTarget{LambdaFunctionInfo: &info}}}, nil
}

func (s *stage) PutLifecycleEventHookExecutionStatus(_ context.Context, in *codedeploy.PutLifecycleEventHookExecutionStatusInput, _ ...func(*codedeploy.Options)) (*codedeploy.PutLifecycleEventHookExecutionStatusOutput, error) {
	s.verdicts = append(s.verdicts, in.Status)
	return nil, s.deaf
}

func (s *stage) Invoke(_ context.Context, in *lambdaclient.InvokeInput, _ ...func(*lambdaclient.Options)) (*lambdaclient.InvokeOutput, error) {
	var r events.APIGatewayProxyRequest
	if err := json.Unmarshal(in.Payload, &r); err != nil {
		return nil, err
	}
	s.asked = append(s.asked, *in.Qualifier+" "+r.HTTPMethod+" "+r.Resource)
	s.keys = append(s.keys, r.Headers["Idempotency-Key"])
	payload, failed := s.answer(r, string(in.Payload))
	out := &lambdaclient.InvokeOutput{Payload: []byte(payload)}
	if failed {
		out.FunctionError = aws.String("Unhandled")
	}
	return out, nil
}

func (s *stage) call(t *testing.T, m moment) error {
	t.Helper()
	h := &hook{moment: m, prefix: "twofold-prod-", sku: "DEPLOY-CHECK", deployments: s, functions: s, clock: &clocktest.Clock{}, log: slog.New(slog.DiscardHandler)}
	return h.handle(t.Context(), hookEvent{DeploymentID: "d-1", ExecutionID: "x"})
}

func response(status int, body string) string {
	return string(encoded(events.APIGatewayProxyResponse{StatusCode: status, Body: body}))
}

// orders answers as order-api does; the order's state goes on each time that it is read.
func orders(states ...string) func(r events.APIGatewayProxyRequest, raw string) (string, bool) {
	return func(r events.APIGatewayProxyRequest, _ string) (string, bool) {
		switch {
		case r.HTTPMethod == "POST" && r.Body == "{}":
			return response(400, "{}"), false
		case r.Resource == "/v1/orders" && r.HTTPMethod == "GET":
			return response(200, `{"items":[]}`), false
		case strings.HasPrefix(r.PathParameters["orderId"], "ord_deploycheck"):
			return response(404, "{}"), false
		case strings.HasSuffix(r.Resource, "/cancellation"):
			return response(202, "{}"), false
		}
		state := states[0]
		if len(states) > 1 {
			states = states[1:]
		}
		status := 200
		if r.HTTPMethod == "POST" {
			status = 202
		}
		return response(status, `{"orderId":"ord_1","state":"`+state+`"}`), false
	}
}

func (s *stage) verdict(t *testing.T, want types.LifecycleEventStatus) {
	t.Helper()
	if len(s.verdicts) != 1 || s.verdicts[0] != want {
		t.Errorf("CodeDeploy was told %v, not %s", s.verdicts, want)
	}
}

func TestBeforeTrafficTheVersionItselfIsAskedAndItsOrderCancelled(t *testing.T) {
	s := &stage{function: "order-api", answer: orders("PLACED")}
	if err := s.call(t, before); err != nil {
		t.Fatal(err)
	}
	s.verdict(t, types.LifecycleEventStatusSucceeded)
	last := len(s.asked) - 1
	if s.asked[last-1] != "7 POST /v1/orders" || s.keys[last-1] != "deploy-d-1" || s.asked[last] != "7 POST /v1/orders/{orderId}/cancellation" {
		t.Errorf("it was asked %q with keys %q", s.asked, s.keys)
	}
}

func TestAfterTrafficTheAliasIsAskedUntilTheOrderHasEnded(t *testing.T) {
	for state, want := range map[string]types.LifecycleEventStatus{"CANCELLED": "Succeeded", "REJECTED": "Succeeded", "PLACED": "Failed", "CONFIRMED": "Failed"} {
		s := &stage{function: "order-api", answer: orders("PLACED", "PLACED", state)}
		if err := s.call(t, after); err != nil {
			t.Fatal(err)
		}
		s.verdict(t, want)
		if s.asked[0] != "live GET /v1/orders/{orderId}" {
			t.Errorf("%s: it was asked %q", state, s.asked)
		}
	}
}

func TestAShopWithoutTheProductIsNoFaultOfTheVersion(t *testing.T) {
	sound := orders("PLACED")
	s := &stage{function: "order-api", answer: func(r events.APIGatewayProxyRequest, raw string) (string, bool) {
		if strings.Contains(r.Body, "DEPLOY-CHECK") {
			return response(422, "{}"), false
		}
		return sound(r, raw)
	}}
	if err := s.call(t, before); err != nil {
		t.Fatal(err)
	}
	s.verdict(t, types.LifecycleEventStatusSucceeded)
}

func TestAVersionThatDoesNotAnswerAsItMustIsRefused(t *testing.T) {
	for function := range contracts() {
		for name, answer := range map[string]func(events.APIGatewayProxyRequest, string) (string, bool){
			"crashes": func(events.APIGatewayProxyRequest, string) (string, bool) {
				return `{"errorType":"Runtime.ExitError"}`, true
			},
			"answers 5xx": func(events.APIGatewayProxyRequest, string) (string, bool) { return response(500, "{}"), false },
			"is nonsense": func(events.APIGatewayProxyRequest, string) (string, bool) { return "[]", false },
		} {
			s := &stage{function: function, answer: answer}
			if err := s.call(t, before); err != nil {
				t.Fatal(err)
			}
			if len(s.verdicts) != 1 || s.verdicts[0] != types.LifecycleEventStatusFailed {
				t.Errorf("%s, which %s: %v", function, name, s.verdicts)
			}
		}
	}
}

func TestAFunctionWithoutChecksIsRefusedAndAnUnheardVerdictIsAnError(t *testing.T) {
	s := &stage{function: "order-prices", deaf: errors.New("no network")}
	if err := s.call(t, before); err == nil {
		t.Error("nobody was told, and it is no error")
	}
	s.verdict(t, types.LifecycleEventStatusFailed)
}

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	orderservice "twofold/internal/order"
	runtime "twofold/internal/platform"
	"twofold/local/codedeploy"
	"twofold/local/core"
	"twofold/local/states"
)

// canaryDeployment is one version of the play.
type canaryDeployment struct {
	what   string
	faulty bool
	deploy func(ctx context.Context, p *canaryPlay) (codedeploy.Outcome, error)
}

// canaryDeployments are played in this order.
var canaryDeployments = []canaryDeployment{
	{"a sound version 2 of order-api", false, deployOrderAPI(nil)},
	{"version 3 of order-api, which answers orders for express shipping with 500", true, deployOrderAPI(faultyOrderAPI)},
	{"a sound version 2 of the saga", false, deploySaga(remarked)},
	{"version 3 of the saga, which takes the payment and then fails to confirm the order", true, deploySaga(misspelt)},
}

// canaryHurt is what the faults of versions did.
type canaryHurt struct {
	answers    int // of 5xx, which were asked again
	executions int // that failed, which the sweep starts again
}

// countExecution takes executions that failed from the journal.
func (p *canaryPlay) countExecution(e core.Entry) {
	if ended, is := e.Data.(states.Ended); is && e.Region == canaryRegion && ended.Status == "FAILED" {
		p.hurt.executions++
	}
}

func deployOrderAPI(code runtime.Constructor) func(context.Context, *canaryPlay) (codedeploy.Outcome, error) {
	return func(ctx context.Context, p *canaryPlay) (codedeploy.Outcome, error) {
		return p.DeployVersion(ctx, canaryRegion, "order-api", code)
	}
}

func deploySaga(change func(definition string) string) func(context.Context, *canaryPlay) (codedeploy.Outcome, error) {
	return func(ctx context.Context, p *canaryPlay) (codedeploy.Outcome, error) {
		return p.DeployMachine(ctx, canaryRegion, "order-saga", change)
	}
}

// faultyOrderAPI is order-api with a planted fault: it answers orders for express shipping with 500, which no check of a deployment asks for. It exists in this command alone.
func faultyOrderAPI(ctx context.Context, rt runtime.Runtime) (lambda.Handler, error) {
	sound, err := orderservice.NewAPI(ctx, rt)
	return faulty{sound}, err
}

type faulty struct{ lambda.Handler }

// Invoke implements lambda.Handler.
func (f faulty) Invoke(ctx context.Context, in []byte) ([]byte, error) {
	var r struct {
		HTTPMethod, Body string
	}
	if err := json.Unmarshal(in, &r); err != nil {
		return nil, err
	}
	if r.HTTPMethod == http.MethodPost && strings.Contains(r.Body, `"method":"express"`) {
		return []byte(`{"statusCode":500,"headers":{"Content-Type":"application/problem+json"},"body":"{\"title\":\"planted\",\"status\":500}"}`), nil
	}
	return f.Handler.Invoke(ctx, in)
}

// remarked is the saga with another comment.
func remarked(definition string) string {
	return strings.Replace(definition, `"Comment": "`, `"Comment": "Version 2. `, 1)
}

// misspelt is the saga with a planted fault: the step after the commit reads a path that is not there. It exists in this command alone.
func misspelt(definition string) string {
	head, tail, _ := strings.Cut(definition, `"step": "ConfirmOrder"`)
	return head + `"step": "ConfirmOrder"` + strings.Replace(tail, `"$.payment"`, `"$.paymnt"`, 1)
}

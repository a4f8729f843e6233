package world

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/sqs"
)

// delivery is one body for one target, whoever sends it: a rule, a pipe, a schedule, a failed invocation.
type delivery struct {
	region     string
	target     string // ARN
	as         core.Principal
	source     string // ARN on whose behalf a service acts
	body       []byte
	attributes map[string]string
}

// deliver sends a body to a queue, a function or a state machine, acting as the given role or service.
func (w *World) deliver(ctx context.Context, d delivery) error {
	if d.as.Service != "" {
		d.as.Via = d.source
	}
	service := strings.Split(d.target, ":")[2]
	return w.twice(ctx, "delivery to "+service, func(ctx context.Context) error { return w.deliverOnce(ctx, service, d) })
}

func (w *World) deliverOnce(ctx context.Context, service string, d delivery) error {
	switch service {
	case "sqs":
		return w.svc.sqs.Send(ctx, d.region, d.target, string(d.body), attributes(d.attributes), d.as)
	case "lambda":
		_, err := w.svc.lambda.Invoke(ctx, d.region, d.target, "", d.as, lambda.Event, d.body)
		return err
	case "states":
		return w.startExecution(ctx, d)
	default:
		return fmt.Errorf("the local cloud delivers nothing to %s", d.target)
	}
}

func attributes(in map[string]string) map[string]sqs.Attribute {
	out := make(map[string]sqs.Attribute, len(in))
	for k, v := range in {
		out[k] = sqs.Attribute{DataType: "String", StringValue: &v}
	}
	return out
}

func (w *World) startExecution(ctx context.Context, d delivery) error {
	body, err := json.Marshal(map[string]string{"stateMachineArn": d.target, "input": string(d.body)})
	if err != nil {
		return err
	}
	_, err = w.cloud.Do(ctx, &core.Call{Region: d.region, Service: "states", Operation: "StartExecution", Body: body, Principal: d.as})
	return err
}

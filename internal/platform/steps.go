package platform

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

// Step is one saga step of a service: JSON in, a result that is put into the execution out.
// Steps are idempotent: the saga may run any of them again at any time.
type Step func(ctx context.Context, input json.RawMessage) (any, error)

// StepOf makes a Step of a typed function.
func StepOf[In, Out any](f func(ctx context.Context, in In) (Out, error)) Step {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, &Error{Code: InvalidRequest, Detail: "the step's input is not understood", Cause: err}
		}
		return f(ctx, in)
	}
}

// Steps are a service's saga steps by the name of their state.
type Steps map[string]Step

// Handler runs the step that the input names in its field "step". Errors get the names of the table.
func (s Steps) Handler(rt Runtime) lambda.Handler {
	return lambda.NewHandler(func(ctx context.Context, raw json.RawMessage) (any, error) {
		var head struct {
			Step  string `json:"step"`
			Order struct {
				ID string `json:"orderId"`
			} `json:"order"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			return nil, ForStates(Wrap(InvalidRequest, err))
		}
		step, ok := s[head.Step]
		if !ok {
			return nil, ForStates(Refuse(InvalidRequest, "there is no step "+head.Step))
		}
		out, err := step(ctx, raw)
		if err != nil {
			rt.Log.Info("step failed", append(Trail(ctx), "step", head.Step, "order", head.Order.ID, "code", string(CodeOf(err)), "error", err.Error())...)
			return nil, ForStates(err)
		}
		return out, nil
	})
}

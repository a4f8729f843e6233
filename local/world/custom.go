package world

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

// customResponse is what a custom resource's function puts to the response URL
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html).
type customResponse struct {
	Status             string
	Reason             string
	PhysicalResourceId string
	Data               map[string]any
}

// custom creates a custom resource as CloudFormation does: it invokes the function that the service token names and waits
// until that has put its answer to a URL made for it.
func (w *World) custom(ctx context.Context, r core.Resource) (_ core.Physical, err error) {
	token, _ := r.Properties["ServiceToken"].(string)
	if token == "" {
		return core.Physical{}, r.Errorf("it has no ServiceToken")
	}
	request := w.cloud.Rand.UUID()
	base, err := w.driver.bind(request)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	defer func() { err = errors.Join(err, w.driver.release(request)) }()
	box := &letterbox{answer: make(chan customResponse, 1), arrived: w.cloud.NewSignal()}
	w.driver.serve(request, box)
	event, err := json.Marshal(map[string]any{
		"RequestType": "Create", "ResponseURL": base + "/", "StackId": core.ARN("cloudformation", r.Region, "stack/"+r.Stack), "RequestId": request,
		"ResourceType": r.Type, "LogicalResourceId": r.LogicalID, "ResourceProperties": r.Properties,
	})
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	if _, err := w.svc.lambda.Invoke(ctx, r.Region, token, "", core.Principal{}, lambda.Event, event); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	inTime, err := box.arrived.WaitFor(ctx, time.Minute)
	switch {
	case err != nil:
		return core.Physical{}, err
	case !inTime:
		return core.Physical{}, r.Errorf("its function %s did not answer within a minute: see its log", token)
	}
	a := <-box.answer
	if a.Status != "SUCCESS" {
		return core.Physical{}, r.Errorf("its function answered %s: %s", a.Status, a.Reason)
	}
	return core.Physical{Ref: a.PhysicalResourceId, Attrs: a.Data}, nil
}

// letterbox takes the one answer of a custom resource.
type letterbox struct {
	answer  chan customResponse
	arrived core.Signal
}

// ServeHTTP implements http.Handler.
func (b *letterbox) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var a customResponse
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case b.answer <- a:
		b.arrived.Set()
	default: // answered already
	}
}

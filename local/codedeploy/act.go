package codedeploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"twofold/local/core"
)

// do calls another service as who shifts.
func (s *Service) do(ctx context.Context, x *shift, call core.Call, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	call.Region, call.Body, call.Header, call.Principal = x.region, raw, http.Header{}, x.as
	reply, err := s.cloud.Do(ctx, &call)
	if err != nil {
		return nil, err
	}
	_, header, out := core.Encode(reply, nil)
	if kind := header.Get("X-Amz-Function-Error"); kind != "" {
		return nil, fmt.Errorf("%s: %s", kind, out)
	}
	return out, nil
}

// routeFunction gives the new version of a function a share of the calls; none and all move the alias itself.
func (s *Service) routeFunction(ctx context.Context, x *shift, d *deployment, percent int) error {
	version, weights := d.From, map[string]float64{}
	switch percent {
	case 0:
	case 100:
		version = d.To
	default:
		weights[d.To] = float64(percent) / 100
	}
	_, err := s.do(ctx, x, core.Call{Service: "lambda", Method: http.MethodPut, Path: "/2015-03-31/functions/" + d.Function + "/aliases/" + d.Alias},
		map[string]any{"FunctionVersion": version, "RoutingConfig": map[string]any{"AdditionalVersionWeights": weights}})
	if err == nil {
		s.mu.Lock()
		d.weight = percent
		s.mu.Unlock()
	}
	return err
}

// call invokes a hook and takes what it answered meanwhile.
func (s *Service) call(ctx context.Context, x *shift, d *deployment, event, function string) error {
	if function == "" {
		return nil
	}
	s.mu.Lock()
	d.hook, d.answer = d.id+"/"+event, ""
	s.mu.Unlock()
	_, err := s.do(ctx, x, core.Call{Service: "lambda", Method: http.MethodPost, Path: "/2015-03-31/functions/" + function + "/invocations"},
		map[string]string{"DeploymentId": d.id, "LifecycleEventHookExecutionId": d.id + "/" + event})
	s.mu.Lock()
	answer := d.answer
	d.hook = ""
	s.mu.Unlock()
	if answer == "" {
		err = errors.Join(fmt.Errorf("%s did not answer", function), err)
	} else if err == nil && answer != "Succeeded" {
		err = fmt.Errorf("%s answered %s: see its log", function, answer)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", event, err)
	}
	s.say(x, event+": "+function+" is content with version "+d.To)
	return nil
}

package codedeploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"twofold/local/core"
)

// do calls another service as the group's role.
func (s *Service) do(ctx context.Context, d *deployment, call core.Call, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	call.Region, call.Body, call.Header = d.Region, raw, http.Header{}
	call.Principal = core.Principal{RoleARN: d.group.role, Via: "codedeploy/" + d.group.name, Region: d.Region}
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

// route gives the new version a share of the calls; none and all move the alias itself.
func (s *Service) route(ctx context.Context, d *deployment, percent int) error {
	version, weights := d.From, map[string]float64{}
	switch percent {
	case 0:
	case 100:
		version = d.To
	default:
		weights[d.To] = float64(percent) / 100
	}
	_, err := s.do(ctx, d, core.Call{Service: "lambda", Method: http.MethodPut, Path: "/2015-03-31/functions/" + d.Function + "/aliases/" + d.Alias},
		map[string]any{"FunctionVersion": version, "RoutingConfig": map[string]any{"AdditionalVersionWeights": weights}})
	if err == nil {
		s.mu.Lock()
		d.weight = percent
		s.mu.Unlock()
	}
	return err
}

// alarmed is an error if one of the group's alarms is in ALARM, or if that cannot be known. An alarm that does not exist is none.
func (s *Service) alarmed(ctx context.Context, d *deployment) error {
	if len(d.group.alarms) == 0 {
		return nil
	}
	raw, err := s.do(ctx, d, core.Call{Service: "monitoring", Method: http.MethodPost, Path: "/", Operation: "DescribeAlarms"},
		map[string]any{"AlarmNames": d.group.alarms, "StateValue": "ALARM"})
	if err != nil {
		return err
	}
	var out struct {
		MetricAlarms, CompositeAlarms []struct{ AlarmName, StateReason string }
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return err
	}
	for _, a := range append(out.MetricAlarms, out.CompositeAlarms...) {
		return fmt.Errorf("the alarm %s is in ALARM: %s", a.AlarmName, a.StateReason)
	}
	return nil
}

// call invokes a hook and takes what it answered meanwhile.
func (s *Service) call(ctx context.Context, d *deployment, event, function string) error {
	if function == "" {
		return nil
	}
	s.mu.Lock()
	d.hook, d.answer = d.id+"/"+event, ""
	s.mu.Unlock()
	_, err := s.do(ctx, d, core.Call{Service: "lambda", Method: http.MethodPost, Path: "/2015-03-31/functions/" + function + "/invocations"},
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
	s.say(d, event+": "+function+" is content with version "+d.To)
	return nil
}

package cloudwatch

import (
	"context"
	"slices"
	"time"

	"twofold/local/core"
)

// Handle answers one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/).
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	var out any
	var err error
	switch call.Operation {
	case "DescribeAlarms":
		out, err = s.describe(call)
	case "PutMetricData":
		out, err = s.putMetricData(call)
	case "GetMetricData":
		out, err = s.getMetricData(call)
	default:
		return nil, core.NotRun("monitoring", "operation "+call.Operation)
	}
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: out}, nil
}

// view is an alarm as DescribeAlarms shows it.
type view struct {
	AlarmName, AlarmDescription, AlarmArn string
	StateValue                            State
	StateReason                           string
	StateUpdatedTimestamp                 float64
}

func (s *Service) describe(call *core.Call) (any, error) {
	var in struct {
		AlarmNames []string
		StateValue State
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("cloudwatch:DescribeAlarms", core.ARN("cloudwatch", call.Region, "alarm:*")); err != nil {
		return nil, err
	}
	out := map[string][]view{"MetricAlarms": {}, "CompositeAlarms": {}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alarms[call.Region] {
		if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, a.name) || in.StateValue != "" && in.StateValue != a.state {
			continue
		}
		kind := "MetricAlarms"
		if a.rule != nil {
			kind = "CompositeAlarms"
		}
		out[kind] = append(out[kind], view{a.name, a.description, core.ARN("cloudwatch", call.Region, "alarm:"+a.name), a.state, a.reason, unix(a.since)})
	}
	return out, nil
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (s *Service) putMetricData(call *core.Call) (any, error) {
	var in struct {
		Namespace  string
		MetricData []struct {
			MetricName string
			Dimensions []dimension
			Value      *float64
		}
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("cloudwatch:PutMetricData", "*", core.ConditionKey{Name: "cloudwatch:namespace", Values: []string{in.Namespace}}); err != nil {
		return nil, err
	}
	for _, d := range in.MetricData {
		if d.Value == nil {
			return nil, core.NotRun("monitoring", "metric data without Value")
		}
		dimensions := map[string]string{}
		for _, x := range d.Dimensions {
			dimensions[x.Name] = x.Value
		}
		s.Put(call.Region, in.Namespace, d.MetricName, dimensions, *d.Value)
	}
	return struct{}{}, nil
}

// result is one series of GetMetricData.
type result struct {
	Id, StatusCode string
	Timestamps     []float64
	Values         []float64
}

func (s *Service) getMetricData(call *core.Call) (any, error) {
	var in struct {
		StartTime, EndTime float64
		MetricDataQueries  []metricQuery
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("cloudwatch:GetMetricData", "*"); err != nil {
		return nil, err
	}
	out := struct{ MetricDataResults []result }{[]result{}}
	for _, q := range in.MetricDataQueries {
		if q.MetricStat == nil {
			return nil, core.NotRun("monitoring", "expressions of GetMetricData")
		}
		query, err := s.metric(call.Region, *q.MetricStat)
		if err != nil {
			return nil, core.Errorf("ValidationError", "%v", err)
		}
		out.MetricDataResults = append(out.MetricDataResults, s.points(q, query, in.StartTime, in.EndTime))
	}
	return out, nil
}

func (s *Service) points(q metricQuery, query func(from, to time.Time) (float64, bool), from, to float64) result {
	r := result{Id: q.Id, StatusCode: "Complete", Timestamps: []float64{}, Values: []float64{}}
	period := time.Duration(q.MetricStat.Period) * time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	for end := time.UnixMilli(int64(to * 1000)); unix(end) > from; end = end.Add(-period) {
		if v, ok := query(end.Add(-period), end); ok {
			r.Timestamps, r.Values = append(r.Timestamps, unix(end.Add(-period))), append(r.Values, v)
		}
	}
	return r
}

package cloudwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// real is a number that a template may give as a string.
type real float64

func (r *real) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*r = real(v)
	return err
}

type dimension struct{ Name, Value string }

type metricStat struct {
	Metric struct {
		Namespace, MetricName string
		Dimensions            []dimension
	}
	Period core.Int
	Stat   string
	Unit   string
}

type alarmProperties struct {
	AlarmName, AlarmDescription              string
	Namespace, MetricName                    string
	Dimensions                               []dimension
	Statistic, ExtendedStatistic             string
	Period, EvaluationPeriods                core.Int
	DatapointsToAlarm                        core.Int
	ComparisonOperator                       string
	Threshold                                real
	TreatMissingData                         string
	Metrics                                  []metricQuery
	AlarmActions, OKActions                  json.RawMessage
	InsufficientDataActions, ActionsEnabled  json.RawMessage
	Tags, Unit, EvaluateLowSampleCountPeriod json.RawMessage
}

type metricQuery struct {
	Id, Expression, Label string
	MetricStat            *metricStat
	ReturnData            *core.Bool
}

// Provision creates alarms: Ref is the name, Arn the ARN.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	var a *alarm
	var err error
	switch r.Type {
	case "AWS::CloudWatch::Alarm":
		a, err = s.metricAlarm(r)
	case "AWS::CloudWatch::CompositeAlarm":
		a, err = s.compositeAlarm(r)
	default:
		return core.Physical{}, r.Errorf("the local cloud does not run this type of resource")
	}
	if err != nil {
		if strings.HasPrefix(err.Error(), r.Position) {
			return core.Physical{}, err
		}
		return core.Physical{}, r.Errorf("%v", err)
	}
	a.state, a.since = Insufficient, s.cloud.Now()
	s.add(r.Region, a)
	return core.Physical{Ref: a.name, Attrs: map[string]any{"Arn": core.ARN("cloudwatch", r.Region, "alarm:"+a.name)}}, nil
}

func (s *Service) compositeAlarm(r core.Resource) (*alarm, error) {
	var p struct{ AlarmName, AlarmDescription, AlarmRule string }
	if err := r.Decode(&p, "AlarmActions", "OKActions", "InsufficientDataActions", "ActionsEnabled", "Tags"); err != nil {
		return nil, err
	}
	if p.AlarmName == "" {
		p.AlarmName = r.PhysicalName()
	}
	rule, of, err := compileRule(p.AlarmRule)
	if err != nil {
		return nil, err
	}
	have := s.States(r.Region)
	for _, name := range of {
		if _, known := have[name]; !known {
			return nil, fmt.Errorf("there is no alarm %s in this region: put it into DependsOn", name)
		}
	}
	return &alarm{name: p.AlarmName, description: p.AlarmDescription, rule: rule, of: of}, nil
}

func (s *Service) metricAlarm(r core.Resource) (*alarm, error) {
	var p alarmProperties
	if err := r.Decode(&p); err != nil {
		return nil, err
	}
	if p.AlarmName == "" {
		p.AlarmName = r.PhysicalName()
	}
	a := &alarm{name: p.AlarmName, description: p.AlarmDescription, periods: int(p.EvaluationPeriods), points: int(p.DatapointsToAlarm)}
	if a.points == 0 {
		a.points = a.periods
	}
	if a.periods < 1 || a.points > a.periods {
		return nil, fmt.Errorf("%d data points of %d periods", a.points, a.periods)
	}
	var err error
	if a.breaches, err = comparison(p.ComparisonOperator, float64(p.Threshold)); err != nil {
		return nil, err
	}
	if a.missing, err = treatment(p.TreatMissingData); err != nil {
		return nil, err
	}
	if len(p.Metrics) > 0 {
		return a, s.math(a, r.Region, p.Metrics)
	}
	one := metricStat{Period: p.Period, Stat: p.Statistic + p.ExtendedStatistic}
	one.Metric.Namespace, one.Metric.MetricName, one.Metric.Dimensions = p.Namespace, p.MetricName, p.Dimensions
	a.period = time.Duration(p.Period) * time.Second
	a.query, err = s.metric(r.Region, one)
	return a, err
}

// metric is a query of one metric; it is called while mu is held.
func (s *Service) metric(region string, m metricStat) (func(from, to time.Time) (float64, bool), error) {
	stat, err := statisticOf(m.Stat)
	if err != nil {
		return nil, err
	}
	if m.Period < 1 || m.Metric.MetricName == "" || m.Metric.Namespace == "" {
		return nil, fmt.Errorf("a metric needs Namespace, MetricName and Period")
	}
	dimensions := map[string]string{}
	for _, d := range m.Metric.Dimensions {
		dimensions[d.Name] = d.Value
	}
	k := keyOf(m.Metric.Namespace, m.Metric.MetricName, dimensions)
	return func(from, to time.Time) (float64, bool) { return s.metrics[region][k].over(from, to, stat) }, nil
}

// math sets the query of an alarm with metric math: one expression over metrics of one period.
func (s *Service) math(a *alarm, region string, queries []metricQuery) error {
	metrics := map[string]func(from, to time.Time) (float64, bool){}
	var result number
	var named []string
	for _, q := range queries {
		var err error
		switch {
		case q.MetricStat != nil:
			if metrics[q.Id], err = s.metric(region, *q.MetricStat); err == nil && a.period != 0 && a.period != time.Duration(q.MetricStat.Period)*time.Second {
				err = fmt.Errorf("the local cloud runs metric math of one period")
			}
			a.period = time.Duration(q.MetricStat.Period) * time.Second
		case result != nil:
			err = fmt.Errorf("the local cloud runs one expression")
		default:
			result, named, err = compile(q.Expression)
		}
		if err != nil {
			return err
		}
	}
	for _, id := range named {
		if metrics[id] == nil {
			return fmt.Errorf("the expression names %s, which is no metric of the alarm", id)
		}
	}
	if result == nil {
		return fmt.Errorf("there is no expression in Metrics")
	}
	a.query = func(from, to time.Time) (float64, bool) {
		return result(func(id string) (float64, bool) { return metrics[id](from, to) })
	}
	return nil
}

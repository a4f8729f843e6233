package codedeploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"twofold/local/core"
)

// watchEvery is how often the alarms are looked at.
const watchEvery = 10 * time.Second

// step is a share of the traffic and how long it is kept; the last one is all of it.
type step struct {
	percent int
	hold    time.Duration
}

// shift is an alias on its way from one version to another, of a function or of a state machine.
type shift struct {
	region, subject, from, to string
	of                        string         // what is shared out: calls or executions
	as                        core.Principal // who shifts
	steps                     []step
	alarms                    []string
	route                     func(ctx context.Context, x *shift, percent int) error
	before, after             func(ctx context.Context, x *shift) error // hooks, or nil
}

// shift goes through the steps to the end, or back to the version that the alias had.
func (s *Service) shift(ctx context.Context, id string, x *shift) (Outcome, error) {
	ctx, began := core.WithRegion(ctx, x.region), s.cloud.Now()
	out := Outcome{ID: id, Succeeded: true}
	if err := s.run(ctx, x); err != nil {
		out.Succeeded, out.Reason = false, err.Error()
		if rerr := x.route(ctx, x, 0); rerr != nil {
			return out, fmt.Errorf("%w; and rolling back: %w", err, rerr)
		}
		s.say(x, "rolled back to version "+x.from+": "+out.Reason)
	}
	out.Took = s.cloud.Now().Sub(began)
	return out, nil
}

// run goes through the steps; an error stops it.
func (s *Service) run(ctx context.Context, x *shift) error {
	if err := s.alarmed(ctx, x); err != nil {
		return err
	}
	if err := x.hook(ctx, x.before); err != nil {
		return err
	}
	for _, st := range x.steps {
		if err := x.route(ctx, x, st.percent); err != nil {
			return err
		}
		s.say(x, fmt.Sprintf("version %s gets %d %% of the %s", x.to, st.percent, x.of))
		if err := s.hold(ctx, x, st.hold); err != nil {
			return err
		}
	}
	return x.hook(ctx, x.after)
}

func (x *shift) hook(ctx context.Context, call func(context.Context, *shift) error) error {
	if call == nil {
		return nil
	}
	return call(ctx, x)
}

// hold watches the alarms for a while.
func (s *Service) hold(ctx context.Context, x *shift, declared time.Duration) error {
	scaled := func(of time.Duration) time.Duration { return time.Duration(float64(of) / s.opts.Speed) }
	for end := s.cloud.Now().Add(scaled(declared)); s.cloud.Now().Before(end); {
		if err := s.cloud.Sleep(ctx, min(scaled(watchEvery), end.Sub(s.cloud.Now()))); err != nil {
			return err
		}
		if err := s.alarmed(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// alarmed is an error if one of the alarms is in ALARM, or if that cannot be known. An alarm that does not exist is none.
func (s *Service) alarmed(ctx context.Context, x *shift) error {
	if len(x.alarms) == 0 {
		return nil
	}
	raw, err := s.do(ctx, x, core.Call{Service: "monitoring", Method: http.MethodPost, Path: "/", Operation: "DescribeAlarms"},
		map[string]any{"AlarmNames": x.alarms, "StateValue": "ALARM"})
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

func (s *Service) say(x *shift, what string) {
	done := Milestone{At: s.cloud.Now(), Region: x.region, Subject: x.subject, What: what}
	s.cloud.Journal.Add(core.Entry{Region: x.region, Kind: KindDeployment, Subject: x.subject, Detail: what, Data: done})
}

package codedeploy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"twofold/local/core"
)

// KindDeployment is the journal's kind of a step of a deployment: Subject is the function, Detail what was done.
const KindDeployment core.Kind = "deployment"

// watchEvery is how often the alarms are looked at.
const watchEvery = 10 * time.Second

// Options of a Service.
type Options struct {
	Speed float64 // how many seconds of the declared times pass in one; 1 when 0
}

// Milestone is a step of a deployment: the Data of its entry in the journal.
type Milestone struct {
	At       time.Time
	Region   string
	Function string
	What     string
}

// Service runs deployments. Safe for many tasks.
type Service struct {
	cloud *core.Cloud
	opts  Options

	mu          sync.Mutex
	groups      map[string]*group // by region and name
	deployments map[string]*deployment
}

// New makes a service without groups.
func New(cloud *core.Cloud, opts Options) *Service {
	if opts.Speed == 0 {
		opts.Speed = 1
	}
	return &Service{cloud: cloud, opts: opts, groups: map[string]*group{}, deployments: map[string]*deployment{}}
}

// Release is what is deployed: the alias of a function goes from one version to another. Before and After are hooks, or "".
type Release struct {
	Region, Group, Function, Alias, From, To, Before, After string
}

// Outcome is how a deployment ended.
type Outcome struct {
	ID        string
	Succeeded bool
	Reason    string        // why it was rolled back
	Took      time.Duration // on the cloud's clock
}

// deployment is one under way, or done.
type deployment struct {
	Release
	id     string
	group  *group
	weight int
	hook   string // whose answer is waited for: its execution's id
	answer string // what it answered
}

// Deploy runs a deployment to its end. An error says that it could not begin; what stops it later is in the Outcome.
func (s *Service) Deploy(ctx context.Context, r Release) (Outcome, error) {
	s.mu.Lock()
	g := s.groups[r.Region+"/"+r.Group]
	d := &deployment{Release: r, id: fmt.Sprintf("d-LOCAL%04d", len(s.deployments)+1), group: g}
	s.deployments[d.id] = d
	s.mu.Unlock()
	if g == nil {
		return Outcome{}, fmt.Errorf("there is no deployment group %s in %s", r.Group, r.Region)
	}
	ctx, began := core.WithRegion(ctx, r.Region), s.cloud.Now()
	out := Outcome{ID: d.id, Succeeded: true}
	if err := s.run(ctx, d); err != nil {
		out.Succeeded, out.Reason = false, err.Error()
		if rerr := s.route(ctx, d, 0); rerr != nil {
			return out, fmt.Errorf("%w; and rolling back: %w", err, rerr)
		}
		s.say(d, "rolled back to version "+r.From+": "+out.Reason)
	}
	out.Took = s.cloud.Now().Sub(began)
	return out, nil
}

// run goes through the steps; an error stops it.
func (s *Service) run(ctx context.Context, d *deployment) error {
	if err := s.alarmed(ctx, d); err != nil {
		return err
	}
	if err := s.call(ctx, d, "BeforeAllowTraffic", d.Before); err != nil {
		return err
	}
	for _, st := range d.group.steps {
		if err := s.route(ctx, d, st.percent); err != nil {
			return err
		}
		s.say(d, fmt.Sprintf("version %s gets %d %% of the calls", d.To, st.percent))
		if err := s.hold(ctx, d, st.hold); err != nil {
			return err
		}
	}
	return s.call(ctx, d, "AfterAllowTraffic", d.After)
}

// hold watches the alarms for a while.
func (s *Service) hold(ctx context.Context, d *deployment, declared time.Duration) error {
	scaled := func(of time.Duration) time.Duration { return time.Duration(float64(of) / s.opts.Speed) }
	for end := s.cloud.Now().Add(scaled(declared)); s.cloud.Now().Before(end); {
		if err := s.cloud.Sleep(ctx, min(scaled(watchEvery), end.Sub(s.cloud.Now()))); err != nil {
			return err
		}
		if err := s.alarmed(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) say(d *deployment, what string) {
	done := Milestone{At: s.cloud.Now(), Region: d.Region, Function: d.Function, What: what}
	s.cloud.Journal.Add(core.Entry{Region: d.Region, Kind: KindDeployment, Subject: d.Function, Detail: what, Data: done})
}

package codedeploy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"twofold/local/core"
)

// KindDeployment is the journal's kind of a step of a deployment: Subject is the function or state machine, Detail what was done.
const KindDeployment core.Kind = "deployment"

// Options of a Service.
type Options struct {
	Speed float64 // how many seconds of the declared times pass in one; 1 when 0
}

// Milestone is a step of a deployment: the Data of its entry in the journal.
type Milestone struct {
	At      time.Time
	Region  string
	Subject string // the function or state machine
	What    string
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

// Deploy runs a deployment to its end. An error says that it could not begin, or not be taken back; what stops it is in the Outcome.
func (s *Service) Deploy(ctx context.Context, r Release) (Outcome, error) {
	s.mu.Lock()
	g := s.groups[r.Region+"/"+r.Group]
	d := &deployment{Release: r, id: fmt.Sprintf("d-LOCAL%04d", len(s.deployments)+1), group: g}
	s.deployments[d.id] = d
	s.mu.Unlock()
	if g == nil {
		return Outcome{}, fmt.Errorf("there is no deployment group %s in %s", r.Group, r.Region)
	}
	return s.shift(ctx, d.id, &shift{
		region: r.Region, subject: r.Function, from: r.From, to: r.To, of: "calls", steps: g.steps, alarms: g.alarms,
		as:     core.Principal{RoleARN: g.role, Via: "codedeploy/" + g.name, Region: r.Region},
		route:  func(ctx context.Context, x *shift, percent int) error { return s.routeFunction(ctx, x, d, percent) },
		before: func(ctx context.Context, x *shift) error { return s.call(ctx, x, d, "BeforeAllowTraffic", d.Before) },
		after:  func(ctx context.Context, x *shift) error { return s.call(ctx, x, d, "AfterAllowTraffic", d.After) },
	})
}

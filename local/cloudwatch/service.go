package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"twofold/local/core"
)

// KindAlarm is the journal's kind of an alarm that changed its state: Subject is the alarm, Detail the new state and why.
const KindAlarm core.Kind = "alarm"

// interval between evaluations, on the alarms' clock.
const interval = 10 * time.Second

// Options of a Service.
type Options struct {
	// Off takes metrics and alarms and evaluates nothing: what a simulation does not ask for costs it no steps.
	Off bool
	// Speed is how many seconds of the alarms' clock pass in one; 1 when 0.
	Speed float64
	// Sample, if set, is called in each region before its alarms are evaluated: there gauges are put.
	Sample func(region string)
}

// Change is an alarm that changed its state.
type Change struct {
	Region, Name string
	From, To     State
	Reason       string
}

// Service keeps metrics and alarms of all regions. Safe for many tasks.
type Service struct {
	ctx   context.Context
	cloud *core.Cloud
	opts  Options

	mu      sync.Mutex
	metrics map[string]map[key]series // by region
	alarms  map[string][]*alarm       // by region, sorted by name
	longest time.Duration
	told    []func(Change)
}

// New makes a service without metrics and alarms; ctx ends its tasks.
func New(ctx context.Context, cloud *core.Cloud, opts Options) *Service {
	if opts.Speed == 0 {
		opts.Speed = 1
	}
	return &Service{ctx: ctx, cloud: cloud, opts: opts, metrics: map[string]map[key]series{}, alarms: map[string][]*alarm{}, longest: time.Minute}
}

// OnChange calls tell after each change of state, outside of all locks.
func (s *Service) OnChange(tell func(Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, tell)
}

// States are a region's alarms by name.
func (s *Service) States(region string) map[string]State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]State{}
	for _, a := range s.alarms[region] {
		out[a.name] = a.state
	}
	return out
}

// Put adds a value to a metric, now.
func (s *Service) Put(region, namespace, name string, dimensions map[string]string, v float64) {
	s.take(region, []datum{{keyOf(namespace, name, dimensions), v}})
}

// TakeLog takes the metrics of a line of a function's log.
func (s *Service) TakeLog(region, line string) { s.take(region, dataOf(line)) }

func (s *Service) take(region string, data []datum) {
	if len(data) == 0 {
		return
	}
	now := s.cloud.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.metrics[region]
	if m == nil {
		m = map[key]series{}
		s.metrics[region] = m
	}
	for _, d := range data {
		if m[d.key] == nil {
			m[d.key] = series{}
		}
		m[d.key].add(now, d.value)
	}
}

// add puts an alarm beside the others, or in the place of one of its name. The first of a region starts its evaluation.
func (s *Service) add(region string, a *alarm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.alarms[region]
	i, known := slices.BinarySearchFunc(all, a.name, func(b *alarm, name string) int {
		switch {
		case b.name < name:
			return -1
		case b.name > name:
			return 1
		}
		return 0
	})
	if known {
		a.state, a.since = all[i].state, all[i].since
		all[i] = a
	} else {
		s.alarms[region] = slices.Insert(all, i, a)
	}
	s.longest = max(s.longest, a.window())
	if len(all) == 0 && !s.opts.Off {
		s.cloud.Go(core.WithRegion(s.ctx, region), "alarms/"+region, func(ctx context.Context) { s.watch(ctx, region) })
	}
}

func (s *Service) watch(ctx context.Context, region string) {
	for s.cloud.Sleep(ctx, time.Duration(float64(interval)/s.opts.Speed)) == nil {
		if s.opts.Sample != nil {
			s.opts.Sample(region)
		}
		s.Evaluate(region)
	}
}

// Evaluate looks at all alarms of a region, metric alarms first.
func (s *Service) Evaluate(region string) {
	now := s.cloud.Now()
	s.mu.Lock()
	var changes []Change
	for _, composite := range []bool{false, true} {
		for _, a := range s.alarms[region] {
			if (a.rule != nil) == composite {
				changes = s.look(changes, region, a, now)
			}
		}
	}
	for _, m := range s.metrics[region] {
		m.forget(now.Add(-time.Duration(float64(s.longest)/s.opts.Speed) - time.Minute))
	}
	told := slices.Clone(s.told)
	s.mu.Unlock()
	for _, c := range changes {
		s.cloud.Journal.Add(core.Entry{Region: region, Kind: KindAlarm, Subject: c.Name, Detail: string(c.To) + ": " + c.Reason, Data: c})
		for _, tell := range told {
			tell(c)
		}
	}
}

// look evaluates one alarm. The caller holds mu.
func (s *Service) look(changes []Change, region string, a *alarm, now time.Time) []Change {
	state, reason := OK, "the rule does not hold"
	if a.rule == nil {
		state, reason = a.evaluate(now, s.opts.Speed)
	} else if a.rule(func(name string) State { return s.stateOf(region, name) }) {
		state, reason = Alarm, "the rule holds"
	}
	if state == a.state {
		return changes
	}
	c := Change{Region: region, Name: a.name, From: a.state, To: state, Reason: reason}
	a.state, a.since, a.reason = state, now, reason
	return append(changes, c)
}

func (s *Service) stateOf(region, name string) State {
	for _, a := range s.alarms[region] {
		if a.name == name {
			return a.state
		}
	}
	return Insufficient
}

// names are the region's metrics, for messages and tests.
func (s *Service) names(region string) []key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.metrics[region]))
}

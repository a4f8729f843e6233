package scheduler

import (
	"context"
	"sync"
	"time"

	"twofold/local/core"
)

// Delivery is one input for one target.
type Delivery struct {
	Region         string
	TargetARN      string
	Principal      core.Principal // the schedule's role
	SourceARN      string         // the schedule's ARN
	Body           []byte
	MessageGroupID string
	// Source and DetailType are of the event, when the target is an event bus.
	Source, DetailType string
	Attributes         map[string]string // message attributes of a dead letter; nil otherwise
}

// Options are what schedules need from elsewhere.
type Options struct {
	// Deliver sends to targets and dead-letter queues; required. An error that is a *[Failure]
	// says whether to try again, others are judged by [Classify].
	Deliver func(ctx context.Context, d Delivery) error
	// Speed is how many seconds of the schedules' clock pass in one second; 0 means 1.
	Speed float64
	// Duplicate says whether a delivery that has succeeded is made once more: at least once.
	Duplicate func(d Delivery) bool
}

// Service is EventBridge Scheduler in all regions; signing name "scheduler". Safe for many tasks.
type Service struct {
	base    context.Context
	cloud   *core.Cloud
	options Options
	epoch   time.Time // where the schedules' clock and the cloud's agree

	mu        sync.Mutex
	groups    map[key]time.Time
	schedules map[scheduleKey]*schedule
	made      map[string]scheduleKey // resource -> schedule that it made
}

type key struct{ region, name string }

type scheduleKey struct{ region, group, name string }

const defaultGroup = "default"

// New makes a service whose schedules end with ctx.
func New(ctx context.Context, cloud *core.Cloud, options Options) *Service {
	if options.Speed <= 0 {
		options.Speed = 1
	}
	return &Service{base: ctx, cloud: cloud, options: options, epoch: cloud.Now(), groups: map[key]time.Time{},
		schedules: map[scheduleKey]*schedule{}, made: map[string]scheduleKey{}}
}

// now is the schedules' clock.
func (s *Service) now() time.Time {
	passed := float64(s.cloud.Now().Sub(s.epoch)) * s.options.Speed
	return s.epoch.Add(time.Duration(passed))
}

// Every fires on a rate or cron expression in UTC until stop is called; at is the time that the
// expression gave. A rate fires first after one interval. Event buses use it for rules.
func (s *Service) Every(region, name, expression string, fire func(ctx context.Context, at time.Time)) (stop func(), err error) {
	e, err := parse(expression, time.UTC, s.now())
	if err != nil {
		return nil, err
	}
	if _, at := e.(once); at {
		return nil, core.Errorf("ValidationException", "Parameter ScheduleExpression is not valid.")
	}
	return s.loop(region, name, e, time.Time{}, s.now(), fire), nil
}

// loop starts a task that fires at each time of e after from, not after end (unless it is zero).
func (s *Service) loop(region, name string, e expression, end, from time.Time, fire func(ctx context.Context, at time.Time)) (stop func()) {
	ctx, cancel := context.WithCancel(core.WithRegion(s.base, region))
	s.cloud.Go(ctx, "schedule/"+name, func(ctx context.Context) {
		for at := e.next(from); !at.IsZero() && (end.IsZero() || !at.After(end)); at = e.next(later(at, s.now())) {
			wait := time.Duration(float64(at.Sub(s.now())) / s.options.Speed)
			if s.cloud.Sleep(ctx, max(wait, 0)) != nil {
				return
			}
			fire(ctx, at)
		}
	})
	return cancel
}

// later keeps times that were missed from being made up for.
func later(at, now time.Time) time.Time {
	if now.After(at) {
		return now
	}
	return at
}

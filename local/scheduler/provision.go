package scheduler

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"twofold/local/core"
)

// Provision creates or updates AWS::Scheduler::Schedule and AWS::Scheduler::ScheduleGroup.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::Scheduler::Schedule":
		return s.provisionSchedule(r)
	case "AWS::Scheduler::ScheduleGroup":
		return s.provisionGroup(r)
	}
	return core.Physical{}, r.Errorf("not a resource of EventBridge Scheduler")
}

func (s *Service) provisionGroup(r core.Resource) (core.Physical, error) {
	var in struct{ Name string }
	if err := r.Decode(&in, "Tags"); err != nil {
		return core.Physical{}, err
	}
	name := cmp.Or(in.Name, r.PhysicalName())
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.groups[key{r.Region, name}]; !ok {
		s.groups[key{r.Region, name}] = s.cloud.Now()
	}
	return core.Physical{Ref: name, Attrs: map[string]any{"Arn": core.ARN("scheduler", r.Region, "schedule-group/"+name), "State": "ACTIVE"}}, nil
}

func (s *Service) provisionSchedule(r core.Resource) (core.Physical, error) {
	var in Spec
	if err := r.Decode(&in, "KmsKeyArn"); err != nil {
		return core.Physical{}, err
	}
	name := r.PhysicalName()
	in.Name = cmp.Or(in.Name, name[max(0, len(name)-64):])
	sc, err := s.newSchedule(r.Region, in)
	var e *core.Error
	if errors.As(err, &e) {
		return core.Physical{}, r.Errorf("%s", e.Message)
	}
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	k := scheduleKey{sc.region, sc.GroupName, sc.Name}
	id := r.Region + "|" + r.Stack + "|" + r.LogicalID
	s.mu.Lock()
	_, group := s.groups[key{r.Region, sc.GroupName}]
	old, had := s.made[id]
	s.made[id] = k
	s.mu.Unlock()
	if !group && sc.GroupName != defaultGroup {
		return core.Physical{}, r.Errorf("the schedule group %s does not exist", sc.GroupName)
	}
	if had && old != k {
		s.remove(old)
	}
	if !s.same(sc) {
		s.put(sc)
	}
	return core.Physical{Ref: sc.Name, Attrs: map[string]any{"Arn": sc.arn}}, nil
}

// same reports that the schedule is there already: deploying again must not fire it again.
func (s *Service) same(sc *schedule) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.schedules[scheduleKey{sc.region, sc.GroupName, sc.Name}]
	return old != nil && reflect.DeepEqual(old.Spec, sc.Spec)
}

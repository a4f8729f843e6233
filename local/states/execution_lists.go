package states

import (
	"slices"

	"twofold/local/core"
)

type listRequest struct {
	StateMachineArn, StatusFilter string
	MapRunArn, RedriveFilter      string
	pageRequest
}

var statuses = []string{running, succeeded, failedEnd, timedOut, aborted, "PENDING_REDRIVE"}

func (s *Service) listExecutions(c *core.Call) (any, error) {
	var r listRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if r.MapRunArn != "" || r.RedriveFilter != "" {
		return nil, core.NotRun("states", "mapRunArn and redriveFilter of ListExecutions")
	}
	if r.StatusFilter != "" && !slices.Contains(statuses, r.StatusFilter) {
		return nil, invalid(r.StatusFilter, "statusFilter", "Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]")
	}
	a, err := parseARN(r.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("states:ListExecutions", r.StateMachineArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	m := s.machines[a.machine()]
	var all []*execution
	if m != nil {
		all = slices.Clone(m.executions)
	}
	s.mu.Unlock()
	switch {
	case m == nil:
		return nil, noMachine(a.text)
	case m.typ == Express:
		return nil, noType()
	}
	return executionPage(r, a, all)
}

// executionPage lists executions, the newest first. The token is the serial number of the last one shown,
// so that executions started meanwhile shift nothing.
func executionPage(r listRequest, a parsedARN, all []*execution) (any, error) {
	before, n, err := r.check(3096)
	if err != nil {
		return nil, err
	}
	items, last := []any{}, int64(0)
	for _, x := range slices.Backward(all) {
		if before > 0 && x.serial >= int64(before) || a.more != "" && a.text != x.version && a.text != x.alias {
			continue
		}
		x.mu.Lock()
		shown := r.StatusFilter == "" || r.StatusFilter == x.status
		item := x.summary()
		x.mu.Unlock()
		if !shown {
			continue
		}
		if len(items) == n {
			return obj("executions", items, "nextToken", token(int(last))), nil
		}
		items, last = append(items, item), x.serial
	}
	return obj("executions", items), nil
}

func (s *Service) executionHistory(c *core.Call) (any, error) {
	var r struct {
		ExecutionArn         string
		ReverseOrder         bool
		IncludeExecutionData *bool
		pageRequest
	}
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:GetExecutionHistory", r.ExecutionArn); err != nil {
		return nil, err
	}
	x, err := s.findExecution(r.ExecutionArn)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	events := x.history
	if r.ReverseOrder {
		events = slices.Clone(events)
		slices.Reverse(events)
	}
	data := r.IncludeExecutionData == nil || *r.IncludeExecutionData
	return page(r.pageRequest, 1024, "events", events, func(ev event) *object { return ev.json(data) })
}

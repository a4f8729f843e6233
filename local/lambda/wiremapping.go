package lambda

import (
	"net/http"

	"twofold/local/core"
)

func (s *Service) handleMappings(call *core.Call, parts []string) (*core.Reply, error) {
	uuid := ""
	if len(parts) > 0 {
		uuid = parts[0]
	}
	switch {
	case call.Method == http.MethodGet && uuid == "":
		return answer(s.listMappings(call))
	case call.Method == http.MethodGet:
		return answer(s.getMapping(call, uuid))
	case call.Method == http.MethodPut && uuid != "":
		return s.updateMapping(call, uuid)
	}
	return nil, core.NotRun("lambda", call.Method+" "+call.Path)
}

func (s *Service) listMappings(call *core.Call) (any, error) {
	if err := call.Authorize("lambda:ListEventSourceMappings", "*"); err != nil {
		return nil, err
	}
	wanted := ""
	if name := call.Query.Get("FunctionName"); name != "" {
		t, err := s.resolve(call.Region, name, "")
		if err != nil {
			return nil, err
		}
		wanted = t.invokedARN
	}
	source := call.Query.Get("EventSourceArn")
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{}
	for _, uuid := range sortedKeys(s.mappings) {
		m := s.mappings[uuid]
		if m.region == call.Region && (source == "" || m.sourceARN == source) && (wanted == "" || m.functionARN() == wanted) {
			all = append(all, m.shape())
		}
	}
	return map[string]any{"EventSourceMappings": all}, nil
}

// functionARN is the ARN of what the mapping invokes, with its qualifier.
func (m *mapping) functionARN() string {
	arn, q, err := parseName(m.region, m.functionRef, "")
	if err != nil || q == "" {
		return arn
	}
	return arn + ":" + q
}

// shape is an EventSourceMappingConfiguration of the API; the caller holds the service's mutex.
func (m *mapping) shape() map[string]any {
	state := "Disabled"
	if m.enabled {
		state = "Enabled"
	}
	types := []string{}
	if m.partial {
		types = append(types, "ReportBatchItemFailures")
	}
	out := map[string]any{"UUID": m.uuid, "EventSourceMappingArn": core.ARN("lambda", m.region, "event-source-mapping:"+m.uuid),
		"EventSourceArn": m.sourceARN, "FunctionArn": m.functionARN(), "BatchSize": m.batchSize,
		"MaximumBatchingWindowInSeconds": int(m.window.Seconds()), "FunctionResponseTypes": types, "State": state,
		"StateTransitionReason": "USER_INITIATED", "LastModified": float64(m.modified.UnixMilli()) / 1000}
	if len(m.patterns) > 0 {
		filters := []any{}
		for _, p := range m.patterns {
			filters = append(filters, map[string]string{"Pattern": p})
		}
		out["FilterCriteria"] = map[string]any{"Filters": filters}
	}
	if m.concurrency > 0 {
		out["ScalingConfig"] = map[string]any{"MaximumConcurrency": m.concurrency}
	}
	return out
}

func (s *Service) findMapping(call *core.Call, action, uuid string) (*mapping, error) {
	if err := call.Authorize("lambda:"+action, core.ARN("lambda", call.Region, "event-source-mapping:"+uuid)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.mappings[uuid]; m != nil && m.region == call.Region {
		return m, nil
	}
	return nil, notFound("The resource you requested does not exist.")
}

func (s *Service) getMapping(call *core.Call, uuid string) (any, error) {
	m, err := s.findMapping(call, "GetEventSourceMapping", uuid)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.shape(), nil
}

// updateMapping switches a mapping on or off; other changes are not run.
func (s *Service) updateMapping(call *core.Call, uuid string) (*core.Reply, error) {
	in := map[string]any{}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	enabled, ok := in["Enabled"].(bool)
	delete(in, "Enabled")
	delete(in, "FunctionName")
	if !ok || len(in) > 0 {
		return nil, core.NotRun("lambda", "UpdateEventSourceMapping of anything but Enabled")
	}
	m, err := s.findMapping(call, "UpdateEventSourceMapping", uuid)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	m.enabled, m.modified = enabled, s.Cloud.Now()
	s.mu.Unlock()
	if enabled {
		s.start(m)
	} else {
		s.halt(m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &core.Reply{Status: http.StatusAccepted, Body: m.shape()}, nil
}

package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"twofold/local/core"
)

// Provision creates or updates a resource of type AWS::Lambda::Function, Version, Alias, Permission,
// EventSourceMapping or EventInvokeConfig. A mapping begins to poll at once.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	kinds := map[string]func(core.Resource) (core.Physical, error){
		"AWS::Lambda::Function":           s.provisionFunction,
		"AWS::Lambda::Version":            s.provisionVersion,
		"AWS::Lambda::Alias":              s.provisionAlias,
		"AWS::Lambda::Permission":         s.provisionPermission,
		"AWS::Lambda::EventSourceMapping": s.provisionMapping,
		"AWS::Lambda::EventInvokeConfig":  s.provisionInvokeConfig,
	}
	provision := kinds[r.Type]
	if provision == nil {
		return core.Physical{}, r.Errorf("the local cloud does not run this type")
	}
	return provision(r)
}

// function finds the function that a property names; the caller holds the mutex.
func (s *Service) function(r core.Resource, name string) (*function, string, error) {
	arn, qualifier, err := parseName(r.Region, name, "")
	if err != nil {
		return nil, "", r.Errorf("%v", err)
	}
	f := s.functions[arn]
	if f == nil {
		return nil, "", r.Errorf("there is no function %s", name)
	}
	return f, qualifier, nil
}

func (s *Service) provisionVersion(r core.Resource) (core.Physical, error) {
	var p struct{ FunctionName, Description string }
	if err := r.Decode(&p, "CodeSha256", "ProvisionedConcurrencyConfig", "RuntimePolicy"); err != nil {
		return core.Physical{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.function(r, p.FunctionName)
	if err != nil {
		return core.Physical{}, err
	}
	key := r.Stack + "/" + r.LogicalID
	v := f.byLogical[key]
	if v == nil {
		v = f.publish(p.Description)
		f.byLogical[key] = v
	}
	return core.Physical{Ref: v.ARN(), Attrs: map[string]any{"Version": v.Number, "FunctionArn": v.ARN()}}, nil
}

func (s *Service) provisionAlias(r core.Resource) (core.Physical, error) {
	var p struct {
		FunctionName, FunctionVersion, Name, Description string
		RoutingConfig                                    struct {
			AdditionalVersionWeights []struct {
				FunctionVersion string
				FunctionWeight  float64
			}
		}
	}
	if err := r.Decode(&p, "ProvisionedConcurrencyConfig"); err != nil {
		return core.Physical{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.function(r, p.FunctionName)
	if err != nil {
		return core.Physical{}, err
	}
	a := &alias{name: p.Name, version: p.FunctionVersion, description: p.Description, weights: map[string]float64{}}
	for _, w := range p.RoutingConfig.AdditionalVersionWeights {
		a.weights[w.FunctionVersion] = w.FunctionWeight
	}
	if err := f.checkAlias(a); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	f.aliases[a.name] = a
	arn := f.arn + ":" + a.name
	return core.Physical{Ref: arn, Attrs: map[string]any{"AliasArn": arn}}, nil
}

func (s *Service) provisionPermission(r core.Resource) (core.Physical, error) {
	var p struct{ FunctionName, Action, Principal, SourceArn, SourceAccount string }
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	if !strings.HasSuffix(p.Principal, ".amazonaws.com") {
		return core.Physical{}, r.Errorf("the local cloud runs permissions for AWS services only, not for %q", p.Principal)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, qualifier, err := s.function(r, p.FunctionName)
	if err != nil {
		return core.Physical{}, err
	}
	id := r.PhysicalName()
	f.permissions[id] = permission{id: id, action: p.Action, service: p.Principal, sourceARN: p.SourceArn, sourceAccount: p.SourceAccount, qualifier: qualifier}
	return core.Physical{Ref: id, Attrs: map[string]any{"Id": id}}, nil
}

func (s *Service) provisionInvokeConfig(r core.Resource) (core.Physical, error) {
	var p struct {
		FunctionName, Qualifier  string
		MaximumEventAgeInSeconds *core.Int
		MaximumRetryAttempts     *core.Int
		DestinationConfig        struct{ OnFailure, OnSuccess struct{ Destination string } }
	}
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	c := defaultInvokeConfig()
	if p.MaximumEventAgeInSeconds != nil {
		c.maxAge = time.Duration(*p.MaximumEventAgeInSeconds) * time.Second
	}
	if p.MaximumRetryAttempts != nil {
		c.retries = int(*p.MaximumRetryAttempts)
	}
	if c.maxAge < time.Minute || c.maxAge > 6*time.Hour || c.retries < 0 || c.retries > 2 {
		return core.Physical{}, r.Errorf("MaximumEventAgeInSeconds must be 60..21600 and MaximumRetryAttempts 0..2")
	}
	c.onFailure, c.onSuccess = p.DestinationConfig.OnFailure.Destination, p.DestinationConfig.OnSuccess.Destination
	s.mu.Lock()
	defer s.mu.Unlock()
	f, _, err := s.function(r, p.FunctionName)
	if err != nil {
		return core.Physical{}, err
	}
	f.invokeConfigs[p.Qualifier] = c
	return core.Physical{Ref: f.name + "|" + p.Qualifier, Attrs: map[string]any{}}, nil
}

type mappingProperties struct {
	EventSourceArn, FunctionName   string
	BatchSize                      *core.Int
	MaximumBatchingWindowInSeconds core.Int
	FunctionResponseTypes          []string
	Enabled                        *core.Bool
	FilterCriteria                 struct{ Filters []struct{ Pattern string } }
	ScalingConfig                  struct{ MaximumConcurrency core.Int }
}

func (s *Service) provisionMapping(r core.Resource) (core.Physical, error) {
	var p mappingProperties
	if err := r.Decode(&p, "Tags", "KmsKeyArn", "MetricsConfig", "LoggingConfig"); err != nil {
		return core.Physical{}, err
	}
	m, err := s.newMapping(r, p)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	t, err := s.resolve(r.Region, m.functionRef, "")
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	if err := s.checkRole(m, t.version); err != nil {
		return core.Physical{}, r.Errorf("%s: %v", t.fn.name, err)
	}
	s.mu.Lock()
	old := s.mappings[m.uuid]
	s.mappings[m.uuid] = m
	s.mu.Unlock()
	if old != nil {
		s.halt(old)
	}
	s.start(m)
	return core.Physical{Ref: m.uuid, Attrs: map[string]any{"Id": m.uuid,
		"EventSourceMappingArn": core.ARN("lambda", r.Region, "event-source-mapping:"+m.uuid)}}, nil
}

func (s *Service) newMapping(r core.Resource, p mappingProperties) (*mapping, error) {
	m := &mapping{uuid: stableUUID(r.Region + "/" + r.PhysicalName()), region: r.Region, sourceARN: p.EventSourceArn, functionRef: p.FunctionName,
		batchSize: 10, window: time.Duration(p.MaximumBatchingWindowInSeconds) * time.Second, concurrency: int(p.ScalingConfig.MaximumConcurrency),
		enabled: p.Enabled == nil || bool(*p.Enabled), modified: s.Cloud.Now()}
	if p.BatchSize != nil {
		m.batchSize = int(*p.BatchSize)
	}
	for _, kind := range p.FunctionResponseTypes {
		if kind != "ReportBatchItemFailures" {
			return nil, fmt.Errorf("unknown FunctionResponseTypes %q", kind)
		}
		m.partial = true
	}
	for _, f := range p.FilterCriteria.Filters {
		if s.Filter == nil {
			return nil, core.NotRun("lambda", "FilterCriteria (no port)")
		}
		match, err := s.Filter(json.RawMessage(f.Pattern))
		if err != nil {
			return nil, fmt.Errorf("FilterCriteria: %w", err)
		}
		m.patterns, m.filters = append(m.patterns, f.Pattern), append(m.filters, match)
	}
	return m, m.check()
}

package states

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"twofold/local/core"
)

// Provisioners gives the provisioner of each resource type.
func (s *Service) Provisioners() map[string]core.Provisioner {
	return map[string]core.Provisioner{
		"AWS::StepFunctions::StateMachine":        core.ProvisionerFunc(s.provisionMachine),
		"AWS::StepFunctions::StateMachineVersion": core.ProvisionerFunc(s.provisionVersion),
		"AWS::StepFunctions::StateMachineAlias":   core.ProvisionerFunc(s.provisionAlias),
	}
}

// provisionMachine creates or updates a machine. DefinitionUri must have been read before.
func (s *Service) provisionMachine(_ context.Context, r core.Resource) (core.Physical, error) {
	var p struct {
		StateMachineName, StateMachineType, RoleArn, DefinitionString string
		Definition                                                    json.RawMessage
		DefinitionSubstitutions                                       map[string]any
		LoggingConfiguration, TracingConfiguration                    map[string]any
	}
	if err := r.Decode(&p, "Tags", "EncryptionConfiguration"); err != nil {
		return core.Physical{}, err
	}
	definition := p.DefinitionString
	if definition == "" {
		definition = string(p.Definition)
	}
	definition = substitute(definition, p.DefinitionSubstitutions)
	name := p.StateMachineName
	if name == "" {
		name = r.PhysicalName()
	}
	m, err := s.put(r.Region, machineRequest{Name: name, Definition: &definition, RoleArn: &p.RoleArn, Type: p.StateMachineType,
		LoggingConfiguration: lowered(p.LoggingConfiguration), TracingConfiguration: lowered(p.TracingConfiguration)})
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	s.mu.Lock()
	revision := m.current.id
	s.mu.Unlock()
	if revision == "" {
		revision = initialRevision
	}
	return core.Physical{Ref: m.arn, Attrs: map[string]any{"Arn": m.arn, "Name": m.name, "StateMachineRevisionId": revision}}, nil
}

// put creates the machine or, when there is one, updates it.
func (s *Service) put(region string, r machineRequest) (*machine, error) {
	if err := firstError(required(*r.RoleArn, "roleArn"), tooLong(r.Name, "name", maxName), checkName(r.Name), r.check()); err != nil {
		return nil, err
	}
	arn := core.ARN("states", region, "stateMachine:"+r.Name)
	s.mu.Lock()
	old := s.machines[arn]
	s.mu.Unlock()
	if old == nil {
		m, _, err := s.create(region, r)
		return m, err
	}
	if r.Type != "" && r.Type != old.typ {
		return nil, core.Errorf("StateMachineAlreadyExists", "the type of '%s' cannot be changed from %s to %s", arn, old.typ, r.Type)
	}
	r.StateMachineArn = arn
	_, _, err := s.update(r)
	return old, err
}

// substitute replaces ${Name} by its value, as DefinitionSubstitutions does.
func substitute(definition string, values map[string]any) string {
	pairs := make([]string, 0, 2*len(values))
	for k, v := range values {
		text, isText := v.(string)
		if !isText {
			if b, err := json.Marshal(v); err == nil {
				text = string(b)
			}
		}
		pairs = append(pairs, "${"+k+"}", text)
	}
	return strings.NewReplacer(pairs...).Replace(definition)
}

// lowered is a configuration with the API's member names instead of the template's.
func lowered(config map[string]any) json.RawMessage {
	if config == nil {
		return nil
	}
	b, err := json.Marshal(lowerKeys(config))
	if err != nil {
		return nil
	}
	return b
}

func lowerKeys(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[strings.ToLower(k[:1])+k[1:]] = lowerKeys(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = lowerKeys(e)
		}
		return out
	}
	return v
}

func (s *Service) provisionVersion(_ context.Context, r core.Resource) (core.Physical, error) {
	var p struct{ StateMachineArn, StateMachineRevisionID, Description string }
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	v, err := s.publish(p.StateMachineArn, p.StateMachineRevisionID, p.Description)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: v.arn, Attrs: map[string]any{"Arn": v.arn}}, nil
}

// templateRoute is a route as a template writes it: the weight may be a string.
type templateRoute struct {
	StateMachineVersionArn string
	Weight                 core.Int
}

// provisionAlias creates or updates an alias. One that exists and is to be moved step by step is refused: that takes time and
// alarms, and is the deployment's (local/codedeploy) to do, by UpdateStateMachineAlias.
func (s *Service) provisionAlias(_ context.Context, r core.Resource) (core.Physical, error) {
	var p struct {
		Name, Description    string
		RoutingConfiguration []templateRoute
		DeploymentPreference *struct {
			StateMachineVersionArn, Type string
			Percentage, Interval         core.Int
			Alarms                       []string
		}
	}
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	routes := make([]route, len(p.RoutingConfiguration))
	for i, t := range p.RoutingConfiguration {
		routes[i] = route{StateMachineVersionArn: t.StateMachineVersionArn, Weight: int(t.Weight)}
	}
	gradual := false
	if to := p.DeploymentPreference; to != nil {
		routes, gradual = []route{{StateMachineVersionArn: to.StateMachineVersionArn, Weight: 100}}, to.Type != "ALL_AT_ONCE"
	}
	if p.Name == "" {
		p.Name = r.PhysicalName()
	}
	a, err := s.putAlias(aliasRequest{Name: p.Name, Description: &p.Description, RoutingConfiguration: routes}, gradual)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: a.arn, Attrs: map[string]any{"Arn": a.arn}}, nil
}

// putAlias makes an alias or changes it; a gradual change is refused.
func (s *Service) putAlias(r aliasRequest, gradual bool) (*alias, error) {
	if err := firstError(checkAliasName(r.Name), checkRoutes(r.RoutingConfiguration)); err != nil {
		return nil, err
	}
	on, err := parseARN(r.RoutingConfiguration[0].StateMachineVersionArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	r.StateMachineAliasArn = on.machine() + ":" + r.Name
	s.mu.Lock()
	m, i, missing := s.findAlias(r.StateMachineAliasArn)
	moves := missing == nil && !slices.Equal(m.aliases[i].routes, r.RoutingConfiguration)
	s.mu.Unlock()
	switch {
	case missing != nil:
		return s.newAlias(r)
	case moves && gradual:
		return nil, fmt.Errorf("the alias %s is moved step by step by a deployment", r.StateMachineAliasArn)
	}
	return s.changeAlias(r)
}

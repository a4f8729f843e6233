package lambda

import (
	"encoding/json"
	"net/http"

	"twofold/local/core"
)

type aliasRequest struct {
	Name            string
	FunctionVersion *string
	Description     *string
	RoutingConfig   *struct{ AdditionalVersionWeights map[string]json.Number }
}

// apply changes what the request names.
func (in aliasRequest) apply(a *alias) error {
	if in.FunctionVersion != nil {
		a.version = *in.FunctionVersion
	}
	if in.Description != nil {
		a.description = *in.Description
	}
	if in.RoutingConfig == nil {
		return nil
	}
	a.weights = map[string]float64{}
	for version, n := range in.RoutingConfig.AdditionalVersionWeights {
		share, err := n.Float64()
		if err != nil {
			return invalidParameter("The weight %s is not a number.", n)
		}
		a.weights[version] = share
	}
	return nil
}

func (s *Service) createAlias(call *core.Call, name, _ string) (any, error) {
	var in aliasRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.open(call.Region, call.Principal, "lambda:CreateAlias", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.fn.aliases[in.Name] != nil {
		return nil, &core.Error{Code: "ResourceConflictException", Status: http.StatusConflict, Message: "Alias already exists: " + t.fn.arn + ":" + in.Name}
	}
	a := &alias{name: in.Name}
	if err := in.apply(a); err != nil {
		return nil, err
	}
	if err := t.fn.checkAlias(a); err != nil {
		return nil, err
	}
	t.fn.aliases[a.name] = a
	return created{t.fn.aliasShape(a)}, nil
}

func (s *Service) updateAlias(call *core.Call, name, aliasName string) (any, error) {
	var in aliasRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.open(call.Region, call.Principal, "lambda:UpdateAlias", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := t.fn.aliases[aliasName]
	if old == nil {
		return nil, notFound("Cannot find alias arn: %s:%s", t.fn.arn, aliasName)
	}
	a := *old
	if err := in.apply(&a); err != nil {
		return nil, err
	}
	if err := t.fn.checkAlias(&a); err != nil {
		return nil, err
	}
	t.fn.aliases[aliasName] = &a
	return t.fn.aliasShape(&a), nil
}

// getAliases answers GetAlias when a name is given and ListAliases otherwise.
func (s *Service) getAliases(call *core.Call, name, aliasName string) (any, error) {
	action := "lambda:GetAlias"
	if aliasName == "" {
		action = "lambda:ListAliases"
	}
	t, err := s.open(call.Region, call.Principal, action, name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if aliasName != "" {
		if a := t.fn.aliases[aliasName]; a != nil {
			return t.fn.aliasShape(a), nil
		}
		return nil, notFound("Cannot find alias arn: %s:%s", t.fn.arn, aliasName)
	}
	all := []any{}
	for _, key := range sortedKeys(t.fn.aliases) {
		all = append(all, t.fn.aliasShape(t.fn.aliases[key]))
	}
	return map[string]any{"Aliases": all}, nil
}

func (f *function) aliasShape(a *alias) map[string]any {
	out := map[string]any{"AliasArn": f.arn + ":" + a.name, "Name": a.name, "FunctionVersion": a.version, "Description": a.description}
	if len(a.weights) > 0 {
		out["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": a.weights}
	}
	return out
}

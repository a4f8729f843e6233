package sqs

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"twofold/local/core"
)

// policy is a queue's resource policy, of which only what concerns AWS services is run: the
// local account's roles are allowed by their own policies.
type policy struct {
	text       string
	statements []statement
}

type statement struct {
	deny       bool
	services   []string // "*" is everyone
	actions    []string
	resources  []string
	conditions []condition
}

type condition struct {
	key    string
	exact  bool
	values []string
}

func parsePolicy(text string) (*policy, error) {
	if text == "" {
		return nil, nil
	}
	var in struct {
		Version, Id string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, core.Errorf("InvalidAttributeValue", "Invalid value for the parameter Policy: %v", err)
	}
	p := &policy{text: text}
	for _, raw := range list[json.RawMessage](in.Statement) {
		st, err := parseStatement(raw)
		if err != nil {
			return nil, core.Errorf("InvalidAttributeValue", "Invalid value for the parameter Policy: %v", err)
		}
		p.statements = append(p.statements, st)
	}
	return p, nil
}

func parseStatement(raw json.RawMessage) (statement, error) {
	var in struct {
		Sid, Effect                 string
		Principal, Action, Resource json.RawMessage
		Condition                   map[string]map[string]json.RawMessage
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return statement{}, fmt.Errorf("statement: %w", err)
	}
	if in.Effect != "Allow" && in.Effect != "Deny" {
		return statement{}, fmt.Errorf("statement %q: Effect must be Allow or Deny", in.Sid)
	}
	st := statement{deny: in.Effect == "Deny", actions: list[string](in.Action), resources: list[string](in.Resource)}
	var named struct{ Service, AWS, CanonicalUser, Federated json.RawMessage }
	if err := json.Unmarshal(in.Principal, &named); err == nil {
		st.services = list[string](named.Service)
		if slices.Contains(list[string](named.AWS), "*") {
			st.services = []string{"*"}
		}
	} else {
		st.services = list[string](in.Principal)
	}
	var err error
	st.conditions, err = parseConditions(in.Condition)
	return st, err
}

func parseConditions(in map[string]map[string]json.RawMessage) ([]condition, error) {
	var out []condition
	for operator, keys := range in {
		exact := operator == "StringEquals" || operator == "Bool"
		if !exact && operator != "ArnEquals" && operator != "ArnLike" && operator != "StringLike" {
			return nil, fmt.Errorf("the local cloud does not run the condition operator %s", operator)
		}
		for key, values := range keys {
			key = strings.ToLower(key)
			if key != "aws:sourcearn" && key != "aws:sourceaccount" && key != "aws:securetransport" {
				return nil, fmt.Errorf("the local cloud does not run the condition key %s", key)
			}
			out = append(out, condition{key: key, exact: exact, values: list[string](values)})
		}
	}
	return out, nil
}

// list reads a JSON value that is one T or an array of them.
func list[T any](raw json.RawMessage) []T {
	var many []T
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	var one T
	if json.Unmarshal(raw, &one) == nil {
		return []T{one}
	}
	return nil
}

// allows reports whether the service may do the action on the queue for the resource source.
func (p *policy) allows(service, source, action, arn string) bool {
	if p == nil {
		return false
	}
	allowed := false
	for _, st := range p.statements {
		if st.matches(service, source, action, arn) {
			if st.deny {
				return false
			}
			allowed = true
		}
	}
	return allowed
}

func (st statement) matches(service, source, action, arn string) bool {
	if !matchesAny(st.services, service) || !matchesAny(lower(st.actions), strings.ToLower(action)) || !matchesAny(st.resources, arn) {
		return false
	}
	for _, c := range st.conditions {
		value := source
		switch c.key {
		case "aws:sourceaccount":
			value = core.AccountID
		case "aws:securetransport": // services always call over TLS
			value = "true"
		}
		if c.exact && !slices.Contains(c.values, value) || !c.exact && !matchesAny(c.values, value) {
			return false
		}
	}
	return true
}

func lower(in []string) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = strings.ToLower(v)
	}
	return out
}

// matchesAny takes patterns with * and ?, where * also crosses '/'.
func matchesAny(patterns []string, value string) bool {
	value = strings.ReplaceAll(value, "/", "\x00")
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(strings.ReplaceAll(p, "/", "\x00"), value)
		return err == nil && ok
	})
}

// authorize asks the role's policies, or for an AWS service the queue's own. For a service,
// Principal.Via is the ARN of the resource on whose behalf it calls (aws:SourceArn).
func (s *Service) authorize(region string, p core.Principal, action, arn string, q *queue) error {
	if p.Service == "" {
		return s.Cloud.Authorize(region, p, action, arn)
	}
	if q == nil {
		return nil
	}
	q.mu.Lock()
	pol := q.settings.policy
	q.mu.Unlock()
	if pol.allows(p.Service, p.Via, action, arn) {
		return nil
	}
	s.Cloud.Journal.Add(core.Entry{Region: region, Kind: core.KindDenied, Subject: p.Service + " for " + p.Via, Detail: action + " on " + arn})
	return &core.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: fmt.Sprintf("%s for %s is not authorized to perform: %s on resource: %s because no resource-based policy allows it", p.Service, p.Via, action, arn)}
}

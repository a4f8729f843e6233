package iam

import (
	"errors"
	"fmt"
	"strings"

	"twofold/local/core"
)

// verdict is what a set of policies says of one request.
type verdict int

const (
	silent verdict = iota
	allows
	denies
)

func (s *statement) applies(action, resource string, ctx keyset) bool {
	if anyGlob(s.actions, action) == s.notActions || anyGlob(s.resources, resource) == s.notResources {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(ctx) {
			return false
		}
	}
	return true
}

// judge asks all policies; who restricts it to the statements that name the principal.
func judge(policies []*policy, action, resource string, ctx keyset, who func(*principals) bool) verdict {
	action = strings.ToLower(action)
	out := silent
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if (who != nil && !who(&s.principals)) || !s.applies(action, resource, ctx) {
				continue
			}
			if s.deny {
				return denies
			}
			out = allows
		}
	}
	return out
}

func conditional(policies []*policy) bool {
	for _, p := range policies {
		for i := range p.statements {
			if len(p.statements[i].conditions) > 0 {
				return true
			}
		}
	}
	return false
}

// CompileIdentityPolicy reads an identity-based policy document (such as a Lambda authorizer
// answers) and gives the function that decides by it alone: allowed, denied explicitly, or
// neither.
func CompileIdentityPolicy(doc []byte) (decide func(action, resource string) (allowed, denied bool), err error) {
	p, err := compile(doc, identityPolicy)
	if err != nil {
		return nil, err
	}
	policies := []*policy{p}
	return func(action, resource string) (bool, bool) {
		v := judge(policies, action, resource, keysOf(core.Principal{}, nil), nil)
		return v == allows, v == denies
	}, nil
}

// CompileAskedPolicy reads an identity-based policy document of a role that only an account has. Whoever asks gives all keys of the
// request, tags included, which the local cloud does not fill in and refuses in the roles that it runs.
func CompileAskedPolicy(doc []byte) (allowed func(action, resource string, keys []core.ConditionKey) bool, err error) {
	p, err := compile(doc, askedPolicy)
	if err != nil {
		return nil, err
	}
	return func(action, resource string, keys []core.ConditionKey) bool {
		return judge([]*policy{p}, action, resource, keysOf(core.Principal{}, keys), nil) == allows
	}, nil
}

// ResourcePolicy is a compiled resource-based policy: of a queue, bus, topic, key.
type ResourcePolicy struct{ policies []*policy }

// CompileResourcePolicy reads a resource-based policy: JSON text or a template's JSON value.
// Compile once and keep it: a policy is asked for every delivery.
func CompileResourcePolicy(doc any) (*ResourcePolicy, error) {
	p, err := compile(doc, resourcePolicy)
	if err != nil {
		return nil, err
	}
	return &ResourcePolicy{policies: []*policy{p}}, nil
}

// Allows answers nil when the policy lets the principal (its Service or its RoleARN) do action
// on resource. sourceARN, when not empty, is the resource on whose behalf a service acts
// (aws:SourceArn); its account fills aws:SourceAccount.
func (r *ResourcePolicy) Allows(p core.Principal, action, resource, sourceARN string) error {
	ctx := keysOf(p, nil)
	if sourceARN != "" {
		ctx["aws:sourcearn"] = []string{sourceARN}
		if parts := strings.SplitN(sourceARN, ":", 6); len(parts) == 6 {
			ctx["aws:sourceaccount"] = []string{parts[4]}
		}
	}
	return refusal(judge(r.policies, action, resource, ctx, namedBy(p)), "resource-based policy", action)
}

// EvaluateResourcePolicy answers nil when a resource-based policy lets an AWS service do action on
// resource for sourceARN. It compiles the document each time; see [CompileResourcePolicy].
func EvaluateResourcePolicy(doc any, principalService, action, resource, sourceARN string) error {
	p, err := CompileResourcePolicy(doc)
	if err != nil {
		return err
	}
	return p.Allows(core.Principal{Service: principalService}, action, resource, sourceARN)
}

// namedBy tells whether a Principal element names p. The account's root stands for all its roles.
func namedBy(p core.Principal) func(*principals) bool {
	root := "arn:aws:iam::" + core.AccountID + ":root"
	return func(named *principals) bool {
		if named.all {
			return true
		}
		if p.RoleARN != "" {
			return anyOf(named.aws, func(a string) bool {
				return a == "*" || a == p.RoleARN || a == root || a == core.AccountID
			})
		}
		return p.Service != "" && anyOf(named.services, func(s string) bool { return s == p.Service })
	}
}

func refusal(v verdict, kind, action string) error {
	switch v {
	case allows:
		return nil
	case denies:
		return errors.New("of an explicit deny in the " + kind)
	}
	return fmt.Errorf("no %s allows the %s action", kind, action)
}

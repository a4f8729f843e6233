package iam

import (
	"errors"
	"fmt"
	"sync"

	"twofold/local/core"
)

// IAM holds the roles and managed policies of the account, which are the same in all
// regions. It is a core.Authorizer. Safe for many tasks.
type IAM struct {
	mu        sync.RWMutex
	roles     map[string]*role // by ARN
	managed   map[string]*policy
	owners    map[string]string // resource that a role or policy name belongs to
	passed    map[string]bool   // roles that the operator handed to services over the wire
	decisions map[request]error
}

// request is what a decision without conditions depends on.
type request struct{ role, action, resource string }

type role struct {
	name, arn   string
	trust       *policy
	boundary    string
	attachments []attachment

	effective   []*policy
	bounded     []*policy
	conditional bool // a decision also depends on the request's keys
}

// attachment is a policy of a role and the resource that put it there.
type attachment struct {
	source string
	inline *policy
	arn    string // of a managed policy, when inline is nil
}

// New makes an account without roles.
func New() *IAM {
	return &IAM{roles: map[string]*role{}, managed: map[string]*policy{}, owners: map[string]string{}, passed: map[string]bool{},
		decisions: map[request]error{}}
}

// maxDecisions bounds the cache of decisions; resources named by data could fill it without end.
const maxDecisions = 8192

// Allowed implements core.Authorizer by the policies of the principal's role. A service that acts
// without a role is refused: what it may do stands in resource-based policies.
func (i *IAM) Allowed(p core.Principal, action, resource string, keys []core.ConditionKey) error {
	if p.Operator() {
		return nil
	}
	if p.RoleARN == "" {
		return fmt.Errorf("no resource-based policy allows the %s action", action)
	}
	req := request{p.RoleARN, action, resource}
	i.mu.RLock()
	decided, known := i.decisions[req]
	r, passed := i.roles[p.RoleARN], i.passed[p.RoleARN]
	i.mu.RUnlock()
	if known {
		return decided
	}
	if r == nil && passed {
		return nil
	}
	if r == nil {
		return fmt.Errorf("the role %s does not exist", p.RoleARN)
	}
	return i.decide(req, p, keys)
}

func (i *IAM) decide(req request, p core.Principal, keys []core.ConditionKey) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	r := i.roles[req.role]
	err := r.decide(req, keysOf(p, keys))
	if r.conditional {
		return err
	}
	if len(i.decisions) >= maxDecisions {
		clear(i.decisions)
	}
	i.decisions[req] = err
	return err
}

func (r *role) decide(req request, ctx keyset) error {
	v := judge(r.effective, req.action, req.resource, ctx, nil)
	if v == denies || r.boundary == "" {
		return refusal(v, "identity-based policy", req.action)
	}
	if bound := judge(r.bounded, req.action, req.resource, ctx, nil); bound != allows {
		return refusal(bound, "permissions boundary", req.action)
	}
	return refusal(v, "identity-based policy", req.action)
}

// PassRole implements core.RolePasser: a role that no template declares, and that the operator hands to a service, is the
// operator's own and may do everything. There is no API here to make roles, so what comes in from outside could do nothing
// otherwise. Roles of templates stay as they are; so does a role that anybody else names.
func (i *IAM) PassRole(p core.Principal, roleARN string) {
	if !p.Operator() {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.passed[roleARN] = true
}

// CanAssume answers nil when the trust policy of a role lets a service, e.g. "lambda.amazonaws.com",
// assume it. keys may give aws:SourceArn and aws:SourceAccount of the resource it acts for.
func (i *IAM) CanAssume(roleARN, servicePrincipal string, keys ...core.ConditionKey) error {
	i.mu.RLock()
	defer i.mu.RUnlock()
	r := i.roles[roleARN]
	if r == nil && i.passed[roleARN] {
		return nil
	}
	if r == nil {
		return fmt.Errorf("the role %s does not exist", roleARN)
	}
	p := core.Principal{Service: servicePrincipal}
	v := judge([]*policy{r.trust}, "sts:AssumeRole", "*", keysOf(p, keys), namedBy(p))
	if err := refusal(v, "trust policy", "sts:AssumeRole"); err != nil {
		return fmt.Errorf("%s cannot assume %s: %w", servicePrincipal, roleARN, err)
	}
	return nil
}

// rebuild resolves the policies of all roles anew and forgets decisions.
func (i *IAM) rebuild() error {
	clear(i.decisions)
	for _, r := range i.roles {
		if err := i.resolve(r); err != nil {
			return err
		}
	}
	return nil
}

func (i *IAM) resolve(r *role) error {
	r.effective, r.bounded = nil, nil
	for _, a := range r.attachments {
		p := a.inline
		if p == nil {
			var err error
			if p, err = i.managedPolicy(a.arn); err != nil {
				return err
			}
		}
		r.effective = append(r.effective, p)
	}
	if r.boundary != "" {
		p, err := i.managedPolicy(r.boundary)
		if err != nil {
			return err
		}
		r.bounded = []*policy{p}
	}
	r.conditional = conditional(r.effective) || conditional(r.bounded)
	return nil
}

func (i *IAM) managedPolicy(arn string) (*policy, error) {
	if p := i.managed[arn]; p != nil {
		return p, nil
	}
	doc, ok := awsManaged(arn)
	if !ok {
		return nil, fmt.Errorf("the managed policy %s does not exist, or the local cloud does not know it", arn)
	}
	p, err := compile(doc, identityPolicy)
	if err != nil {
		return nil, err
	}
	i.managed[arn] = p
	return p, nil
}

// attach replaces what a resource had put on roles by new attachments.
func (i *IAM) attach(source string, to []string, a attachment) error {
	targets := make([]*role, len(to))
	for n, name := range to {
		if targets[n] = i.roleByName(name); targets[n] == nil {
			return errors.New("the role " + name + " does not exist")
		}
	}
	for _, r := range i.roles {
		r.detach(source)
	}
	a.source = source
	for _, r := range targets {
		r.attachments = append(r.attachments, a)
	}
	return i.rebuild()
}

func (r *role) detach(source string) {
	kept := r.attachments[:0]
	for _, a := range r.attachments {
		if a.source != source {
			kept = append(kept, a)
		}
	}
	r.attachments = kept
}

func (i *IAM) roleByName(name string) *role {
	for _, r := range i.roles {
		if r.name == name {
			return r
		}
	}
	return nil
}

package iam

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"

	"twofold/local/core"
)

// Types are the CloudFormation types that Provision takes.
func Types() []string {
	return []string{"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"}
}

// Provision creates or updates a role or policy, as
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_IAM.html describes them.
// Names are unique in the account, over all regions.
func (i *IAM) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch r.Type {
	case "AWS::IAM::Role":
		return i.provisionRole(r)
	case "AWS::IAM::Policy":
		return i.provisionPolicy(r)
	case "AWS::IAM::RolePolicy":
		return i.provisionRolePolicy(r)
	case "AWS::IAM::ManagedPolicy":
		return i.provisionManaged(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type")
}

type inlinePolicy struct {
	PolicyName     string
	PolicyDocument any
}

type roleProps struct {
	RoleName                 string
	Path                     string
	AssumeRolePolicyDocument any
	Policies                 []inlinePolicy
	ManagedPolicyArns        []string
	PermissionsBoundary      string
}

func (i *IAM) provisionRole(r core.Resource) (core.Physical, error) {
	var props roleProps
	if err := r.Decode(&props, "Description", "Tags", "MaxSessionDuration"); err != nil {
		return core.Physical{}, err
	}
	name, err := i.claim(r, "role", props.RoleName)
	if err != nil {
		return core.Physical{}, err
	}
	made, err := newRole(name, props)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	if old := i.roles[made.arn]; old != nil { // policies of other resources stay
		old.detach("")
		made.attachments = append(made.attachments, old.attachments...)
	}
	if err := i.resolve(made); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	clear(i.decisions)
	i.roles[made.arn] = made
	return core.Physical{Ref: name, Attrs: map[string]any{"Arn": made.arn, "RoleId": "AROA" + digest(name, 17)}}, nil
}

func newRole(name string, props roleProps) (*role, error) {
	trust, err := compile(props.AssumeRolePolicyDocument, trustPolicy)
	if err != nil {
		return nil, fmt.Errorf("AssumeRolePolicyDocument: %w", err)
	}
	arn, err := arnOf("role", props.Path, name)
	if err != nil {
		return nil, err
	}
	r := &role{name: name, arn: arn, trust: trust, boundary: props.PermissionsBoundary}
	for _, in := range props.Policies {
		p, err := in.compile()
		if err != nil {
			return nil, err
		}
		r.attachments = append(r.attachments, attachment{inline: p})
	}
	for _, arn := range props.ManagedPolicyArns {
		r.attachments = append(r.attachments, attachment{arn: arn})
	}
	return r, nil
}

func (in inlinePolicy) compile() (*policy, error) {
	if !policyName.MatchString(in.PolicyName) {
		return nil, fmt.Errorf("PolicyName %q is not a name", in.PolicyName)
	}
	p, err := compile(in.PolicyDocument, identityPolicy)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", in.PolicyName, err)
	}
	return p, nil
}

func (i *IAM) provisionPolicy(r core.Resource) (core.Physical, error) {
	var props struct {
		inlinePolicy
		Roles []string
	}
	if err := r.Decode(&props); err != nil {
		return core.Physical{}, err
	}
	return i.attachInline(r, props.inlinePolicy, props.Roles)
}

func (i *IAM) provisionRolePolicy(r core.Resource) (core.Physical, error) {
	var props struct {
		inlinePolicy
		RoleName string
	}
	if err := r.Decode(&props); err != nil {
		return core.Physical{}, err
	}
	return i.attachInline(r, props.inlinePolicy, []string{props.RoleName})
}

func (i *IAM) attachInline(r core.Resource, in inlinePolicy, roles []string) (core.Physical, error) {
	p, err := in.compile()
	if err == nil && len(roles) == 0 {
		err = fmt.Errorf("the policy names no role")
	}
	if err == nil {
		err = i.attach(sourceOf(r), roles, attachment{inline: p})
	}
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: in.PolicyName, Attrs: map[string]any{"Id": in.PolicyName}}, nil
}

func (i *IAM) provisionManaged(r core.Resource) (core.Physical, error) {
	var props struct {
		ManagedPolicyName, Path string
		PolicyDocument          any
		Roles                   []string
	}
	if err := r.Decode(&props, "Description"); err != nil {
		return core.Physical{}, err
	}
	name, err := i.claim(r, "policy", props.ManagedPolicyName)
	if err != nil {
		return core.Physical{}, err
	}
	p, err := inlinePolicy{name, props.PolicyDocument}.compile()
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	arn, err := arnOf("policy", props.Path, name)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	i.managed[arn] = p
	if err := i.attach(sourceOf(r), props.Roles, attachment{arn: arn}); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: arn, Attrs: map[string]any{"PolicyArn": arn, "PolicyId": "ANPA" + digest(arn, 17)}}, nil
}

var (
	roleName   = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	policyName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	rolePath   = regexp.MustCompile(`^(/[\x21-\x7e]*)?/$`)
)

// claim gives a role or policy its name and refuses one that another resource holds.
func (i *IAM) claim(r core.Resource, kind, name string) (string, error) {
	longest, pattern := 64, roleName
	if kind == "policy" {
		longest, pattern = 128, policyName
	}
	if name == "" {
		name = generatedName(r, longest)
	}
	if !pattern.MatchString(name) {
		return "", r.Errorf("%q is not a name for a %s: 1 to %d of letters, digits and _+=,.@-", name, kind, longest)
	}
	if owner := i.owners[kind+"/"+name]; owner != "" && owner != sourceOf(r) {
		return "", r.Errorf("%s %s already exists (%s); names of IAM resources count for all regions", kind, name, owner)
	}
	i.owners[kind+"/"+name] = sourceOf(r)
	return name, nil
}

// generatedName is stack, logical id and a suffix, as CloudFormation builds it; here the suffix is
// the same at every deployment and differs between regions.
func generatedName(r core.Resource, longest int) string {
	const suffix = 13
	base := r.PhysicalName()
	if len(base) > longest-suffix {
		base = base[:longest-suffix]
	}
	return base + "-" + digest(sourceOf(r), suffix-1)
}

func sourceOf(r core.Resource) string { return r.Region + "/" + r.Stack + "/" + r.LogicalID }

func digest(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return base32.StdEncoding.EncodeToString(sum[:])[:n]
}

func arnOf(kind, path, name string) (string, error) {
	if path == "" {
		path = "/"
	}
	if !rolePath.MatchString(path) {
		return "", fmt.Errorf("path %q must begin and end with /", path)
	}
	return "arn:aws:iam::" + core.AccountID + ":" + kind + path + name, nil
}

package template

import (
	"strconv"
	"strings"
)

// roleParts is what goes into a generated execution role beside the resource's Policies.
type roleParts struct {
	assume    any
	managed   []any // before those of Policies
	documents []any // before those of Policies
	after     []any // managed policies after those of Policies
	tags      []any
}

func allow(pos Pos, action string, resource any) *Map {
	return object(pos, "Effect", "Allow", "Action", action, "Resource", resource)
}

func policy(pos Pos, name string, document any) *Map {
	return object(pos, "PolicyName", name, "PolicyDocument", document)
}

func assumedBy(pos Pos, service string) *Map {
	statement := object(pos, "Action", []any{"sts:AssumeRole"}, "Effect", "Allow",
		"Principal", object(pos, "Service", []any{service}))
	return object(pos, "Version", "2012-10-17", "Statement", []any{statement})
}

// executionRole generates <id>Role from the Policies of a function or state machine.
func (s *sam) executionRole(r *samResource, parts roleParts) error {
	id := r.id + "Role"
	managed, documents := append([]any{}, parts.managed...), parts.documents
	for i, p := range policyList(r.take("Policies")) {
		name := id + "Policy" + strconv.Itoa(i)
		doc, arn, err := onePolicy(r, p, name)
		if err != nil {
			return err
		}
		if doc != nil {
			documents = append(documents, doc)
		}
		if arn != nil {
			managed = append(managed, arn)
		}
	}
	managed = append(managed, parts.after...)
	props := object(r.Pos, "AssumeRolePolicyDocument", parts.assume, "ManagedPolicyArns", distinct(managed),
		"Policies", documents, "Path", r.take("RolePath"), "PermissionsBoundary", r.take("PermissionsBoundary"),
		"Tags", parts.tags)
	return s.derived(r, id, "AWS::IAM::Role", props)
}

func policyList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// onePolicy tells a policy document from a managed policy.
func onePolicy(r *samResource, v any, name string) (document, arn any, err error) {
	switch v := v.(type) {
	case string:
		if !strings.HasPrefix(v, "arn:") {
			return nil, nil, r.errorf("Policies", "the managed policy %s must be given by its ARN", v)
		}
		return nil, v, nil
	case *Map:
		if v.Get("Statement") == nil {
			return nil, nil, v.Pos.Errorf("%s: a policy needs Statement; policy templates are not transformed", r.what)
		}
		return policy(v.Pos, name, v), nil, nil
	case *Intrinsic:
		if v.Name == "Fn::If" {
			return conditionalPolicy(r, v, name)
		}
		return nil, v, nil
	}
	return nil, nil, r.errorf("Policies", "a policy must be an ARN or a document")
}

// conditionalPolicy keeps Fn::If, of documents or of ARNs.
func conditionalPolicy(r *samResource, c *Intrinsic, name string) (document, arn any, err error) {
	args, ok := c.Arg.([]any)
	if !ok || len(args) != 3 {
		return nil, nil, c.Pos.Errorf("Fn::If takes a condition and two values")
	}
	out, documents := []any{args[0], args[1], args[2]}, false
	for i := 1; i < 3; i++ {
		if m, ok := args[i].(*Map); ok {
			if out[i], _, err = onePolicy(r, m, name); err != nil {
				return nil, nil, err
			}
			documents = true
		}
	}
	choice := &Intrinsic{Name: "Fn::If", Arg: out, Pos: c.Pos}
	if documents {
		return choice, nil, nil
	}
	return nil, choice, nil
}

// distinct keeps the first of equal ARNs.
func distinct(list []any) []any {
	out := []any{} // an empty list is written too, as SAM does
	seen := map[string]bool{}
	for _, v := range list {
		if s, ok := v.(string); ok {
			if seen[s] {
				continue
			}
			seen[s] = true
		}
		out = append(out, v)
	}
	return out
}

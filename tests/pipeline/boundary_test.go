package pipeline_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/iam"
	"twofold/local/template"
)

// boundary decides by the boundary of a stage.
func boundary(t *testing.T, at, stage string) func(action, resource string, keys []core.ConditionKey) bool {
	t.Helper()
	list, err := template.ReadSamConfig(filepath.Join(at, "samconfig.toml"), stage+"-boundary")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d boundaries of %s (%v)", len(list), stage, err)
	}
	rec := &recorder{}
	if _, err := template.NewDeployer(rec, nil).Deploy(t.Context(), list[0]); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(rec.made[0].Properties["PolicyDocument"])
	if err != nil {
		t.Fatal(err)
	}
	const most = 6144 // characters, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	if len(raw) > most {
		t.Errorf("the boundary of %s has %d characters of %d", stage, len(raw), most)
	}
	allowed, err := iam.CompileAskedPolicy(raw)
	if err != nil {
		t.Fatal(err)
	}
	return allowed
}

// granted is one call on one resource that a role's policy allows.
type granted struct{ role, call, on string }

// grants are those of all roles of a stage's deployments, SAM's included.
func grants(t *testing.T, at, stage string) (all []granted) {
	t.Helper()
	for _, r := range deployed(t, at, stage) {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		raw, err := json.Marshal(r.Properties["Policies"])
		if err != nil {
			t.Fatal(err)
		}
		var policies []struct {
			PolicyDocument struct {
				Statement []struct{ Action, Resource list }
			}
		}
		if err := json.Unmarshal(raw, &policies); err != nil {
			t.Fatalf("%s: %v", r.LogicalID, err)
		}
		for _, p := range policies {
			for _, s := range p.PolicyDocument.Statement {
				for _, call := range s.Action {
					for _, on := range s.Resource {
						all = append(all, granted{r.Stack + "/" + r.LogicalID, call, on})
					}
				}
			}
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d grants were found", len(all))
	}
	return all
}

// list is a text or a list of texts.
type list []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// outside names what roles of a stage are given beyond their boundary.
func outside(t *testing.T, at, stage string) (found []string) {
	t.Helper()
	allowed := boundary(t, at, stage)
	for _, g := range grants(t, at, stage) {
		if strings.HasPrefix(g.on, "arn:") && !allowed(g.call, g.on, nil) || g.on == everything && !allowed(g.call, everything, nil) {
			found = append(found, fmt.Sprintf("%s: the boundary does not allow %s on %s", g.role, g.call, g.on))
		}
	}
	return found
}

func TestNoRoleOfAStageNeedsMoreThanItsBoundaryAllows(t *testing.T) {
	for _, stage := range []string{"staging", "prod"} {
		for _, f := range outside(t, root, stage) {
			t.Error(f)
		}
	}
	if found := outside(t, without(t, "stacks/boundary.yaml", "              - dynamodb:BatchWriteItem\n", ""), "staging"); len(found) == 0 || !strings.Contains(found[0], "dynamodb:BatchWriteItem") {
		t.Errorf("without a permission of the boundary it finds %q", found)
	}
}

// reach is what staging's boundary allows of production's: what has no name that tells whose it is. docs/security.md says so.
var reach = []string{"cloudwatch:DescribeAlarms"}

func TestStagingsBoundaryReachesNothingOfProductions(t *testing.T) {
	allowed := boundary(t, root, "staging")
	var found []string
	for _, g := range grants(t, root, "prod") {
		if strings.HasPrefix(g.on, "arn:") && allowed(g.call, g.on, nil) {
			found = append(found, g.call)
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(found, reach) {
		t.Errorf("it reaches %v, not just %v", found, reach)
	}
	for call, on := range map[string]string{
		"iam:CreateRole": "arn:aws:iam::" + core.AccountID + ":role/twofold-staging-x", "kms:Decrypt": "arn:aws:kms:us-east-1:" + core.AccountID + ":key/k",
		"iam:CreatePolicyVersion": "arn:aws:iam::" + core.AccountID + ":policy/twofold-staging-boundary", "sts:AssumeRole": "arn:aws:iam::" + core.AccountID + ":role/twofold-prod-x",
		"logs:GetLogEvents": "arn:aws:logs:us-east-1:" + core.AccountID + ":log-group:/aws/lambda/twofold-prod-order-api:*",
	} {
		if allowed(call, on, nil) {
			t.Errorf("it allows %s on %s", call, on)
		}
	}
}

func TestARoleWithoutItsBoundaryIsNamed(t *testing.T) {
	const line = "PermissionsBoundary: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/twofold-${Stage}-boundary\n"
	for file, role := range map[string]string{"stacks/events.yaml": "PipeRole", "stacks/deploy.yaml": "DeployBeforeFunctionRole", "stacks/saga.yaml": "OrderSagaRole", "stacks/keys.yaml": "ApiLogsRole"} {
		found := strings.Join(refused(t, without(t, file, line, "\n"), "staging", "StagingStackRole"), "\n")
		if !strings.Contains(found, "may not call iam:CreateRole") || !strings.Contains(found, role) {
			t.Errorf("without the boundary of %s it finds\n%s", role, found)
		}
	}
}

func TestTheRoleOfAStageCannotTakeABoundaryOffOrChangeIt(t *testing.T) {
	const role, policy = "arn:aws:iam::" + core.AccountID + ":role/twofold-staging-x", "arn:aws:iam::" + core.AccountID + ":policy/twofold-staging-boundary"
	allowed := stackRole(t, root, "StagingStackRole")
	within := func(boundary string) []core.ConditionKey {
		return []core.ConditionKey{{Name: "iam:PermissionsBoundary", Values: []string{boundary}}}
	}
	for _, call := range []string{"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"} {
		if !allowed(call, role, within(policy)) {
			t.Errorf("within the boundary it may not call %s", call)
		}
		for _, other := range []string{"arn:aws:iam::" + core.AccountID + ":policy/twofold-prod-boundary", "arn:aws:iam::aws:policy/AdministratorAccess"} {
			if allowed(call, role, within(other)) || allowed(call, role, nil) {
				t.Errorf("it may call %s with %s for a boundary, or with none", call, other)
			}
		}
	}
	for _, call := range []string{"iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy", "iam:CreatePolicy"} {
		if allowed(call, role, within(policy)) || allowed(call, policy, within(policy)) {
			t.Errorf("it may call %s", call)
		}
	}
}

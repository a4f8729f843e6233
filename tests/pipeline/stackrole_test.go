package pipeline_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"twofold/local/core"
	"twofold/local/iam"
	"twofold/local/template"
	"twofold/pipeline"
)

// recorder makes nothing, and keeps what it was asked to make.
type recorder struct{ made []core.Resource }

// nameOf is what a template calls a resource, or what CloudFormation would.
func nameOf(r core.Resource) string {
	if r.Type == "AWS::Lambda::Alias" {
		return r.Properties["FunctionName"].(string) + ":" + r.Properties["Name"].(string)
	}
	short := r.Type[strings.LastIndex(r.Type, ":")+1:]
	for _, p := range []string{"Name", short + "Name", "DomainName", "AliasName", "LogGroupName"} {
		if name, ok := r.Properties[p].(string); ok {
			return name
		}
	}
	return r.PhysicalName()
}

func (r *recorder) Provision(_ context.Context, res core.Resource) (core.Physical, error) {
	r.made = append(r.made, res)
	attrs := map[string]any{}
	for _, a := range []string{"Arn", "ArchiveName", "HealthCheckId", "Id", "Name", "QueueName", "RegionalDomainName", "RegionalHostedZoneId",
		"RegistryName", "RootResourceId", "SchemaVersion", "StateMachineRevisionId", "StreamArn", "TopicArn", "TopicName", "Version"} {
		attrs[a] = nameOf(res)
	}
	return core.Physical{Ref: nameOf(res), Attrs: attrs}, nil
}

// deployed are the resources of a stage's deployments, with an edge, which samconfig.toml leaves to those who have a name.
func deployed(t *testing.T, at, stage string) []core.Resource {
	t.Helper()
	list, err := template.ReadSamConfig(filepath.Join(at, "samconfig.toml"), stage+"-")
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{}
	deployer := template.NewDeployer(rec, nil)
	for _, d := range list {
		if strings.HasSuffix(d.Env, "-boundary") {
			continue // an administrator's
		}
		if raw, err := os.ReadFile(d.TemplateFile); err != nil {
			t.Fatal(err)
		} else if strings.Contains(string(raw), "\n  Release:\n") {
			d.Parameters["Release"], d.Parameters["AlarmEmail"] = "1", "a@twofold.example"
			d.Parameters["DomainName"], d.Parameters["CertificateArn"], d.Parameters["HostedZoneId"] = "api."+stage+".example", "certificate", "Z"+stage
		}
		if _, err := deployer.Deploy(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	return rec.made
}

// request is one call on one resource.
type request struct {
	of       core.Resource
	call, on string
	keys     []core.ConditionKey
}

var property = regexp.MustCompile(`\{[A-Z][A-Za-z.]*\}`)

// requests are those that the table has for a resource. What has a tag has its stage's.
func requests(t *testing.T, r core.Resource, stage string) (all []request) {
	t.Helper()
	rows, known := table[r.Type]
	if !known {
		t.Errorf("%s: the table does not know the type", r.Type)
	}
	short := strings.NewReplacer("{region}", r.Region, "{account}", core.AccountID, "{stage}", stage)
	full := func(text string) string {
		return property.ReplaceAllStringFunc(short.Replace(text), func(p string) string { return valueOf(r, strings.Trim(p, "{}")) })
	}
	for _, row := range rows {
		on := row.on
		if on != everything {
			on = "arn:aws:" + full(on)
		}
		for call := range strings.FieldsSeq(row.calls) {
			call, key, _ := strings.Cut(full(call), "?")
			req := request{of: r, call: call, on: on}
			if name, value, ok := strings.Cut(key, "="); ok {
				req.keys = append(req.keys, core.ConditionKey{Name: name, Values: []string{value}})
			}
			if boundary, has := r.Properties["PermissionsBoundary"].(string); has {
				req.keys = append(req.keys, core.ConditionKey{Name: "iam:PermissionsBoundary", Values: []string{boundary}})
			}
			if on != everything && r.Type != "AWS::ApiGateway::Account" {
				req.keys = append(req.keys, core.ConditionKey{Name: "aws:ResourceTag/stage", Values: []string{stage}})
			}
			all = append(all, req)
		}
	}
	return append(all, passes(t, r)...)
}

// valueOf is a property, or what CloudFormation calls the resource where the template gives none.
func valueOf(r core.Resource, name string) string {
	var v any = r.Properties
	for part := range strings.SplitSeq(name, ".") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	if list, ok := v.([]any); ok {
		v = list[0]
	}
	if s, ok := v.(string); ok {
		return s
	}
	return r.PhysicalName()
}

// passes is the handing of a role to the service that it trusts.
func passes(t *testing.T, r core.Resource) []request {
	t.Helper()
	if r.Type != "AWS::IAM::Role" {
		return nil
	}
	raw, err := json.Marshal(r.Properties["AssumeRolePolicyDocument"])
	service := regexp.MustCompile(`[a-z]+\.amazonaws\.com`).FindString(string(raw))
	if err != nil || service == "" {
		t.Fatalf("%s %s: no service takes it on", r.Stack, r.LogicalID)
	}
	return []request{{of: r, call: "iam:PassRole", on: "arn:aws:iam::" + core.AccountID + ":role/" + valueOf(r, "RoleName"),
		keys: []core.ConditionKey{{Name: "iam:PassedToService", Values: []string{service}}}}}
}

// parametersOf are what docs/setup.md has the reader give; the stack of a region has none.
func parametersOf(file string) map[string]string {
	if file != pipeline.File {
		return nil
	}
	return map[string]string{"ConnectionArn": "arn:aws:codeconnections:us-east-1:1:connection/c", "Repository": "owner/twofold", "PeerRegion": "us-west-2",
		"StagingHostedZoneId": "Zstaging", "ProdHostedZoneId": "Zprod"}
}

// stackRole decides by the policy of the role that CloudFormation deploys a stage with.
func stackRole(t *testing.T, at, id string) func(action, resource string, keys []core.ConditionKey) bool {
	t.Helper()
	rec := &recorder{}
	_, err := template.NewDeployer(rec, nil).Deploy(t.Context(), template.Deployment{StackName: "twofold-pipeline", Region: "us-east-1",
		TemplateFile: filepath.Join(at, pipeline.File), Parameters: parametersOf(pipeline.File)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rec.made {
		if strings.TrimPrefix(r.Stack, "twofold-pipeline-")+r.LogicalID == id {
			raw, err := json.Marshal(r.Properties["Policies"].([]any)[0].(map[string]any)["PolicyDocument"])
			if err != nil {
				t.Fatal(err)
			}
			allowed, err := iam.CompileAskedPolicy(raw)
			if err != nil {
				t.Fatal(err)
			}
			return allowed
		}
	}
	t.Fatalf("%s has no %s", pipeline.File, id)
	return nil
}

// refused names each type with a call that a stage's role may not make for one of its resources.
func refused(t *testing.T, at, stage, role string) (found []string) {
	t.Helper()
	allowed := stackRole(t, at, role)
	for _, r := range deployed(t, at, stage) {
		for _, q := range requests(t, r, stage) {
			if !allowed(q.call, q.on, q.keys) {
				found = append(found, r.Type+": "+role+" may not call "+q.call+" on "+q.on)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestTheRoleOfAStageMayMakeEverythingThatItsStacksHave(t *testing.T) {
	for stage, role := range map[string]string{"staging": "StagingStackRole", "prod": "ProdStackRole"} {
		for _, r := range refused(t, root, stage, role) {
			t.Error(r)
		}
	}
}

func TestACallThatTheRoleOfAStageMayNotMakeIsNamedWithItsType(t *testing.T) {
	for text, want := range map[string]string{
		"xray:CreateSamplingRule, ": "AWS::XRay::SamplingRule: StagingStackRole may not call xray:CreateSamplingRule",
		"                  - !Sub \"arn:${AWS::Partition}:logs:*:${AWS::AccountId}:log-group:/aws/apigateway/twofold-${Stage}:*\"\n": "AWS::Logs::LogGroup: ",
		"PassedToService: [apigateway.amazonaws.com, ": "AWS::IAM::Role: StagingStackRole may not call iam:PassRole",
	} {
		instead := ""
		if strings.HasPrefix(text, "Passed") {
			instead = "PassedToService: ["
		}
		if found := strings.Join(refused(t, without(t, pipeline.StageFile, text, instead), "staging", "StagingStackRole"), "\n"); !strings.Contains(found, want) {
			t.Errorf("without %q it finds\n%s\nand not %q", text, found, want)
		}
	}
}

// shared is what staging's role may do to production's resources: they have no name and no tag that tell whose they are. docs/security.md says so.
var shared = []string{
	"apigateway:GET AWS::ApiGateway::Account", "apigateway:PATCH AWS::ApiGateway::Account",
	"codedeploy:GetDeploymentConfig AWS::CodeDeploy::DeploymentGroup", // AWS's own, to read
	"iam:CreateServiceLinkedRole AWS::DynamoDB::GlobalTable",          // AWS's own, once in an account
	"route53:ChangeTagsForResource AWS::Route53::HealthCheck", "route53:GetChange AWS::Route53::RecordSet",
	"route53:GetHealthCheck AWS::Route53::HealthCheck", "route53:UpdateHealthCheck AWS::Route53::HealthCheck",
}

func TestStagingsRoleReachesNothingOfProductionsButWhatHasNoNameAndNoTag(t *testing.T) {
	allowed := stackRole(t, root, "StagingStackRole")
	var found []string
	for _, r := range deployed(t, root, "prod") {
		for _, q := range requests(t, r, "prod") {
			if q.on != everything && allowed(q.call, q.on, q.keys) {
				found = append(found, q.call+" "+r.Type)
			}
		}
	}
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(found, shared) {
		t.Errorf("it may\n%s\nand not just\n%s", strings.Join(found, "\n"), strings.Join(shared, "\n"))
	}
}

func TestStagingsRoleCannotMakeProductionsKeyItsOwn(t *testing.T) {
	allowed := stackRole(t, root, "StagingStackRole")
	tag := func(name, value string) core.ConditionKey {
		return core.ConditionKey{Name: "aws:" + name + "/stage", Values: []string{value}}
	}
	for _, call := range []string{"kms:TagResource", "kms:UntagResource", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:Decrypt"} {
		if allowed(call, "arn:aws:kms:us-east-1:"+core.AccountID+":key/k", []core.ConditionKey{tag("ResourceTag", "prod"), tag("RequestTag", "staging")}) {
			t.Errorf("it may call %s", call)
		}
	}
	for _, call := range []string{"kms:TagResource", "kms:EnableKeyRotation"} {
		if !allowed(call, "arn:aws:kms:us-east-1:"+core.AccountID+":key/k", []core.ConditionKey{tag("RequestTag", "staging")}) {
			t.Errorf("of a key that it has just made, it may not call %s", call)
		}
	}
}

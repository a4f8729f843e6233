package template

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twofold/local/core"
)

var update = flag.Bool("update", false, "rewrite the golden files of deployments")

// recorder provisions anything: Ref is "<stack>-<logical id>", and every attribute in use is "<logical id>.<name>".
type recorder struct {
	got  []core.Resource
	fail string // the logical id whose provisioning fails
}

func (r *recorder) Provision(ctx context.Context, res core.Resource) (core.Physical, error) {
	if core.RegionOf(ctx) != res.Region {
		return core.Physical{}, errors.New("the context does not belong to the resource's region")
	}
	if res.LogicalID == r.fail {
		return core.Physical{}, errors.New("refused")
	}
	r.got = append(r.got, res)
	attrs := map[string]any{}
	for _, name := range []string{"Arn", "Version", "StreamArn", "StateMachineRevisionId"} {
		attrs[name] = res.LogicalID + "." + name
	}
	return core.Physical{Ref: res.Stack + "-" + res.LogicalID, Attrs: attrs}, nil
}

// write makes a folder of files; template.yaml is what deployOne deploys.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func deployOne(t *testing.T, d *Deployer, name string, params map[string]string, files map[string]string) (*Stack, error) {
	t.Helper()
	dir := write(t, files)
	stack, err := d.Deploy(context.Background(), Deployment{Env: "test", StackName: name, Region: "us-east-1",
		TemplateFile: filepath.Join(dir, "template.yaml"), Parameters: params})
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
	}
	return stack, err
}

// resources deploys one template and gives what was provisioned.
func resources(t *testing.T, text string, params map[string]string) []core.Resource {
	t.Helper()
	rec := &recorder{}
	if _, err := deployOne(t, NewDeployer(rec, nil), "shop", params, map[string]string{"template.yaml": text}); err != nil {
		t.Fatal(err)
	}
	return rec.got
}

func TestExampleIsDeployedAsSamconfigListsIt(t *testing.T) {
	list, err := ReadSamConfig("testdata/example/samconfig.toml", "local-")
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{}
	d := NewDeployer(rec, nil)
	var b strings.Builder
	for _, in := range list {
		stack, err := d.Deploy(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "# %s: %s in %s\n", in.Env, stack.Name, stack.Region)
		stack.Walk(func(r Deployed) {
			fmt.Fprintf(&b, "%s %s %s %s\n", r.Position, r.Stack, r.LogicalID, r.Type)
			fmt.Fprintf(&b, "    %s\n", properties(t, r.Resource))
		})
		for _, name := range sortedKeys(stack.Outputs) {
			fmt.Fprintf(&b, "output %s = %s\n", name, stack.Outputs[name])
		}
	}
	compare(t, "testdata/example/deployed.golden", idText.ReplaceAllString(b.String(), "deployment id: HASH"))
}

func properties(t *testing.T, r core.Resource) string {
	t.Helper()
	raw, err := encode(r.Properties)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := firstDifference(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestFilesAreReadAndFoldersNamed(t *testing.T) {
	rec := &recorder{}
	_, err := deployOne(t, NewDeployer(rec, nil), "shop", nil, map[string]string{
		"template.yaml": `
Transform: AWS::Serverless-2016-10-31
Resources:
  Saga:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: machines/saga.asl.json, Role: "arn:aws:iam::000000000000:role/r"}
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: live, DefinitionUri: openapi.yaml}
  Job:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: go1.x}
    Properties: {CodeUri: functions/job, Role: "arn:aws:iam::000000000000:role/r"}
`,
		"machines/saga.asl.json": `{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}`,
		"openapi.yaml":           "openapi: 3.0.1\npaths: {/a: {get: {example: null, $ref: on}}}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	folder, _ := rec.got[0].Metadata[MetadataFolder].(string)
	if !filepath.IsAbs(folder) {
		t.Errorf("the folder %q is not absolute", folder)
	}
	byID := map[string]core.Resource{}
	for _, r := range rec.got {
		byID[r.LogicalID] = r
	}
	if got := byID["Saga"].Properties["DefinitionString"]; got != `{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}` {
		t.Errorf("DefinitionString is %v", got)
	}
	if got := byID["Saga"].Metadata[MetadataFile]; got != filepath.Join(folder, "machines/saga.asl.json") {
		t.Errorf("the definition's file is %v", got)
	}
	if got, want := properties(t, byID["Api"]), `{"Body":{"openapi":"3.0.1","paths":{"/a":{"get":{"$ref":"on","example":null}}}}}`; got != want {
		t.Errorf("Api has %s, want %s", got, want)
	}
	if got := byID["Job"]; got.Properties["Code"] != "functions/job" || got.Metadata["BuildMethod"] != "go1.x" {
		t.Errorf("Job has %v and %v", got.Properties, got.Metadata)
	}
}

const exporting = `
Resources:
  Bus: {Type: AWS::Events::EventBus}
Outputs:
  Bus: {Value: !Ref Bus, Export: {Name: !Sub "${AWS::StackName}-bus"}}
`

const importing = `
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties: {EventBusName: !ImportValue first-bus}
`

func TestExportsAreSeenByLaterStacksOfTheRegion(t *testing.T) {
	rec := &recorder{}
	d := NewDeployer(rec, nil)
	if _, err := deployOne(t, d, "second", nil, map[string]string{"template.yaml": importing}); err == nil ||
		err.Error() != "template.yaml:5: Fn::ImportValue: no stack of us-east-1 exports first-bus" {
		t.Errorf("before the export: %v", err)
	}
	for range 2 { // again is an update
		if _, err := deployOne(t, d, "first", nil, map[string]string{"template.yaml": exporting}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := deployOne(t, d, "second", nil, map[string]string{"template.yaml": importing}); err != nil {
		t.Fatal(err)
	}
	if got := rec.got[len(rec.got)-1].Properties["EventBusName"]; got != "first-Bus" {
		t.Errorf("imported %v", got)
	}
	taken := strings.ReplaceAll(exporting, "${AWS::StackName}-bus", "first-bus")
	_, err := deployOne(t, d, "third", nil, map[string]string{"template.yaml": taken})
	if err == nil || err.Error() != "template.yaml:5: the stack first exports first-bus already" {
		t.Errorf("the same export twice: %v", err)
	}
}

func TestDynamicReferencesGoThroughThePort(t *testing.T) {
	rec := &recorder{}
	d := NewDeployer(rec, func(_ context.Context, region, service, reference string) (string, error) {
		return region + "/" + service + "/" + reference, nil
	})
	text := `
Parameters:
  Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /image}
Resources:
  A:
    Type: X::Y::Z
    Properties:
      Key: "Bearer {{resolve:secretsmanager:stripe:SecretString:key}}!"
      List: [!Sub "{{resolve:ssm:/${AWS::Region}/a:1}}"]
      Image: !Ref Image
`
	if _, err := deployOne(t, d, "shop", nil, map[string]string{"template.yaml": text}); err != nil {
		t.Fatal(err)
	}
	want := `{"Image":"us-east-1/ssm//image","Key":"Bearer us-east-1/secretsmanager/stripe:SecretString:key!","List":["us-east-1/ssm//us-east-1/a:1"]}`
	if got := properties(t, rec.got[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNestedStacksPassParametersInAndOutputsOut(t *testing.T) {
	rec := &recorder{}
	stack, err := deployOne(t, NewDeployer(rec, nil), "shop", map[string]string{"Stage": "local"}, map[string]string{
		"template.yaml": `
Parameters: {Stage: {Type: String}}
Resources:
  After:
    Type: X::Y::Z
    Properties: {Table: !GetAtt Data.Outputs.Table, Text: !Sub "${Data.Outputs.Table} of ${Data}"}
  Data:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: stacks/data.yaml, Parameters: {Stage: !Ref Stage, Size: 5}}
`,
		"stacks/data.yaml": `
Parameters: {Stage: {Type: String}, Size: {Type: Number, MaxValue: 5}}
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub "${Stage}-${Size}-${AWS::StackName}"}}
Outputs:
  Table: {Value: !GetAtt Table.Arn}
`})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := properties(t, rec.got[0]), `{"TableName":"local-5-shop-Data"}`; got != want {
		t.Errorf("the nested table has %s, want %s", got, want)
	}
	data := stack.Resources[0]
	want := `{"Table":"Table.Arn","Text":"Table.Arn of ` + data.Ref + `"}`
	if got := properties(t, rec.got[1]); got != want {
		t.Errorf("the parent's resource has %s, want %s", got, want)
	}
	if data.Nested == nil || data.Nested.ID != data.Ref || !strings.HasPrefix(data.Ref, "arn:aws:cloudformation:us-east-1:000000000000:stack/shop-Data/") {
		t.Errorf("the nested stack is %+v", data)
	}
}

func TestFailedProvisioningNamesTheResource(t *testing.T) {
	rec := &recorder{fail: "B"}
	_, err := deployOne(t, NewDeployer(rec, nil), "shop", nil, map[string]string{"template.yaml": `
Resources:
  A: {Type: X::Y::Z}
  B: {Type: X::Y::Z}
  C: {Type: X::Y::Z}
`})
	if err == nil || err.Error() != "template.yaml:4: B (X::Y::Z): refused" {
		t.Errorf("got %v", err)
	}
	if len(rec.got) != 1 {
		t.Errorf("%d resources were provisioned, want the one before", len(rec.got))
	}
}

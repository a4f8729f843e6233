package template

import (
	"path/filepath"
	"strings"
	"testing"
)

// Each case is the Resources of a SAM template, from line 3 on, and the error it must give.
func TestWhatIsNotTransformedIsNamed(t *testing.T) {
	const fn = "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: .\n"
	const saga = "  S:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: s.json\n"
	const api = "  A:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: live\n"
	const f, s, a = "F (AWS::Serverless::Function)", "S (AWS::Serverless::StateMachine)", "A (AWS::Serverless::Api)"
	for name, c := range map[string]struct{ text, want string }{
		"type":            {"  L: {Type: AWS::Serverless::LayerVersion}\n", "3: L: AWS::Serverless::LayerVersion is not transformed"},
		"property":        {fn + "      Layers: [x]\n", "7: " + f + ": the SAM property Layers is not transformed"},
		"misspelt":        {fn + "      MemorySze: 5\n", "7: " + f + ": the SAM property MemorySze is not transformed"},
		"no code":         {"  F: {Type: AWS::Serverless::Function}\n", "3: " + f + ": CodeUri, a local path, is missing"},
		"policy template": {fn + "      Policies:\n        - SQSPollerPolicy: {QueueName: q}\n", "8: " + f + ": a policy needs Statement; policy templates are not transformed"},
		"policy name":     {fn + "      Policies: AWSLambdaExecute\n", "7: " + f + ": the managed policy AWSLambdaExecute must be given by its ARN"},
		"role and policy": {fn + "      Role: r\n      Policies: arn:x\n", "8: " + f + ": Policies has no effect beside Role"},
		"role if":         {fn + "      Role: !If [A, b, c]\n", "7: " + f + ": Fn::If as Role is not transformed"},
		"tracing":         {fn + "      Tracing: active\n", "7: " + f + ": Tracing must be Active, PassThrough or Disabled"},
		"preference":      {fn + "      DeploymentPreference: {Type: AllAtOnce}\n", "7: " + f + ": DeploymentPreference needs AutoPublishAlias"},
		"preference key":  {fn + "      AutoPublishAlias: live\n      DeploymentPreference:\n        Type: AllAtOnce\n        Alarm: []\n", "10: " + f + ": DeploymentPreference: the SAM property Alarm is not transformed"},
		"alias":           {fn + "      AutoPublishAlias: !Sub x\n", "7: " + f + ": AutoPublishAlias must be a string or a parameter"},
		"release":         {fn + "      AutoPublishAlias: live\n      AutoPublishCodeSha256: !Sub x\n", "8: " + f + ": AutoPublishCodeSha256 must be a string or a parameter"},
		"dlq":             {fn + "      DeadLetterQueue: {Type: S3, TargetArn: x}\n", "7: " + f + ": DeadLetterQueue needs Type SQS or SNS, and TargetArn"},
		"destination":     {fn + "      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}\n", "7: " + f + ": OnFailure needs a Type (SQS, SNS, Lambda, EventBridge) and a Destination"},
		"event type":      {fn + "      Events:\n        E: {Type: Kinesis, Properties: {Stream: x}}\n", "8: " + f + ": E (Kinesis): the event type is not transformed"},
		"event property":  {fn + "      Events:\n        E:\n          Type: SQS\n          Properties:\n            Queue: q\n            Batch: 5\n", "12: " + f + ": E (SQS): the SAM property Batch is not transformed"},
		"event no queue":  {fn + "      Events:\n        E: {Type: SQS}\n", "8: " + f + ": E (SQS): the property Queue is missing"},
		"event state":     {fn + "      Events:\n        E: {Type: Schedule, Properties: {Schedule: r, State: ENABLED, Enabled: true}}\n", "8: " + f + ": E (Schedule): State and Enabled cannot both stand"},
		"event api":       {fn + "      Events:\n        E: {Type: Api, Properties: {Path: /, Method: get}}\n", "8: " + f + ": E (Api): the property RestApiId is missing"},
		"event other api": {fn + "      Events:\n        E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref F}}\n", "8: " + f + ": E (Api): RestApiId must be a Ref to an AWS::Serverless::Api of this template"},
		"machine event":   {saga + "      Events:\n        E: {Type: Api}\n", "8: " + s + ": E (Api): the event type is not transformed"},
		"machine both":    {saga + "      Definition: {}\n", "6: " + s + ": give either DefinitionUri or Definition"},
		"machine role":    {saga + "      Role: r\n      Policies: []\n", "8: " + s + ": Role and Policies cannot both stand"},
		"machine alias":   {saga + "      UseAliasAsEventTarget: true\n", "6: " + s + ": UseAliasAsEventTarget and DeploymentPreference need AutoPublishAlias"},
		"api body":        {api, "6: " + a + ": DefinitionUri or DefinitionBody is missing; implicit APIs are not transformed"},
		"api auth":        {api + "      DefinitionUri: o.yaml\n      Auth: {}\n", "8: " + a + ": the SAM property Auth is not transformed"},
		"api responses":   {api + "      DefinitionUri: o.yaml\n      GatewayResponses: {}\n", "8: " + a + ": GatewayResponses needs DefinitionBody"},
		"application":     {"  N:\n    Type: AWS::Serverless::Application\n    Properties:\n      Location: {ApplicationId: x}\n", "6: N (AWS::Serverless::Application): Location must be a plain string"},
		"id taken":        {fn + "  FRole: {Type: AWS::IAM::Role}\n", "7: the logical id FRole is generated here, and already stands at template.yaml:3"},
		"half reference":  {fn + "      AutoPublishAlias: live\nOutputs:\n  O: {Value: !GetAtt F.Alias}\n", "9: Fn::GetAtt F.Alias needs an attribute: use Ref for the resource itself"},
		"globals section": {fn + "Globals:\n  HttpApi: {}\n", "8: Globals: HttpApi is not understood"},
		"globals":         {fn + "Globals:\n  Function: {Role: r}\n", "8: Globals: Function: Role is not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n" + c.text})
			_, err := Expand(filepath.Join(dir, "template.yaml"), nil)
			if err == nil {
				t.Fatal("no error")
			}
			if got, want := strings.ReplaceAll(err.Error(), dir+"/", ""), "template.yaml:"+c.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestGlobalsMergeUnderTheResource(t *testing.T) {
	parse := func(text string) *Map {
		dir := write(t, map[string]string{"f.yaml": text})
		m, err := parser{file: filepath.Join(dir, "f.yaml")}.parseFile()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	got := mergeGlobals(parse(`{a: 1, list: [1], Architectures: [x], deep: {b: 1, c: {d: 1}}, kind: {e: 1}}`),
		parse(`{list: [2], Architectures: [y], deep: {c: {f: 2}}, kind: !Ref X, own: 2}`))
	raw, err := encode(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":1,"list":[1,2],"Architectures":["y"],"deep":{"b":1,"c":{"d":1,"f":2}},"kind":{"Ref":"X"},"own":2}`
	if string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
}

func TestAliasNameAndShiftComeFromTheParameters(t *testing.T) {
	got, err := Expand("testdata/sam/function.yaml", map[string]string{"Alias": "blue"})
	if err != nil {
		t.Fatal(err)
	}
	if got.resource("OrderApiFunctionAliasblue") == nil {
		t.Error("the alias does not have the name that the parameter gives")
	}
}

func TestANewReleaseIsANewVersionOfWhatHasNotChanged(t *testing.T) {
	for _, release := range []string{"8", "1763829999"} {
		got, err := Expand("testdata/sam/release.yaml", map[string]string{"Release": release})
		if err != nil {
			t.Fatal(err)
		}
		if got.resource("PlainVersion"+release) == nil {
			t.Errorf("release %s publishes no version of its own", release)
		}
	}
}

package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"twofold/local/core"
)

func TestSDKInvokesByNameARNAndAlias(t *testing.T) {
	b, c := newClient(t, echo)
	version := b.deploy(t, "AWS::Lambda::Version", "V1", map[string]any{"FunctionName": "f"})
	b.deploy(t, "AWS::Lambda::Alias", "A", map[string]any{"FunctionName": "f", "FunctionVersion": version.Attrs["Version"], "Name": "live"})
	for name, want := range map[string]string{"f": "$LATEST", "f:live": "1", version.Ref: "1",
		"arn:aws:lambda:us-east-1:000000000000:function:f:live": "1", "000000000000:function:f": "$LATEST"} {
		out, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: &name, Payload: []byte(`{"a":1}`)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(out.Payload) != `{"a":1}` || *out.ExecutedVersion != want || out.StatusCode != 200 || out.FunctionError != nil {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestSDKSeesFunctionErrorsAndLogTail(t *testing.T) {
	_, c := newClient(t, func(_ context.Context, _ *Version, in Invocation) (Outcome, error) {
		out := Outcome{Payload: ErrorPayload("InsufficientStock", "none left"), Error: Unhandled}
		if in.Tail {
			out.Log = []byte("REPORT")
		}
		return out, nil
	})
	out, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("f"), LogType: types.LogTypeTail})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), `"errorType":"InsufficientStock"`) ||
		aws.ToString(out.LogResult) != base64.StdEncoding.EncodeToString([]byte("REPORT")) {
		t.Errorf("got %+v %s", out, out.Payload)
	}
}

func TestInvocationsThatLambdaRefuses(t *testing.T) {
	b, c := newClient(t, echo)
	zero := core.Int(0)
	b.deploy(t, "AWS::Lambda::Function", "G", map[string]any{"FunctionName": "g", "ReservedConcurrentExecutions": zero})
	cases := []struct {
		name, code string
		in         sdk.InvokeInput
	}{
		{"no function", "ResourceNotFoundException", sdk.InvokeInput{FunctionName: aws.String("none")}},
		{"no alias", "ResourceNotFoundException", sdk.InvokeInput{FunctionName: aws.String("f"), Qualifier: aws.String("none")}},
		{"not JSON", "InvalidRequestContentException", sdk.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("{")}},
		{"too large", "RequestTooLargeException", sdk.InvokeInput{FunctionName: aws.String("f"), Payload: make([]byte, maxSyncPayload+1)}},
		{"too large for an event", "RequestTooLargeException", sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: "Event", Payload: make([]byte, maxAsyncPayload+1)}},
		{"other region", "ResourceNotFoundException", sdk.InvokeInput{FunctionName: aws.String("arn:aws:lambda:us-west-2:000000000000:function:f")}},
		{"no concurrency", "TooManyRequestsException", sdk.InvokeInput{FunctionName: aws.String("g")}},
	}
	for _, tc := range cases {
		_, err := c.Invoke(t.Context(), &tc.in)
		var api interface{ ErrorCode() string }
		if !errors.As(err, &api) || api.ErrorCode() != tc.code {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
	}
	_, err := c.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: aws.String("g")})
	var throttle *types.TooManyRequestsException
	if !errors.As(err, &throttle) || throttle.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("got %v", err)
	}
}

func TestSDKReadsAndChangesFunctions(t *testing.T) {
	_, c := newClient(t, echo)
	f := aws.String("f")
	got, err := c.GetFunction(t.Context(), &sdk.GetFunctionInput{FunctionName: f})
	if err != nil || *got.Configuration.MemorySize != 256 || got.Configuration.Environment.Variables["A"] != "1" || got.Configuration.State != types.StateActive {
		t.Fatalf("%+v, %v", got, err)
	}
	one, err := c.PublishVersion(t.Context(), &sdk.PublishVersionInput{FunctionName: f})
	if err != nil || *one.Version != "1" {
		t.Fatalf("%+v, %v", one, err)
	}
	same, err := c.PublishVersion(t.Context(), &sdk.PublishVersionInput{FunctionName: f})
	if err != nil || *same.Version != "1" {
		t.Errorf("an unchanged function was published again: %+v, %v", same, err)
	}
	if _, err := c.CreateAlias(t.Context(), &sdk.CreateAliasInput{FunctionName: f, Name: aws.String("live"), FunctionVersion: one.Version}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateAlias(t.Context(), &sdk.UpdateAliasInput{FunctionName: f, Name: aws.String("live"), Description: aws.String("d")}); err != nil {
		t.Fatal(err)
	}
	alias, err := c.GetAlias(t.Context(), &sdk.GetAliasInput{FunctionName: f, Name: aws.String("live")})
	if err != nil || *alias.FunctionVersion != "1" || *alias.Description != "d" {
		t.Errorf("%+v, %v", alias, err)
	}
	if _, err := c.PutFunctionConcurrency(t.Context(), &sdk.PutFunctionConcurrencyInput{FunctionName: f, ReservedConcurrentExecutions: aws.Int32(901)}); err == nil {
		t.Error("a reservation left less than 100 unreserved")
	}
	if _, err := c.PutFunctionConcurrency(t.Context(), &sdk.PutFunctionConcurrencyInput{FunctionName: f, ReservedConcurrentExecutions: aws.Int32(2)}); err != nil {
		t.Error(err)
	}
	all, err := c.ListFunctions(t.Context(), &sdk.ListFunctionsInput{})
	if err != nil || len(all.Functions) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestAliasSharesInvocationsByWeight(t *testing.T) {
	b, _ := newClient(t, echo)
	b.deploy(t, "AWS::Lambda::Version", "V1", map[string]any{"FunctionName": "f"})
	b.deploy(t, "AWS::Lambda::Function", "F", map[string]any{"MemorySize": 512})
	b.deploy(t, "AWS::Lambda::Version", "V2", map[string]any{"FunctionName": "f"})
	b.deploy(t, "AWS::Lambda::Alias", "A", map[string]any{"FunctionName": "f", "FunctionVersion": "1", "Name": "live",
		"RoutingConfig": map[string]any{"AdditionalVersionWeights": []any{map[string]any{"FunctionVersion": "2", "FunctionWeight": 0.25}}}})
	seen := map[string]int{}
	for range 1000 {
		res, err := b.Invoke(t.Context(), region, "f", "live", core.Principal{}, RequestResponse, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen[res.ExecutedVersion]++
	}
	if seen["2"] < 200 || seen["2"] > 300 || seen["1"]+seen["2"] != 1000 {
		t.Errorf("shares of 1000: %v", seen)
	}
}

type only struct{ resource string }

func (a only) Allowed(_ core.Principal, _, resource string, _ []core.ConditionKey) error {
	if resource == a.resource {
		return nil
	}
	return errors.New("no policy allows it")
}

func TestRolesNeedThePermissionOnTheQualifiedARN(t *testing.T) {
	b, _ := newClient(t, echo)
	b.deploy(t, "AWS::Lambda::Version", "V1", map[string]any{"FunctionName": "f"})
	b.deploy(t, "AWS::Lambda::Alias", "A", map[string]any{"FunctionName": "f", "FunctionVersion": "1", "Name": "live"})
	b.cloud.UseAuthorizer(only{core.ARN("lambda", region, "function:f:live")})
	as := core.Principal{RoleARN: "arn:aws:iam::000000000000:role/saga", Via: "saga"}
	if _, err := b.Invoke(t.Context(), region, "f", "live", as, RequestResponse, nil); err != nil {
		t.Error(err)
	}
	if _, err := b.Invoke(t.Context(), region, "f", "", as, RequestResponse, nil); err == nil {
		t.Error("the unqualified function was allowed")
	}
	if denied := b.cloud.Journal.Entries(core.KindDenied); len(denied) != 1 || denied[0].Detail != "lambda:InvokeFunction on "+core.ARN("lambda", region, "function:f") {
		t.Errorf("journal: %v", denied)
	}
}

func TestServicesNeedAPermissionForTheirSource(t *testing.T) {
	b, _ := newClient(t, echo)
	b.deploy(t, "AWS::Lambda::Permission", "P", map[string]any{"FunctionName": "f", "Action": "lambda:InvokeFunction",
		"Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:api/*/POST/v1/orders"})
	for source, ok := range map[string]bool{
		"arn:aws:execute-api:us-east-1:000000000000:api/live/POST/v1/orders": true,
		"arn:aws:execute-api:us-east-1:000000000000:api/live/GET/v1/orders":  false,
	} {
		_, err := b.Invoke(t.Context(), region, "f", "", core.Principal{Service: "apigateway.amazonaws.com", Via: source}, RequestResponse, nil)
		if (err == nil) != ok {
			t.Errorf("%s: %v", source, err)
		}
	}
	if _, err := b.Invoke(t.Context(), region, "f", "", core.Principal{Service: "events.amazonaws.com"}, RequestResponse, nil); err == nil {
		t.Error("another service was let in")
	}
}

func TestWrongTemplatesStopTheDeployment(t *testing.T) {
	b, _ := newClient(t, echo)
	cases := []struct {
		name, kind, want string
		props            map[string]any
	}{
		{"layers", "AWS::Lambda::Function", "layers", map[string]any{"Layers": []any{"x"}}},
		{"runtime", "AWS::Lambda::Function", "nodejs", map[string]any{"Runtime": "nodejs22.x"}},
		{"property", "AWS::Lambda::Function", "VpcConfig", map[string]any{"VpcConfig": map[string]any{}}},
		{"time-out", "AWS::Lambda::Function", "Timeout", map[string]any{"Timeout": 901}},
		{"stream source", "AWS::Lambda::EventSourceMapping", "event sources", map[string]any{"FunctionName": "f", "EventSourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/x"}},
		{"alias of nothing", "AWS::Lambda::Alias", "not found", map[string]any{"FunctionName": "f", "FunctionVersion": "9", "Name": "live"}},
		{"url", "AWS::Lambda::Url", "does not run", nil},
	}
	for _, tc := range cases {
		_, err := b.try(tc.kind, "X", tc.props)
		if err == nil || !strings.Contains(err.Error(), "f.yaml:7") || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}

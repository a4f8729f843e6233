package secretsmanager

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"twofold/local/core"
)

const region = "us-east-1"

type wire struct {
	cloud *core.Cloud
	as    core.Principal
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	reply, err := w.cloud.Do(req.Context(), &core.Call{Region: region, Service: "secretsmanager",
		Operation: operation, Body: body, Principal: w.as})
	status, header, out := core.Encode(reply, err)
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(out))), Request: req}, nil
}

func setup(t *testing.T) (*Service, *core.Cloud, *sdk.Client) {
	t.Helper()
	faults := core.NewFaults(0)
	cloud := core.New(core.NewLive(faults), faults, 1)
	s := New(t.Context(), cloud, nil)
	cloud.Register("secretsmanager", s)
	return s, cloud, client(cloud, core.Principal{})
}

func client(cloud *core.Cloud, p core.Principal) *sdk.Client {
	return sdk.New(sdk.Options{Region: region, HTTPClient: &http.Client{Transport: wire{cloud, p}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
}

func provision(t *testing.T, s *Service, props map[string]any) string {
	t.Helper()
	ph, err := s.Provision(t.Context(), core.Resource{Region: region, Stack: "st", LogicalID: "Key",
		Type: "AWS::SecretsManager::Secret", Properties: props, Position: "t.yaml:1"})
	if err != nil {
		t.Fatal(err)
	}
	return ph.Ref
}

func TestSecretIsReadByNameARNAndPartialARN(t *testing.T) {
	s, _, c := setup(t)
	arn := provision(t, s, map[string]any{"Name": "shop/stripe", "SecretString": "sk_test"})
	for _, id := range []string{"shop/stripe", arn, arn[:len(arn)-7]} {
		out, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: &id})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if *out.SecretString != "sk_test" || *out.ARN != arn {
			t.Errorf("%s gave %q of %s", id, *out.SecretString, *out.ARN)
		}
	}
}

func TestPutSecretValueMovesStages(t *testing.T) {
	s, _, c := setup(t)
	arn := provision(t, s, map[string]any{"Name": "k", "SecretString": "one"})
	if _, err := c.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: &arn, SecretString: aws.String("two")}); err != nil {
		t.Fatal(err)
	}
	for stage, want := range map[string]string{current: "two", previous: "one"} {
		out, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: &arn, VersionStage: &stage})
		if err != nil || *out.SecretString != want {
			t.Errorf("%s: got %v, %v; want %s", stage, out, err, want)
		}
	}
	out, err := c.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: &arn})
	if err != nil || len(out.VersionIdsToStages) != 2 {
		t.Errorf("describe: %v, %v", out, err)
	}
}

func TestGeneratedValueIsKeptWhenProvisionedAgain(t *testing.T) {
	s, _, c := setup(t)
	props := map[string]any{"Name": "g", "GenerateSecretString": map[string]any{
		"PasswordLength": "20", "ExcludePunctuation": "true", "SecretStringTemplate": `{"user":"u"}`, "GenerateStringKey": "pass"}}
	arn := provision(t, s, props)
	first, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		t.Fatal(err)
	}
	provision(t, s, props)
	again, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: &arn})
	if err != nil || *again.SecretString != *first.SecretString {
		t.Errorf("got %v, %v; want %s", again, err, *first.SecretString)
	}
	if len(*first.SecretString) != len(`{"pass":"","user":"u"}`)+20 {
		t.Errorf("unexpected shape %s", *first.SecretString)
	}
}

type denyAll struct{}

func (denyAll) Allowed(core.Principal, string, string, []core.ConditionKey) error {
	return errors.New("no policy allows it")
}

func TestRoleWithoutPermissionIsDeniedAndJournalled(t *testing.T) {
	s, cloud, _ := setup(t)
	provision(t, s, map[string]any{"Name": "k", "SecretString": "one"})
	cloud.UseAuthorizer(denyAll{})
	c := client(cloud, core.Principal{RoleARN: "arn:aws:iam::000000000000:role/r", Via: "fn"})
	_, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("k")})
	if err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Errorf("got %v", err)
	}
	if n := cloud.Journal.Count(core.KindDenied); n != 1 {
		t.Errorf("%d denials journalled, want 1", n)
	}
}

func TestUnknownSecretIsResourceNotFound(t *testing.T) {
	_, _, c := setup(t)
	_, err := c.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("no")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

func TestUnknownPropertyStopsTheDeployment(t *testing.T) {
	s, _, _ := setup(t)
	_, err := s.Provision(t.Context(), core.Resource{Region: region, LogicalID: "Key", Type: "AWS::SecretsManager::Secret",
		Properties: map[string]any{"ReplicaRegions": []any{}}, Position: "t.yaml:9"})
	if err == nil || !strings.Contains(err.Error(), "ReplicaRegions") || !strings.Contains(err.Error(), "t.yaml:9") {
		t.Errorf("got %v", err)
	}
}

package infra_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// invoked are the aliases that services call by themselves, and which service: API Gateway those that the OpenAPI document names, Secrets Manager those that rotate.
func invoked(ts *templates, document string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`\$\{(\w+)Function\.Alias\}`).FindAllStringSubmatch(document, -1) {
		out["${"+m[1]+"FunctionAliaslive}"] = "apigateway.amazonaws.com"
	}
	for _, d := range ts.of("AWS::SecretsManager::RotationSchedule") {
		out[d.text("RotationLambdaARN")] = "secretsmanager.amazonaws.com"
	}
	return out
}

// notLetIn names the functions that a service calls and may not.
func notLetIn(ts *templates, document string) (faults []string) {
	all := invoked(ts, document)
	for _, alias := range slices.Sorted(maps.Keys(all)) {
		if !slices.ContainsFunc(ts.of("AWS::Lambda::Permission"), func(d declaration) bool {
			return d.text("FunctionName") == alias && d.text("Principal") == all[alias] && d.text("Action") == "lambda:InvokeFunction"
		}) {
			faults = append(faults, all[alias]+" may not invoke "+alias)
		}
	}
	return faults
}

func TestWhoeverCallsAFunctionIsLetIn(t *testing.T) {
	ts, document := readTemplates(t), read(t, "openapi.yaml")
	if n := len(invoked(ts, document)); n < 7 {
		t.Fatalf("only %d functions are called by services", n)
	}
	for _, f := range notLetIn(ts, document) {
		t.Error(f)
	}
	for _, permission := range []string{"PaymentWebhookPermission", "PaymentRotatePermission", "AuthorizerPermission"} {
		less := &templates{slices.DeleteFunc(slices.Clone(ts.all), func(d declaration) bool { return d.id == permission })}
		if found := strings.Join(notLetIn(less, document), "\n"); !strings.Contains(found, strings.TrimSuffix(permission, "Permission")) {
			t.Errorf("without %s it finds %q", permission, found)
		}
	}
}

// rotating are the calls that the four steps of a rotation make.
var rotating = []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"}

// TestEverySecretCanBeRenewed: a function may do all steps of it, and what Stripe signs with rotates by itself.
func TestEverySecretCanBeRenewed(t *testing.T) {
	ts := readTemplates(t)
	schedules := ts.of("AWS::SecretsManager::RotationSchedule")
	if len(schedules) != 1 || !strings.Contains(schedules[0].text("SecretId"), "stripe-webhook") {
		t.Errorf("what Stripe signs with does not rotate by itself: %v", schedules)
	}
	renewed := map[string]bool{}
	for _, d := range ts.of("AWS::Serverless::Function") {
		for _, s := range statements(d.properties["Policies"]) {
			if slices.Equal(s.actions, rotating) && strings.HasSuffix(d.text("FunctionName"), "-rotate") {
				for _, on := range s.resources {
					renewed[on] = true
				}
			}
		}
	}
	secrets := ts.of("AWS::SecretsManager::Secret")
	for _, d := range secrets {
		name := "twofold-${Stage}-" + strings.TrimPrefix(d.text("Name"), "twofold/${Stage}/") + "-secret"
		if !slices.ContainsFunc(slices.Collect(maps.Keys(renewed)), func(on string) bool { return strings.Contains(on, name) }) {
			t.Errorf("no function may do %v on %s", rotating, d.text("Name"))
		}
		if d.properties["SecretString"] != nil {
			t.Errorf("%s: its value passes through a template", d.id)
		}
	}
	if len(secrets) != 4 {
		t.Errorf("%d secrets", len(secrets))
	}
}

package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"twofold/local/core"
)

const (
	lambdaTrust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	orders      = "arn:aws:dynamodb:us-east-1:000000000000:table/twofold-local-orders"
	putItem     = "dynamodb:PutItem"
)

func value(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func statement1(text string) string { return `{"Version":"2012-10-17","Statement":` + text + `}` }

func resource(typ, id string, props map[string]any) core.Resource {
	return core.Resource{Region: "us-east-1", Stack: "orders", LogicalID: id, Type: typ, Properties: props, Position: "stacks/orders.yaml:7"}
}

func provision(t *testing.T, i *IAM, r core.Resource) core.Physical {
	t.Helper()
	p, err := i.Provision(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withPolicies makes an account with one role and gives the role's principal.
func withPolicies(t *testing.T, docs ...string) (*IAM, core.Principal) {
	t.Helper()
	i := New()
	var policies []any
	for n, d := range docs {
		policies = append(policies, map[string]any{"PolicyName": fmt.Sprint("p", n), "PolicyDocument": value(t, d)})
	}
	p := provision(t, i, resource("AWS::IAM::Role", "ApiRole", map[string]any{"RoleName": "api",
		"AssumeRolePolicyDocument": value(t, lambdaTrust), "Policies": policies}))
	return i, core.Principal{RoleARN: p.Attrs["Arn"].(string), Via: "order-api"}
}

func TestDecisionFollowsThePolicyLanguage(t *testing.T) {
	allowPut := statement1(`{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"` + orders + `"}`)
	cases := []struct {
		name, policy, action, resource string
		allowed                        bool
	}{
		{"the named action on the named resource", allowPut, putItem, orders, true},
		{"another action", allowPut, "dynamodb:DeleteItem", orders, false},
		{"another resource", allowPut, putItem, orders + "2", false},
		{"another region", allowPut, putItem, strings.Replace(orders, "east-1", "west-2", 1), false},
		{"actions have no case", statement1(`{"Effect":"Allow","Action":"DYNAMODB:putitem","Resource":"*"}`), putItem, orders, true},
		{"resources have case", statement1(`{"Effect":"Allow","Action":"*","Resource":"` + strings.Replace(orders, "twofold", "Twofold", 1) + `"}`), putItem, orders, false},
		{"action wildcard", statement1(`{"Effect":"Allow","Action":"dynamodb:Put*","Resource":"*"}`), putItem, orders, true},
		{"question mark is one character", statement1(`{"Effect":"Allow","Action":"dynamodb:Put?tem","Resource":"*"}`), putItem, orders, true},
		{"question mark is not none", statement1(`{"Effect":"Allow","Action":"dynamodb:PutItem?","Resource":"*"}`), putItem, orders, false},
		{"resource wildcard", statement1(`{"Effect":"Allow","Action":["dynamodb:*"],"Resource":["arn:aws:dynamodb:*:*:table/twofold-*"]}`), putItem, orders, true},
		{"an index is not its table", allowPut, putItem, orders + "/index/sweep", false},
		{"explicit deny beats allow", statement1(`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"dynamodb:*","Resource":"*"}]`), putItem, orders, false},
		{"deny of something else", statement1(`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]`), putItem, orders, true},
		{"NotAction leaves the rest", statement1(`{"Effect":"Allow","NotAction":"dynamodb:Delete*","Resource":"*"}`), putItem, orders, true},
		{"NotAction excludes", statement1(`{"Effect":"Allow","NotAction":"dynamodb:Put*","Resource":"*"}`), putItem, orders, false},
		{"NotResource leaves the rest", statement1(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:sqs:*:*:*"}`), putItem, orders, true},
		{"NotResource excludes", statement1(`{"Effect":"Allow","Action":"*","NotResource":"` + orders + `"}`), putItem, orders, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i, p := withPolicies(t, c.policy)
			for range 2 { // the second is the cached decision
				if err := i.Allowed(p, c.action, c.resource, nil); (err == nil) != c.allowed {
					t.Fatalf("allowed = %v, want %v (%v)", err == nil, c.allowed, err)
				}
			}
		})
	}
}

func TestDenialSaysWhy(t *testing.T) {
	i, p := withPolicies(t, statement1(`{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`))
	wants := map[string]string{putItem: "no identity-based policy allows the dynamodb:PutItem action",
		"sqs:SendMessage": "of an explicit deny in the identity-based policy"}
	for action, want := range wants {
		if err := i.Allowed(p, action, orders, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", action, err, want)
		}
	}
	if err := i.Allowed(core.Principal{RoleARN: "arn:aws:iam::000000000000:role/gone"}, putItem, orders, nil); err == nil {
		t.Error("a role that does not exist is allowed")
	}
	if err := i.Allowed(core.Principal{Service: "events.amazonaws.com"}, putItem, orders, nil); err == nil {
		t.Error("a service without a role is allowed")
	}
	if err := i.Allowed(core.Principal{}, putItem, orders, nil); err != nil {
		t.Errorf("the operator is refused: %v", err)
	}
}

func TestConditions(t *testing.T) {
	cases := []struct {
		condition string
		keys      map[string][]string
		holds     bool
	}{
		{`{"StringEquals":{"dynamodb:Select":"COUNT"}}`, map[string][]string{"dynamodb:select": {"COUNT"}}, true},
		{`{"StringEquals":{"dynamodb:Select":["A","COUNT"]}}`, map[string][]string{"dynamodb:Select": {"COUNT"}}, true},
		{`{"StringEquals":{"dynamodb:Select":"count"}}`, map[string][]string{"dynamodb:Select": {"COUNT"}}, false},
		{`{"StringEquals":{"dynamodb:Select":"COUNT"}}`, nil, false},
		{`{"StringEqualsIfExists":{"dynamodb:Select":"COUNT"}}`, nil, true},
		{`{"StringEqualsIgnoreCase":{"dynamodb:Select":"count"}}`, map[string][]string{"dynamodb:Select": {"COUNT"}}, true},
		{`{"StringNotEquals":{"dynamodb:Select":"COUNT"}}`, nil, true},
		{`{"StringNotEquals":{"dynamodb:Select":["COUNT","X"]}}`, map[string][]string{"dynamodb:Select": {"COUNT"}}, false},
		{`{"StringLike":{"ses:FromAddress":"*@example.com"}}`, map[string][]string{"ses:FromAddress": {"shop@example.com"}}, true},
		{`{"StringNotLike":{"ses:FromAddress":"*@example.com"}}`, map[string][]string{"ses:FromAddress": {"shop@example.com"}}, false},
		{`{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["order#*"]}}`, map[string][]string{"dynamodb:LeadingKeys": {"order#1", "order#2"}}, true},
		{`{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["order#*"]}}`, map[string][]string{"dynamodb:LeadingKeys": {"order#1", "sku#2"}}, false},
		{`{"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["order#*"]}}`, nil, true},
		{`{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["a"]}}`, map[string][]string{"dynamodb:Attributes": {"b", "a"}}, true},
		{`{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["a"]}}`, nil, false},
		{`{"ForAnyValue:StringNotEquals":{"dynamodb:Attributes":["a"]}}`, map[string][]string{"dynamodb:Attributes": {"a", "b"}}, true},
		{`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a*"}}`, nil, true},
		{`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:*"}}`, nil, false},
		{`{"Bool":{"aws:SecureTransport":true}}`, nil, true},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, nil, false},
		{`{"Null":{"dynamodb:Select":"true"}}`, nil, true},
		{`{"Null":{"dynamodb:Select":false}}`, nil, false},
		{`{"NumericLessThanEquals":{"sqs:Count":"10"}}`, map[string][]string{"sqs:Count": {"10"}}, true},
		{`{"NumericGreaterThan":{"sqs:Count":10}}`, map[string][]string{"sqs:Count": {"10"}}, false},
		{`{"NumericNotEquals":{"sqs:Count":10}}`, map[string][]string{"sqs:Count": {"9"}}, true},
		{`{"StringEquals":{"dynamodb:Select":"COUNT"},"Bool":{"aws:SecureTransport":"false"}}`, map[string][]string{"dynamodb:Select": {"COUNT"}}, false},
	}
	for _, c := range cases {
		t.Run(c.condition, func(t *testing.T) {
			i, p := withPolicies(t, statement1(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+c.condition+`}`))
			var keys []core.ConditionKey
			for name, values := range c.keys {
				keys = append(keys, core.ConditionKey{Name: name, Values: values})
			}
			if err := i.Allowed(p, putItem, orders, keys); (err == nil) != c.holds {
				t.Fatalf("holds = %v, want %v", err == nil, c.holds)
			}
		})
	}
}

func TestADecisionWithConditionsIsNotRemembered(t *testing.T) {
	i, p := withPolicies(t, statement1(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}}`))
	count := core.ConditionKey{Name: "dynamodb:Select", Values: []string{"COUNT"}}
	if err := i.Allowed(p, putItem, orders, []core.ConditionKey{count}); err != nil {
		t.Fatal(err)
	}
	if err := i.Allowed(p, putItem, orders, nil); err == nil {
		t.Fatal("allowed without the key that the policy asks for")
	}
}

func TestWhatIsNotRunStopsTheDeployment(t *testing.T) {
	cases := map[string]string{
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`:        "aws:sourceip",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"DateLessThan":{"a:When":"2026-01-01T00:00:00Z"}}}`: "does not run the operator DateLessThan",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"StringEquals":{"a:K":"${aws:username}"}}}`:         "policy variables",
		`{"Effect":"Allow","Action":"a:B","Resource":"arn:aws:s3:::b/${aws:username}"}`:                                   "policy variables",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"Bool":{"a:K":"yes"}}}`:                             "neither true nor false",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"NumericEquals":{"a:K":"ten"}}}`:                    "not a number",
		`{"Effect":"allow","Action":"a:B","Resource":"*"}`:                                                                "must be Allow or Deny",
		`{"Effect":"Allow","Resource":"*"}`:                                  "either Action or NotAction",
		`{"Effect":"Allow","Action":"a:B","NotAction":"a:C","Resource":"*"}`: "either Action or NotAction",
		`{"Effect":"Allow","Action":"a:B"}`:                                  "either Resource or NotResource",
		`{"Effect":"Allow","Action":"PutItem","Resource":"*"}`:               "service:Name",
		`{"Effect":"Allow","Action":"a:B","Resource":"orders"}`:              "neither an ARN",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":"*"}`:   "identity-based policies do not",
		`{"Effect":"Allow","Action":"a:B","Resource":"*","Condtion":{}}`:     "Condtion",
		`[]`: "no Statement",
	}
	for text, want := range cases {
		_, err := New().Provision(context.Background(), resource("AWS::IAM::Role", "R", map[string]any{
			"AssumeRolePolicyDocument": value(t, lambdaTrust),
			"Policies":                 []any{map[string]any{"PolicyName": "p", "PolicyDocument": value(t, statement1(text))}}}))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "stacks/orders.yaml:7") {
			t.Errorf("%s: %v, want %q with its position", text, err, want)
		}
	}
}

func TestTrustDecidesWhoAssumes(t *testing.T) {
	i, p := withPolicies(t)
	if err := i.CanAssume(p.RoleARN, "lambda.amazonaws.com"); err != nil {
		t.Error(err)
	}
	err := i.CanAssume(p.RoleARN, "states.amazonaws.com")
	if err == nil || !strings.Contains(err.Error(), "states.amazonaws.com cannot assume arn:aws:iam::000000000000:role/api") {
		t.Errorf("states: %v", err)
	}
	pipe := provision(t, i, resource("AWS::IAM::Role", "PipeRole", map[string]any{"AssumeRolePolicyDocument": value(t, statement1(
		`{"Effect":"Allow","Principal":{"Service":["pipes.amazonaws.com"]},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"000000000000"}}}`))}))
	arn := pipe.Attrs["Arn"].(string)
	if err := i.CanAssume(arn, "pipes.amazonaws.com", core.ConditionKey{Name: "aws:SourceAccount", Values: []string{core.AccountID}}); err != nil {
		t.Error(err)
	}
	if err := i.CanAssume(arn, "pipes.amazonaws.com"); err == nil {
		t.Error("assumed although the trust policy asks for aws:SourceAccount")
	}
}

func TestAttachedPoliciesAndTheirUpdates(t *testing.T) {
	i, p := withPolicies(t)
	allow := func(action string) any {
		return value(t, statement1(`{"Effect":"Allow","Action":"`+action+`","Resource":"*"}`))
	}
	inline := resource("AWS::IAM::Policy", "Extra", map[string]any{"PolicyName": "extra", "PolicyDocument": allow(putItem), "Roles": []any{"api"}})
	provision(t, i, inline)
	managed := provision(t, i, resource("AWS::IAM::ManagedPolicy", "Shared", map[string]any{"PolicyDocument": allow("sqs:SendMessage"), "Roles": []any{"api"}}))
	provision(t, i, resource("AWS::IAM::RolePolicy", "One", map[string]any{"PolicyName": "one", "RoleName": "api", "PolicyDocument": allow("ses:SendEmail")}))
	for _, action := range []string{putItem, "sqs:SendMessage", "ses:SendEmail"} {
		if err := i.Allowed(p, action, orders, nil); err != nil {
			t.Error(err)
		}
	}
	if !strings.HasPrefix(managed.Ref, "arn:aws:iam::000000000000:policy/orders-Shared-") {
		t.Errorf("managed policy Ref is %s", managed.Ref)
	}
	inline.Properties["PolicyDocument"] = allow("dynamodb:GetItem")
	provision(t, i, inline)
	if err := i.Allowed(p, putItem, orders, nil); err == nil {
		t.Error("a decision outlived the policy it stood on")
	}
}

func TestABoundaryLimitsWhatPoliciesAllow(t *testing.T) {
	i := New()
	boundary := provision(t, i, resource("AWS::IAM::ManagedPolicy", "Boundary", map[string]any{
		"PolicyDocument": value(t, statement1(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`))}))
	made := provision(t, i, resource("AWS::IAM::Role", "R", map[string]any{"AssumeRolePolicyDocument": value(t, lambdaTrust),
		"PermissionsBoundary": boundary.Ref, "Policies": []any{map[string]any{"PolicyName": "all",
			"PolicyDocument": value(t, statement1(`{"Effect":"Allow","Action":"*","Resource":"*"}`))}}}))
	p := core.Principal{RoleARN: made.Attrs["Arn"].(string)}
	if err := i.Allowed(p, putItem, orders, nil); err != nil {
		t.Error(err)
	}
	if err := i.Allowed(p, "sqs:SendMessage", orders, nil); err == nil || !strings.Contains(err.Error(), "no permissions boundary") {
		t.Errorf("outside the boundary: %v", err)
	}
}

func TestManagedPoliciesOfAWS(t *testing.T) {
	i := New()
	role := func(arn string) (core.Physical, error) {
		return i.Provision(context.Background(), resource("AWS::IAM::Role", "R", map[string]any{
			"AssumeRolePolicyDocument": value(t, lambdaTrust), "ManagedPolicyArns": []any{arn}}))
	}
	for name, action := range map[string]string{"service-role/AWSLambdaBasicExecutionRole": "logs:PutLogEvents",
		"service-role/AWSLambdaSQSQueueExecutionRole": "sqs:DeleteMessage", "service-role/AWSLambdaRole": "lambda:InvokeFunction",
		"AWSXRayDaemonWriteAccess": "xray:PutTraceSegments", "service-role/AWSLambdaDynamoDBExecutionRole": "dynamodb:GetRecords",
		"service-role/AWSCodeDeployRoleForLambdaLimited": "lambda:UpdateAlias"} {
		made, err := role("arn:aws:iam::aws:policy/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Allowed(core.Principal{RoleARN: made.Attrs["Arn"].(string)}, action, "arn:aws:x:::y", nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := role("arn:aws:iam::aws:policy/AdministratorAcces"); err == nil || !strings.Contains(err.Error(), "AdministratorAcces") {
		t.Errorf("an unknown managed policy: %v", err)
	}
}

func TestNamesAreUniqueInTheAccount(t *testing.T) {
	i, _ := withPolicies(t)
	other := resource("AWS::IAM::Role", "ApiRole", map[string]any{"RoleName": "api", "AssumeRolePolicyDocument": value(t, lambdaTrust)})
	other.Region = "us-west-2"
	if _, err := i.Provision(context.Background(), other); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("the same name in another region: %v", err)
	}
	delete(other.Properties, "RoleName")
	west := provision(t, i, other)
	other.Region = "us-east-1"
	other.LogicalID = strings.Repeat("Long", 30)
	long := provision(t, i, other)
	if west.Ref == long.Ref || len(long.Ref) != 64 {
		t.Errorf("generated names are %s and %s", west.Ref, long.Ref)
	}
}

func TestResourcePolicy(t *testing.T) {
	queue := "arn:aws:sqs:us-east-1:000000000000:twofold-local-mail"
	rule := "arn:aws:events:us-east-1:000000000000:rule/twofold-local/mail"
	doc := statement1(`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queue + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + rule + `"}}}`)
	cases := []struct {
		service, action, resource, source string
		allowed                           bool
	}{
		{"events.amazonaws.com", "sqs:SendMessage", queue, rule, true},
		{"events.amazonaws.com", "sqs:SendMessage", queue, rule + "2", false},
		{"events.amazonaws.com", "sqs:SendMessage", queue, "", false},
		{"sns.amazonaws.com", "sqs:SendMessage", queue, rule, false},
		{"events.amazonaws.com", "sqs:ReceiveMessage", queue, rule, false},
		{"events.amazonaws.com", "sqs:SendMessage", queue + "2", rule, false},
	}
	for _, c := range cases {
		if err := EvaluateResourcePolicy(doc, c.service, c.action, c.resource, c.source); (err == nil) != c.allowed {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if err := EvaluateResourcePolicy(`{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`, "", "", "", ""); err == nil {
		t.Error("a resource policy without a principal passes")
	}
}

func TestResourcePolicyNamesRoles(t *testing.T) {
	p, err := CompileResourcePolicy(statement1(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/api"},"Action":"sqs:*","Resource":"*"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Allows(core.Principal{RoleARN: "arn:aws:iam::000000000000:role/api"}, "sqs:SendMessage", "q", ""); err != nil {
		t.Error(err)
	}
	if err := p.Allows(core.Principal{RoleARN: "arn:aws:iam::000000000000:role/other"}, "sqs:SendMessage", "q", ""); err == nil {
		t.Error("another role is allowed")
	}
}

func TestCompiledIdentityPolicyDecidesAlone(t *testing.T) {
	decide, err := CompileIdentityPolicy([]byte(statement1(`[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:a1/live/*"},
		{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:*/DELETE/*"}]`)))
	if err != nil {
		t.Fatal(err)
	}
	arn := "arn:aws:execute-api:us-east-1:000000000000:a1/live/"
	for method, want := range map[string][2]bool{"GET/x": {true, false}, "DELETE/x": {false, true}} {
		if allowed, denied := decide("execute-api:Invoke", arn+method); allowed != want[0] || denied != want[1] {
			t.Errorf("%s: %v %v", method, allowed, denied)
		}
	}
	if allowed, denied := decide("execute-api:Invoke", "arn:aws:execute-api:us-east-1:0:b2/live/GET/x"); allowed || denied {
		t.Error("another API is decided")
	}
}

func TestGlobAgreesWithItsDefinition(t *testing.T) {
	var naive func(p, s string) bool
	naive = func(p, s string) bool {
		switch {
		case p == "":
			return s == ""
		case p[0] == '*':
			return naive(p[1:], s) || (s != "" && naive(p, s[1:]))
		}
		return s != "" && (p[0] == '?' || p[0] == s[0]) && naive(p[1:], s[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		p, s := rapid.StringMatching(`[ab*?]{0,8}`).Draw(t, "pattern"), rapid.StringMatching(`[ab]{0,10}`).Draw(t, "string")
		if glob(p, s) != naive(p, s) {
			t.Fatalf("glob(%q, %q) = %v", p, s, glob(p, s))
		}
	})
}

func BenchmarkAllowed(b *testing.B) {
	i := New()
	var trust any
	if err := json.Unmarshal([]byte(lambdaTrust), &trust); err != nil {
		b.Fatal(err)
	}
	made, err := i.Provision(context.Background(), resource("AWS::IAM::Role", "R", map[string]any{"AssumeRolePolicyDocument": trust,
		"Policies": []any{map[string]any{"PolicyName": "p", "PolicyDocument": json.RawMessage(statement1(`{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`))}}}))
	if err != nil {
		b.Fatal(err)
	}
	p := core.Principal{RoleARN: made.Attrs["Arn"].(string)}
	for b.Loop() {
		if err := i.Allowed(p, putItem, orders, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestARoleThatTheOperatorPassesMayDoEverything(t *testing.T) {
	i := New()
	const arn = "arn:aws:iam::000000000000:role/from-outside"
	p := core.Principal{RoleARN: arn}
	i.PassRole(core.Principal{RoleARN: "arn:aws:iam::000000000000:role/another"}, arn)
	if i.Allowed(p, putItem, orders, nil) == nil {
		t.Error("a role that only another role has named is allowed")
	}
	i.PassRole(core.Principal{}, arn)
	if err := i.Allowed(p, putItem, orders, nil); err != nil {
		t.Error(err)
	}
	if err := i.CanAssume(arn, "states.amazonaws.com"); err != nil {
		t.Error(err)
	}
}

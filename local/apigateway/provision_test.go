package apigateway

import (
	"context"
	"strings"
	"testing"

	"twofold/local/core"
)

func TestAChangeIsServedOnceItIsDeployed(t *testing.T) {
	b := start(t, nil)
	doc := document(t)
	delete(doc["paths"].(map[string]any), "/v1/open")
	b.provision(resource("RestApi", "Api", map[string]any{"Body": doc}))
	b.expect(b.send("GET", "/v1/open?page=1", ""), 202, "ok")
	b.deploy(doc, nil)
	b.expect(b.send("GET", "/v1/open?page=1", ""), 403, "MISSING")
}

func TestGatewayResponseResource(t *testing.T) {
	b := empty(t)
	b.id = b.provision(resource("RestApi", "Api", map[string]any{"Body": document(t)})).Ref
	b.provision(resource("GatewayResponse", "G", map[string]any{"RestApiId": b.id, "ResponseType": "MISSING_AUTHENTICATION_TOKEN",
		"StatusCode": "404", "ResponseTemplates": map[string]any{"application/problem+json": `{"path":"$context.path","colour":"$stageVariables.colour"}`}}))
	deployment := b.provision(resource("Deployment", "D", map[string]any{"RestApiId": b.id})).Ref
	b.provision(resource("Stage", "S", map[string]any{"RestApiId": b.id, "DeploymentId": deployment, "StageName": "live"}))
	w := b.send("GET", "/nowhere", "")
	b.expect(w, 404, `{"path":"/live/nowhere","colour":""}`)
	if w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v", w.Header())
	}
}

func TestWhatIsNotRunStopsTheDeployment(t *testing.T) {
	at := func(doc map[string]any, path ...string) map[string]any {
		for _, p := range path {
			doc = doc[p].(map[string]any)
		}
		return doc
	}
	post := []string{"paths", "/v1/orders", "post"}
	cases := map[string]func(doc map[string]any){
		"integration type http": func(d map[string]any) {
			at(d, post...)[vendor+"integration"] = map[string]any{"type": "http", "uri": "x"}
		},
		"has no x-amazon-apigateway-integration": func(d map[string]any) { delete(at(d, post...), vendor+"integration") },
		"is not the invocation URI": func(d map[string]any) {
			at(d, post...)[vendor+"integration"] = map[string]any{"type": "aws_proxy", "httpMethod": "POST", "uri": "arn:aws:lambda:x"}
		},
		`unknown field "credentials"`: func(d map[string]any) {
			at(d, post...)[vendor+"integration"] = map[string]any{"type": "aws_proxy", "credentials": "arn:aws:iam::0:role/x"}
		},
		"does not run x-amazon-apigateway-policy": func(d map[string]any) { d[vendor+"policy"] = map[string]any{} },
		"no request validator":                    func(d map[string]any) { at(d, post...)[vendor+"request-validator"] = "some" },
		"must be OpenAPI 3.0":                     func(d map[string]any) { d["openapi"] = "3.1.0" },
		"names of models":                         func(d map[string]any) { at(d, "components", "schemas")["New-Order"] = map[string]any{"type": "string"} },
		"is not a gateway response type":          func(d map[string]any) { at(d, vendor+"gateway-responses")["NOT_FOUND"] = map[string]any{} },
		"does not run $context.integration.error": func(d map[string]any) {
			at(d, vendor+"gateway-responses", "DEFAULT_4XX")["responseTemplates"] = map[string]any{"application/json": "$context.integration.error"}
		},
		"for the whole document": func(d map[string]any) { d["security"] = []any{map[string]any{"bearer": []any{}}} },
		"only Lambda authorizers": func(d map[string]any) {
			at(d, "components", "securitySchemes")["basic"] = map[string]any{"type": "http", "scheme": "basic"}
		},
		"from 0 to 3600": func(d map[string]any) {
			at(d, "components", "securitySchemes", "bearer", vendor+"authorizer")["authorizerResultTtlInSeconds"] = 3601
		},
		"error parsing regexp": func(d map[string]any) {
			at(d, "components", "schemas", "Line", "properties", "sku")["pattern"] = "(?=x)"
		},
		"not declared for status 204": func(d map[string]any) {
			delete(at(d, "paths", "/v1/orders", "options", "responses", "204"), "headers")
		},
		"a parameter must be a whole segment": func(d map[string]any) {
			at(d, "paths")["/v1/a~b"] = at(d, "paths")["/v1/open"]
		},
	}
	for want, change := range cases {
		t.Run(want, func(t *testing.T) {
			b := empty(t)
			doc := document(t)
			change(doc)
			_, err := b.gateway.Provision(context.Background(), resource("RestApi", "Api", map[string]any{"Body": doc}))
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "stacks/api.yaml:3") {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}

func TestResourcesOfTheServiceItself(t *testing.T) {
	b := start(t, nil)
	if p := b.provision(resource("DomainName", "Domain", map[string]any{"DomainName": "api.example.com"})); p.Ref != "api.example.com" {
		t.Errorf("%+v", p)
	}
	if list := b.gateway.NotRun(); len(list) != 1 || !strings.Contains(list[0], "Domain (AWS::ApiGateway::DomainName)") {
		t.Errorf("not run: %v", list)
	}
	b.provision(resource("Account", "Account", map[string]any{"CloudWatchRoleArn": "arn:aws:iam::000000000000:role/logs"}))
	for typ, props := range map[string]map[string]any{"UsagePlan": {}, "Deployment": {"RestApiId": "none"},
		"Stage": {"RestApiId": b.id, "DeploymentId": "none", "StageName": "x"}} {
		if _, err := b.gateway.Provision(context.Background(), resource(typ, "X", props)); err == nil {
			t.Errorf("%s passes", typ)
		}
	}
	b.cloud.Register("apigateway", b.gateway)
	reply, err := b.cloud.Do(context.Background(), &core.Call{Region: "us-east-1", Service: "apigateway", Method: "GET", Path: "/restapis"})
	if _, _, body := core.Encode(reply, err); !strings.Contains(string(body), `"name":"shop"`) {
		t.Errorf("%s", body)
	}
	if _, err := b.cloud.Do(context.Background(), &core.Call{Region: "us-east-1", Service: "apigateway", Method: "POST", Path: "/restapis"}); err == nil {
		t.Error("CreateRestApi passes")
	}
}

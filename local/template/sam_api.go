package template

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// api transforms AWS::Serverless::Api whose definition is written out, in the template, in
// an AWS::Include or in a file. What SAM would merge into the definition (Auth, Cors,
// Models) belongs in the definition itself.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html.
func (s *sam) api(r *samResource) error {
	stage, err := r.need("StageName")
	if err != nil {
		return err
	}
	props := r.copy(&Map{Pos: r.Pos}, "Name", "Description", "BinaryMediaTypes", "MinimumCompressionSize",
		"FailOnWarnings", "Mode", "ApiKeySourceType", "Policy", "SecurityPolicy", "EndpointAccessMode")
	if err := endpoint(r, props); err != nil {
		return err
	}
	basis, err := apiDefinition(r, props)
	if err != nil {
		return err
	}
	if err := s.main(r, "AWS::ApiGateway::RestApi", props); err != nil {
		return err
	}
	deployment, err := s.apiDeployment(r, basis)
	if err != nil {
		return err
	}
	return s.apiStage(r, stage, deployment)
}

// endpoint sets EndpointConfiguration, and the parameter of the import that SAM sets with it.
func endpoint(r *samResource, props *Map) error {
	kind := r.take("EndpointConfiguration")
	var rest []any
	if m, ok := kind.(*Map); ok {
		if err := m.only(r.what+": EndpointConfiguration", "Type", "VPCEndpointIds", "IpAddressType"); err != nil {
			return err
		}
		kind = m.Get("Type")
		rest = []any{"VpcEndpointIds", m.Get("VPCEndpointIds"), "IpAddressType", m.Get("IpAddressType")}
	}
	if kind == nil {
		return nil
	}
	pos := r.at("EndpointConfiguration")
	props.Set("EndpointConfiguration", object(pos, append([]any{"Types", []any{kind}}, rest...)...))
	props.Set("Parameters", object(pos, "endpointConfigurationTypes", kind))
	return nil
}

// apiDefinition sets Body or BodyS3Location and gives what the deployment's id changes with.
func apiDefinition(r *samResource, props *Map) (any, error) {
	uri, err := r.path("DefinitionUri")
	if err != nil {
		return nil, err
	}
	body, err := r.takeMap("DefinitionBody")
	if err != nil {
		return nil, err
	}
	responses, err := r.takeMap("GatewayResponses")
	if err != nil {
		return nil, err
	}
	switch {
	case uri != "" && body != nil:
		return nil, r.errorf("DefinitionUri", "give either DefinitionUri or DefinitionBody")
	case uri == "" && body == nil:
		return nil, r.Pos.Errorf("%s: DefinitionUri or DefinitionBody is missing; implicit APIs are not transformed", r.what)
	case uri != "":
		for _, key := range []string{"GatewayResponses", "DisableExecuteApiEndpoint"} {
			if r.Get(key) != nil {
				return nil, r.errorf(key, "%s needs DefinitionBody", key)
			}
		}
		props.Set("BodyS3Location", uri)
		return uri, nil
	}
	body = &Map{Pos: body.Pos, Fields: append([]Field{}, body.Fields...)}
	if err := edit(r, body, responses); err != nil {
		return nil, err
	}
	props.Set("Body", body)
	return body, nil
}

// edit puts into the definition what SAM puts there.
func edit(r *samResource, body, responses *Map) error {
	if responses != nil {
		out, err := gatewayResponses(r, responses)
		if err != nil {
			return err
		}
		body.Set("x-amazon-apigateway-gateway-responses", out)
	}
	if types, ok := r.Get("BinaryMediaTypes").([]any); ok {
		var plain []any
		for _, t := range types {
			if s, ok := t.(string); ok {
				t = strings.ReplaceAll(s, "~1", "/")
			}
			plain = append(plain, t)
		}
		body.Set("x-amazon-apigateway-binary-media-types", plain)
	}
	if off := r.take("DisableExecuteApiEndpoint"); off != nil {
		if body.Get("openapi") == nil || body.Get("servers") != nil {
			return r.errorf("DisableExecuteApiEndpoint", "it is set for an OpenAPI 3 definition without servers only: write it there")
		}
		config := object(body.Pos, "disableExecuteApiEndpoint", off)
		body.Set("servers", []any{object(body.Pos, "x-amazon-apigateway-endpoint-configuration", config)})
	}
	return nil
}

func gatewayResponses(r *samResource, m *Map) (*Map, error) {
	what := r.what + ": GatewayResponses"
	out := &Map{Pos: m.Pos}
	for _, f := range m.Fields {
		one, err := asMap(f.Value, f.Pos, what)
		if err != nil {
			return nil, err
		}
		if err := one.only(what, "StatusCode", "ResponseParameters", "ResponseTemplates"); err != nil {
			return nil, err
		}
		params, err := one.mapField("ResponseParameters", what)
		if err != nil {
			return nil, err
		}
		flat, err := responseParameters(params, what)
		if err != nil {
			return nil, err
		}
		response := object(f.Pos, "responseParameters", flat, "responseTemplates", one.Get("ResponseTemplates"))
		if status, ok := scalar(one.Get("StatusCode")); ok {
			response.Set("statusCode", status)
		}
		out.Set(f.Key, response)
	}
	return out, nil
}

func responseParameters(m *Map, what string) (*Map, error) {
	if m == nil {
		return nil, nil
	}
	out := &Map{Pos: m.Pos}
	prefixes := map[string]string{"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}
	for _, f := range m.Fields {
		values, err := asMap(f.Value, f.Pos, what)
		if err != nil {
			return nil, err
		}
		if prefixes[f.Key] == "" {
			return nil, f.Pos.Errorf("%s: ResponseParameters has no %s", what, f.Key)
		}
		for _, v := range values.Fields {
			out.Set("gatewayresponse."+prefixes[f.Key]+"."+v.Key, v.Value)
		}
	}
	return out, nil
}

func (s *sam) apiDeployment(r *samResource, basis any) (string, error) {
	hash, err := digest(basis)
	if err != nil {
		return "", err
	}
	id := r.id + "Deployment" + hash[:10]
	s.generated[r.id+".Deployment"] = id
	props := object(r.Pos, "Description", "RestApi deployment id: "+hash, "RestApiId", refTo(r.Pos, r.id))
	if r.take("OpenApiVersion") == nil {
		props.Set("StageName", "Stage") // SAM keeps this extra stage for templates that do not name a version
	}
	return id, s.derived(r, id, "AWS::ApiGateway::Deployment", props)
}

func (s *sam) apiStage(r *samResource, name any, deployment string) error {
	id := r.id + "Stage"
	if text, ok := name.(string); ok {
		id = r.id + text + "Stage"
		if !alphanumeric(text) {
			id = r.id + "Stage" + textHash(text)
		}
	}
	s.generated[r.id+".Stage"] = id
	tags, err := r.takeMap("Tags")
	if err != nil {
		return err
	}
	props := r.copy(object(r.Pos, "DeploymentId", refTo(r.Pos, deployment), "RestApiId", refTo(r.Pos, r.id),
		"StageName", name), "CacheClusterEnabled", "CacheClusterSize", "Variables", "MethodSettings",
		"AccessLogSetting", "CanarySetting", "TracingEnabled")
	props.Set("Tags", tagList(r.Pos, "", tags))
	return s.derived(r, id, "AWS::ApiGateway::Stage", props)
}

// textHash stands for a text that cannot be part of a logical id.
func textHash(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])[:10]
}

// application transforms AWS::Serverless::Application with a local template.
func (s *sam) application(r *samResource) error {
	location, err := r.path("Location")
	if err != nil {
		return err
	}
	if location == "" || strings.Contains(location, "://") {
		return r.errorf("Location", "Location must be a local path")
	}
	tags, err := r.takeMap("Tags")
	if err != nil {
		return err
	}
	props := r.copy(object(r.Pos, "TemplateURL", location), "Parameters", "NotificationARNs", "TimeoutInMinutes")
	props.Set("Tags", tagList(r.Pos, "lambda:createdBy", tags))
	return s.main(r, "AWS::CloudFormation::Stack", props)
}

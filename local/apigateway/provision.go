package apigateway

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"twofold/local/core"
)

// Types are the CloudFormation types that Provision takes.
func Types() []string {
	return []string{"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Deployment", "AWS::ApiGateway::Stage", "AWS::ApiGateway::Account",
		"AWS::ApiGateway::GatewayResponse", "AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping"}
}

// Provision creates or updates a resource of Types. A RestApi's change is served once a Deployment of it is made
// and a Stage points there. Domain names and their mappings are accepted, have no effect and are listed by NotRun.
func (g *Gateway) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch r.Type {
	case "AWS::ApiGateway::RestApi":
		return g.restAPI(r)
	case "AWS::ApiGateway::Deployment":
		return g.deployment(r)
	case "AWS::ApiGateway::Stage":
		return g.stage(r)
	case "AWS::ApiGateway::GatewayResponse":
		return g.gatewayResponse(r)
	case "AWS::ApiGateway::Account":
		return core.Physical{Ref: r.PhysicalName(), Attrs: map[string]any{"Id": r.PhysicalName()}}, r.Decode(&struct{ CloudWatchRoleArn string }{})
	case "AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping":
		return g.domain(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type")
}

func (g *Gateway) restAPI(r core.Resource) (core.Physical, error) {
	var props struct {
		Name             string
		BinaryMediaTypes []string
		FailOnWarnings   core.Bool
	}
	body, _ := r.Properties["Body"].(map[string]any)
	if err := r.Decode(&props, "Body", "Description", "EndpointConfiguration", "Parameters", "Tags", "Mode", "DisableExecuteApiEndpoint"); err != nil {
		return core.Physical{}, err
	}
	if body == nil {
		return core.Physical{}, r.Errorf("the local cloud runs only APIs whose Body is an OpenAPI document")
	}
	id := digest(r.Region+"/"+r.Stack+"/"+r.LogicalID, 10)
	def, err := g.documents.parse(body)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	def.binary = slices.Concat(def.binary, props.BinaryMediaTypes)
	a := g.apis[id]
	if a == nil {
		a = &api{id: id, region: r.Region, source: r.Position, deployments: map[string]*definition{}, stages: map[string]*stage{}}
		g.apis[id] = a
	}
	a.name, a.draft = props.Name, def
	if a.name == "" {
		a.name = def.title
	}
	return core.Physical{Ref: id, Attrs: map[string]any{"RestApiId": id, "RootResourceId": resourceID(id, "/")}}, nil
}

func (g *Gateway) deployment(r core.Resource) (core.Physical, error) {
	var props struct{ RestApiId, StageName string }
	if err := r.Decode(&props, "Description"); err != nil {
		return core.Physical{}, err
	}
	a, err := g.owned(r, props.RestApiId)
	if err != nil {
		return core.Physical{}, err
	}
	id := digest(r.Region+"/"+r.Stack+"/"+r.LogicalID+"/deployment", 6)
	a.deployments[id] = a.draft.snapshot()
	if props.StageName != "" {
		a.stages[props.StageName] = newStage(a, props.StageName, a.deployments[id])
	}
	return core.Physical{Ref: id, Attrs: map[string]any{"DeploymentId": id}}, nil
}

var stageName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func (g *Gateway) stage(r core.Resource) (core.Physical, error) {
	var props struct {
		RestApiId, DeploymentId, StageName string
		Variables                          map[string]string
		MethodSettings                     []methodSetting
		CacheClusterEnabled                core.Bool
	}
	if err := r.Decode(&props, "Description", "AccessLogSetting", "TracingEnabled", "Tags", "DocumentationVersion"); err != nil {
		return core.Physical{}, err
	}
	a, err := g.owned(r, props.RestApiId)
	if err != nil {
		return core.Physical{}, err
	}
	def := a.deployments[props.DeploymentId]
	switch {
	case def == nil:
		return core.Physical{}, r.Errorf("the API has no deployment %q", props.DeploymentId)
	case !stageName.MatchString(props.StageName):
		return core.Physical{}, r.Errorf("StageName %q is not a name: letters, digits, - and _", props.StageName)
	case bool(props.CacheClusterEnabled):
		return core.Physical{}, r.Errorf("the local cloud does not run the cache")
	}
	s := newStage(a, props.StageName, def)
	s.variables = props.Variables
	if s.throttles, err = compileSettings(props.MethodSettings, def); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	a.stages[props.StageName] = s
	return core.Physical{Ref: props.StageName}, nil
}

func (g *Gateway) gatewayResponse(r core.Resource) (core.Physical, error) {
	var props struct {
		RestApiId, ResponseType, StatusCode   string
		ResponseParameters, ResponseTemplates map[string]string
	}
	if err := r.Decode(&props); err != nil {
		return core.Physical{}, err
	}
	a, err := g.owned(r, props.RestApiId)
	if err != nil {
		return core.Physical{}, err
	}
	made, err := compileResponse(props.ResponseType, responseDoc{StatusCode: statusText(props.StatusCode),
		ResponseParameters: props.ResponseParameters, ResponseTemplates: props.ResponseTemplates})
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	a.draft.responses[props.ResponseType] = made
	return core.Physical{Ref: r.PhysicalName(), Attrs: map[string]any{"Id": r.PhysicalName()}}, nil
}

func (g *Gateway) domain(r core.Resource) (core.Physical, error) {
	if entry := fmt.Sprintf("%s: %s (%s)", r.Position, r.LogicalID, r.Type); !slices.Contains(g.notRun, entry) {
		g.notRun = append(g.notRun, entry)
	}
	name, _ := r.Properties["DomainName"].(string)
	if name == "" {
		return core.Physical{}, r.Errorf("DomainName is missing")
	}
	return core.Physical{Ref: name, Attrs: map[string]any{"DistributionDomainName": name, "RegionalDomainName": name,
		"DistributionHostedZoneId": "ZLOCAL", "RegionalHostedZoneId": "ZLOCAL"}}, nil
}

func (g *Gateway) owned(r core.Resource, id string) (*api, error) {
	a := g.apis[id]
	if a == nil || a.region != r.Region {
		return nil, r.Errorf("the API %q does not exist in %s", id, r.Region)
	}
	return a, nil
}

// digest is a stable lower-case id of n characters.
func digest(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:n]
}

func resourceID(apiID, path string) string { return digest(apiID+path, 6) }

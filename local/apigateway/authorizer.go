package apigateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"

	"twofold/local/core"
)

// authorizer is a Lambda authorizer.
type authorizer struct {
	id       string
	token    bool // type token; otherwise request
	function string
	ttl      time.Duration
	sources  []string // identity sources: "header.Authorization", ...
	valid    *regexp.Regexp
}

type authorizerDoc struct {
	Type       string `json:"type"`
	URI        string `json:"authorizerUri"`
	TTL        *int   `json:"authorizerResultTtlInSeconds"`
	Source     string `json:"identitySource"`
	Expression string `json:"identityValidationExpression"`
}

func newAuthorizer(name string, s *openapi3.SecurityScheme) (*authorizer, error) {
	var kind string
	var doc authorizerDoc
	if err := extensions(s.Extensions, map[string]any{"authtype": &kind, "authorizer": &doc}); err != nil {
		return nil, err
	}
	if s.Type != "apiKey" || kind != "custom" {
		return nil, fmt.Errorf("the local cloud runs only Lambda authorizers: type apiKey with %sauthtype custom", vendor)
	}
	a := &authorizer{id: digest(name, 6), token: doc.Type == "token", ttl: 300 * time.Second}
	if !a.token && doc.Type != "request" {
		return nil, fmt.Errorf("the local cloud does not run authorizers of type %q", doc.Type)
	}
	if doc.TTL != nil {
		a.ttl = time.Duration(*doc.TTL) * time.Second
	}
	if a.ttl < 0 || a.ttl > time.Hour {
		return nil, fmt.Errorf("authorizerResultTtlInSeconds must be from 0 to 3600")
	}
	var err error
	if a.function, err = functionOf(doc.URI); err != nil {
		return nil, err
	}
	if err := a.identity(s, doc); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *authorizer) identity(s *openapi3.SecurityScheme, doc authorizerDoc) error {
	source := doc.Source
	if source == "" && a.token {
		source = "method.request.header." + s.Name
	}
	for _, one := range strings.FieldsFunc(source, func(r rune) bool { return r == ',' || r == ' ' }) {
		short, ok := strings.CutPrefix(one, "method.request.")
		if !ok || !strings.HasPrefix(short, "header.") && !strings.HasPrefix(short, "querystring.") {
			return fmt.Errorf("the local cloud does not run the identity source %s", one)
		}
		a.sources = append(a.sources, short)
	}
	switch {
	case a.token && len(a.sources) != 1:
		return errors.New("a token authorizer has one identity source, a header")
	case len(a.sources) == 0 && a.ttl > 0:
		return errors.New("an authorizer whose answers are kept needs an identitySource")
	case doc.Expression == "":
		return nil
	case !a.token:
		return errors.New("identityValidationExpression is for token authorizers")
	}
	var err error
	a.valid, err = regexp.Compile("^(?:" + doc.Expression + ")$")
	return err
}

// grant is what an authorizer answered for an identity: it holds for every method of the stage.
type grant struct {
	decide  func(action, resource string) (allowed, denied bool)
	context map[string]any
	until   time.Time
}

// authorize decides by the authorizer's answer for the request's identity, kept or fresh.
func (a *authorizer) authorize(x *exchange) *failure {
	identity, complete := a.identityOf(x)
	if !complete && (a.token || a.ttl > 0) || a.valid != nil && !a.valid.MatchString(identity) {
		return fail(unauthorized, "Unauthorized")
	}
	key := a.id + "\x00" + identity
	held := x.stage.held(key, x.at)
	if held == nil {
		fresh, f := a.ask(x, identity)
		if f != nil {
			return f
		}
		held = fresh
		if a.ttl > 0 {
			held.until = x.at.Add(a.ttl)
			x.stage.hold(key, held)
		}
	}
	allowed, denied := held.decide("execute-api:Invoke", x.arn())
	switch {
	case denied:
		return fail(accessDenied, "User is not authorized to access this resource with an explicit deny")
	case !allowed:
		return fail(accessDenied, "User is not authorized to access this resource")
	}
	x.authorizer = held.context
	return nil
}

func (a *authorizer) identityOf(x *exchange) (identity string, complete bool) {
	complete = true
	values := make([]string, len(a.sources))
	for i, source := range a.sources {
		values[i] = x.parameter(source)
		complete = complete && values[i] != ""
	}
	return strings.Join(values, "\x00"), complete
}

// maxHeld bounds the kept answers of a stage.
const maxHeld = 10000

func (s *stage) held(key string, now time.Time) *grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.cache[key]
	if g == nil || !now.Before(g.until) {
		return nil
	}
	return g
}

func (s *stage) hold(key string, g *grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cache) >= maxHeld {
		clear(s.cache)
	}
	s.cache[key] = g
}

// ask runs the authorizer's function.
func (a *authorizer) ask(x *exchange, identity string) (*grant, *failure) {
	payload, err := a.event(x, identity)
	if err != nil {
		return nil, fail(authorizerConfigurationError, "")
	}
	source := core.ARN("execute-api", x.stage.api.region, x.stage.api.id+"/authorizers/"+a.id)
	out := x.call(a.function, source, payload, maxWait)
	switch {
	case out.timedOut:
		return nil, fail(authorizerFailure, "")
	case out.err != nil:
		x.report("the authorizer did not run: " + out.err.Error())
		return nil, fail(authorizerConfigurationError, "")
	case out.FunctionError != "":
		return nil, refusedBy(out.Payload)
	}
	g, err := x.readGrant(out.Payload)
	if err != nil {
		x.report("malformed authorizer answer: " + err.Error())
		return nil, fail(authorizerConfigurationError, "")
	}
	return g, nil
}

// refusedBy: an authorizer that fails with exactly the message Unauthorized says 401.
func refusedBy(payload []byte) *failure {
	var e struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal(payload, &e); err == nil && e.ErrorMessage == "Unauthorized" {
		return fail(unauthorized, "Unauthorized")
	}
	return fail(authorizerFailure, "")
}

func (a *authorizer) event(x *exchange, identity string) ([]byte, error) {
	if a.token {
		return json.Marshal(events.APIGatewayCustomAuthorizerRequest{Type: "TOKEN", AuthorizationToken: identity, MethodArn: x.arn()})
	}
	headers := x.headers()
	return json.Marshal(struct {
		Type      string `json:"type"`
		MethodARN string `json:"methodArn"`
		events.APIGatewayProxyRequest
		Body            *string `json:"body,omitempty"`            // not given to authorizers
		IsBase64Encoded *bool   `json:"isBase64Encoded,omitempty"` // not given to authorizers
	}{Type: "REQUEST", MethodARN: x.arn(), APIGatewayProxyRequest: events.APIGatewayProxyRequest{Resource: x.method.resource,
		Path: unescaped(x.path), HTTPMethod: x.r.Method, Headers: last(headers), MultiValueHeaders: headers,
		QueryStringParameters: last(x.query), MultiValueQueryStringParameters: nonEmpty(x.query), PathParameters: x.params,
		StageVariables: x.stage.variables, RequestContext: x.requestContext()}})
}

// readGrant reads principalId, policyDocument and context (api-gateway-lambda-authorizer-output.html).
// Values of the context reach the integration as strings.
func (x *exchange) readGrant(payload []byte) (*grant, error) {
	var out struct {
		PrincipalID    string          `json:"principalId"`
		PolicyDocument json.RawMessage `json:"policyDocument"`
		Context        map[string]any  `json:"context"`
		UsageKey       string          `json:"usageIdentifierKey"`
	}
	if err := json.Unmarshal(payload, &out); err != nil {
		return nil, err
	}
	if out.PrincipalID == "" || out.PolicyDocument == nil {
		return nil, errors.New("principalId or policyDocument is missing")
	}
	decide, err := x.g.compile(out.PolicyDocument)
	if err != nil {
		return nil, err
	}
	context := map[string]any{"principalId": out.PrincipalID, "integrationLatency": x.g.cloud.Now().Sub(x.at).Milliseconds()}
	for key, value := range out.Context {
		switch v := value.(type) {
		case string:
			context[key] = v
		case bool, float64:
			context[key] = compact(v)
		default:
			return nil, fmt.Errorf("context.%s is neither a string, a number nor a truth value", key)
		}
	}
	return &grant{decide: decide, context: context}, nil
}

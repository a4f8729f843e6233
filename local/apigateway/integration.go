package apigateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// integration gives the answer to a request that has passed everything else.
type integration interface {
	respond(x *exchange) (*answer, *failure)
}

// maxWait is the longest that a REST API waits for an integration.
const maxWait = 29 * time.Second

// integrationDoc is x-amazon-apigateway-integration.
type integrationDoc struct {
	Type                string                 `json:"type"`
	URI                 string                 `json:"uri"`
	HTTPMethod          string                 `json:"httpMethod"`
	PassthroughBehavior string                 `json:"passthroughBehavior"`
	TimeoutInMillis     int                    `json:"timeoutInMillis"`
	RequestTemplates    map[string]string      `json:"requestTemplates"`
	Responses           map[string]responseDoc `json:"responses"`
}

func (d integrationDoc) compile(op *openapi3.Operation) (integration, error) {
	switch strings.ToLower(d.Type) {
	case "":
		return nil, fmt.Errorf("the operation has no %sintegration with a type", vendor)
	case "aws_proxy":
		return d.proxy()
	case "mock":
		return d.mock(op)
	}
	return nil, fmt.Errorf("the local cloud does not run the integration type %s", d.Type)
}

var invocationURI = regexp.MustCompile(`^arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[A-Za-z0-9_$-]+)?)/invocations$`)

// functionOf takes the function's ARN out of an integration or authorizer URI.
func functionOf(uri string) (string, error) {
	if m := invocationURI.FindStringSubmatch(uri); m != nil {
		return m[1], nil
	}
	return "", fmt.Errorf("%q is not the invocation URI of a function", uri)
}

func (d integrationDoc) proxy() (integration, error) {
	function, err := functionOf(d.URI)
	if err != nil {
		return nil, err
	}
	if d.HTTPMethod != http.MethodPost {
		return nil, fmt.Errorf("functions are invoked with httpMethod POST, not %q", d.HTTPMethod)
	}
	wait := maxWait
	if d.TimeoutInMillis != 0 {
		wait = time.Duration(d.TimeoutInMillis) * time.Millisecond
	}
	if wait < 50*time.Millisecond || wait > maxWait {
		return nil, fmt.Errorf("timeoutInMillis must be from 50 to 29000")
	}
	return &proxy{function: function, wait: wait}, nil
}

// mock answers by itself, by the status that its request template names.
type mock struct {
	statuses  map[string]int // by content type of the request
	never     bool           // another content type is refused
	responses []mockResponse
}

type mockResponse struct {
	pattern  *regexp.Regexp // of the status; nil is the default
	status   int
	response *gatewayResponse
}

func (d integrationDoc) mock(op *openapi3.Operation) (integration, error) {
	out := &mock{statuses: map[string]int{}}
	switch strings.ToLower(d.PassthroughBehavior) {
	case "", "when_no_match":
	case "never", "when_no_templates":
		out.never = true
	default:
		return nil, fmt.Errorf("passthroughBehavior is %q", d.PassthroughBehavior)
	}
	for contentType, text := range d.RequestTemplates {
		var template struct{ StatusCode int }
		if err := json.Unmarshal([]byte(text), &template); err != nil || template.StatusCode == 0 {
			return nil, fmt.Errorf("the request template of a mock must be {\"statusCode\": n}, not %s", text)
		}
		out.statuses[contentType] = template.StatusCode
	}
	if len(out.statuses) == 0 {
		return nil, fmt.Errorf("a mock needs a request template that names a statusCode")
	}
	for _, pattern := range slices.Sorted(maps.Keys(d.Responses)) { // in order: the first that matches answers
		r, err := compileMockResponse(pattern, d.Responses[pattern], op)
		if err != nil {
			return nil, fmt.Errorf("response %s: %w", pattern, err)
		}
		out.responses = append(out.responses, r)
	}
	return out, nil
}

func compileMockResponse(pattern string, doc responseDoc, op *openapi3.Operation) (mockResponse, error) {
	var out mockResponse
	var err error
	if out.status, err = strconv.Atoi(string(doc.StatusCode)); err != nil {
		return out, fmt.Errorf("statusCode %q is not a number", doc.StatusCode)
	}
	if pattern != "default" {
		if out.pattern, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			return out, err
		}
	}
	headers := map[string]string{}
	for name, value := range doc.ResponseParameters {
		header, ok := strings.CutPrefix(name, "method.response.header.")
		if !ok {
			return out, fmt.Errorf("the local cloud does not run the response parameter %s", name)
		}
		if !declares(op, out.status, header) {
			return out, fmt.Errorf("header %s is mapped but not declared for status %d of the operation", header, out.status)
		}
		headers["gatewayresponse.header."+header] = value
	}
	doc.ResponseParameters = headers
	out.response, err = compileResponse("", doc)
	return out, err
}

// declares reports whether the operation declares a header for a status: API Gateway refuses to map others.
func declares(op *openapi3.Operation, status int, header string) bool {
	r := op.Responses.Value(strconv.Itoa(status))
	if r == nil || r.Value == nil {
		return false
	}
	for name := range r.Value.Headers {
		if strings.EqualFold(name, header) {
			return true
		}
	}
	return false
}

func (m *mock) respond(x *exchange) (*answer, *failure) {
	status, ok := m.statuses[mediaType(x.r.Header)]
	if !ok {
		if m.never {
			return nil, fail(unsupportedMediaType, "Unsupported Media Type")
		}
		return nil, fail(apiConfigurationError, "Internal server error")
	}
	chosen := m.choose(strconv.Itoa(status))
	if chosen == nil {
		return nil, fail(apiConfigurationError, "Internal server error")
	}
	return chosen.response.render(x, &failure{}, chosen.status), nil
}

func (m *mock) choose(status string) *mockResponse {
	var byDefault *mockResponse
	for i, r := range m.responses {
		if r.pattern == nil {
			byDefault = &m.responses[i]
		} else if r.pattern.MatchString(status) {
			return &m.responses[i]
		}
	}
	return byDefault
}

// mediaType is the request's content type without parameters; without one it is JSON.
func mediaType(h http.Header) string {
	value, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if value = strings.ToLower(strings.TrimSpace(value)); value == "" {
		return "application/json"
	}
	return value
}

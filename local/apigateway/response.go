package apigateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
)

// responseType is a gateway response type.
type responseType string

const (
	accessDenied                 responseType = "ACCESS_DENIED"
	apiConfigurationError        responseType = "API_CONFIGURATION_ERROR"
	authorizerConfigurationError responseType = "AUTHORIZER_CONFIGURATION_ERROR"
	authorizerFailure            responseType = "AUTHORIZER_FAILURE"
	badRequestParameters         responseType = "BAD_REQUEST_PARAMETERS"
	badRequestBody               responseType = "BAD_REQUEST_BODY"
	integrationFailure           responseType = "INTEGRATION_FAILURE"
	integrationTimeout           responseType = "INTEGRATION_TIMEOUT"
	missingAuthenticationToken   responseType = "MISSING_AUTHENTICATION_TOKEN"
	requestTooLarge              responseType = "REQUEST_TOO_LARGE"
	throttled                    responseType = "THROTTLED"
	unauthorized                 responseType = "UNAUTHORIZED"
	unsupportedMediaType         responseType = "UNSUPPORTED_MEDIA_TYPE"
)

// builtin is a type's status and x-amzn-ErrorType, from supported-gateway-response-types.html.
func builtin(t responseType) (status int, errorType string, known bool) {
	switch t {
	case accessDenied:
		return 403, "AccessDeniedException", true
	case apiConfigurationError:
		return 500, "InternalServerErrorException", true
	case authorizerConfigurationError:
		return 500, "AuthorizerConfigurationException", true
	case authorizerFailure:
		return 500, "InternalServerErrorException", true
	case badRequestParameters, badRequestBody:
		return 400, "BadRequestException", true
	case integrationFailure, integrationTimeout:
		return 504, "InternalServerErrorException", true
	case missingAuthenticationToken:
		return 403, "MissingAuthenticationTokenException", true
	case requestTooLarge:
		return 413, "RequestTooLongException", true
	case throttled:
		return 429, "TooManyRequestsException", true
	case unauthorized:
		return 401, "UnauthorizedException", true
	case unsupportedMediaType:
		return 415, "UnsupportedMediaTypeException", true
	case "DEFAULT_4XX", "DEFAULT_5XX":
		return 0, "", true
	case "EXPIRED_TOKEN", "INVALID_API_KEY", "INVALID_SIGNATURE", "WAF_FILTERED":
		return 403, "ForbiddenException", true
	case "QUOTA_EXCEEDED":
		return 429, "LimitExceededException", true
	case "RESOURCE_NOT_FOUND":
		return 404, "NotFoundException", true
	}
	return 0, "", false
}

// failure is why the gateway itself answers.
type failure struct {
	kind       responseType
	message    string
	validation string
	status     int // instead of the type's own
}

func fail(kind responseType, message string) *failure { return &failure{kind: kind, message: message} }

// statusText is a status code that documents give as a string or a number.
type statusText string

func (s *statusText) UnmarshalJSON(b []byte) error {
	*s = statusText(strings.Trim(string(b), `"`))
	return nil
}

// responseDoc is a gateway response, or a response of a mock, as documents give it.
type responseDoc struct {
	StatusCode         statusText        `json:"statusCode"`
	ResponseParameters map[string]string `json:"responseParameters"`
	ResponseTemplates  map[string]string `json:"responseTemplates"`
}

// gatewayResponse is a compiled one.
type gatewayResponse struct {
	status    int // 0 is the type's own
	headers   map[string]template
	templates map[string]template // by content type
	types     []string            // of templates, sorted
}

// compileResponse reads a customised response; kind "" is the response of a mock.
func compileResponse(kind string, doc responseDoc) (*gatewayResponse, error) {
	if _, _, known := builtin(responseType(kind)); !known && kind != "" {
		return nil, fmt.Errorf("%q is not a gateway response type", kind)
	}
	out := &gatewayResponse{headers: map[string]template{}, templates: map[string]template{}}
	var err error
	if doc.StatusCode != "" && doc.StatusCode != "null" {
		if out.status, err = strconv.Atoi(string(doc.StatusCode)); err != nil || out.status < 200 || out.status > 599 {
			return nil, fmt.Errorf("%s: statusCode %q is not a status", kind, doc.StatusCode)
		}
	}
	for name, value := range doc.ResponseParameters {
		header, ok := strings.CutPrefix(name, "gatewayresponse.header.")
		if !ok {
			return nil, fmt.Errorf("%s: the local cloud does not run the response parameter %s", kind, name)
		}
		if out.headers[header], err = compileMapping(value); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", kind, name, err)
		}
	}
	for contentType, text := range doc.ResponseTemplates {
		if out.templates[contentType], err = compileTemplate(text, strings.Contains(contentType, "json")); err != nil {
			return nil, fmt.Errorf("%s: template for %s: %w", kind, contentType, err)
		}
		out.types = append(out.types, contentType)
	}
	sort.Strings(out.types)
	return out, nil
}

// answer is what goes back to the client.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// render makes the answer from headers and the template that the client accepts: the JSON one, or else
// the first, when it accepts none in particular.
func (g *gatewayResponse) render(x *exchange, f *failure, status int) *answer {
	out := &answer{status: status, header: http.Header{}}
	contentType := g.negotiate(x.r.Header.Get("Accept"))
	if t, ok := g.templates[contentType]; ok {
		out.body = []byte(t.render(x, f))
	}
	out.header.Set("Content-Type", contentType)
	for name, value := range g.headers {
		out.header.Set(name, value.render(x, f))
	}
	return out
}

func (g *gatewayResponse) negotiate(accept string) string {
	if _, ok := g.templates[accept]; ok {
		return accept
	}
	if _, ok := g.templates["application/json"]; ok || len(g.types) == 0 {
		return "application/json"
	}
	return g.types[0]
}

// refuse answers a failure by the response customised for its type, or for its class.
func (d *definition) refuse(x *exchange, f *failure) *answer {
	status, errorType, _ := builtin(f.kind)
	if f.status != 0 {
		status = f.status
	}
	class := d.responses["DEFAULT_4XX"]
	if status >= http.StatusInternalServerError {
		class = d.responses["DEFAULT_5XX"]
	}
	var out *answer
	custom := d.responses[string(f.kind)]
	if custom == nil {
		custom = class
	}
	if custom != nil && custom.status != 0 {
		status = custom.status
	}
	if custom == nil || len(custom.templates) == 0 {
		out = &answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: defaultBody(f)}
		if custom != nil {
			out.header = custom.render(x, f, status).header
		}
	} else {
		out = custom.render(x, f, status)
	}
	out.header.Set("X-Amzn-Errortype", errorType)
	return out
}

func defaultBody(f *failure) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	var message *string
	if f.message != "" {
		message = &f.message
	}
	_ = enc.Encode(map[string]*string{"message": message}) // a map of strings always encodes
	return bytes.TrimSpace(b.Bytes())
}

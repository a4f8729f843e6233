package apigateway

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"twofold/local/core"
)

// proxyEvent is the input of a Lambda proxy integration, format 1.0. Unlike the type it
// extends it gives a missing body as null.
type proxyEvent struct {
	events.APIGatewayProxyRequest
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

func (x *exchange) event() ([]byte, error) {
	e := proxyEvent{APIGatewayProxyRequest: events.APIGatewayProxyRequest{Resource: x.method.resource, Path: unescaped(x.path),
		HTTPMethod: x.r.Method, MultiValueHeaders: x.headers(), MultiValueQueryStringParameters: nonEmpty(x.query),
		PathParameters: x.params, StageVariables: x.stage.variables}}
	e.Headers = last(e.MultiValueHeaders)
	e.QueryStringParameters = last(e.MultiValueQueryStringParameters)
	e.RequestContext = x.requestContext()
	if len(x.body) > 0 {
		text := string(x.body)
		if e.IsBase64Encoded = x.binary(mediaType(x.r.Header)); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(x.body)
		}
		e.Body = &text
	}
	return json.Marshal(e)
}

func (x *exchange) requestContext() events.APIGatewayProxyRequestContext {
	prefix, _, _ := strings.Cut(x.r.Host, ".")
	return events.APIGatewayProxyRequestContext{AccountID: core.AccountID, ResourceID: resourceID(x.stage.api.id, x.method.resource),
		OperationName: x.method.operation, Stage: x.stage.name, DomainName: x.r.Host, DomainPrefix: prefix, RequestID: x.requestID,
		ExtendedRequestID: x.extendedID, Protocol: x.r.Proto, ResourcePath: x.method.resource, Path: unescaped(x.contextPath()),
		Authorizer: x.authorizer, HTTPMethod: x.r.Method, RequestTime: x.at.Format(requestTime), RequestTimeEpoch: x.at.UnixMilli(),
		APIID: x.stage.api.id, Identity: events.APIGatewayRequestIdentity{SourceIP: x.sourceIP(), UserAgent: x.r.UserAgent()}}
}

// headers are the client's, with what API Gateway adds.
func (x *exchange) headers() map[string][]string {
	out := make(map[string][]string, len(x.r.Header)+4)
	for name, values := range x.r.Header {
		out[name] = values
	}
	out["Host"] = []string{x.r.Host}
	out["X-Forwarded-For"] = []string{x.sourceIP()}
	out["X-Forwarded-Proto"] = []string{"https"}
	out["X-Forwarded-Port"] = []string{"443"}
	return out
}

// last gives the last value of each name, or nil for nothing, which becomes null.
func last(values map[string][]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) > 0 {
			out[name] = all[len(all)-1]
		}
	}
	return out
}

func nonEmpty(q url.Values) map[string][]string {
	if len(q) == 0 {
		return nil
	}
	return q
}

func unescaped(path string) string {
	if p, err := url.PathUnescape(path); err == nil {
		return p
	}
	return path
}

// binary reports whether the API handles a media type as binary.
func (x *exchange) binary(mediaType string) bool {
	for _, b := range x.stage.def.binary {
		kind, all := strings.CutSuffix(b, "/*")
		if b == "*/*" || strings.EqualFold(b, mediaType) || all && strings.HasPrefix(mediaType, kind+"/") {
			return true
		}
	}
	return false
}

// remapped tells which headers of an integration API Gateway renames, since they are its own
// (api-gateway-known-issues.html).
func remapped(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards", "Server",
		"Trailer", "Upgrade", "Www-Authenticate":
		return true
	}
	return false
}

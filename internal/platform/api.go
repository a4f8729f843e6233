package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// Request is an API request after API Gateway and the authorizer.
type Request struct {
	events.APIGatewayProxyRequest
	Caller Caller
}

// Caller is who the authorizer says is calling.
type Caller struct {
	Customer       string // the token's subject
	Scopes         []string
	StripeCustomer string
}

// Has reports whether the token carries a scope.
func (c Caller) Has(scope string) bool {
	for _, s := range c.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Response is an answer with a JSON body.
type Response struct {
	Status int
	Header map[string]string
	Body   any
}

// Route serves one method and resource of the OpenAPI document.
type Route struct {
	Scope string // what the token must carry; "" for none
	Serve func(ctx context.Context, r Request) (Response, error)
}

// Routes are a function's routes by "METHOD /resource", e.g. "GET /v1/orders/{orderId}".
type Routes map[string]Route

// Handler serves the routes behind an API Gateway proxy integration. Errors become problem+json by the table.
// Scope and expiry are checked again here, because the authorizer's cached answer covers the whole API and
// may outlive the token.
func (rs Routes) Handler(rt Runtime) lambda.Handler {
	return lambda.NewHandler(func(ctx context.Context, r events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
		res, err := rs.serve(ctx, rt, r)
		if err != nil {
			return problem(rt.Log, r, err), nil
		}
		return respond(res.Status, "application/json", res.Header, res.Body)
	})
}

func (rs Routes) serve(ctx context.Context, rt Runtime, r events.APIGatewayProxyRequest) (Response, error) {
	route, ok := rs[r.HTTPMethod+" "+r.Resource]
	if !ok {
		return Response{}, Refuse(NotFound, "this API has no "+r.HTTPMethod+" "+r.Path)
	}
	req := Request{APIGatewayProxyRequest: r}
	if route.Scope != "" {
		caller, err := callerOf(r, rt.Clock.Now())
		if err != nil {
			return Response{}, err
		}
		if !caller.Has(route.Scope) {
			return Response{}, Refuse(Forbidden, "the token needs the scope "+route.Scope)
		}
		req.Caller = caller
	}
	return route.Serve(ctx, req)
}

func callerOf(r events.APIGatewayProxyRequest, now time.Time) (Caller, error) {
	get := func(k string) string { s, _ := r.RequestContext.Authorizer[k].(string); return s }
	expires, err := strconv.ParseInt(get("expires"), 10, 64)
	if err != nil || get("customer") == "" {
		return Caller{}, Refuse(Unauthorized, "send a bearer token of this shop's issuer")
	}
	if now.Unix() >= expires {
		return Caller{}, Refuse(Unauthorized, "the token has expired: get a new one")
	}
	return Caller{Customer: get("customer"), Scopes: strings.Fields(get("scope")), StripeCustomer: get("stripeCustomer")}, nil
}

// HeaderValue is a request header, whatever the case of its name.
func (r Request) HeaderValue(name string) string {
	for k, v := range r.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// MaxBody is the largest body that DecodeBody reads, in bytes.
const MaxBody = 64 << 10

// DecodeBody reads the JSON body strictly into v, a pointer to a struct: unknown members, wrong types and trailing text
// are violations, all of them at once, with the place where they stand. A body above MaxBody is PayloadTooLarge.
func (r Request) DecodeBody(v any) error {
	if len(r.Body) > MaxBody {
		return &Error{Code: PayloadTooLarge, Violations: []Violation{{Detail: fmt.Sprintf("send at most %d KiB", MaxBody>>10)}}}
	}
	if wrong := decodeStrictly([]byte(r.Body), v); len(wrong) > 0 {
		return &Error{Code: InvalidRequest, Violations: wrong}
	}
	return nil
}

// Problem is the body of every error answer (RFC 9457).
type Problem struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Code   Code        `json:"code"`
	Detail string      `json:"detail,omitempty"`
	Errors []Violation `json:"errors,omitempty"`
}

// ProblemOf is what a client is told of an error: nothing of the cause, and nothing of an internal error but its name.
func ProblemOf(err error) Problem {
	code := CodeOf(err)
	t := table[code]
	p := Problem{Type: "https://twofold.example/problems/" + kebab(string(code)), Title: t.title, Status: t.status, Code: code}
	var e *Error
	if errors.As(err, &e) && code != Internal {
		p.Detail, p.Errors = e.Detail, e.Violations
	}
	return p
}

func kebab(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

func problem(log *slog.Logger, r events.APIGatewayProxyRequest, err error) events.APIGatewayProxyResponse {
	p := ProblemOf(err)
	if p.Status >= http.StatusInternalServerError {
		log.Error("request failed", "requestId", r.RequestContext.RequestID, "route", r.HTTPMethod+" "+r.Resource, "error", err.Error())
	}
	header := map[string]string{}
	if IsTransient(err) {
		header["Retry-After"] = "1"
	}
	res, merr := respond(p.Status, "application/problem+json", header, p)
	if merr != nil { // a Problem is strings and numbers: it always encodes
		return events.APIGatewayProxyResponse{StatusCode: http.StatusInternalServerError}
	}
	return res
}

func respond(status int, contentType string, header map[string]string, body any) (events.APIGatewayProxyResponse, error) {
	headers := map[string]string{"Content-Type": contentType, "Cache-Control": "no-store"}
	for k, v := range header {
		headers[k] = v
	}
	res := events.APIGatewayProxyResponse{StatusCode: status, Headers: headers}
	if body == nil {
		return res, nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return res, Wrap(Internal, err)
	}
	res.Body = string(raw)
	return res, nil
}

package core

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Principal is who makes a call. The zero value is the account's operator, who may
// do everything (as the root user of an account can).
type Principal struct {
	// RoleARN is the role a function, state machine, pipe, rule or schedule acts as.
	RoleARN string
	// Via names the resource that acts, for messages: a function or state machine name.
	Via string
	// Region is where the caller runs; "" outside any region. A cut link stops its calls to others.
	Region string
	// Service is set when an AWS service itself calls through a resource policy,
	// e.g. "apigateway.amazonaws.com".
	Service string
}

// Operator reports whether the call is made by the account's operator.
func (p Principal) Operator() bool { return p.RoleARN == "" && p.Service == "" }

func (p Principal) String() string {
	switch {
	case p.Via != "":
		return p.Via
	case p.RoleARN != "":
		return p.RoleARN
	case p.Service != "":
		return p.Service
	}
	return "operator"
}

// Call is one request to one AWS service of one region, after the wire and before
// the service.
type Call struct {
	Region    string
	Service   string // signing name: "dynamodb", "events", "states", "lambda", "sqs", "ses", ...
	Operation string // X-Amz-Target's operation ("PutItem"); empty for REST services
	Method    string
	Path      string
	Query     url.Values
	Header    http.Header
	Body      []byte
	Principal Principal

	cloud *Cloud
}

// Authorize answers nil when the caller may do action (e.g. "dynamodb:PutItem") on the
// resource ARN, and an AccessDenied error, journalled, when it may not. Every service
// calls it for each resource that an operation touches, before it touches it.
// keys are condition keys that policies may test, e.g. "dynamodb:LeadingKeys".
func (c *Call) Authorize(action, resource string, keys ...ConditionKey) error {
	return c.cloud.Authorize(c.Region, c.Principal, action, resource, keys...)
}

// Decode reads the JSON body into v.
func (c *Call) Decode(v any) error {
	if len(c.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.Body, v); err != nil {
		return &Error{Code: "SerializationException", Message: err.Error(), Status: http.StatusBadRequest}
	}
	return nil
}

// ConditionKey is a context key of a request with its values.
type ConditionKey struct {
	Name   string
	Values []string
}

// Reply is a service's answer: Body is sent as it is when it is []byte or
// json.RawMessage and as JSON otherwise.
type Reply struct {
	Status int // 200 when zero
	Header http.Header
	Body   any
}

// Service answers the calls for one signing name in all regions.
// Handle must be safe for use by many tasks at once. An error that is not *Error
// becomes an InternalFailure and is journalled.
type Service interface {
	Handle(ctx context.Context, call *Call) (*Reply, error)
}

// Error is an AWS service error as it goes over the wire.
type Error struct {
	Code    string // e.g. "ConditionalCheckFailedException"
	Message string
	Status  int            // HTTP status; 400 when zero
	Fields  map[string]any // further members of the error's shape, e.g. "CancellationReasons"
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: http.StatusBadRequest}
}

// NotRun is the error of an operation or option that AWS has and the local cloud does
// not run: loud, and in the shape that SDKs understand.
func NotRun(service, what string) *Error {
	return &Error{Code: "UnsupportedOperationException", Status: http.StatusNotImplemented,
		Message: fmt.Sprintf("the local cloud does not run %s of %s", what, service)}
}

// ARN builds an ARN of the local account, e.g. ARN("dynamodb", "us-east-1", "table/orders").
func ARN(service, region, resource string) string {
	return "arn:aws:" + service + ":" + region + ":" + AccountID + ":" + resource
}

// AccountID is the account of the local cloud.
const AccountID = "000000000000"

// NameOf is the last part of an ARN or name: what follows the last '/' or ':'.
func NameOf(arn string) string {
	if i := strings.LastIndexAny(arn, "/:"); i >= 0 {
		return arn[i+1:]
	}
	return arn
}

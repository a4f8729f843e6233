package states

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"twofold/local/core"
)

// InvokeRequest asks for one synchronous invocation of a function.
type InvokeRequest struct {
	Region       string
	FunctionName string         // name, without account and region
	Qualifier    string         // version or alias, "" for none
	Principal    core.Principal // the machine's role
	Payload      []byte         // one JSON value
}

// InvokeResult is a function's answer.
type InvokeResult struct {
	Payload         []byte // its result or, with a FunctionError, the error as Lambda gives it
	FunctionError   string // "Handled" or "Unhandled"; "" when it succeeded
	ExecutedVersion string // "$LATEST" when ""
}

// Invoke runs a function. A *core.Error is what the Lambda service answered instead, e.g.
// TooManyRequestsException; it becomes the error name Lambda.TooManyRequestsException.
type Invoke func(ctx context.Context, r InvokeRequest) (InvokeResult, error)

// lambdaTask is a function's ARN as the Resource.
type lambdaTask struct{ resource, region, function, qualifier string }

func (l *lambdaTask) event(suffix string) (string, []any) { return "LambdaFunction" + suffix, nil }
func (l *lambdaTask) subject() string                     { return l.resource }

func (l *lambdaTask) call(ctx context.Context, t *thread, input any) (doc, *failure) {
	r, f := t.invoke(ctx, InvokeRequest{Region: l.region, FunctionName: l.function, Qualifier: l.qualifier, Payload: appendJSON(nil, input)})
	if f != nil {
		return doc{}, f
	}
	text, v, f := payload(r)
	if f != nil {
		return doc{}, f
	}
	if r.FunctionError != "" {
		return doc{}, functionError(v, text)
	}
	return doc{v: v, text: text}, nil
}

func (t *thread) invoke(ctx context.Context, r InvokeRequest) (InvokeResult, *failure) {
	r.Principal = t.principal()
	result, err := t.x.svc.invoke(ctx, r)
	if err != nil {
		return result, lambdaFailure(t, err)
	}
	if result.ExecutedVersion == "" {
		result.ExecutedVersion = "$LATEST"
	}
	return result, nil
}

func payload(r InvokeResult) (string, any, *failure) {
	text := string(r.Payload)
	if text == "" {
		text = "null"
	}
	v, err := parse(text)
	if err != nil {
		return "", nil, unknownError(text)
	}
	return text, v, nil
}

// functionError is a failure of the function: named by its errorType, with Lambda's JSON as the cause.
func functionError(v any, text string) *failure {
	if o, ok := v.(*object); ok {
		if name, ok := o.get("errorType"); ok && name != "" {
			if s, ok := name.(string); ok {
				return fail(s, text)
			}
		}
	}
	return unknownError(text)
}

func unknownError(text string) *failure {
	return fail("Lambda.Unknown", "The cause could not be determined because Lambda did not return an error type. Returned payload: "+text)
}

// lambdaModeled are the service errors that keep their own name behind "Lambda.".
var lambdaModeled = []string{"TooManyRequestsException", "ServiceException", "ResourceNotFoundException", "InvalidParameterValueException",
	"InvalidRequestContentException", "RequestTooLargeException", "ResourceConflictException", "ResourceNotReadyException", "UnsupportedMediaTypeException",
	"SnapStartException", "SnapStartNotReadyException", "SnapStartTimeoutException", "EC2ThrottledException", "ENILimitReachedException"}

// lambdaFailure is a failure of the Lambda service.
func lambdaFailure(t *thread, err error) *failure {
	return serviceFailure(t, err, "Lambda", "AWSLambda", "AWSLambdaException", optimizedCause, lambdaModeled)
}

// serviceFailure names a service's error as the integrations do: prefix.Code, prefix.base for a code
// that the service's SDK has no type for, prefix.SdkClientException when no answer came.
func serviceFailure(t *thread, err error, prefix, service, base, cause string, modeled []string) *failure {
	var e *core.Error
	switch {
	case t.cutOff(err):
		return stopped
	case !errors.As(err, &e), e.Code == core.ErrUnreachable.Code:
		return fail(prefix+".SdkClientException", "Unable to execute HTTP request: "+err.Error())
	}
	name := e.Code
	if !strings.HasSuffix(name, "Exception") {
		name += "Exception"
	}
	if modeled != nil && !slices.Contains(modeled, name) {
		name = base
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return fail(prefix+"."+name, fmt.Sprintf(cause, e.Message, service, status, e.Code, t.x.svc.cloud.Rand.UUID()))
}

// How causes name the service's answer: optimized integrations stand on one SDK, aws-sdk ones on the next.
const (
	optimizedCause = "%s (Service: %s; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)"
	sdkCause       = "%s (Service: %s, Status Code: %d, Request ID: %[5]s)"
)

// cutOff reports that a call failed because the caller's own region is lost or the cloud is shut down.
func (t *thread) cutOff(err error) bool {
	own := t.x.svc.cloud.Faults.Region(t.x.machine.region)
	return t.ctx.Err() != nil || t.x.svc.life.Err() != nil || errors.Is(err, core.ErrRegionLost) && own == core.Gone
}

// invokeTask is the integration lambda:invoke.
type invokeTask struct{}

func (invokeTask) event(suffix string) (string, []any) {
	return "Task" + suffix, []any{"resourceType", "lambda", "resource", "invoke"}
}

func (invokeTask) subject() string { return "lambda" }

func (invokeTask) call(ctx context.Context, t *thread, input any) (doc, *failure) {
	r, f := invokeRequest(t, input)
	if f != nil {
		return doc{}, f
	}
	result, f := t.invoke(ctx, r)
	if f != nil {
		return doc{}, f
	}
	text, v, f := payload(result)
	if f != nil {
		return doc{}, f
	}
	if result.FunctionError != "" {
		return doc{}, functionError(v, encode(v))
	}
	return doc{v: invokeOutput(t, result.ExecutedVersion, v, len(text))}, nil
}

// invokeRequest reads the parameters of lambda:invoke.
func invokeRequest(t *thread, input any) (InvokeRequest, *failure) {
	params, _ := input.(*object)
	r := InvokeRequest{Region: t.x.machine.region, Payload: []byte("{}")}
	if params == nil {
		return r, badParameters(input, "The Parameters must be an object")
	}
	for i, k := range params.keys {
		v := params.vals[i]
		text, isText := v.(string)
		switch k {
		case "Payload":
			r.Payload = appendJSON(nil, v)
		case "FunctionName":
			r.setFunction(text)
		case "Qualifier":
			r.Qualifier = text
		case "InvocationType":
			isText = text == "RequestResponse"
		case "LogType":
			isText = text == "None" || text == "Tail"
		case "ClientContext":
		default:
			return r, badParameters(input, fmt.Sprintf("The field \"%s\" is not supported by Step Functions", k))
		}
		if !isText && k != "Payload" {
			return r, badParameters(input, fmt.Sprintf("The value of the field '%s' is not one that the local cloud runs", k))
		}
	}
	if r.FunctionName == "" {
		return r, badParameters(input, "The field 'FunctionName' is required but was missing")
	}
	return r, nil
}

func badParameters(input any, why string) *failure {
	return runtime(errRuntime, saysf("The Parameters '%s' could not be used to start the Task: [%s]", encode(input), why))
}

// setFunction reads a function's name, partial ARN or ARN, each with an optional qualifier.
func (r *InvokeRequest) setFunction(name string) {
	parts := strings.Split(name, ":")
	for i, p := range parts {
		if p == "function" && i+1 < len(parts) {
			if i >= 2 && strings.HasPrefix(name, "arn:") {
				r.Region = parts[3]
			}
			parts = parts[i+1:]
			break
		}
	}
	r.FunctionName = parts[0]
	if len(parts) > 1 && r.Qualifier == "" {
		r.Qualifier = parts[1]
	}
}

// invokeOutput is the result of lambda:invoke as
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html shows it.
func invokeOutput(t *thread, version string, v any, length int) *object {
	id := t.x.svc.cloud.Rand.UUID()
	meta := httpMetadata(t, "Connection", id, length, "application/json", "X-Amz-Executed-Version", version)
	return obj("ExecutedVersion", version, "Payload", v, "SdkHttpMetadata", meta,
		"SdkResponseMetadata", obj("RequestId", id), "StatusCode", number(http.StatusOK))
}

// httpMetadata is the SdkHttpMetadata of an answer; connection is how the service spells that header.
func httpMetadata(t *thread, connection, id string, length int, contentType string, more ...string) *object {
	headers := append([]string{connection, "keep-alive", "Content-Length", strconv.Itoa(length), "Content-Type", contentType,
		"Date", t.x.now().Format(http.TimeFormat), "x-amzn-RequestId", id}, more...)
	all, single := &object{}, &object{}
	for i := 0; i < len(headers); i += 2 {
		all.set(headers[i], []any{headers[i+1]})
		single.set(headers[i], headers[i+1])
	}
	return obj("AllHttpHeaders", all, "HttpHeaders", single, "HttpStatusCode", number(http.StatusOK))
}

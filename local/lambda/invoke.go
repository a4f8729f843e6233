package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"twofold/local/core"
)

// InvocationType is how a caller waits.
type InvocationType string

// The invocation types of the API; the zero value is RequestResponse.
const (
	RequestResponse InvocationType = "RequestResponse"
	Event           InvocationType = "Event"
	DryRun          InvocationType = "DryRun"
)

// Payload limits of docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, in bytes.
const (
	maxSyncPayload  = 6 << 20
	maxAsyncPayload = 1 << 20
)

// Result is the answer to an invocation.
type Result struct {
	StatusCode      int // 200, 202 (Event) or 204 (DryRun)
	Payload         []byte
	FunctionError   string // "" or "Unhandled"; then Payload is the error's JSON
	ExecutedVersion string
	Log             []byte // last 4 KiB when a tail was asked for
}

// Invoke invokes a function of the region, by name or ARN, for another service of the cloud. It takes the
// same path as a call over the wire: faults, authorization, throttling. For an AWS service, p.Via is the
// ARN of the resource on whose behalf it invokes, as permissions test it. Errors are core.Error values.
func (s *Service) Invoke(ctx context.Context, region, name, qualifier string, p core.Principal, kind InvocationType, payload []byte) (Result, error) {
	path := "/2015-03-31/functions/" + name + "/invocations"
	call := &core.Call{Region: region, Service: "lambda", Method: http.MethodPost, Path: path, Body: payload, Principal: p}
	return s.through(ctx, call, func(ctx context.Context) (Result, error) {
		return s.invoke(ctx, call, name, qualifier, kind, Invocation{Payload: payload})
	})
}

// through does what core.Cloud.Do does around a call, without encoding the answer.
func (s *Service) through(ctx context.Context, call *core.Call, do func(context.Context) (Result, error)) (Result, error) {
	if err := s.Cloud.Faults.Before(ctx, call); err != nil {
		return failedInstead(err)
	}
	res, err := do(core.WithRegion(ctx, call.Region))
	if lost := s.Cloud.Faults.After(ctx, call); lost != nil {
		return Result{}, lost
	}
	return res, err
}

// invoke authorizes, checks and runs or queues an invocation.
func (s *Service) invoke(ctx context.Context, call *core.Call, name, qualifier string, kind InvocationType, in Invocation) (Result, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:InvokeFunction", name, qualifier)
	if err != nil {
		return Result{}, err
	}
	if in.Payload, err = checkPayload(kind, in.Payload); err != nil {
		return Result{}, err
	}
	in.InvokedARN, in.RequestID = t.invokedARN, s.Cloud.Rand.UUID()
	switch kind {
	case "", RequestResponse:
		return s.execute(ctx, t, in)
	case Event:
		s.queue(ctx, t, in)
		return Result{StatusCode: http.StatusAccepted}, nil
	case DryRun:
		return Result{StatusCode: http.StatusNoContent}, nil
	}
	return Result{}, invalidParameter("Value '%s' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]", kind)
}

// open resolves a name and authorizes the action on the ARN that the caller named, before
// it tells whether there is such a function.
func (s *Service) open(region string, p core.Principal, action, name, qualifier string) (target, error) {
	t, err := s.resolve(region, name, qualifier)
	if t.invokedARN == "" {
		return t, err
	}
	if denied := s.authorize(region, p, action, t); denied != nil {
		return t, denied
	}
	return t, err
}

func checkPayload(kind InvocationType, payload []byte) ([]byte, error) {
	limit := maxSyncPayload
	if kind == Event {
		limit = maxAsyncPayload
	}
	if len(payload) > limit {
		return nil, &core.Error{Code: "RequestTooLargeException", Status: http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("%d byte payload is too large for the %s invocation type (limit %d bytes)", len(payload), kind, limit)}
	}
	if len(payload) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(payload) {
		return nil, core.Errorf("InvalidRequestContentException", "Could not parse request body into json: the payload is not valid JSON")
	}
	return payload, nil
}

// execute runs one invocation to its end, within the limits of concurrency.
func (s *Service) execute(ctx context.Context, t target, in Invocation) (Result, error) {
	release, err := s.admit(t.fn)
	if err != nil {
		s.observe(t, Observed{Throttled: true})
		return Result{}, err
	}
	defer release()
	v := t.version
	if err := s.Cloud.Point(ctx, "lambda/"+v.Name); err != nil {
		return Result{}, err
	}
	out, err := s.Runner.Run(ctx, v, in)
	if err != nil {
		return Result{}, s.runnerError(v, err)
	}
	s.bill(v, out.Duration)
	s.observe(t, Observed{Errored: out.Error != "", Duration: out.Duration})
	if out.Error != "" {
		s.journalError(v, out)
	}
	// The function may have run, but a region that was lost meanwhile answers nobody.
	if err := s.Cloud.Point(ctx, ""); err != nil {
		return Result{}, err
	}
	return Result{StatusCode: http.StatusOK, Payload: out.Payload, FunctionError: out.Error, ExecutedVersion: v.Number, Log: out.Log}, nil
}

func (s *Service) runnerError(v *Version, err error) error {
	if _, ok := err.(*core.Error); ok {
		return err
	}
	s.Cloud.Journal.Add(core.Entry{Region: v.Region, Kind: core.KindInternal, Subject: v.Name, Detail: err.Error()})
	return &core.Error{Code: "ServiceException", Message: err.Error(), Status: http.StatusInternalServerError}
}

func (s *Service) journalError(v *Version, out Outcome) {
	var e struct{ ErrorType, ErrorMessage string }
	detail := "an error that is not JSON"
	if json.Unmarshal(out.Payload, &e) == nil {
		detail = e.ErrorType + ": " + e.ErrorMessage
	}
	s.Cloud.Journal.Add(core.Entry{Region: v.Region, Kind: core.KindFunctionError, Subject: v.Name, Detail: detail})
}

// bill counts a request and its GB-seconds; durations round up to a millisecond.
func (s *Service) bill(v *Version, d time.Duration) {
	ms := math.Max(1, math.Ceil(float64(d)/float64(time.Millisecond)))
	s.Cloud.Meter.AddFor(v.Region, Requests, v.Name, 1)
	s.Cloud.Meter.AddFor(v.Region, GBSeconds, v.Name, ms/1000*float64(v.MemoryMB)/1024)
}

// admit counts an invocation in, or throttles it. The caller must call release.
func (s *Service) admit(f *function) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.reserved != nil {
		if f.running >= *f.reserved {
			return nil, throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
		}
		f.running++
		return func() { s.mu.Lock(); f.running--; s.mu.Unlock() }, nil
	}
	if s.running[f.region] >= s.unreserved(f.region) {
		return nil, throttled("ConcurrentInvocationLimitExceeded")
	}
	s.running[f.region]++
	return func() { s.mu.Lock(); s.running[f.region]--; s.mu.Unlock() }, nil
}

// unreserved is what reservations leave of the account's concurrency; the caller holds the mutex.
func (s *Service) unreserved(region string) int {
	left := accountConcurrency
	for _, f := range s.functions {
		if f.region == region && f.reserved != nil {
			left -= *f.reserved
		}
	}
	return left
}

func throttled(reason string) error {
	return &core.Error{Code: "TooManyRequestsException", Status: http.StatusTooManyRequests, Message: "Rate Exceeded.",
		Fields: map[string]any{"Reason": reason, "Type": "User"}}
}

// invokeWire answers POST .../invocations.
func (s *Service) invokeWire(ctx context.Context, call *core.Call, name string) (*core.Reply, error) {
	in := Invocation{Payload: call.Body, TraceID: call.Header.Get("X-Amzn-Trace-Id"), Tail: call.Header.Get("X-Amz-Log-Type") == "Tail"}
	if raw := call.Header.Get("X-Amz-Client-Context"); raw != "" {
		decoded, err := base64.StdEncoding.DecodeString(raw)
		if err != nil || !json.Valid(decoded) {
			return nil, core.Errorf("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
		}
		in.ClientContext = string(decoded)
	}
	kind := InvocationType(call.Header.Get("X-Amz-Invocation-Type"))
	res, err := s.invoke(ctx, call, name, call.Query.Get("Qualifier"), kind, in)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if res.ExecutedVersion != "" {
		header["X-Amz-Executed-Version"] = []string{res.ExecutedVersion}
	}
	if res.FunctionError != "" {
		header["X-Amz-Function-Error"] = []string{res.FunctionError}
	}
	if in.Tail && res.Log != nil {
		header["X-Amz-Log-Result"] = []string{base64.StdEncoding.EncodeToString(res.Log)}
	}
	return &core.Reply{Status: res.StatusCode, Header: header, Body: res.Payload}, nil
}

// pathSegment undoes the escaping of an ARN in a path, which the wire may have left.
func pathSegment(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}

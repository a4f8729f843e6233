package lambda

import (
	"context"
	"time"

	"twofold/local/core"
)

// Version is one state of a function's code and configuration: a published version or what
// $LATEST was at some time. It never changes; runners may use its address as its identity.
type Version struct {
	Region, Name string
	Number       string // "$LATEST" or "1", "2", ...
	FunctionARN  string // without a version
	Role         string
	Handler      string
	Runtime      string
	Architecture string
	Description  string
	MemoryMB     int
	Timeout      time.Duration
	Environment  map[string]string
	LogGroup     string
	Tracing      string
	DeadLetter   string // ARN or ""

	// Principal is what the function's own calls are made as; AccessKeyID and Secret sign them.
	Principal           core.Principal
	AccessKeyID, Secret string

	Resource  core.Resource // of AWS::Lambda::Function
	Modified  time.Time
	revision  int
	codeValue string
}

// ARN names the version; $LATEST has the function's own.
func (v *Version) ARN() string {
	if v.Number == latest {
		return v.FunctionARN
	}
	return v.FunctionARN + ":" + v.Number
}

// Invocation is one event on its way into a version.
type Invocation struct {
	RequestID     string
	InvokedARN    string // with the qualifier that the caller used
	TraceID       string // "" when the caller sent none
	ClientContext string // JSON or ""
	Payload       []byte // JSON; the runner must not change it
	Tail          bool   // the caller wants the end of the log
}

// Outcome is what became of an invocation.
type Outcome struct {
	Payload  []byte        // the answer, or {"errorType","errorMessage",...}
	Error    string        // "" or the value of X-Amz-Function-Error: "Unhandled"
	Duration time.Duration // of the handler, without the instance's start
	Log      []byte        // last 4 KiB, when asked for
}

// Runner runs versions. Run blocks until the handler has answered or was stopped at the
// version's time-out; it must be safe for use by many tasks at once. What the function does wrong is an
// Outcome with an Error; an error says that the invocation could not be run: a *core.Error is
// answered as it is, others as ServiceException.
type Runner interface {
	Run(ctx context.Context, v *Version, in Invocation) (Outcome, error)
}

// Unhandled is the kind of every function error that custom runtimes report.
const Unhandled = "Unhandled"

// ErrorPayload is the JSON that Lambda answers for an error it found itself.
func ErrorPayload(kind, message string) []byte {
	return encode(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
}

// TimedOut is the outcome of a handler that was stopped at its time-out.
func TimedOut(v *Version, requestID string) Outcome {
	return Outcome{Error: Unhandled, Duration: v.Timeout, Payload: ErrorPayload("Sandbox.Timedout",
		"RequestId: "+requestID+" Error: Task timed out after "+seconds(v.Timeout)+" seconds")}
}

// Exited is the outcome of a handler whose process ended; how is e.g. "exit status 1", or
// "" when it ended without an error.
func Exited(requestID, how string, d time.Duration) Outcome {
	message := "RequestId: " + requestID + " Error: Runtime exited without providing a reason"
	if how != "" {
		message = "RequestId: " + requestID + " Error: Runtime exited with error: " + how
	}
	return Outcome{Error: Unhandled, Duration: d, Payload: ErrorPayload("Runtime.ExitError", message)}
}

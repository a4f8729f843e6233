package states

import "fmt"

// Error names that the States Language reserves.
const (
	errAll              = "States.ALL"
	errTimeout          = "States.Timeout"
	errHeartbeat        = "States.HeartbeatTimeout"
	errTaskFailed       = "States.TaskFailed"
	errRuntime          = "States.Runtime"
	errDataLimit        = "States.DataLimitExceeded"
	errNoChoice         = "States.NoChoiceMatched"
	errIntrinsic        = "States.IntrinsicFailure"
	errResultPath       = "States.ResultPathMatchFailure"
	errTolerated        = "States.ExceedToleratedFailureThreshold"
	errPermissions      = "States.Permissions"
	maxPayload          = 256 * 1024 // bytes of a state's input, output or result
	maxDefinition       = 1024 * 1024
	maxHistory          = 25000
	dataLimitText       = "The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit."
	historyLimitText    = "The execution reached the maximum number of history events (25000)."
	defaultToleratedMsg = "The specified tolerated failure threshold was exceeded"
)

// failure is why a state failed: an error name and a cause, each of which a Fail state may
// leave out.
type failure struct {
	name, cause       string
	hasName, hasCause bool
	inState           bool // cause is still to be told with the state it happened in
}

// fail is a failure with a name and a cause.
func fail(name, cause string) *failure {
	return &failure{name: name, cause: cause, hasName: true, hasCause: true}
}

// runtime is a failure of the state's own processing; its cause is given the state's name and
// entry event where it leaves the state.
func runtime(name string, err error) *failure {
	f := fail(name, err.Error())
	f.inState = true
	return f
}

// output is what a catcher gets as its input.
func (f *failure) output() *object {
	o := obj("Error", f.name)
	if f.hasCause || f.hasName {
		o.set("Cause", f.cause)
	}
	return o
}

// says is an error in AWS's own words, shown to callers as it is.
type says string

func (s says) Error() string { return string(s) }

func saysf(format string, args ...any) error { return says(fmt.Sprintf(format, args...)) }

// wrong is an error of a template's evaluation with the error name it becomes.
type wrong struct {
	name string
	says
}

// failed turns an evaluation's error into a failure.
func failed(err error) *failure {
	if w, ok := err.(*wrong); ok {
		return runtime(w.name, w)
	}
	return runtime(errRuntime, err)
}

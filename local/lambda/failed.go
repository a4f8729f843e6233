package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Failed is what an interceptor (core.Faults) answers before an invocation to have the function fail with an error of this name instead of
// running, as far as another service of the cloud invokes it. Over the wire there is no such fault.
type Failed struct{ Type string }

func (f *Failed) Error() string { return fmt.Sprintf("the function fails with %s", f.Type) }

// failedInstead is the answer to an invocation that an interceptor kept from its function.
func failedInstead(err error) (Result, error) {
	var f *Failed
	if !errors.As(err, &f) {
		return Result{}, err
	}
	payload, err := json.Marshal(map[string]string{"errorType": f.Type, "errorMessage": "injected"})
	return Result{StatusCode: http.StatusOK, FunctionError: "Unhandled", Payload: payload}, err
}

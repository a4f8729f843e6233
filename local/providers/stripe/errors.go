package stripe

import (
	"encoding/json"
	"fmt"
	"net/http"
)

const (
	invalidRequest  = "invalid_request_error"
	unexpectedState = "payment_intent_unexpected_state"
)

// Error is an API error, shaped as https://docs.stripe.com/api/errors shows it.
type Error struct {
	Status        int           `json:"-"`
	Type          string        `json:"type"`
	Code          string        `json:"code,omitempty"`
	DeclineCode   string        `json:"decline_code,omitempty"`
	Charge        string        `json:"charge,omitempty"`
	DocURL        string        `json:"doc_url,omitempty"`
	Message       string        `json:"message"`
	Param         string        `json:"param,omitempty"`
	PaymentIntent *intentObject `json:"payment_intent,omitempty"`
	PaymentMethod *methodObject `json:"payment_method,omitempty"`

	executed bool // the operation had begun: an idempotency key keeps this answer
}

func (e *Error) Error() string { return e.Type + "/" + e.Code + ": " + e.Message }

func badRequest(code, param, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: invalidRequest, Code: code, Param: param, DocURL: docURL(code),
		Message: fmt.Sprintf(format, args...)}
}

func missing(kind, id, param string) *Error {
	return &Error{Status: http.StatusNotFound, Type: invalidRequest, Code: "resource_missing", Param: param,
		DocURL: docURL("resource_missing"), Message: fmt.Sprintf("No such %s: '%s'", kind, id)}
}

func docURL(code string) string {
	if code == "" {
		return ""
	}
	return "https://stripe.com/docs/error-codes/" + code
}

// replyError is the answer for an error; nil gives an empty answer.
func replyError(err *Error) answer {
	if err == nil {
		return answer{}
	}
	body, merr := json.Marshal(map[string]*Error{"error": err})
	if merr != nil {
		body = []byte(`{"error":{"type":"api_error","message":"the error could not be written"}}`)
	}
	return answer{status: err.Status, body: body}
}

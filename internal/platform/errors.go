package platform

import (
	"errors"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// Code names what went wrong, the same in HTTP answers, Step Functions and logs.
type Code string

// The codes. Business refusals are caught by the saga, transient ones retried; see the table.
const (
	InvalidRequest      Code = "InvalidRequest"
	Unauthorized        Code = "Unauthorized"
	BadSignature        Code = "BadSignature"
	Forbidden           Code = "Forbidden"
	NotFound            Code = "NotFound"
	Conflict            Code = "Conflict"
	PreconditionFailed  Code = "PreconditionFailed"
	PayloadTooLarge     Code = "PayloadTooLarge"
	IdempotencyMismatch Code = "IdempotencyMismatch"
	Unprocessable       Code = "Unprocessable"
	Throttled           Code = "Throttled"
	Unavailable         Code = "Unavailable"
	Undecided           Code = "Undecided"
	Internal            Code = "Internal"

	InsufficientStock   Code = "InsufficientStock"
	StockOnItsWay       Code = "StockOnItsWay"
	ReservationClosed   Code = "ReservationClosed"
	PaymentDeclined     Code = "PaymentDeclined"
	ShipmentUnavailable Code = "ShipmentUnavailable"
	CancelRequested     Code = "CancelRequested"
)

// Kind says what a caller does about an error.
type Kind int

// A refusal is an answer; a transient error is tried again; a final one needs a person or another input.
const (
	Refusal Kind = iota
	Transient
	Final
)

type treatment struct {
	status int
	title  string
	kind   Kind
}

// table is the one place where codes meet HTTP and retry. The name towards Step Functions is the code itself.
var table = map[Code]treatment{
	InvalidRequest:      {http.StatusBadRequest, "The request is not valid", Final},
	Unauthorized:        {http.StatusUnauthorized, "The token is missing or not valid", Final},
	BadSignature:        {http.StatusUnauthorized, "The signature is missing, not valid or too old", Final},
	Forbidden:           {http.StatusForbidden, "The token does not allow this", Final},
	NotFound:            {http.StatusNotFound, "There is no such thing", Final},
	Conflict:            {http.StatusConflict, "The request does not fit the present state", Final},
	PreconditionFailed:  {http.StatusPreconditionFailed, "The resource has changed", Final},
	PayloadTooLarge:     {http.StatusRequestEntityTooLarge, "The body is too large", Final},
	IdempotencyMismatch: {http.StatusUnprocessableEntity, "The Idempotency-Key was used for another request", Final},
	Unprocessable:       {http.StatusUnprocessableEntity, "The request cannot be carried out", Final},
	Throttled:           {http.StatusTooManyRequests, "Too many requests", Transient},
	Unavailable:         {http.StatusServiceUnavailable, "The service is not available at the moment", Transient},
	Undecided:           {http.StatusServiceUnavailable, "The outcome is not known yet", Transient},
	Internal:            {http.StatusInternalServerError, "Internal error", Final},
	InsufficientStock:   {http.StatusConflict, "Not enough stock", Refusal},
	StockOnItsWay:       {http.StatusConflict, "More stock is on its way", Refusal},
	ReservationClosed:   {http.StatusConflict, "The reservation is closed", Refusal},
	PaymentDeclined:     {http.StatusPaymentRequired, "The payment was declined", Refusal},
	ShipmentUnavailable: {http.StatusConflict, "The order cannot be shipped", Refusal},
	CancelRequested:     {http.StatusConflict, "The order is being cancelled", Refusal},
}

// Codes are all codes of the table with what is done about each, for checks against the state
// machine's Retry and Catch lists.
func Codes() map[Code]Kind {
	out := make(map[Code]Kind, len(table))
	for c, t := range table {
		out[c] = t.kind
	}
	return out
}

// Violation is one fault of a request: a JSON pointer into the body (or the name of a header or
// parameter) and what to do.
type Violation struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Error is the one error type. Detail and Violations are written for the caller; Cause is for the log only.
type Error struct {
	Code       Code
	Detail     string
	Violations []Violation
	Cause      error
}

func (e *Error) Error() string {
	msg := string(e.Code)
	if e.Detail != "" {
		msg += ": " + e.Detail
	}
	if e.Cause != nil {
		msg += ": " + e.Cause.Error()
	}
	return msg
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Refuse makes an error with a code and a detail for the caller.
func Refuse(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Wrap gives an error a code, keeping the cause for the log.
func Wrap(code Code, cause error) *Error { return &Error{Code: code, Cause: cause} }

// CodeOf is the code of an error; Internal if it has none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// IsTransient reports whether trying again may help.
func IsTransient(err error) bool { return table[CodeOf(err)].kind == Transient }

// ForStates is an error as Step Functions is to see it: its name is the code, its message
// free of internal text.
func ForStates(err error) error {
	code := CodeOf(err)
	msg := table[code].title
	var e *Error
	if errors.As(err, &e) && e.Detail != "" {
		msg = e.Detail
	}
	return messages.InvokeResponse_Error{Type: string(code), Message: msg}
}

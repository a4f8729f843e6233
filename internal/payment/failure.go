package payment

import "fmt"

// Kind sorts the provider's errors by what they say about the call. They never say what an intent has become.
type Kind int

// The kinds.
const (
	Unanswered Kind = iota // no answer, busy, locked, limited, or another call with the key is under way
	Broken                 // a server error
	Mismatch               // the idempotency key stands for other parameters
	Refused                // the request is not possible
	Denied                 // the provider does not take our key
)

// Failure is an error of the provider, without the provider's text: that may hold personal data.
type Failure struct {
	Kind     Kind
	Replayed bool // the answer is what the idempotency key stands for
	Detail   string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("payment provider: %s", f.Detail)
}

// Answered reports whether the provider answered the request itself.
func (f *Failure) Answered() bool { return f.Kind != Unanswered && f.Kind != Denied }

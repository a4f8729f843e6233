// Package consumers runs the consumers' own code against what they say they need, and writes that down as pacts: the handlers on the events
// and answers that they take, the generated client on the API's answers. The gateways' pacts are written beside them, in internal/payment
// and internal/shipping. Its tests have the build tag pact and need the library behind pact-go: run them with `make contract`.
package consumers

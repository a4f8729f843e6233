// Package providers holds each provider to the pacts that its consumers have written: the API through the local cloud with the compiled
// functions, the stand-ins of Stripe and the carrier, the events as they leave the bus and the rules, and the functions that answer other
// services. Its tests have the build tag pact and need the library behind pact-go: run them with `make contract`.
package providers

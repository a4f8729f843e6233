// Package platform is what every function of every service stands on: its surroundings
// ([Runtime]), the one error type with its table ([Error]), and the shapes of its
// triggers (API, saga step, queue batch).
//
// It guarantees that internal text never reaches a client, that a function reads the
// environment only through what its main hands it, and that an unknown error is
// retried rather than taken for an answer. It knows no business rule.
package platform

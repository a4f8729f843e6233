package integration_test

import (
	"testing"

	"pgregory.net/rapid"
)

// cases are how many histories of a property an engine gets: DynamoDB Local takes milliseconds for a call.
var cases = map[string]int{localEngine: 40, publicEngine: 4}

// property checks what must always hold over as many drawn histories as the engine is given. n numbers them, for keys of their own. What
// fails is shrunk and repeated without that limit.
func (r *regions) property(t *testing.T, check func(rt *rapid.T, n int)) {
	t.Helper()
	n, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > cases[r.engine] && !failed {
			return
		}
		suite.tried(r.engine)
		through := false
		defer func() { failed = failed || !through || rt.Failed() }()
		check(rt, n)
		through = true
	})
}

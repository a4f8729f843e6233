package states

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
)

// retrier is one element of Retry.
type retrier struct {
	errors   []string
	interval int64 // seconds before the first retry
	attempts int64
	rate     float64
	maxDelay int64 // seconds, 0 for no bound
	jitter   bool  // JitterStrategy FULL
}

// catcher is one element of Catch.
type catcher struct {
	errors []string
	next   target
	result placement
	assign *template
}

// catches reports whether the error names take the failure. States.ALL takes neither
// States.DataLimitExceeded nor States.Runtime, and nothing takes the latter:
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
func catches(names []string, f *failure) bool {
	if f.name == errRuntime {
		return false
	}
	return slices.ContainsFunc(names, func(n string) bool {
		switch n {
		case f.name:
			return true
		case errAll:
			return f.name != errDataLimit
		case errTaskFailed:
			return f.name != errDataLimit && f.name != errTimeout && f.name != errHeartbeat
		case errTimeout:
			return f.name == errHeartbeat
		}
		return false
	})
}

// maxWait bounds what a back-off can grow to: AWS's longest interval, about a year.
const maxWait = 31622400

// delay is the wait before retry number n, counted from 0.
func (r *retrier) delay(n int64, rand *core.Rand) time.Duration {
	seconds := math.Min(float64(r.interval)*math.Pow(r.rate, float64(n)), maxWait)
	if r.maxDelay > 0 {
		seconds = math.Min(seconds, float64(r.maxDelay))
	}
	if r.jitter {
		seconds *= rand.Float64()
	}
	return time.Duration(seconds * float64(time.Second))
}

// retries reads Retry and Catch of a state.
func (s *state) retries(f *fields) {
	for i, v := range f.list("Retry") {
		if r := f.c.fields(v, f.at+"/Retry"+index(i)); r != nil {
			s.retry = append(s.retry, compileRetrier(r))
		}
	}
	for i, v := range f.list("Catch") {
		if r := f.c.fields(v, f.at+"/Catch"+index(i)); r != nil {
			s.catch = append(s.catch, compileCatcher(r))
		}
	}
	for i := range s.retry {
		f.c.allIsLast(s.retry[i].errors, i == len(s.retry)-1, f.at+"/Retry"+index(i))
	}
	for i := range s.catch {
		f.c.allIsLast(s.catch[i].errors, i == len(s.catch)-1, f.at+"/Catch"+index(i))
	}
}

func compileRetrier(f *fields) retrier {
	f.require("ErrorEquals")
	r := retrier{errors: f.errorNames(), interval: f.integer("IntervalSeconds", 1, 1),
		attempts: f.integer("MaxAttempts", 0, 3), maxDelay: f.integer("MaxDelaySeconds", 1, 0), rate: 2}
	if v, ok := f.get("BackoffRate"); ok {
		n, isNumber := v.(json.Number)
		rate, err := n.Float64()
		if !isNumber || err != nil || rate < 1 {
			f.problem("BackoffRate", "Value is not greater than or equal to 1.0")
			rate = 1
		}
		r.rate = rate
	}
	if r.maxDelay >= maxWait {
		f.problem("MaxDelaySeconds", "Value is not less than %d", maxWait)
	}
	switch f.str("JitterStrategy") {
	case "FULL":
		r.jitter = true
	case "", "NONE":
	default:
		f.problem("JitterStrategy", "The field 'JitterStrategy' should have one of these values: [FULL, NONE]")
	}
	f.done()
	return r
}

func compileCatcher(f *fields) catcher {
	f.require("ErrorEquals", "Next")
	k := catcher{errors: f.errorNames(), next: target{name: f.str("Next"), at: f.at + "/Next"},
		result: f.placement("ResultPath"), assign: f.template("Assign")}
	f.refuse("Output", "the query language JSONata, to which Output belongs")
	f.done()
	return k
}

// reserved are the names that may begin with "States.".
var reserved = []string{errAll, errTimeout, errHeartbeat, errTaskFailed, errPermissions, errResultPath, errNoChoice, errIntrinsic,
	errDataLimit, errRuntime, errTolerated, "States.ParameterPathFailure", "States.BranchFailed", "States.ItemReaderFailed",
	"States.ResultWriterFailed", "States.Http.Socket", "States.QueryEvaluationError"}

func (f *fields) errorNames() []string {
	list := f.list("ErrorEquals")
	if len(list) == 0 && f.has("ErrorEquals") {
		f.problem("ErrorEquals", "Value cannot be empty")
	}
	names := make([]string, 0, len(list))
	for _, v := range list {
		name, ok := v.(string)
		switch {
		case !ok:
			f.problem("ErrorEquals", "Expected value of type String")
		case strings.HasPrefix(name, "States.") && !slices.Contains(reserved, name):
			f.problem("ErrorEquals", "'%s' is not an error name of the States Language", name)
		}
		names = append(names, name)
	}
	return names
}

// allIsLast reports States.ALL beside other names, or in another place than the last.
func (c *compiler) allIsLast(names []string, last bool, at string) {
	if slices.Contains(names, errAll) && (len(names) > 1 || !last) {
		c.problem(schemaFailed, at+"/ErrorEquals", "States.ALL must stand alone, in the last element")
	}
}

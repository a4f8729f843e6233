package states

import (
	"encoding/json"
	"strings"
	"time"
)

// passAction gives its fixed result, or its input.
type passAction struct {
	result any
	fixed  bool
}

func compilePass(_ *compiler, s *state, f *fields) {
	s.inAndOut(f)
	s.transition(f)
	s.parameters, s.result = f.template("Parameters"), f.placement("ResultPath")
	v, ok := f.get("Result")
	s.does = &passAction{result: v, fixed: ok}
}

func (a *passAction) run(_ *visit, input any) (any, *failure) {
	if a.fixed {
		return a.result, nil
	}
	return input, nil
}

type succeedAction struct{}

func compileSucceed(_ *compiler, s *state, f *fields) {
	s.input, s.output = f.selection("InputPath"), f.selection("OutputPath")
	s.does = succeedAction{}
}

func (succeedAction) run(_ *visit, input any) (any, *failure) { return input, nil }

// failAction fails with an error name and a cause, each of which may be left out.
type failAction struct{ name, cause failText }

// failText is Error or Cause, as text or as a path or intrinsic function.
type failText struct {
	text  string
	expr  expr
	field string
	given bool
}

func compileFail(_ *compiler, s *state, f *fields) {
	s.does = &failAction{name: f.failText("Error"), cause: f.failText("Cause")}
}

func (f *fields) failText(name string) failText {
	f.atMostOne(name, name+"Path")
	t := failText{text: f.str(name), field: name + "Path", given: f.has(name) || f.has(name+"Path")}
	if !f.has(t.field) {
		return t
	}
	x, err := compileExpr(f.str(t.field))
	if err != nil {
		f.problem(t.field, "Value is not a valid JSONPath or intrinsic function: %v", err)
	}
	t.expr = x
	return t
}

func (t failText) eval(e *env) (string, *failure) {
	if t.expr == nil {
		return t.text, nil
	}
	v, err := evalField(t.expr, t.field, e)
	if err != nil {
		return "", failed(err)
	}
	s, ok := v.(string)
	if !ok {
		return "", runtime(errRuntime, saysf("The %s field must reference a string but was: %s", t.field, encode(v)))
	}
	return s, nil
}

func (a *failAction) run(v *visit, input any) (any, *failure) {
	e := v.env(input)
	name, f := a.name.eval(e)
	if f != nil {
		return nil, f
	}
	cause, f := a.cause.eval(e)
	if f != nil {
		return nil, f
	}
	return nil, &failure{name: name, cause: cause, hasName: a.name.given, hasCause: a.cause.given}
}

// waitAction waits for seconds or until a time, either fixed or read by a path.
type waitAction struct {
	seconds int64
	until   time.Time
	path    *path
	isTime  bool // the path leads to a time
}

// maxWaitTime is the longest wait that AWS accepts.
const maxWaitTime = 24855 * 24 * time.Hour

func compileWait(c *compiler, s *state, f *fields) {
	s.inAndOut(f)
	s.transition(f)
	f.atMostOne("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
	a := &waitAction{seconds: f.integer("Seconds", 0, 0)}
	switch {
	case f.has("Timestamp"):
		v, _ := f.get("Timestamp")
		at, ok := timestamp(v)
		if !ok {
			f.problem("Timestamp", "String does not match RFC3339 timestamp")
		}
		a.until = at
	case f.has("SecondsPath"):
		a.path = f.path("SecondsPath", compilePath)
	case f.has("TimestampPath"):
		a.path, a.isTime = f.path("TimestampPath", compilePath), true
	case !f.has("Seconds"):
		c.problem(schemaFailed, s.at, "Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]")
	}
	s.does = a
}

func (a *waitAction) run(v *visit, input any) (any, *failure) {
	d, f := a.duration(v, input)
	if f != nil {
		return nil, f
	}
	if d > maxWaitTime {
		return nil, runtime(errRuntime, says("Wait state delay is too long."))
	}
	if f := v.thread.sleep(d); f != nil {
		return nil, f
	}
	return input, nil
}

func (a *waitAction) duration(v *visit, input any) (time.Duration, *failure) {
	now := v.thread.x.now()
	switch {
	case a.path != nil && a.isTime:
		at, f := a.time(v, input)
		return at.Sub(now), f
	case a.path != nil:
		seconds, f := secondsAt(a.path, "SecondsPath", v.env(input))
		return time.Duration(seconds) * time.Second, f
	case !a.until.IsZero():
		return a.until.Sub(now), nil
	}
	return time.Duration(a.seconds) * time.Second, nil
}

func (a *waitAction) time(v *visit, input any) (time.Time, *failure) {
	value, err := a.path.eval(v.env(input))
	if err != nil {
		return time.Time{}, runtime(errRuntime, saysf("The TimestampPath parameter does not reference an input value: %s", a.path.text))
	}
	at, ok := timestamp(value)
	if !ok {
		text := strings.Trim(encode(value), `"`)
		return at, runtime(errRuntime, saysf("The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: %s == %s", a.path.text, text))
	}
	return at, nil
}

// secondsAt reads a number of seconds by a path, with the words AWS has for what is wrong with it.
func secondsAt(p *path, field string, e *env) (int64, *failure) {
	v, err := p.eval(e)
	if err != nil {
		return 0, runtime(errRuntime, saysf("The %s parameter does not reference an input value: %s", field, p.text))
	}
	n, isNumber := v.(json.Number)
	seconds, whole := integer(v)
	switch {
	case !isNumber || !whole:
		return 0, runtime(errRuntime, saysf("The %s parameter cannot be parsed as a long value: %s == %s", field, p.text, encode(v)))
	case seconds < 0:
		return 0, runtime(errRuntime, saysf("The %s parameter references a negative value: %s == %s", field, p.text, n))
	}
	return min(seconds, int64(maxWaitTime/time.Second)+1), nil
}

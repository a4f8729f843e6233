package states

import (
	"fmt"
	"strings"

	"twofold/local/core"
)

// Codes of problems, as CreateStateMachine and ValidateStateMachineDefinition give them.
const (
	schemaFailed  = "SCHEMA_VALIDATION_FAILED"
	invalidJSON   = "INVALID_JSON_DESCRIPTION"
	missingTarget = "MISSING_TRANSITION_TARGET"
	duplicateName = "DUPLICATE_STATE_NAME"
)

// Problem is one mistake in a definition.
type Problem struct {
	Code     string // e.g. "SCHEMA_VALIDATION_FAILED"
	Message  string
	Location string // JSON pointer to the field, e.g. "/States/Pay/Next"; empty when the text is not JSON
	State    string // the name of the state, "" outside any
}

func (p Problem) String() string {
	if p.Location == "" || p.Code == invalidJSON { // whose message names the place
		return p.Code + ": " + p.Message
	}
	return p.Code + ": " + p.Message + " at " + p.Location
}

// Validate lists what is wrong with the definition of a STANDARD machine, and which parts of it the
// local cloud does not run; empty when it can be created.
func Validate(definition []byte) []Problem {
	_, problems := compile(string(definition), Standard)
	return problems
}

// invalidDefinition is the error of CreateStateMachine for problems.
func invalidDefinition(problems []Problem) error {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	return core.Errorf("InvalidDefinition", "Invalid State Machine Definition: '%s'", strings.Join(texts, ", "))
}

// compiler reads a definition and collects what is wrong with it.
type compiler struct {
	typ      string
	problems []Problem
	state    string // the state that is being read
}

func (c *compiler) problem(code, at, format string, args ...any) {
	if at == "" {
		at = "/"
	}
	c.problems = append(c.problems, Problem{Code: code, Message: fmt.Sprintf(format, args...), Location: at, State: c.state})
}

// notRun reports a part of the language that AWS has and the local cloud does not run.
func (c *compiler) notRun(at, what string) {
	c.problem(schemaFailed, at, "the local cloud does not run %s (state '%s')", what, c.state)
}

// compile reads a definition for a machine of type typ. The workflow is only fit to run when there
// are no problems.
func compile(definition, typ string) (*workflow, []Problem) {
	c := &compiler{typ: typ}
	if strings.TrimSpace(definition) == "" {
		return nil, []Problem{{Code: schemaFailed, Message: "Definition must be a valid JSON object"}}
	}
	v, err := parse(definition)
	if err != nil {
		at := position(definition, err)
		return nil, []Problem{{Code: invalidJSON, Message: err.Error() + "\n at " + at, Location: at}}
	}
	if _, ok := v.(*object); !ok {
		return nil, []Problem{{Code: schemaFailed, Message: "Definition must be a valid JSON object"}}
	}
	w := c.workflow(v, "", true)
	return w, c.problems
}

func position(text string, err error) string {
	s, ok := err.(*syntaxError)
	if !ok {
		return ""
	}
	before := text[:min(s.at, len(text))]
	line := strings.Count(before, "\n") + 1
	return fmt.Sprintf("[Source: (String)\"%s\"; line: %d, column: %d]", text, line, len(before)-strings.LastIndexByte(before, '\n'))
}

// fields reads the members of an object of the definition and reports those that nobody asked for.
type fields struct {
	c    *compiler
	o    *object
	at   string
	read map[string]bool
}

// fields starts reading v; nil when it is not an object, which is then a problem.
func (c *compiler) fields(v any, at string) *fields {
	o, ok := v.(*object)
	if !ok {
		c.problem(schemaFailed, at, "Expected value of type Object")
		return nil
	}
	return &fields{c: c, o: o, at: at, read: map[string]bool{"Comment": true}}
}

func (f *fields) get(name string) (any, bool) {
	f.read[name] = true
	return f.o.get(name)
}

func (f *fields) has(name string) bool { _, ok := f.o.get(name); return ok }

func (f *fields) problem(name, format string, args ...any) {
	f.c.problem(schemaFailed, f.at+"/"+name, format, args...)
}

// require reports names that are missing, together, as AWS does.
func (f *fields) require(names ...string) {
	var missing []string
	for _, n := range names {
		if !f.has(n) {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		f.c.problem(schemaFailed, f.at, "These fields are required: [%s]", strings.Join(missing, ", "))
	}
}

// atMostOne reports when more than one of the names is there.
func (f *fields) atMostOne(names ...string) {
	n := 0
	for _, name := range names {
		if f.has(name) {
			n++
		}
	}
	if n > 1 {
		f.c.problem(schemaFailed, f.at, "Only one of these fields is allowed: [%s]", strings.Join(names, ", "))
	}
}

// refuse reports a field that the local cloud does not run.
func (f *fields) refuse(name, what string) {
	if _, ok := f.get(name); ok {
		f.c.notRun(f.at+"/"+name, what)
	}
}

// done reports members that were not read.
func (f *fields) done() {
	for _, k := range f.o.keys {
		if !f.read[k] {
			f.c.problem(schemaFailed, f.at, "Field '%s' is not supported", k)
		}
	}
}

func (f *fields) str(name string) string {
	v, ok := f.get(name)
	s, isString := v.(string)
	if ok && !isString {
		f.problem(name, "Expected value of type String")
	}
	return s
}

func (f *fields) boolean(name string) bool {
	v, ok := f.get(name)
	b, isBool := v.(bool)
	if ok && !isBool {
		f.problem(name, "Expected value of type Boolean")
	}
	return b
}

// integer reads a whole number of at least low, and otherwise when the field is missing.
func (f *fields) integer(name string, low, otherwise int64) int64 {
	v, ok := f.get(name)
	if !ok {
		return otherwise
	}
	i, whole := integer(v)
	switch {
	case !whole:
		f.problem(name, "Expected value of type Integer")
		return otherwise
	case i < low:
		f.problem(name, "Value is not greater than or equal to %d", low)
		return otherwise
	}
	return i
}

// path reads a path with compile; nil when the field is missing or null.
func (f *fields) path(name string, compile func(string) (*path, error)) *path {
	v, ok := f.get(name)
	if !ok || v == nil {
		return nil
	}
	text, isString := v.(string)
	if !isString {
		f.problem(name, "Expected value of type String")
		return nil
	}
	p, err := compile(text)
	if err != nil {
		f.problem(name, "Value is not a valid JSONPath: %v", err)
		return nil
	}
	return p
}

// template reads a payload template; nil when the field is missing.
func (f *fields) template(name string) *template {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	return f.c.template(v, f.at+"/"+name)
}

func (f *fields) list(name string) []any {
	v, ok := f.get(name)
	a, isList := v.([]any)
	if ok && !isList {
		f.problem(name, "Expected value of type Array")
	}
	return a
}

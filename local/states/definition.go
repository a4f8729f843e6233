package states

import "strings"

// workflow is a compiled definition, or the inside of a Parallel branch or Map.
type workflow struct {
	start   target
	states  map[string]*state
	order   []*state // as written
	timeout int64    // seconds for the whole execution, 0 for none
}

// target is a transition: the name as written, and the state once linked.
type target struct {
	name  string
	at    string // where it is written
	state *state
}

// state is a compiled state. What its type does not have is left zero.
type state struct {
	name, typ  string
	at, label  string
	next       target
	end        bool
	input      selection // InputPath
	parameters *template
	selector   *template // ResultSelector
	result     placement // ResultPath
	output     selection // OutputPath
	assign     *template
	retry      []retrier
	catch      []catcher
	does       action
}

// action is what distinguishes the types of states.
type action interface {
	// run makes the state's result from its effective input.
	run(v *visit, input any) (any, *failure)
}

// selection is an InputPath or OutputPath: a path, everything (nil), or nothing.
type selection struct {
	path *path
	none bool // null: an empty object
}

func (s selection) apply(e *env) (any, *failure) {
	switch {
	case s.none:
		return &object{}, nil
	case s.path == nil:
		return e.input, nil
	}
	v, err := s.path.eval(e)
	if err != nil {
		return nil, runtime(errRuntime, saysf("Invalid path '%s' : %v", s.path.text, err))
	}
	return v, nil
}

// placement is a ResultPath: a place, everything (nil), or nowhere.
type placement struct {
	path *path
	none bool // null: the result is dropped
}

func (p placement) apply(input, result any) (any, *failure) {
	switch {
	case p.none:
		return input, nil
	case p.path == nil || len(p.path.steps) == 0:
		return result, nil
	}
	v, err := p.path.put(input, result)
	if err != nil {
		return nil, runtime(errResultPath, err)
	}
	return v, nil
}

func (f *fields) selection(name string) selection {
	v, ok := f.o.get(name)
	s := selection{path: f.path(name, compilePath), none: ok && v == nil}
	if s.path != nil && s.path.root == rootInput && len(s.path.steps) == 0 {
		s.path = nil
	}
	return s
}

func (f *fields) placement(name string) placement {
	v, ok := f.o.get(name)
	p := placement{path: f.path(name, compileReference), none: ok && v == nil}
	if p.path != nil && p.path.root != rootInput {
		f.problem(name, "Value is not a Reference Path of the state's input")
	}
	return p
}

// workflow reads {"StartAt", "States"} at the place at; top has the fields of a whole definition,
// and config those of a Map's processor.
func (c *compiler) workflow(v any, at string, top bool) *workflow {
	f := c.fields(v, at)
	if f == nil {
		return nil
	}
	f.require("States", "StartAt")
	w := &workflow{start: target{name: f.str("StartAt"), at: at + "/StartAt"}, states: map[string]*state{}}
	if top {
		if version := f.str("Version"); version != "" && version != "1.0" {
			f.problem("Version", "The field 'Version' should have one of these values: [1.0]")
		}
		w.timeout = f.integer("TimeoutSeconds", 1, 0)
	} else if config, ok := f.get("ProcessorConfig"); ok {
		c.processorConfig(config, at+"/ProcessorConfig")
	}
	c.queryLanguage(f)
	states, _ := f.get("States")
	f.done()
	c.states(w, states, at+"/States")
	c.link(w, at)
	return w
}

func (c *compiler) processorConfig(v any, at string) {
	f := c.fields(v, at)
	if f == nil {
		return
	}
	switch mode := f.str("Mode"); mode {
	case "", "INLINE":
	case "DISTRIBUTED":
		c.notRun(at+"/Mode", "distributed Map")
	default:
		f.problem("Mode", "The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]")
	}
	f.str("ExecutionType")
	f.done()
}

func (c *compiler) queryLanguage(f *fields) {
	switch f.str("QueryLanguage") {
	case "", "JSONPath":
	case "JSONata":
		c.notRun(f.at+"/QueryLanguage", "the query language JSONata")
	default:
		f.problem("QueryLanguage", "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]")
	}
}

func (c *compiler) states(w *workflow, v any, at string) {
	if v == nil {
		return
	}
	o, ok := v.(*object)
	if !ok || len(o.keys) == 0 {
		c.problem(schemaFailed, at, "Value cannot be empty")
		return
	}
	outer := c.state
	for i, name := range o.keys {
		c.state = name
		if len(name) > 80 {
			c.problem(schemaFailed, at+"/"+name, "State name is longer than 80 characters")
		}
		if s := c.compileState(name, o.vals[i], at+"/"+name); s != nil {
			w.states[name] = s
			w.order = append(w.order, s)
		}
	}
	c.state = outer
}

// stateType gives what reads the fields of a type beyond those that all have; nil for no type.
func stateType(name string) func(c *compiler, s *state, f *fields) {
	switch name {
	case "Task":
		return compileTask
	case "Wait":
		return compileWait
	case "Pass":
		return compilePass
	case "Succeed":
		return compileSucceed
	case "Fail":
		return compileFail
	case "Choice":
		return compileChoice
	case "Parallel":
		return compileParallel
	case "Map":
		return compileMap
	}
	return nil
}

func (c *compiler) compileState(name string, v any, at string) *state {
	f := c.fields(v, at)
	if f == nil {
		return nil
	}
	s := &state{name: name, at: at, label: "state " + name, typ: f.str("Type")}
	if s.typ == "" && !f.has("Type") {
		f.require("Type")
		return nil
	}
	build := stateType(s.typ)
	if build == nil {
		f.problem("Type", "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]")
		return nil
	}
	c.queryLanguage(f)
	if f.has("Arguments") || f.has("Output") || f.has("Items") {
		c.notRun(at, "the query language JSONata, to which Arguments, Output and Items belong")
	}
	build(c, s, f)
	f.done()
	return s
}

// transition reads Next or End.
func (s *state) transition(f *fields) {
	s.next = target{name: f.str("Next"), at: s.at + "/Next"}
	s.end = f.boolean("End")
	if f.has("Next") == s.end {
		f.c.problem(schemaFailed, s.at, "Exactly one of these fields is required: [Next, End]")
	}
}

// inAndOut reads InputPath and OutputPath.
func (s *state) inAndOut(f *fields) {
	s.input, s.output = f.selection("InputPath"), f.selection("OutputPath")
	s.assign = f.template("Assign")
}

// link resolves the transitions of a workflow and reports states that nothing leads to.
func (c *compiler) link(w *workflow, at string) {
	if len(w.order) == 0 {
		return
	}
	c.resolve(w, &w.start, "StartAt")
	for _, s := range w.order {
		c.state = s.name
		for _, t := range s.targets() {
			c.resolve(w, t, t.at[strings.LastIndexByte(t.at, '/')+1:])
		}
	}
	reached := map[*state]bool{}
	reach(w.start.state, reached)
	terminal := false
	for _, s := range w.order {
		c.state = s.name
		if !reached[s] && w.start.state != nil {
			c.problem(missingTarget, s.at, "State \"%s\" is not reachable.", s.name)
		}
		terminal = terminal || s.end || s.typ == "Succeed" || s.typ == "Fail"
	}
	c.state = ""
	if !terminal {
		c.problem(missingTarget, at, "No terminal state: a state with \"End\": true, or of type Succeed or Fail")
	}
}

func (c *compiler) resolve(w *workflow, t *target, field string) {
	if t.name == "" {
		return // reported as a missing field
	}
	if t.state = w.states[t.name]; t.state == nil {
		c.problem(missingTarget, t.at, "Missing '%s' target: %s", field, t.name)
	}
}

// targets are all transitions out of a state.
func (s *state) targets() []*target {
	var out []*target
	if s.next.name != "" {
		out = append(out, &s.next)
	}
	if choice, ok := s.does.(*choiceAction); ok {
		for i := range choice.rules {
			out = append(out, &choice.rules[i].next)
		}
		if choice.otherwise.name != "" {
			out = append(out, &choice.otherwise)
		}
	}
	for i := range s.catch {
		out = append(out, &s.catch[i].next)
	}
	return out
}

func reach(s *state, seen map[*state]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for _, t := range s.targets() {
		reach(t.state, seen)
	}
}

package states

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// taskAction calls a function or service.
type taskAction struct {
	task      task
	timeout   secondsField
	heartbeat secondsField
}

// task is what a Task state's Resource stands for.
type task interface {
	// event names an event of the task, e.g. "TaskFailed" for "Failed", and adds its own details.
	event(suffix string) (typ string, details []any)
	// subject is how a cause names the task, e.g. "lambda".
	subject() string
	// call does the work and gives the result with its text.
	call(ctx context.Context, t *thread, input any) (doc, *failure)
}

// secondsField is TimeoutSeconds or HeartbeatSeconds, or the path to it.
type secondsField struct {
	seconds int64
	path    *path
}

func (f *fields) seconds(name string) secondsField {
	f.atMostOne(name, name+"Path")
	return secondsField{seconds: f.integer(name, 1, 0), path: f.path(name+"Path", compilePath)}
}

func (s secondsField) eval(e *env) (int64, *failure) {
	if s.path == nil {
		return s.seconds, nil
	}
	v, err := s.path.eval(e)
	if err != nil {
		return 0, runtime(errRuntime, saysf("Invalid path '%s' : %v", s.path.text, err))
	}
	n, ok := integer(v)
	if !ok || n < 1 {
		return 0, runtime(errRuntime, saysf("Invalid path '%s' : the value must be a positive integer but was: %s", s.path.text, encode(v)))
	}
	return n, nil
}

func compileTask(c *compiler, s *state, f *fields) {
	s.inAndOut(f)
	s.transition(f)
	s.parameters, s.selector, s.result = f.template("Parameters"), f.template("ResultSelector"), f.placement("ResultPath")
	s.retries(f)
	f.refuse("Credentials", "Credentials of a task")
	f.require("Resource")
	a := &taskAction{timeout: f.seconds("TimeoutSeconds"), heartbeat: f.seconds("HeartbeatSeconds")}
	if t, h := a.timeout.seconds, a.heartbeat.seconds; t > 0 && h >= t {
		f.problem("HeartbeatSeconds", "Value of HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
	if resource := f.str("Resource"); resource != "" {
		a.task = c.task(f, s, resource)
	}
	s.does = a
}

// task finds what a Resource stands for, and reports what AWS or the local cloud does not know.
func (c *compiler) task(f *fields, s *state, resource string) task {
	parts := strings.SplitN(resource, ":", 8)
	at := f.at + "/Resource"
	switch {
	case len(parts) >= 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function":
		l := &lambdaTask{resource: resource, region: parts[3], function: parts[6]}
		if len(parts) > 7 {
			l.qualifier = parts[7]
		}
		return l
	case len(parts) >= 7 && parts[2] == "states" && parts[5] == "activity":
		c.refusedForm(at, "Activity ARN", "activities")
		return nil
	case len(parts) >= 7 && parts[0] == "arn" && parts[2] == "states" && parts[3] == "" && parts[4] == "":
		return c.integration(f, s, resource, strings.TrimPrefix(resource, strings.Join(parts[:5], ":")+":"))
	}
	c.notRecognized(at, resource)
	return nil
}

func (c *compiler) notRecognized(at, resource string) {
	c.problem(schemaFailed, at, "The resource provided %s is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.", resource)
}

// refusedForm reports a form of Resource that AWS refuses for EXPRESS and the local cloud does not run.
func (c *compiler) refusedForm(at, express, what string) {
	if c.typ == Express {
		c.problem(schemaFailed, at, "Express state machine does not support %s", express)
		return
	}
	c.notRun(at, what)
}

// integration finds a service integration, named e.g. "lambda:invoke" or "aws-sdk:sqs:sendMessage".
func (c *compiler) integration(f *fields, s *state, resource, name string) task {
	at := f.at + "/Resource"
	for _, form := range []string{".waitForTaskToken", ".sync:2", ".sync"} {
		if strings.HasSuffix(name, form) {
			shown, _, _ := strings.Cut(form, ":")
			if shown == ".waitForTaskToken" {
				shown += "' service integration " // AWS's own text has two spaces here
			} else {
				shown += "' service integration"
			}
			c.refusedForm(at, "'"+shown, "the integration pattern "+form)
			return nil
		}
	}
	if name == "lambda:invoke" {
		if o := literalObject(s.parameters); o != nil && !hasField(o, "FunctionName") {
			c.problem(schemaFailed, s.at+"/Parameters", "The field 'FunctionName' is required but was missing")
		}
		return &invokeTask{}
	}
	if t := findService(name); t != nil {
		return t
	}
	if service, _, _ := strings.Cut(name, ":"); service == "dynamodb" || service == "lambda" {
		c.notRecognized(at, resource)
		return nil
	}
	c.notRun(at, "the service integration "+name)
	return nil
}

func literalObject(t *template) *object {
	if t == nil {
		return nil
	}
	o, _ := t.fixed.(*object)
	return o
}

func hasField(o *object, name string) bool { return o.find(name) >= 0 || o.find(name+".$") >= 0 }

func (a *taskAction) run(v *visit, input any) (any, *failure) {
	e, t := v.env(input), v.thread
	timeout, f := a.timeout.eval(e)
	if f != nil {
		return nil, f
	}
	heartbeat, f := a.heartbeat.eval(e)
	if f != nil {
		return nil, f
	}
	a.scheduled(t, doc{v: input}, timeout, heartbeat)
	a.record(t, "Started", nil)
	out, f := a.timed(t, input, timeout, heartbeat)
	if f == stopped || t.gone() {
		return nil, stopped
	}
	if f == nil && out.size() > maxPayload {
		f = fail(errDataLimit, fmt.Sprintf(dataLimitText, a.task.subject()))
	}
	switch {
	case f == nil:
		a.record(t, "Succeeded", func() *object { return obj("output", out.String(), "outputDetails", whole()) })
		return out.v, nil
	case !f.hasCause:
		a.record(t, "TimedOut", failureDetails(f))
	default:
		a.record(t, "Failed", failureDetails(f))
	}
	return nil, f
}

// record adds an event of the task: its own details and more.
func (a *taskAction) record(t *thread, suffix string, more func() *object) {
	typ, own := a.task.event(suffix)
	if len(own) == 0 && more == nil {
		t.add(typ, nil)
		return
	}
	t.add(typ, func() *object {
		o := obj(own...)
		if more != nil {
			m := more()
			for i, k := range m.keys {
				o.set(k, m.vals[i])
			}
		}
		return o
	})
}

func (a *taskAction) scheduled(t *thread, in doc, timeout, heartbeat int64) {
	a.record(t, "Scheduled", func() *object {
		o := &object{}
		if l, ok := a.task.(*lambdaTask); ok {
			o = obj("resource", l.resource, "input", in.String(), "inputDetails", whole())
		} else {
			o = obj("region", t.x.machine.region, "parameters", in.String())
		}
		if timeout > 0 {
			o.set("timeoutInSeconds", number(timeout))
		}
		if heartbeat > 0 {
			o.set("heartbeatInSeconds", number(heartbeat))
		}
		return o
	})
}

// timed calls the task, and no longer waits for its answer when the time is over.
func (a *taskAction) timed(t *thread, input any, timeout, heartbeat int64) (doc, *failure) {
	limit, name := timeout, errTimeout
	if heartbeat > 0 && (limit == 0 || heartbeat < limit) {
		limit, name = heartbeat, errHeartbeat
	}
	if limit == 0 {
		return a.task.call(t.callContext(t.ctx), t, input)
	}
	var mu sync.Mutex
	var out doc
	var f *failure
	done := t.x.svc.cloud.NewSignal()
	t.x.svc.cloud.Go(t.ctx, "states/"+t.x.machine.name, func(ctx context.Context) {
		o, failure := a.task.call(t.callContext(ctx), t, input)
		mu.Lock()
		out, f = o, failure
		mu.Unlock()
		done.Set()
	})
	ok, err := done.WaitFor(t.ctx, time.Duration(limit)*time.Second)
	mu.Lock()
	defer mu.Unlock()
	switch {
	case err != nil:
		return doc{}, stopped
	case !ok:
		return doc{}, &failure{name: name, hasName: true}
	}
	return out, f
}

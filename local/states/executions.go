package states

import (
	"context"
	"slices"
	"strings"

	"twofold/local/core"
)

// startRequest is what starts an execution.
type startRequest struct {
	StateMachineArn string
	Name            string
	Input           *string
	TraceHeader     string
}

// defaultInput is the input of an execution that is given none.
const defaultInput = "{}"

// prepare checks a request and makes the execution, not yet launched.
func (s *Service) prepare(r startRequest) (*execution, error) {
	a, err := parseARN(r.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := firstError(tooLong(r.Name, "name", maxName), checkName(r.Name)); err != nil {
		return nil, err
	}
	input := defaultInput
	if r.Input != nil {
		input = *r.Input
	}
	if err := tooLong(input, "input", maxPayload); err != nil {
		return nil, err
	}
	if strings.TrimSpace(input) == "" {
		return nil, core.Errorf("InvalidExecutionInput", "Invalid State Machine Execution Input: 'Invalid execution input.'")
	}
	v, err := parse(input)
	if err != nil {
		return nil, core.Errorf("InvalidExecutionInput", "Invalid State Machine Execution Input: '%v'", err)
	}
	x := &execution{svc: s, name: r.Name, input: doc{v: v, text: input}, started: s.cloud.Now()}
	if x.name == "" {
		x.name = s.cloud.Rand.UUID()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return x, s.route(x, a)
}

// route finds machine and revision for the ARN that an execution was started by. The caller holds s.mu.
func (s *Service) route(x *execution, a parsedARN) error {
	m := s.machines[a.machine()]
	if m == nil {
		return noMachine(a.text)
	}
	x.machine, x.rev = m, m.current
	if a.more != "" {
		version := a.text
		if al := m.alias(a.more); al != nil {
			x.alias, version = al.arn, al.pick(s.cloud.Rand)
		}
		v := m.version(version)
		if v == nil {
			return noMachine(a.text)
		}
		x.version, x.rev = v.arn, v.rev
	}
	x.recording = m.typ == Standard || x.rev.logs()
	x.arn = core.ARN("states", m.region, "execution:"+m.name+":"+x.name)
	if m.typ == Express {
		x.arn = core.ARN("states", m.region, "express:"+m.name+":"+x.name+":"+s.cloud.Rand.UUID())
	}
	return nil
}

// start prepares and launches; for a STANDARD execution that is running with the same name and
// input it answers that one.
func (s *Service) start(r startRequest) (*execution, error) {
	x, err := s.prepare(r)
	if err != nil {
		return nil, err
	}
	if x.machine.typ == Express {
		x.launch()
		if s.duplicate != nil && s.duplicate(x.info()) {
			s.again(x).launch()
		}
		return x, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.executions[x.arn]; old != nil {
		if old.over() || old.input.String() != x.input.String() {
			return nil, core.Errorf("ExecutionAlreadyExists", "Execution Already Exists: '%s'", x.arn)
		}
		return old, nil
	}
	s.executions[x.arn] = x
	s.serial++
	x.serial = s.serial
	x.machine.executions = append(x.machine.executions, x)
	x.launch()
	return x, nil
}

// again is the same execution once more.
func (s *Service) again(x *execution) *execution {
	return &execution{svc: s, machine: x.machine, rev: x.rev, arn: x.arn, name: x.name, version: x.version, alias: x.alias,
		input: x.input, started: x.started, recording: x.recording}
}

// forget drops an execution that vanished.
func (s *Service) forget(x *execution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.executions[x.arn] == x {
		delete(s.executions, x.arn)
		x.machine.executions = slices.DeleteFunc(slices.Clone(x.machine.executions), func(e *execution) bool { return e == x })
	}
}

// Start starts an execution of the machine, version or alias arn for another service (a rule, a
// schedule), which has already authorized itself. An empty name gets a random one.
func (s *Service) Start(_ context.Context, region, arn, name string, input []byte) error {
	in := string(input)
	if a, err := parseARN(arn, "stateMachine"); err != nil || a.region != region {
		return noMachine(arn)
	}
	_, err := s.start(startRequest{StateMachineArn: arn, Name: name, Input: &in})
	return err
}

func (s *Service) startExecution(c *core.Call) (any, error) {
	var r startRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := s.mayStart(c, "states:StartExecution", r.StateMachineArn); err != nil {
		return nil, err
	}
	x, err := s.start(r)
	if err != nil {
		return nil, err
	}
	return obj("executionArn", x.arn, "startDate", stamp(x.started)), nil
}

// mayStart authorizes starting arn, which must be in the region of the call.
func (s *Service) mayStart(c *core.Call, action, arn string) error {
	a, err := parseARN(arn, "stateMachine")
	if err != nil {
		return err
	}
	if err := c.Authorize(action, arn); err != nil {
		return err
	}
	if a.region != c.Region {
		return noMachine(arn)
	}
	return nil
}

// startSync runs an EXPRESS execution and answers when it has ended.
func (s *Service) startSync(ctx context.Context, c *core.Call) (any, error) {
	var r startRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := s.mayStart(c, "states:StartSyncExecution", r.StateMachineArn); err != nil {
		return nil, err
	}
	x, err := s.prepare(r)
	if err != nil {
		return nil, err
	}
	if x.machine.typ != Express {
		return nil, noType()
	}
	ended := s.cloud.NewSignal()
	x.waiters = append(x.waiters, ended)
	x.launch()
	if err := ended.Wait(ctx); err != nil {
		return nil, err
	}
	return x.syncReply()
}

func noType() error {
	return core.Errorf("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
}

func (x *execution) syncReply() (any, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stopped.IsZero() {
		return nil, core.ErrUnreachable
	}
	billing := obj("billedMemoryUsedInMB", number(billedMB), "billedDurationInMilliseconds", number(x.billed().Milliseconds()))
	out := obj("executionArn", x.arn, "stateMachineArn", x.machine.arn, "name", x.name, "startDate", stamp(x.started), "stopDate", stamp(x.stopped),
		"status", x.status, "input", x.input.String(), "inputDetails", obj("included", true), "billingDetails", billing)
	x.outcome(out)
	return out, nil
}

// outcome adds output, or error and cause. The caller holds x.mu.
func (x *execution) outcome(o *object) {
	switch {
	case x.status == succeeded:
		o.set("output", x.output.String())
		o.set("outputDetails", obj("included", true))
	case x.failure != nil:
		if x.failure.hasName {
			o.set("error", x.failure.name)
		}
		if x.failure.hasCause {
			o.set("cause", x.failure.cause)
		}
	}
}

// findExecution gives a STANDARD execution by the ARN in a request.
func (s *Service) findExecution(arn string) (*execution, error) {
	if _, err := parseARN(arn, "execution"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.executions[arn]
	if x == nil {
		return nil, core.Errorf("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
	}
	return x, nil
}

func (s *Service) stopExecution(c *core.Call) (any, error) {
	var r struct {
		ExecutionArn string
		Error, Cause *string
	}
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:StopExecution", r.ExecutionArn); err != nil {
		return nil, err
	}
	x, err := s.findExecution(r.ExecutionArn)
	if err != nil {
		return nil, err
	}
	x.end(aborted, doc{}, &failure{name: text(r.Error), cause: text(r.Cause), hasName: r.Error != nil, hasCause: r.Cause != nil}, 0)
	x.mu.Lock()
	defer x.mu.Unlock()
	return obj("stopDate", stamp(x.stopped)), nil
}

func (s *Service) describeExecution(c *core.Call) (any, error) {
	var r struct{ ExecutionArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DescribeExecution", r.ExecutionArn); err != nil {
		return nil, err
	}
	x, err := s.findExecution(r.ExecutionArn)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.summary()
	out.set("input", x.input.String())
	out.set("inputDetails", obj("included", true))
	x.outcome(out)
	if x.status == running || x.status == succeeded {
		out.set("redriveStatus", "NOT_REDRIVABLE")
		out.set("redriveStatusReason", "Execution is "+x.status+" and cannot be redriven")
	} else {
		out.set("redriveStatus", "REDRIVABLE")
	}
	return out, nil
}

// summary is an execution as a list shows it. The caller holds x.mu.
func (x *execution) summary() *object {
	o := obj("executionArn", x.arn, "stateMachineArn", x.machine.arn, "name", x.name, "status", x.status, "startDate", stamp(x.started), "redriveCount", number(0))
	if !x.stopped.IsZero() {
		o.set("stopDate", stamp(x.stopped))
	}
	if x.version != "" {
		o.set("stateMachineVersionArn", x.version)
	}
	if x.alias != "" {
		o.set("stateMachineAliasArn", x.alias)
	}
	return o
}

func (s *Service) describeForExecution(c *core.Call) (any, error) {
	var r struct{ ExecutionArn string }
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DescribeStateMachineForExecution", r.ExecutionArn); err != nil {
		return nil, err
	}
	x, err := s.findExecution(r.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := obj("stateMachineArn", x.machine.arn, "name", x.machine.name, "definition", x.rev.definition, "roleArn", x.rev.role,
		"updateDate", stamp(x.rev.updated), "loggingConfiguration", raw(x.rev.logging), "tracingConfiguration", raw(x.rev.tracing))
	if x.rev.id != "" {
		out.set("revisionId", x.rev.id)
	}
	return out, nil
}

package states

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"twofold/local/core"
)

// Types of state machines.
const (
	Standard = "STANDARD"
	Express  = "EXPRESS"
)

// Statuses of executions.
const (
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
	failedEnd = "FAILED"
	timedOut  = "TIMED_OUT"
	aborted   = "ABORTED"
)

// expressLimit is how long an EXPRESS execution may take.
const expressLimit = 5 * time.Minute

// Execution names an execution, for [Options].Duplicate.
type Execution struct {
	ARN, Name, Region string
	Machine           string // the machine's name
	Input             string
}

// Ended is what the journal's entry of kind core.KindExecution carries as its Data. The entry's
// Subject is the machine's name, its Detail the status, with the error where there is one.
type Ended struct {
	Execution
	Type, Status     string
	Error, Cause     string // "" unless FAILED or ABORTED
	Output           string // "" unless SUCCEEDED
	Started, Stopped time.Time
	Events           int64         // how many history events it had, kept or not
	History          func() []byte // writes the events of an EXPRESS machine that asks for logs, as JSON; nil for others
}

// execution is one run of a machine.
type execution struct {
	svc     *Service
	machine *machine
	rev     *revision
	arn     string
	name    string
	version string // the ARN it was started by, "" if by the machine's own
	alias   string
	input   doc
	started time.Time
	serial  int64       // order of start, for paging
	wake    core.Signal // set when the execution ended or its states were run to the end

	mu          sync.Mutex
	status      string
	stopped     time.Time
	output      doc
	failure     *failure
	recording   bool
	history     []event
	events      int64
	transitions int64
	waiters     []core.Signal
}

func (x *execution) now() time.Time { return x.svc.cloud.Now() }

func (x *execution) info() Execution {
	return Execution{ARN: x.arn, Name: x.name, Region: x.machine.region, Machine: x.machine.name, Input: x.input.String()}
}

// launch starts the execution's tasks.
func (x *execution) launch() {
	x.status, x.wake = running, x.svc.cloud.NewSignal()
	x.record(0, "ExecutionStarted", func() *object {
		o := obj("input", x.input.String(), "inputDetails", whole(), "roleArn", x.rev.role)
		if x.version != "" {
			o.set("stateMachineVersionArn", x.version)
		}
		if x.alias != "" {
			o.set("stateMachineAliasArn", x.alias)
		}
		return o
	})
	x.svc.cloud.Go(core.WithRegion(x.svc.life, x.machine.region), "states/"+x.machine.name, x.supervise)
}

// supervise runs the states in a task of their own and waits for their end, the time-out or
// a StopExecution, whichever is first.
func (x *execution) supervise(ctx context.Context) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	x.svc.cloud.Go(inner, "states/"+x.machine.name, x.body)
	if err := x.await(ctx); err != nil {
		x.vanish()
	}
}

func (x *execution) await(ctx context.Context) error {
	limit := x.limit()
	if limit == 0 {
		return x.wake.Wait(ctx)
	}
	ok, err := x.wake.WaitFor(ctx, limit)
	if err == nil && !ok {
		x.end(timedOut, doc{}, &failure{}, 0)
	}
	return err
}

// limit is the execution's time-out, 0 for none.
func (x *execution) limit() time.Duration {
	limit := time.Duration(x.rev.workflow.timeout) * time.Second
	if x.machine.typ == Express && (limit == 0 || limit > expressLimit) {
		return expressLimit
	}
	return limit
}

// body runs the states.
func (x *execution) body(ctx context.Context) {
	t := &thread{x: x, ctx: ctx, vars: &scope{}}
	out, f := t.run(x.rev.workflow, x.input)
	switch {
	case f == stopped:
		x.vanish() // unless it has ended
	case f != nil:
		x.end(failedEnd, doc{}, f, t.previous)
	default:
		x.end(succeeded, out, nil, t.previous)
	}
	x.wake.Set()
}

// end closes the execution once; later calls change nothing and report false.
func (x *execution) end(status string, out doc, f *failure, previous int64) bool {
	x.mu.Lock()
	if x.status != running {
		x.mu.Unlock()
		return false
	}
	x.stopped, x.output, x.failure = x.now(), out, f
	x.events++
	if x.recording {
		x.append(previous, closingEvents[status], x.closing(out, f))
	}
	x.status = status
	waiters := x.waiters
	x.waiters = nil
	x.mu.Unlock()
	x.account()
	x.wake.Set()
	for _, w := range waiters {
		w.Set()
	}
	return true
}

var closingEvents = map[string]string{succeeded: "ExecutionSucceeded", failedEnd: "ExecutionFailed", timedOut: "ExecutionTimedOut", aborted: "ExecutionAborted"}

func (x *execution) closing(out doc, f *failure) func() *object {
	if f != nil {
		return failureDetails(f)
	}
	return func() *object { return obj("output", out.String(), "outputDetails", whole()) }
}

// vanish forgets an execution whose region is lost for good, or whose cloud is being shut down.
func (x *execution) vanish() {
	x.mu.Lock()
	gone := x.status == running
	waiters := x.waiters
	if gone {
		x.status, x.waiters = aborted, nil
	}
	x.mu.Unlock()
	if gone {
		x.svc.forget(x)
		for _, w := range waiters {
			w.Set()
		}
	}
}

// account journals and meters an execution that has ended.
func (x *execution) account() {
	x.mu.Lock()
	e := Ended{Execution: x.info(), Type: x.machine.typ, Status: x.status, Started: x.started, Stopped: x.stopped, Events: x.events}
	transitions := x.transitions
	if x.machine.typ == Express && x.recording {
		e.History = x.historyJSON
	}
	if x.failure != nil {
		e.Error, e.Cause = x.failure.name, x.failure.cause
	} else {
		e.Output = x.output.String()
	}
	x.mu.Unlock()
	detail := e.Status
	if e.Error != "" {
		detail += " " + e.Error
	}
	x.svc.cloud.Journal.Add(core.Entry{Region: e.Region, Kind: core.KindExecution, Subject: e.Machine, Detail: detail, Data: e})
	meter := x.svc.cloud.Meter
	if x.machine.typ == Standard {
		meter.Add(e.Region, "states:StandardTransition", float64(transitions))
		return
	}
	meter.Add(e.Region, "states:ExpressRequest", 1)
	meter.Add(e.Region, "states:ExpressGBSecond", x.billed().Seconds()*billedMB/1024)
}

// billedMB is the memory that an EXPRESS execution of this size is billed for: one 64 MB chunk.
const billedMB = 64

// billed is the duration rounded up to 100 ms, as EXPRESS executions are billed.
func (x *execution) billed() time.Duration {
	const unit = 100 * time.Millisecond
	d := x.stopped.Sub(x.started)
	return max(unit, (d+unit-1)/unit*unit)
}

// over reports that the execution has ended.
func (x *execution) over() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.status != running
}

func (x *execution) transition() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.transitions++
}

// stamp is a time as the JSON 1.0 protocol writes it: seconds with milliseconds.
func stamp(t time.Time) json.Number {
	ms := t.UnixMilli()
	frac := strconv.FormatInt(1000+ms%1000, 10)[1:]
	return json.Number(strconv.FormatInt(ms/1000, 10) + "." + frac)
}

// isoTime is a time as the context object shows it.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

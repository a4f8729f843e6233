// Package simulated runs Lambda handlers in-process, as bytes in and bytes out, under the
// scheduler of the cloud.
//
// # What it guarantees
//
// A handler runs as a task of its own, so a virtual clock steps it like everything else; the invoker waits for
// it or for the function's time-out, whichever comes first. Instances are as on Lambda: one
// invocation at a time, made by the function's constructor on demand, used again, and thrown away after a
// panic, a time-out or a failed construction. Errors become the JSON that aws-lambda-go makes of them, so that callers
// see what they would see of a process.
//
// A handler that is stopped (time-out, lost region) finds its context ended, and every scheduling call
// it is parked in, and every later one, returns an error: it can have no further effect.
//
// # What it does not do
//
// It does not isolate handlers from each other's memory, limit memory, or capture what a handler writes to
// os.Stdout; logs go to [Env.Stdout].
package simulated

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"twofold/local/core"
	"twofold/local/lambda"
)

// Handler is aws-lambda-go's lambda.Handler.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Env is what a constructor gets from its surroundings.
type Env struct {
	Version *lambda.Version // AccessKeyID and Secret sign the function's own calls
	Getenv  func(string) string
	Stdout  io.Writer // lines go to the journal
	Cloud   *core.Cloud
}

// Constructor makes one instance of a function: what a process does before it asks for its
// first event.
type Constructor func(ctx context.Context, env Env) (Handler, error)

// Runner implements lambda.Runner. Build it with New.
type Runner struct {
	cloud *core.Cloud
	make  map[string]Constructor

	mu      sync.Mutex
	idle    map[*lambda.Version][]Handler
	running []*run // in the order of their starts, so that a replay stops them in the same order
}

// run is one invocation under way.
type run struct {
	version *lambda.Version
	in      lambda.Invocation
	handler Handler // nil until an instance was made
	done    core.Signal
	stop    context.CancelFunc
	began   time.Time

	mu       sync.Mutex
	outcome  lambda.Outcome
	finished bool
	broken   bool // the instance must not be used again
}

// New makes a runner with a constructor for every function name.
func New(cloud *core.Cloud, functions map[string]Constructor) *Runner {
	return &Runner{cloud: cloud, make: functions, idle: map[*lambda.Version][]Handler{}}
}

// Run implements lambda.Runner.
func (r *Runner) Run(ctx context.Context, v *lambda.Version, in lambda.Invocation) (lambda.Outcome, error) {
	if r.make[v.Name] == nil {
		return lambda.Outcome{}, core.NotRun("lambda", "the function "+v.Name+": it has no constructor")
	}
	x := &run{version: v, in: in, done: r.cloud.NewSignal(), began: r.cloud.Now()}
	base, stop := context.WithCancel(context.WithoutCancel(ctx)) // a caller that goes away stops no function
	x.stop = stop
	defer stop()
	deadline := x.began.Add(v.Timeout)
	child := lambdacontext.NewContext(withDeadline{base, deadline}, &lambdacontext.LambdaContext{AwsRequestID: in.RequestID, InvokedFunctionArn: in.InvokedARN})
	r.track(x, true)
	defer r.track(x, false)
	r.cloud.Go(child, "function/"+v.Name, func(ctx context.Context) { r.serve(ctx, x) })
	for {
		left := deadline.Sub(r.cloud.Now())
		_, err := x.done.WaitFor(ctx, max(left, 0))
		if out, ok := r.collect(x); ok {
			return out, err
		}
		if err != nil {
			return lambda.Outcome{}, err
		}
		if !r.cloud.Now().Before(deadline) {
			return lambda.TimedOut(v, in.RequestID), nil
		}
	}
}

// collect takes the outcome of a run that has finished and keeps its instance for the next.
func (r *Runner) collect(x *run) (lambda.Outcome, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.finished && !x.broken {
		r.mu.Lock()
		r.idle[x.version] = append(r.idle[x.version], x.handler)
		r.mu.Unlock()
	}
	return x.outcome, x.finished
}

// serve is the function's task: get an instance, call it, leave the outcome.
func (r *Runner) serve(ctx context.Context, x *run) {
	out, broken := r.call(ctx, x)
	out.Duration = r.cloud.Now().Sub(x.began)
	x.mu.Lock()
	if !x.finished { // a killed run keeps its outcome
		x.outcome, x.broken, x.finished = out, broken, true
	}
	x.mu.Unlock()
	x.done.Set()
}

func (r *Runner) call(ctx context.Context, x *run) (out lambda.Outcome, broken bool) {
	defer func() {
		if p := recover(); p != nil {
			out, broken = failure(ofPanic(p)), true
		}
	}()
	if x.handler = r.take(x.version); x.handler == nil {
		h, err := r.make[x.version.Name](ctx, r.env(x.version))
		if err != nil { // a main that cannot start logs its reason and exits
			r.log(x.version, "initialization failed: "+err.Error())
			return lambda.Exited(x.in.RequestID, "exit status 1", 0), true
		}
		x.handler = h
	}
	answer, err := x.handler.Invoke(ctx, x.in.Payload)
	if err != nil {
		return failure(ofError(err)), false
	}
	return lambda.Outcome{Payload: answer}, false
}

func (r *Runner) take(v *lambda.Version) Handler {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.idle[v]
	if len(have) == 0 {
		return nil
	}
	r.idle[v] = have[:len(have)-1]
	return have[len(have)-1]
}

func (r *Runner) track(x *run, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if on {
		r.running = append(r.running, x)
		return
	}
	r.running = slices.DeleteFunc(r.running, func(o *run) bool { return o == x })
}

// KillRegion throws away the instances of a region and stops its handlers where they are, as the
// loss of a region does. Their invokers see the runtime exit once they run again.
func (r *Runner) KillRegion(region string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for v := range r.idle {
		if v.Region == region {
			delete(r.idle, v)
		}
	}
	for _, x := range r.running {
		if x.version.Region == region {
			x.kill()
		}
	}
}

// kill ends a run's context; an invoker that waits gets the outcome of a killed process.
func (x *run) kill() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.finished {
		x.outcome, x.broken, x.finished = lambda.Exited(x.in.RequestID, "signal: killed", 0), true, true
		x.stop()
		x.done.Set()
	}
}

// withDeadline tells a deadline of the cloud's clock; only the runner ends the context.
type withDeadline struct {
	context.Context
	at time.Time
}

// Deadline implements context.Context.
func (d withDeadline) Deadline() (time.Time, bool) { return d.at, true }

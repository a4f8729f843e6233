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
// Each invocation draws from a stream of its own (see [Env]).
//
// # What it does not do
//
// It does not isolate handlers from each other's memory, limit memory, or capture what a handler writes to
// os.Stdout; logs go to [Env.Stdout].
package simulated

import (
	"bytes"
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
	// Rand is the instance's randomness. What it gives depends on the seed, the function and the number of the
	// invocation alone: were it drawn from the cloud's one stream, a handler that draws once more, or runs at another time, would
	// change every id in the rest of the run, and two traces could not be compared.
	Rand io.Reader
}

// Constructor makes one instance of a function: what a process does before it asks for its
// first event.
type Constructor func(ctx context.Context, env Env) (Handler, error)

// Runner implements lambda.Runner. Build it with New.
type Runner struct {
	Config

	mu      sync.Mutex
	idle    map[*lambda.Version][]*instance
	running []*run         // in the order of their starts, so that a replay stops them in the same order
	began   map[string]int // by region and function: how many invocations
}

// Config is what a Runner is made from. All of it is required.
type Config struct {
	Cloud *core.Cloud
	Seed  uint64
	// Constructor gives the constructor of a function; an error says that there is none.
	Constructor func(v *lambda.Version) (Constructor, error)
}

// instance is a constructed handler with what it draws from.
type instance struct {
	handler Handler
	rand    *stream
}

// run is one invocation under way.
type run struct {
	version  *lambda.Version
	in       lambda.Invocation
	make     Constructor
	number   int       // among the function's invocations
	instance *instance // nil until there is one
	done     core.Signal
	stop     context.CancelFunc
	began    time.Time

	mu       sync.Mutex
	outcome  lambda.Outcome
	finished bool
	broken   bool // the instance must not be used again
}

// New makes a runner without instances.
func New(c Config) *Runner {
	return &Runner{Config: c, idle: map[*lambda.Version][]*instance{}, began: map[string]int{}}
}

// Run implements lambda.Runner.
func (r *Runner) Run(ctx context.Context, v *lambda.Version, in lambda.Invocation) (lambda.Outcome, error) {
	construct, err := r.Constructor(v)
	if err != nil {
		return lambda.Outcome{}, core.NotRun("lambda", "the function "+v.Name+": "+err.Error())
	}
	ctx = context.WithoutCancel(ctx) // a caller that goes away stops no function
	x := &run{version: v, in: in, make: construct, done: r.Cloud.NewSignal(), began: r.Cloud.Now()}
	base, stop := context.WithCancel(ctx)
	x.stop = stop
	defer stop()
	deadline := x.began.Add(v.Timeout)
	child := lambdacontext.NewContext(withDeadline{base, deadline}, &lambdacontext.LambdaContext{AwsRequestID: in.RequestID, InvokedFunctionArn: in.InvokedARN})
	r.enter(x)
	defer r.leave(x)
	child = context.WithValue(child, runKey{}, x)
	r.Cloud.Go(child, "function/"+v.Name, func(ctx context.Context) { r.serve(ctx, x) })
	for {
		_, err := x.done.WaitFor(ctx, max(deadline.Sub(r.Cloud.Now()), 0))
		if out, ok := r.collect(x); ok {
			return out, err
		}
		if err != nil {
			return lambda.Outcome{}, err
		}
		if !r.Cloud.Now().Before(deadline) {
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
		r.idle[x.version] = append(r.idle[x.version], x.instance)
		r.mu.Unlock()
	}
	return x.outcome, x.finished
}

// serve is the function's task: get an instance, call it, leave the outcome.
func (r *Runner) serve(ctx context.Context, x *run) {
	out, broken := r.call(ctx, x)
	out.Duration = r.Cloud.Now().Sub(x.began)
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
	rand := newStream(r.Seed, x.version, x.number)
	if x.instance = r.take(x.version); x.instance == nil {
		x.instance = &instance{rand: rand}
		h, err := x.make(ctx, r.env(x.version, rand))
		if err != nil { // a main that cannot start logs its reason and exits
			r.log(x.version, "initialization failed: "+err.Error())
			return lambda.Exited(x.in.RequestID, "exit status 1", 0), true
		}
		x.instance.handler = h
	}
	x.instance.rand.Rand = rand.Rand
	answer, err := x.instance.handler.Invoke(ctx, x.in.Payload)
	if err != nil {
		return failure(ofError(err)), false
	}
	return lambda.Outcome{Payload: bytes.Clone(answer)}, false // aws-lambda-go writes its next answer over this one
}

func (r *Runner) take(v *lambda.Version) *instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	have := r.idle[v]
	if len(have) == 0 {
		return nil
	}
	r.idle[v] = have[:len(have)-1]
	return have[len(have)-1]
}

func (r *Runner) enter(x *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	function := x.version.Region + "/" + x.version.Name
	r.began[function]++
	x.number = r.began[function]
	r.running = append(r.running, x)
}

func (r *Runner) leave(x *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = slices.DeleteFunc(r.running, func(o *run) bool { return o == x })
}

// Close has nothing to end: handlers are tasks of the cloud's driver.
func (r *Runner) Close() error { return nil }

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

type runKey struct{}

// Running reports whether ctx is of an invocation under way.
func Running(ctx context.Context) bool {
	x, ok := ctx.Value(runKey{}).(*run)
	return ok && !x.over()
}

// Kill ends the process that the invocation of ctx runs in, where it stands: its invoker sees the runtime exit. It does nothing outside an
// invocation.
func Kill(ctx context.Context) {
	if x, ok := ctx.Value(runKey{}).(*run); ok {
		x.kill()
	}
}

func (x *run) over() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.finished
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

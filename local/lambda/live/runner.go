package live

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

// Config is what a Runner is made from. Journal and Binary are required; zeroes take the
// values named.
type Config struct {
	Journal *core.Journal
	// Binary gives the executable of a function.
	Binary func(r core.Resource) (path string, err error)
	// Env is added to every process, e.g. AWS_ENDPOINT_URL.
	Env map[string]string
	// LogDir, when set, takes <region>/<function>.log.
	LogDir string
	// MaxInstances of one version; more callers wait. 16.
	MaxInstances int
	// ScaleDelay is how long a caller waits for a busy instance before a further one is started. 10 ms.
	ScaleDelay time.Duration
	// QueueWait is how long a caller waits at MaxInstances before it is throttled. 30 s.
	QueueWait time.Duration
	// IdleTimeout is how long an instance may be unused. 90 s: longer than the minute between schedules.
	IdleTimeout time.Duration
	// InitTimeout bounds the start of a process up to its first request. 10 s, as on Lambda.
	InitTimeout time.Duration
}

// Runner implements lambda.Runner with processes. Build it with New, end it with Close.
type Runner struct {
	Config

	mu     sync.Mutex
	pools  map[*lambda.Version]*pool
	epochs map[string]int // by region; counts its kills, so that a process that starts meanwhile dies too
	files  map[string]*os.File
	closed bool
}

// New makes a runner without processes.
func New(c Config) *Runner {
	c.MaxInstances = or(c.MaxInstances, 16)
	c.ScaleDelay = or(c.ScaleDelay, 10*time.Millisecond)
	c.QueueWait = or(c.QueueWait, 30*time.Second)
	c.IdleTimeout = or(c.IdleTimeout, 90*time.Second)
	c.InitTimeout = or(c.InitTimeout, 10*time.Second)
	return &Runner{Config: c, pools: map[*lambda.Version]*pool{}, epochs: map[string]int{}, files: map[string]*os.File{}}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Run implements lambda.Runner. It does not end with ctx: as on AWS, a caller that goes away
// stops no function.
func (r *Runner) Run(_ context.Context, v *lambda.Version, in lambda.Invocation) (lambda.Outcome, error) {
	p := r.pool(v)
	for {
		i, err := p.acquire()
		if err != nil {
			return lambda.Outcome{}, err
		}
		switch i.ready(time.Now().Add(r.InitTimeout)) {
		case isReady:
			out := i.invoke(in)
			p.release(i)
			return out, nil
		case isGone: // it ended while idle and has not seen this event
			fresh := i.served == 0
			p.release(i)
			if fresh {
				return i.exited(in.RequestID, 0), nil
			}
		case isFailed:
			p.release(i)
			return lambda.Outcome{Payload: i.initError, Error: lambda.Unhandled}, nil
		}
	}
}

func (r *Runner) pool(v *lambda.Version) *pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pools[v]
	if p == nil {
		p = &pool{runner: r, version: v, all: map[*instance]bool{}}
		r.pools[v] = p
	}
	return p
}

// KillRegion kills every process of a region at once, and those that are being started.
func (r *Runner) KillRegion(region string) {
	r.mu.Lock()
	r.epochs[region]++
	r.mu.Unlock()
	for _, p := range r.everyPool() {
		if p.version.Region == region {
			p.kill()
		}
	}
}

// Close kills all processes, waits until they have ended, and refuses further work.
func (r *Runner) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	var err error
	for _, p := range r.everyPool() {
		for _, i := range p.kill() {
			<-i.ended
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.files {
		if cerr := f.Close(); cerr != nil {
			err = cerr
		}
	}
	clear(r.files)
	return err
}

func (r *Runner) everyPool() []*pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*pool, 0, len(r.pools))
	for _, p := range r.pools {
		out = append(out, p)
	}
	return out
}

// Process is one running instance.
type Process struct {
	Region, Function, Version string
	PID                       int
}

// Processes are the instances that run now, in no particular order.
func (r *Runner) Processes() []Process {
	var out []Process
	for _, p := range r.everyPool() {
		p.mu.Lock()
		for i := range p.all {
			out = append(out, Process{p.version.Region, p.version.Name, p.version.Number, i.cmd.Process.Pid})
		}
		p.mu.Unlock()
	}
	return out
}

// epoch is compared before and after a start; closed refuses it.
func (r *Runner) epoch(region string) (n int, closed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epochs[region], r.closed
}

// logFile opens a function's file once.
func (r *Runner) logFile(v *lambda.Version) (*os.File, error) {
	if r.LogDir == "" {
		return nil, nil
	}
	path := filepath.Join(r.LogDir, v.Region, v.Name+".log")
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.files[path]; f != nil {
		return f, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		r.files[path] = f
	}
	return f, err
}

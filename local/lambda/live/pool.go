package live

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

// pool is the instances of one version. An instance is idle, or in the hands of one caller.
type pool struct {
	runner  *Runner
	version *lambda.Version

	mu      sync.Mutex
	all     map[*instance]bool
	places  int         // instances and those being started
	idle    []*instance // the last one used is taken first, so that surplus ones grow old
	waiters []*waiter   // callers, first come first served

	generation int // of the executable; instances of an earlier one take no further event
}

// waiter gets an instance, or nil for a place to start one in.
type waiter struct{ turn chan *instance }

// acquire takes an idle instance, starts one, or waits for one.
func (p *pool) acquire() (*instance, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		i := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		i.timer.Stop()
		return i, nil
	}
	if p.places == 0 {
		p.places++
		p.mu.Unlock()
		return p.start()
	}
	w := &waiter{turn: make(chan *instance, 1)}
	p.waiters = append(p.waiters, w)
	p.mu.Unlock()
	return p.await(w)
}

// await waits a moment for a busy instance, then starts another if there is room, and
// otherwise waits on.
func (p *pool) await(w *waiter) (*instance, error) {
	for _, wait := range []time.Duration{p.runner.ScaleDelay, p.runner.QueueWait} {
		timer := time.NewTimer(wait)
		select {
		case i := <-w.turn:
			timer.Stop()
			return p.taken(i)
		case <-timer.C:
		}
		if p.claim(w) {
			return p.start()
		}
	}
	p.mu.Lock()
	n := len(p.waiters)
	p.waiters = slices.DeleteFunc(p.waiters, func(o *waiter) bool { return o == w })
	served := len(p.waiters) == n
	p.mu.Unlock()
	if served {
		return p.taken(<-w.turn)
	}
	return nil, &core.Error{Code: "TooManyRequestsException", Status: http.StatusTooManyRequests,
		Message: fmt.Sprintf("Rate Exceeded: %d local instances of %s are busy.", p.runner.MaxInstances, p.version.Name),
		Fields:  map[string]any{"Reason": "ConcurrentInvocationLimitExceeded"}}
}

func (p *pool) taken(i *instance) (*instance, error) {
	if i == nil {
		return p.start()
	}
	return i, nil
}

// claim takes a place for a waiter that is still waiting, if there is one.
func (p *pool) claim(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.Index(p.waiters, w)
	if at < 0 || p.places >= p.runner.MaxInstances {
		return false
	}
	p.waiters = slices.Delete(p.waiters, at, at+1)
	p.places++
	return true
}

// start starts a process in a place that the caller has taken.
func (p *pool) start() (*instance, error) {
	before, closed := p.runner.epoch(p.version.Region)
	p.mu.Lock()
	generation := p.generation
	p.mu.Unlock()
	i, err := (*instance)(nil), error(nil)
	if closed {
		err = fmt.Errorf("the runner is closed")
	} else {
		i, err = launch(p)
	}
	if err != nil {
		p.leave(nil)
		return nil, fmt.Errorf("starting %s: %w", p.version.Name, err)
	}
	i.generation = generation
	p.mu.Lock()
	p.all[i] = true
	p.mu.Unlock()
	if after, closed := p.runner.epoch(p.version.Region); closed || after != before {
		i.kill()
	}
	return i, nil
}

// release gives an instance back: to who waits longest, to the idle ones, or up.
func (p *pool) release(i *instance) {
	if i.broken || p.old(i) {
		i.kill()
		p.leave(i)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiters) > 0 {
		w := p.waiters[0]
		p.waiters = p.waiters[1:]
		w.turn <- i
		return
	}
	p.idle = append(p.idle, i)
	i.timer.Reset(p.runner.IdleTimeout)
}

// leave gives up a place; who waits longest may start in it. An instance, if any, belongs to the caller.
func (p *pool) leave(i *instance) {
	if i != nil && i.conn != nil {
		_ = i.conn.conn.Close() // the other end is gone
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, i)
	p.places--
	if len(p.waiters) > 0 {
		w := p.waiters[0]
		p.waiters = p.waiters[1:]
		p.places++
		w.turn <- nil
	}
}

// reap ends an instance if it is idle.
func (p *pool) reap(i *instance) {
	p.mu.Lock()
	at := slices.Index(p.idle, i)
	if at >= 0 {
		p.idle = slices.Delete(p.idle, at, at+1)
	}
	p.mu.Unlock()
	if at >= 0 {
		i.kill()
		p.leave(i)
	}
}

// kill kills all processes; those who use one find out by themselves, idle ones are reaped.
func (p *pool) kill() []*instance {
	p.mu.Lock()
	all := make([]*instance, 0, len(p.all))
	for i := range p.all {
		all = append(all, i)
	}
	p.mu.Unlock()
	for _, i := range all {
		i.kill()
		p.reap(i)
	}
	return all
}

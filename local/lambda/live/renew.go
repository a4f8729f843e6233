package live

import (
	"twofold/local/core"
)

// Renew sees to it that every invocation from now on runs in a process that was started from now on, for the functions that match:
// their executables have changed. What is running goes on to its end in the process that it runs in. It gives the number of
// processes that were or will be ended.
func (r *Runner) Renew(matches func(function core.Resource) bool) int {
	n := 0
	for _, p := range r.everyPool() {
		if matches(p.version.Resource) {
			n += p.renew()
		}
	}
	return n
}

// renew makes all instances old, and ends the idle ones; the others end when they are given back.
func (p *pool) renew() int {
	p.mu.Lock()
	p.generation++
	n := len(p.all)
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, i := range idle {
		i.timer.Stop()
		i.kill()
		p.leave(i)
	}
	return n
}

// old reports whether an instance was started before its executable changed.
func (p *pool) old(i *instance) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return i.generation != p.generation
}

package core

import "iter"

// coroutine runs one piece of work after the other. It stands for a goroutine that is handed control and hands it back without
// channels and without the Go scheduler; used again, it keeps the stack that its first work grew.
//
// What runs on it may call park only from the goroutine that it was started on: a handler that schedules from a goroutine of its own
// stops the program at once.
type coroutine struct {
	work   func()
	resume func() (done, open bool)
	stop   func()
	yield  func(done bool) bool
}

func newCoroutine() *coroutine {
	c := &coroutine{}
	c.resume, c.stop = iter.Pull(func(yield func(done bool) bool) {
		c.yield = yield
		for open := true; open; open = yield(true) {
			work := c.work
			c.work = nil
			work()
		}
	})
	return c
}

// next goes on with the work until it parks or is done, and reports whether it is done. A panic of the work is one of next.
func (c *coroutine) next() bool {
	done, _ := c.resume()
	return done
}

// park hands control back to the caller of next.
func (c *coroutine) park() { c.yield(false) }

// borrow takes a coroutine that has nothing to do.
func (s *Sim) borrow() *coroutine {
	if last := len(s.idle) - 1; last >= 0 {
		c := s.idle[last]
		s.idle = s.idle[:last]
		return c
	}
	return newCoroutine()
}

// release ends the coroutines, all of which are idle.
func (s *Sim) release() {
	for _, c := range s.idle {
		c.stop()
	}
	s.idle = nil
}

package live

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"twofold/local/lambda"
)

// instance is one process and its connection to the Runtime API. Except for ended and kill it
// belongs to one caller at a time.
type instance struct {
	pool    *pool
	version *lambda.Version
	cmd     *exec.Cmd
	log     *log
	timer   *time.Timer // fires when it was idle for too long
	door    net.Listener
	conn    *connection // nil until the process has connected

	served    int
	waiting   bool   // the process has asked for its next event
	broken    bool   // it must not be used again
	initError []byte // what it posted instead of asking for an event

	generation int // of the pool when it was started

	ended   chan struct{} // closed when the process has ended
	waitErr error         // how; set before ended is closed
}

type state int

const (
	isReady  state = iota
	isGone         // the process ended or closed its connection
	isFailed       // the process reported that it could not start
)

// exitGrace is how long a process whose connection broke may take to end by itself.
const exitGrace = time.Second

func launch(p *pool) (*instance, error) {
	path, err := p.runner.Binary(p.version.Resource)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	file, err := p.runner.logFile(p.version)
	if err != nil {
		return nil, err
	}
	door, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &instance{pool: p, version: p.version, door: door, ended: make(chan struct{}),
		log: &log{journal: p.runner.Journal, region: p.version.Region, function: p.version.Name, file: file}}
	i.timer = time.AfterFunc(p.runner.IdleTimeout, func() { p.reap(i) })
	i.timer.Stop()
	i.cmd = exec.Command(path)
	i.cmd.Dir = filepath.Dir(path)
	i.cmd.Env = environment(p.version, door.Addr().String(), i.cmd.Dir, p.runner.Env)
	i.cmd.Stdout, i.cmd.Stderr = i.log, i.log
	i.cmd.WaitDelay = exitGrace
	i.cmd.SysProcAttr = attributes()
	if err := i.cmd.Start(); err != nil {
		return nil, errors.Join(err, door.Close())
	}
	go i.wait()
	return i, nil
}

// wait sees the process to its end; closing the listener wakes a caller that waits for it to
// connect. An instance that dies while idle is given to nobody any more.
func (i *instance) wait() {
	i.waitErr = i.cmd.Wait()
	i.log.flush()
	_ = i.door.Close() // already closed once the process has connected
	close(i.ended)
	i.pool.reap(i)
}

func (i *instance) kill() {
	// An error means that the process has ended already.
	_ = i.cmd.Process.Kill()
}

// ready waits until the process asks for an event.
func (i *instance) ready(deadline time.Time) state {
	if i.waiting {
		return isReady
	}
	if i.conn == nil {
		conn, err := i.accept(deadline)
		if err != nil {
			i.broken = true
			return isGone
		}
		i.conn = conn
	}
	req, err := i.conn.read(deadline)
	switch {
	case err != nil:
		i.broken = true
		return isGone
	case req.path == nextPath:
		i.waiting = true
		return isReady
	}
	i.broken = true
	if req.path == initErrorPath {
		i.initError = req.body
		if i.conn.accepted() == nil {
			i.linger()
		}
		return isFailed
	}
	return isGone
}

func (i *instance) accept(deadline time.Time) (*connection, error) {
	if err := i.door.(*net.TCPListener).SetDeadline(deadline); err != nil {
		return nil, err
	}
	conn, err := i.door.Accept()
	if err != nil {
		return nil, err
	}
	return newConnection(conn), i.door.Close()
}

// invoke hands over one event and waits for the answer, the time-out or the end of the process.
func (i *instance) invoke(in lambda.Invocation) lambda.Outcome {
	began := time.Now()
	deadline := began.Add(i.version.Timeout)
	i.served++
	i.waiting = false
	i.log.begin(in.Tail)
	out, err := i.exchange(in, deadline)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		i.broken = true
		out = lambda.TimedOut(i.version, in.RequestID)
	default:
		i.broken = true
		out = i.exited(in.RequestID, time.Since(began))
	}
	if out.Duration == 0 {
		out.Duration = time.Since(began)
	}
	if in.Tail {
		out.Log = i.log.end(in.RequestID, i.version, out.Duration)
	}
	return out
}

// exchange is the conversation about one event.
func (i *instance) exchange(in lambda.Invocation, deadline time.Time) (lambda.Outcome, error) {
	if err := i.conn.event(in, deadline); err != nil {
		return lambda.Outcome{}, err
	}
	req, err := i.conn.read(deadline)
	if err != nil {
		return lambda.Outcome{}, err
	}
	out, err := req.outcome(in.RequestID)
	if err != nil {
		return out, err
	}
	// The answer counts even when the process dies now: the next caller will notice.
	if i.conn.accepted() != nil {
		i.broken = true
	}
	return out, nil
}

// linger lets a process that is about to end write its last words.
func (i *instance) linger() {
	timer := time.NewTimer(exitGrace)
	defer timer.Stop()
	select {
	case <-i.ended:
	case <-timer.C:
		i.kill()
		<-i.ended
	}
}

// exited is the outcome of an invocation whose process ended.
func (i *instance) exited(requestID string, d time.Duration) lambda.Outcome {
	i.linger()
	how := ""
	if i.waitErr != nil {
		how = i.waitErr.Error()
	}
	return lambda.Exited(requestID, how, d)
}

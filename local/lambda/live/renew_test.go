package live

import (
	"testing"
	"time"

	"twofold/local/core"
)

func pids(r *Runner) map[int]bool {
	out := map[int]bool{}
	for _, p := range r.Processes() {
		out[p.PID] = true
	}
	return out
}

func TestARenewedFunctionRunsInNewProcessesAndWhatRunsEndsInTheOld(t *testing.T) {
	r, v := newRunner(t, Config{}), version(nil)
	r.run(t, v, `{"text":"idle"}`)
	before := pids(r)
	if n := r.Renew(func(core.Resource) bool { return false }); n != 0 || len(pids(r)) != 1 {
		t.Errorf("%d were replaced of another function", n)
	}
	slow := make(chan string)
	go func() { slow <- string(r.run(t, v, `{"do":"sleep","millis":500}`).Payload) }()
	time.Sleep(100 * time.Millisecond) // it runs
	if n := r.Renew(func(core.Resource) bool { return true }); n != 1 {
		t.Errorf("%d are replaced", n)
	}
	if again := decoded[answer](t, r.run(t, v, `{"text":"new"}`).Payload); again.Text != "new" {
		t.Errorf("the next invocation answered %+v", again)
	}
	if out := <-slow; len(out) == 0 || out[0] != '{' {
		t.Errorf("what ran answered %q", out)
	}
	for pid := range pids(r) {
		if before[pid] {
			t.Errorf("the old process %d is still there", pid)
		}
	}
}

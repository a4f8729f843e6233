package live

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

func TestInstanceIsUsedAgainOneInvocationAtATime(t *testing.T) {
	r, v := newRunner(t, Config{}), version(nil)
	pids := map[int]bool{}
	for range 5 {
		a := decoded[answer](t, r.run(t, v, `{"text":"hi"}`).Payload)
		if a.Text != "hi" {
			t.Errorf("got %+v", a)
		}
		pids[a.PID] = true
	}
	if len(pids) != 1 {
		t.Errorf("%d processes for invocations in a row", len(pids))
	}
}

func TestBusyInstancesScaleOutUpToTheLimitAndThenQueue(t *testing.T) {
	r, v := newRunner(t, Config{MaxInstances: 3, ScaleDelay: time.Millisecond}), version(nil)
	var mu sync.Mutex
	pids := map[int]bool{}
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() {
			a := decoded[answer](t, r.run(t, v, `{"do":"sleep","millis":100}`).Payload)
			mu.Lock()
			pids[a.PID] = true
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(pids) < 2 || len(pids) > 3 {
		t.Errorf("%d processes, want 2 or 3", len(pids))
	}
}

func TestFullPoolThrottlesAfterItsWait(t *testing.T) {
	r, v := newRunner(t, Config{MaxInstances: 1, ScaleDelay: time.Millisecond, QueueWait: 20 * time.Millisecond}), version(nil)
	r.run(t, v, `{}`)
	var wg sync.WaitGroup
	wg.Go(func() { r.run(t, v, `{"do":"sleep","millis":500}`) })
	time.Sleep(100 * time.Millisecond)
	_, err := r.Run(t.Context(), v, lambda.Invocation{RequestID: "r", Payload: []byte(`{}`)})
	if e, ok := err.(*core.Error); !ok || e.Code != "TooManyRequestsException" {
		t.Errorf("got %v", err)
	}
	wg.Wait()
}

func TestHandlerSeesItsContext(t *testing.T) {
	r, v := newRunner(t, Config{}), version(nil)
	out, err := r.Run(t.Context(), v, lambda.Invocation{RequestID: "req-1", InvokedARN: v.FunctionARN + ":live",
		ClientContext: `{"custom":{"a":"b"}}`, Payload: []byte(`{"do":"context"}`)})
	if err != nil {
		t.Fatal(err)
	}
	a := decoded[answer](t, out.Payload)
	if a.ARN != v.FunctionARN+":live" || a.RequestID != "req-1" || a.Left < 2000 || a.Left > 3000 || a.Text != "b" {
		t.Errorf("got %+v", a)
	}
}

func TestProcessSeesOnlyWhatLambdaAndTheTemplateSet(t *testing.T) {
	t.Setenv("HOST_SECRET", "leak")
	r := newRunner(t, Config{Env: map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}})
	v := version(map[string]string{"TABLE": "t", "GOGC": "50", "AWS_REGION": "forged"})
	env := decoded[answer](t, r.run(t, v, `{"do":"env"}`).Payload).Env
	for _, want := range []string{"TABLE=t", "GOGC=50", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=ASIA1", "GOMEMLIMIT=115MiB",
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is missing in %v", want, env)
		}
	}
	known := "_HANDLER _X_AMZN_TRACE_ID GOMAXPROCS GOMEMLIMIT GOGC PATH LANG TZ TABLE LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR"
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "AWS_") && !slices.Contains(strings.Fields(known), name) {
			t.Errorf("%s leaked into the process", kv)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	cases := []struct{ name, payload, kind, message string }{
		{"typed", `{"do":"error"}`, "quota", "too much"},
		{"wrapped", `{"do":"wrapped","text":"inner"}`, "wrapError", "outer: inner"},
		{"named", `{"do":"named","text":"SKU-1"}`, "InsufficientStock", "SKU-1"},
		{"panic", `{"do":"panic","text":"boom"}`, "string", "boom"},
		{"exit", `{"do":"exit"}`, "Runtime.ExitError", "RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Error: Runtime exited with error: exit status 3"},
		{"time-out", `{"do":"sleep","millis":9000}`, "Sandbox.Timedout", "RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Error: Task timed out after 1.50 seconds"},
		{"too large", fmt.Sprintf(`{"do":"big","size":%d}`, maxResponse+1), "Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse)},
	}
	r, v := newRunner(t, Config{}), version(nil)
	v.Timeout = 1500 * time.Millisecond
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			out := r.run(t, v, tc.payload)
			e := decoded[failure](t, out.Payload)
			if out.Error != "Unhandled" || e.ErrorType != tc.kind || e.ErrorMessage != tc.message {
				t.Errorf("got %s %+v", out.Error, e)
			}
			if again := decoded[answer](t, r.run(t, v, `{"text":"ok"}`).Payload); again.Text != "ok" {
				t.Errorf("the next invocation answered %+v", again)
			}
		})
	}
}

func TestProcessThatCannotStartIsAnExitErrorWithItsLog(t *testing.T) {
	r, v := newRunner(t, Config{}), version(map[string]string{"FAIL_INIT": "1"})
	e := decoded[failure](t, r.run(t, v, `{}`).Payload)
	if e.ErrorType != "Runtime.ExitError" || !strings.HasSuffix(e.ErrorMessage, "exit status 2") {
		t.Errorf("got %+v", e)
	}
	if logs := r.Journal.Entries(core.KindFunctionLog); len(logs) != 1 || logs[0].Detail != "cannot start" {
		t.Errorf("log is %v", logs)
	}
}

func TestLinesReachJournalFileAndTail(t *testing.T) {
	dir := t.TempDir()
	r, v := newRunner(t, Config{LogDir: dir}), version(nil)
	out, err := r.Run(t.Context(), v, lambda.Invocation{RequestID: "r", Payload: []byte(`{"do":"log","text":"one"}`), Tail: true})
	if err != nil {
		t.Fatal(err)
	}
	if tail := string(out.Log); !strings.Contains(tail, "out one\n") || !strings.Contains(tail, "err one\n") || !strings.Contains(tail, "REPORT RequestId: r") {
		t.Errorf("tail is %q", tail)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "us-east-1", "f.log"))
	if err != nil || string(file) != "out one\nerr one\n" {
		t.Errorf("file is %q, %v", file, err)
	}
	if logs := r.Journal.Entries(core.KindFunctionLog); len(logs) != 2 || logs[1].Subject != "f" || logs[1].Detail != "err one" {
		t.Errorf("journal is %v", logs)
	}
}

func TestKilledRegionLosesItsProcessesAndAnswersExit(t *testing.T) {
	r, v := newRunner(t, Config{ScaleDelay: time.Millisecond}), version(nil)
	idle := decoded[answer](t, r.run(t, v, `{}`).Payload).PID
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if e := decoded[failure](t, r.run(t, v, `{"do":"sleep","millis":2500}`).Payload); !strings.HasSuffix(e.ErrorMessage, "signal: killed") {
				t.Errorf("got %+v", e)
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	pids := []int{idle}
	for _, p := range r.Processes() {
		pids = append(pids, p.PID)
	}
	r.KillRegion("us-west-2")
	if n := len(r.Processes()); n != 3 {
		t.Errorf("%d processes after another region was killed, want 3", n)
	}
	r.KillRegion("us-east-1")
	wg.Wait()
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d lives", pid)
		}
	}
	if a := decoded[answer](t, r.run(t, v, `{"text":"back"}`).Payload); a.Text != "back" {
		t.Errorf("after the kill: %+v", a)
	}
}

func TestIdleInstancesAreReaped(t *testing.T) {
	r, v := newRunner(t, Config{IdleTimeout: 50 * time.Millisecond}), version(nil)
	r.run(t, v, `{}`)
	r.awaitNone(t)
}

func (r *Runner) awaitNone(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for len(r.Processes()) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("a process is still there")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestInstanceThatDiedWhileIdleCostsNoInvocation(t *testing.T) {
	r, v := newRunner(t, Config{}), version(nil)
	pid := decoded[answer](t, r.run(t, v, `{}`).Payload).PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.awaitNone(t)
	if a := decoded[answer](t, r.run(t, v, `{"text":"ok"}`).Payload); a.Text != "ok" || a.PID == pid {
		t.Errorf("got %+v", a)
	}
}

func TestLargePayloadsGoBothWays(t *testing.T) {
	r, v := newRunner(t, Config{}), version(map[string]string{"ECHO": "1"})
	payload := `"` + strings.Repeat("y", 5<<20) + `"`
	if out := r.run(t, v, payload); string(out.Payload) != payload {
		t.Errorf("%d bytes came back of %d", len(out.Payload), len(payload))
	}
}

func TestClosedRunnerRunsNothing(t *testing.T) {
	r, v := newRunner(t, Config{}), version(nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), v, lambda.Invocation{Payload: []byte(`{}`)}); err == nil {
		t.Error("a closed runner ran a function")
	}
}

package live

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary, "./testdata/function")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func newRunner(t testing.TB, c Config) *Runner {
	t.Helper()
	c.Journal = core.NewJournal(time.Now)
	c.Journal.Keep(core.KindFunctionLog)
	c.Binary = func(core.Resource) (string, error) { return binary, nil }
	r := New(c)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func version(env map[string]string) *lambda.Version {
	return &lambda.Version{Region: "us-east-1", Name: "f", Number: "$LATEST", FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:f",
		Handler: "bootstrap", MemoryMB: 128, Timeout: 3 * time.Second, Environment: env, LogGroup: "/aws/lambda/f", AccessKeyID: "ASIA1", Secret: "s"}
}

func (r *Runner) run(t testing.TB, v *lambda.Version, payload string) lambda.Outcome {
	t.Helper()
	out, err := r.Run(t.Context(), v, lambda.Invocation{RequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", InvokedARN: v.FunctionARN + ":live", Payload: []byte(payload)})
	if err != nil {
		t.Error(err)
	}
	return out
}

func decoded[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Errorf("%s: %v", raw, err)
	}
	return v
}

type answer struct {
	Text, ARN, RequestID string
	Env                  []string
	Left                 int64
	PID                  int
}

type failure struct{ ErrorType, ErrorMessage string }

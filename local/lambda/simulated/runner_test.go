package simulated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"twofold/local/core"
	"twofold/local/lambda"
)

const region = "us-east-1"

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type fn func(ctx context.Context, payload []byte) ([]byte, error)

func (f fn) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

type world struct {
	sim    *core.Sim
	cloud  *core.Cloud
	svc    *lambda.Service
	runner *Runner
	made   int
	rand   io.Reader
}

// newWorld deploys one function "f" whose handler is h, with a time-out of 3 s.
func newWorld(t *testing.T, seed uint64, h func(w *world) fn) *world {
	t.Helper()
	faults := core.NewFaults(0)
	w := &world{sim: core.NewSim(start, faults, seed)}
	w.cloud = core.New(w.sim, faults, seed)
	w.runner = New(Config{Cloud: w.cloud, Seed: seed, Constructor: func(v *lambda.Version) (Constructor, error) {
		return func(_ context.Context, env Env) (Handler, error) {
			w.made++
			w.rand = env.Rand
			return h(w), nil
		}, nil
	}})
	w.svc = lambda.New(lambda.Config{Cloud: w.cloud, Context: context.Background(), Runner: w.runner})
	_, err := w.svc.Provision(t.Context(), core.Resource{Region: region, Stack: "s", LogicalID: "F", Type: "AWS::Lambda::Function", Position: "t:1",
		Properties: map[string]any{"FunctionName": "f", "Role": "arn:aws:iam::000000000000:role/f", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 3, "Code": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// invoke runs one synchronous invocation and returns when the clock has passed d.
func (w *world) invoke(t *testing.T, d time.Duration, payload string) (res lambda.Result, took time.Duration) {
	t.Helper()
	w.sim.Go(core.WithRegion(context.Background(), region), "caller", func(ctx context.Context) {
		began := w.cloud.Now()
		var err error
		if res, err = w.svc.Invoke(ctx, region, "f", "", core.Principal{}, lambda.RequestResponse, []byte(payload)); err != nil {
			t.Error(err)
		}
		took = w.cloud.Now().Sub(began)
	})
	w.sim.Run(w.cloud.Now().Add(d))
	return res, took
}

func TestHandlerRunsUnderTheVirtualClockAndItsInstanceIsUsedAgain(t *testing.T) {
	w := newWorld(t, 1, func(w *world) fn {
		return func(ctx context.Context, p []byte) ([]byte, error) {
			lc, ok := lambdacontext.FromContext(ctx)
			if !ok || lc.InvokedFunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:f" || lc.AwsRequestID == "" {
				t.Errorf("Lambda context is %+v", lc)
			}
			if d, ok := ctx.Deadline(); !ok || d.Sub(w.cloud.Now()) != 3*time.Second {
				t.Errorf("deadline %v", d)
			}
			return p, w.cloud.Sleep(ctx, 2*time.Second)
		}
	})
	for range 2 {
		if res, took := w.invoke(t, time.Minute, `{"a":1}`); string(res.Payload) != `{"a":1}` || res.FunctionError != "" || took != 2*time.Second {
			t.Errorf("%s %s after %v", res.Payload, res.FunctionError, took)
		}
	}
	if w.made != 1 {
		t.Errorf("%d instances made for two invocations in a row", w.made)
	}
}

func TestTimeoutStopsTheHandlerWithoutFurtherEffect(t *testing.T) {
	effect := false
	w := newWorld(t, 2, func(w *world) fn {
		return func(ctx context.Context, p []byte) ([]byte, error) {
			if err := w.cloud.Sleep(ctx, 10*time.Second); err != nil {
				return nil, err
			}
			effect = true
			return p, nil
		}
	})
	res, took := w.invoke(t, time.Minute, `{}`)
	if res.FunctionError != "Unhandled" || !strings.Contains(string(res.Payload), "Task timed out after 3.00 seconds") || took != 3*time.Second {
		t.Errorf("%s after %v", res.Payload, took)
	}
	if effect {
		t.Error("the handler went on after its time-out")
	}
}

type quota struct{}

func (*quota) Error() string { return "too much" }

func TestErrorsTravelAsTheRuntimeWouldSendThem(t *testing.T) {
	cases := map[string]struct {
		h    fn
		want string
	}{
		"named": {func(context.Context, []byte) ([]byte, error) {
			return nil, messages.InvokeResponse_Error{Type: "InsufficientStock", Message: "m"}
		}, `{"errorMessage":"m","errorType":"InsufficientStock"}`},
		"typed":   {func(context.Context, []byte) ([]byte, error) { return nil, &quota{} }, `{"errorMessage":"too much","errorType":"quota"}`},
		"plain":   {func(context.Context, []byte) ([]byte, error) { return nil, errors.New("x") }, `{"errorMessage":"x","errorType":"errorString"}`},
		"a panic": {func(context.Context, []byte) ([]byte, error) { panic("boom") }, `{"errorMessage":"boom","errorType":"string"}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3, func(*world) fn { return tc.h })
			if res, _ := w.invoke(t, time.Minute, `{}`); string(res.Payload) != tc.want || res.FunctionError != "Unhandled" {
				t.Errorf("got %s %s, want %s", res.FunctionError, res.Payload, tc.want)
			}
		})
	}
}

func TestLostRegionKillsWhatRuns(t *testing.T) {
	effect := false
	w := newWorld(t, 4, func(w *world) fn {
		return func(ctx context.Context, p []byte) ([]byte, error) {
			if err := w.cloud.Sleep(ctx, 2*time.Second); err != nil {
				return nil, err
			}
			effect = true
			return p, nil
		}
	})
	done := false
	w.sim.Go(core.WithRegion(context.Background(), region), "caller", func(ctx context.Context) {
		res, err := w.svc.Invoke(ctx, region, "f", "", core.Principal{}, lambda.RequestResponse, nil)
		done = err == nil && strings.Contains(string(res.Payload), "signal: killed")
	})
	w.sim.Run(start.Add(time.Second))
	w.cloud.Faults.SetRegion(region, core.Lost)
	w.runner.KillRegion(region)
	w.sim.Run(start.Add(time.Minute))
	if done || effect {
		t.Error("a lost region went on")
	}
	w.cloud.Faults.SetRegion(region, core.Up)
	w.sim.Run(start.Add(2 * time.Minute))
	if !done || effect {
		t.Errorf("after the region came back: answered %v, effect %v", done, effect)
	}
}

func TestSameSeedSameTrace(t *testing.T) {
	run := func() string {
		w := newWorld(t, 7, func(w *world) fn {
			return func(ctx context.Context, p []byte) ([]byte, error) { return p, w.cloud.Point(ctx, "work") }
		})
		for i := range 10 {
			w.sim.Go(core.WithRegion(context.Background(), region), fmt.Sprint("caller", i), func(ctx context.Context) {
				if _, err := w.svc.Invoke(ctx, region, "f", "", core.Principal{}, lambda.Event, nil); err != nil {
					t.Error(err)
				}
			})
		}
		w.sim.Run(start.Add(time.Minute))
		return w.sim.TraceHash()
	}
	if a, b := run(), run(); a != b {
		t.Errorf("traces differ: %s and %s", a, b)
	}
}

func TestAnAnswerIsNotOverwrittenByTheInstancesNextOne(t *testing.T) {
	buffer := make([]byte, 8)
	w := newWorld(t, 8, func(*world) fn {
		return func(_ context.Context, p []byte) ([]byte, error) { return append(buffer[:0], p...), nil } // as aws-lambda-go's handlers do
	})
	first, _ := w.invoke(t, time.Minute, `{"a":1}`)
	second, _ := w.invoke(t, time.Minute, `{"a":2}`)
	if string(first.Payload) != `{"a":1}` || string(second.Payload) != `{"a":2}` {
		t.Errorf("%s and %s", first.Payload, second.Payload)
	}
}

func TestEachInvocationDrawsFromItsOwnStream(t *testing.T) {
	draws := func(more bool) (out []string) {
		w := newWorld(t, 9, func(w *world) fn {
			return func(context.Context, []byte) ([]byte, error) {
				b := make([]byte, 8)
				_, err := io.ReadFull(w.rand, b)
				return fmt.Appendf(nil, "%q", fmt.Sprintf("%x", b)), err
			}
		})
		for range 2 {
			res, _ := w.invoke(t, time.Minute, `{}`)
			out = append(out, string(res.Payload))
			if more {
				w.cloud.Rand.UUID()
				if _, err := w.rand.Read(make([]byte, 100)); err != nil {
					t.Fatal(err)
				}
			}
		}
		return out
	}
	plain, disturbed := draws(false), draws(true)
	if fmt.Sprint(plain) != fmt.Sprint(disturbed) || plain[0] == plain[1] {
		t.Errorf("%v; with further draws around it %v", plain, disturbed)
	}
}

func TestACallerThatGoesAwayStopsNoFunction(t *testing.T) {
	effect := false
	w := newWorld(t, 10, func(w *world) fn {
		return func(ctx context.Context, p []byte) ([]byte, error) {
			if err := w.cloud.Sleep(ctx, 2*time.Second); err != nil {
				return nil, err
			}
			effect = true
			return p, nil
		}
	})
	w.sim.Go(core.WithRegion(context.Background(), region), "caller", func(ctx context.Context) {
		ctx, cancel := w.sim.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := w.svc.Invoke(ctx, region, "f", "", core.Principal{}, lambda.RequestResponse, nil); err == nil {
			t.Error("a caller out of time got an answer")
		}
	})
	w.sim.Run(start.Add(time.Minute))
	if !effect {
		t.Error("the function was stopped with its caller")
	}
}

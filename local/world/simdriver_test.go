package world

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/platform"
	"twofold/local/core"
)

// outside makes a simulated world and the runtime of somebody who may do everything in it.
func outside(tb testing.TB) (*World, *simDriver, platform.Runtime) {
	tb.Helper()
	w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w, w.driver.(*simDriver), w.operatorRuntime(tb.Output())
}

// BenchmarkSimulatedSDKCall is one PutItem: the SDK's work, two steps, the wire, the service.
func BenchmarkSimulatedSDKCall(b *testing.B) {
	w, _, rt := outside(b)
	client := dynamodb.NewFromConfig(rt.AWS)
	err := w.Do(context.Background(), "bench", func(ctx context.Context) error {
		for b.Loop() {
			if err := putOne(ctx, w, client); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSimulatedDeployment is what a seed costs before anything happens.
func BenchmarkSimulatedDeployment(b *testing.B) {
	for b.Loop() {
		w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheSDKRetriesOnTheVirtualClock(t *testing.T) {
	w, d, rt := outside(t)
	attempts := 0
	w.Cloud().Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if call.Operation != "PutItem" || !call.Principal.Operator() {
			return nil
		}
		if attempts++; attempts < platform.SDKAttempts {
			return &core.Error{Code: "InternalServerError", Message: "injected", Status: http.StatusInternalServerError}
		}
		return nil
	})
	begin := d.Now()
	if err := w.Do(context.Background(), "client", func(ctx context.Context) error {
		return putOne(ctx, w, dynamodb.NewFromConfig(rt.AWS))
	}); err != nil {
		t.Fatal(err)
	}
	if took := d.Now().Sub(begin); attempts != platform.SDKAttempts || took != (platform.SDKAttempts-1)*platform.SDKBackoff {
		t.Errorf("%d attempts took %s of virtual time", attempts, took)
	}
}

// provider answers after ten seconds and counts what it did, whoever still waits.
type provider struct {
	d    *simDriver
	done int
}

func (p *provider) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if p.d.Sleep(context.WithoutCancel(r.Context()), 10*time.Second) == nil {
		p.done++
	}
}

func serveProvider(t *testing.T, d *simDriver) (*provider, string) {
	t.Helper()
	base, err := d.bind("provider")
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{d: d}
	d.serve("provider", p)
	return p, base
}

func TestAProviderThatIsTooSlowHasItsEffectAfterTheCallersDeadline(t *testing.T) {
	w, d, rt := outside(t)
	p, base := serveProvider(t, d)
	begin := d.Now()
	if err := w.Do(context.Background(), "client", func(ctx context.Context) error {
		limited, cancel := rt.Clock.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(limited, http.MethodGet, base, nil)
		if err != nil {
			return err
		}
		res, err := rt.HTTP.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if took := d.Now().Sub(begin); !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second || p.done != 0 {
			t.Errorf("%v after %s, with %d effects", err, took, p.done)
		}
		return rt.Clock.Sleep(ctx, time.Minute)
	}); err != nil {
		t.Fatal(err)
	}
	if p.done != 1 {
		t.Errorf("the provider did it %d times", p.done)
	}
}

func TestARequestOfAKilledFunctionReachesAProviderButNotTheCloud(t *testing.T) {
	w, d, rt := outside(t)
	p, base := serveProvider(t, d)
	inCloud := 0
	w.Cloud().Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if call.Operation == "PutItem" && call.Principal.Operator() {
			inCloud++
		}
		return nil
	})
	// killInFlight starts a caller and kills it when its request is on its way and has not arrived: one step later.
	killInFlight := func(label string, call func(ctx context.Context)) {
		d.Run(d.Now()) // nothing else is ready
		killed, kill := context.WithCancel(context.Background())
		d.Go(killed, label, call)
		before := d.Steps()
		d.RunUntil(d.Now(), func() bool { return d.Steps() > before })
		kill()
		d.Run(d.Now().Add(time.Minute))
	}
	killInFlight("sdk", func(ctx context.Context) {
		if putOne(ctx, w, dynamodb.NewFromConfig(rt.AWS)) == nil {
			t.Error("a killed caller got an answer")
		}
	})
	killInFlight("http", func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if res, err := rt.HTTP.Do(req); err == nil {
			_ = res.Body.Close()
			t.Error("a killed caller got an answer")
		}
	})
	if inCloud != 0 || p.done != 1 {
		t.Errorf("%d calls reached the cloud and %d requests the provider", inCloud, p.done)
	}
}

package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"twofold/internal/order"
	"twofold/internal/platform"
	"twofold/local/codedeploy"
)

// deployed is a simulated world with alarms, and what is deployed in it.
type deployed struct {
	*World
	t     *testing.T
	steps []string
}

func deploying(t *testing.T, preference string) *deployed {
	t.Helper()
	w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second, Alarms: true, Overrides: map[string]string{"DeploymentPreference": preference}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &deployed{World: w, t: t}
	w.OnDeployment(func(m codedeploy.Milestone) { d.steps = append(d.steps, m.What) })
	return d
}

// release deploys a version of order-api while a client calls it once a second.
func (d *deployed) release(code platform.Constructor) (out codedeploy.Outcome) {
	d.t.Helper()
	err := d.Do(context.Background(), "release", func(ctx context.Context) (err error) {
		done := false
		d.Cloud().Go(ctx, "calls", func(ctx context.Context) {
			for !done && d.Cloud().Sleep(ctx, time.Second) == nil {
				_, _ = d.Invoke(ctx, "us-east-1", "twofold-local-order-api", []byte(`{"resource":"/v1/orders","httpMethod":"GET"}`)) // what it says does not matter
			}
		})
		out, err = d.DeployVersion(ctx, "us-east-1", "order-api", code)
		done = true
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func (d *deployed) said(what string) bool {
	return strings.Contains(strings.Join(d.steps, "\n"), what)
}

// crashing is order-api, which fails on what its checks do not ask.
func crashing(ctx context.Context, rt platform.Runtime) (lambda.Handler, error) {
	sound, err := order.NewAPI(ctx, rt)
	return crash{sound}, err
}

type crash struct{ lambda.Handler }

func (c crash) Invoke(ctx context.Context, in []byte) ([]byte, error) {
	if !strings.Contains(string(in), "deploy-check") {
		panic("planted")
	}
	return c.Handler.Invoke(ctx, in)
}

func TestAVersionGetsItsTrafficStepByStepAndOneThatFailsIsRolledBack(t *testing.T) {
	d := deploying(t, "Canary10Percent5Minutes")
	out := d.release(nil)
	if !out.Succeeded || out.Took < 5*time.Minute || out.Took > 7*time.Minute || !d.said("version 2 gets 10 %") || !d.said("version 2 gets 100 %") || !d.said("AfterAllowTraffic") {
		t.Fatalf("%+v\n%s", out, strings.Join(d.steps, "\n"))
	}
	d.steps = nil
	out = d.release(crashing)
	if out.Succeeded || out.Took > 4*time.Minute || d.said("gets 100 %") || !d.said("rolled back to version 2: the alarm twofold-local-version-errors-order-api") {
		t.Fatalf("%+v\n%s", out, strings.Join(d.steps, "\n"))
	}
}

func TestAVersionThatIsRefusedByItsChecksGetsNoTraffic(t *testing.T) {
	d := deploying(t, "Canary10Percent5Minutes")
	out := d.release(func(context.Context, platform.Runtime) (lambda.Handler, error) {
		return lambda.NewHandler(func() (string, error) { return "nonsense", nil }), nil
	})
	if out.Succeeded || d.said("gets") || !strings.Contains(out.Reason, "twofold-local-deploy-before answered Failed") {
		t.Fatalf("%+v\n%s", out, strings.Join(d.steps, "\n"))
	}
}

func TestTheWayOutAsksNoAlarm(t *testing.T) {
	d := deploying(t, "AllAtOnce")
	if out := d.release(crashing); !out.Succeeded {
		t.Fatalf("the faulty version: %+v", out)
	}
	if d.Alarms("us-east-1")["twofold-local-version-errors-order-api"] == "" {
		t.Fatal("there is no alarm of the version")
	}
	if err := d.Do(context.Background(), "waiting", func(ctx context.Context) error { return d.Cloud().Sleep(ctx, 90*time.Second) }); err != nil {
		t.Fatal(err)
	}
	if out := d.release(nil); !out.Succeeded || out.Took > 2*time.Minute {
		t.Fatalf("the fix: %+v\n%s", out, strings.Join(d.steps, "\n"))
	}
}

package world

import (
	"context"
	"strings"
	"testing"
	"time"

	"twofold/local/apigateway"
	"twofold/local/cloudwatch"
	"twofold/local/core"
	"twofold/local/lambda"
)

// firing are the names of the alarms of a region that are in ALARM, without their prefix.
func firing(w *World, region string) (out []string) {
	for name, state := range w.Alarms(region) {
		if state == cloudwatch.Alarm {
			out = append(out, strings.TrimPrefix(name, "twofold-local-"))
		}
	}
	return out
}

func TestAnIdlePlatformRaisesNoAlarmAndALostRegionIsNoticedByTheOther(t *testing.T) {
	w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second, Alarms: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	const east, west = "us-east-1", "us-west-2"
	changes := map[string]bool{}
	w.OnAlarm(func(c cloudwatch.Change) { changes[c.Region+" "+c.Name+" "+string(c.To)] = true })
	pass := func(d time.Duration) {
		if err := w.Do(context.Background(), "waiting", func(ctx context.Context) error { return w.Cloud().Sleep(ctx, d) }); err != nil {
			t.Fatal(err)
		}
	}
	pass(15 * time.Minute)
	for _, region := range w.Regions() {
		if n := len(w.Alarms(region)); n < 50 {
			t.Errorf("%s has %d alarms", region, n)
		}
		if got := firing(w, region); got != nil {
			t.Errorf("%s raises %q although nothing is wrong", region, got)
		}
	}
	if w.Alarms(east)["twofold-local-replication-lag"] != cloudwatch.OK {
		t.Error("nothing measures replication")
	}
	w.Cloud().Faults.SetRegion(west, core.Lost)
	pass(10 * time.Minute)
	if got := firing(w, east); len(got) != 1 || got[0] != "replication-lag" {
		t.Errorf("%s raises %q when %s is lost", east, got, west)
	}
	if !changes[east+" twofold-local-replication-lag ALARM"] {
		t.Error("nobody was told")
	}
}

func TestASimulatedWorldEvaluatesAlarmsOnlyWhenAsked(t *testing.T) {
	w, _, _ := outside(t)
	if err := w.Do(context.Background(), "waiting", func(ctx context.Context) error { return w.Cloud().Sleep(ctx, 20*time.Minute) }); err != nil {
		t.Fatal(err)
	}
	for name, state := range w.Alarms("us-east-1") {
		if state != cloudwatch.Insufficient {
			t.Errorf("%s is %s", name, state)
		}
	}
}

func TestWhatAWSReportsOfTheAPIAndOfFunctionsReachesTheAlarms(t *testing.T) {
	w, err := Simulate(Options{Root: "../..", Seed: 2, Lag: time.Second, Alarms: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	const east = "us-east-1"
	fail := func(ctx context.Context) error {
		for range 40 {
			measureAPI(w.svc.cloudwatch, apigateway.Served{Region: east, API: "twofold-local", Stage: "local", Resource: "/v1/orders", Method: "POST", Status: 500})
			w.observeFunction(lambda.Observed{Region: east, Function: "twofold-local-order-api", Qualifier: "live", Version: "1", Errored: true})
			if err := w.Cloud().Sleep(ctx, 6*time.Second); err != nil {
				return err
			}
		}
		return nil
	}
	if err := w.Do(context.Background(), "failing", fail); err != nil {
		t.Fatal(err)
	}
	alarms := w.Alarms(east)
	for _, name := range []string{"region-errors", "accept-availability", "region", "errors-order-api"} {
		if alarms["twofold-local-"+name] != cloudwatch.Alarm {
			t.Errorf("%s is %s", name, alarms["twofold-local-"+name])
		}
	}
	if got := firing(w, "us-west-2"); got != nil {
		t.Errorf("the other region raises %q", got)
	}
}

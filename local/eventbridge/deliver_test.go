package eventbridge_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/eventbridge"
)

var (
	passing = &core.Error{Code: "InternalFailure", Message: "down", Status: 500}
	final   = core.Errorf("AccessDeniedException", "not allowed")
)

// failing makes the target fail n times, n < 0 for ever; its dead-letter queue works.
func failing(n int, err error) func(eventbridge.Delivery) error {
	return func(d eventbridge.Delivery) error {
		if strings.HasSuffix(d.TargetARN, "dead") || n == 0 {
			return nil
		}
		n--
		return err
	}
}

func TestAFailureThatPassesIsRetriedWithBackoff(t *testing.T) {
	r := newRig(t)
	r.fail = failing(4, passing)
	r.shop(east, "")
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Minute)
	if len(r.deliveries) != 1 || len(r.times) != 4 {
		t.Fatalf("%d deliveries after %d failures", len(r.deliveries), len(r.times))
	}
	for i := 1; i < len(r.times); i++ {
		gap, most := r.times[i].Sub(r.times[i-1]), time.Second<<(i-1)
		if gap < most/2 || gap > most {
			t.Errorf("try %d came after %v, want between %v and %v", i+1, gap, most/2, most)
		}
	}
}

func TestUsedUpRetriesGoToTheDeadLetterQueue(t *testing.T) {
	r := newRig(t)
	r.fail = failing(-1, passing)
	r.shop(east, `,"RetryPolicy":{"MaximumRetryAttempts":"3"},"DeadLetterConfig":{"Arn":"`+dlq(east)+`"}`)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Hour)
	if len(r.times) != 4 || len(r.deliveries) != 1 {
		t.Fatalf("%d tries, %d deliveries", len(r.times), len(r.deliveries))
	}
	d := r.deliveries[0]
	want := map[string]string{"RULE_ARN": core.ARN("events", east, "rule/shop/placed"), "TARGET_ARN": queue(east), "ERROR_CODE": "ERROR_FROM_TARGET",
		"ERROR_MESSAGE": "InternalFailure: down", "RETRY_ATTEMPTS": "3", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts"}
	if !maps.Equal(d.Attributes, want) || d.TargetARN != dlq(east) || !strings.HasPrefix(string(d.Body), `{"version":"0"`) {
		t.Errorf("dead letter %v to %s: %s", d.Attributes, d.TargetARN, d.Body)
	}
	if r.cloud.Journal.Count(core.KindDeadLetter) != 1 {
		t.Error("the dead letter is not journalled")
	}
}

func TestAge185TriesAnd24HoursBoundRetries(t *testing.T) {
	r := newRig(t)
	r.fail = failing(-1, passing)
	r.shop(east, "")
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(25 * time.Hour)
	if n := len(r.times); n < 100 || n > 186 {
		t.Errorf("%d tries", n)
	}
	if last := r.times[len(r.times)-1].Sub(start); last > 24*time.Hour || last < 20*time.Hour {
		t.Errorf("the last try came after %v", last)
	}
	if r.cloud.Journal.Count(core.KindDropped) != 1 {
		t.Error("a delivery given up without a dead-letter queue must be journalled as dropped")
	}

	r = newRig(t)
	r.fail = failing(-1, passing)
	r.shop(east, `,"RetryPolicy":{"MaximumEventAgeInSeconds":60},"DeadLetterConfig":{"Arn":"`+dlq(east)+`"}`)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Hour)
	if len(r.deliveries) != 1 || r.deliveries[0].Attributes["EXHAUSTED_RETRY_CONDITION"] != "MaximumEventAgeInSeconds" {
		t.Errorf("got %v", r.deliveries)
	}
}

func TestAFailureThatWillNotPassIsNotRetried(t *testing.T) {
	r := newRig(t)
	r.fail = failing(-1, final)
	r.shop(east, `,"DeadLetterConfig":{"Arn":"`+dlq(east)+`"}`)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Hour)
	if len(r.times) != 1 || len(r.deliveries) != 1 {
		t.Fatalf("%d tries, %d dead letters", len(r.times), len(r.deliveries))
	}
	got := r.deliveries[0].Attributes
	if got["ERROR_CODE"] != "NO_PERMISSIONS" || got["RETRY_ATTEMPTS"] != "0" {
		t.Errorf("got %v", got)
	}
	if _, there := got["EXHAUSTED_RETRY_CONDITION"]; there {
		t.Error("no retry condition was exhausted")
	}
}

func TestClassify(t *testing.T) {
	cases := []struct {
		err   error
		code  string
		retry bool
	}{
		{final, "NO_PERMISSIONS", false},
		{core.Errorf("ResourceNotFoundException", "x"), "NO_RESOURCE", false},
		{core.Errorf("QueueDoesNotExist", "x"), "NO_RESOURCE", false},
		{core.Errorf("ThrottlingException", "x"), "THROTTLING", true},
		{core.ErrUnreachable, "ERROR_FROM_TARGET", true},
		{core.NotRun("x", "y"), "SDK_CLIENT_ERROR", false},
		{core.Errorf("ValidationException", "x"), "SDK_CLIENT_ERROR", false},
		{errors.New("x"), "INTERNAL_ERROR", true},
		{&eventbridge.Failure{Code: "MINE", Retry: true}, "MINE", true},
	}
	for _, c := range cases {
		if got := eventbridge.Classify(c.err); got.Code != c.code || got.Retry != c.retry {
			t.Errorf("%v is %s, retry %v; want %s, %v", c.err, got.Code, got.Retry, c.code, c.retry)
		}
	}
}

func TestDuplicateDeliversTwice(t *testing.T) {
	r := newRig(t, func(p *eventbridge.Ports) { p.Duplicate = func(eventbridge.Delivery) bool { return true } })
	r.shop(east, "")
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Second)
	if len(r.deliveries) != 2 {
		t.Errorf("%d deliveries, want 2", len(r.deliveries))
	}
}

func TestDeliveriesOfALostRegionWait(t *testing.T) {
	r := newRig(t)
	r.shop(east, "")
	r.put(east, "shop", `{"kind":"placed"}`)
	r.cloud.Faults.SetRegion(east, core.Lost)
	r.run(time.Hour)
	if len(r.deliveries) != 0 {
		t.Fatal("delivered from a lost region")
	}
	r.cloud.Faults.SetRegion(east, core.Up)
	r.run(time.Second)
	if len(r.deliveries) != 1 {
		t.Errorf("%d deliveries after the region came back", len(r.deliveries))
	}
}

// chain makes a bus in both regions, each with a rule that sends everything to the other's bus
// and one that sends it to a queue.
func chain(r *rig) {
	for _, region := range []string{east, west} {
		peer := map[string]string{east: west, west: east}[region]
		r.shop(region, "")
		r.provision(region, "AWS::Events::Rule", "Across", `{"Name":"across","EventBusName":"shop","EventPattern":{"source":["twofold.order"]},
			"Targets":[{"Id":"peer","Arn":"`+core.ARN("events", peer, "event-bus/shop")+`","RoleArn":"arn:aws:iam::000000000000:role/across"}]}`)
	}
}

func TestABusOfAnotherRegionGetsTheEventOnce(t *testing.T) {
	r := newRig(t)
	chain(r)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Minute)
	if n := r.cloud.Journal.Count(core.KindEvent); n != 2 {
		t.Fatalf("%d events on the buses, want 2: an event from another bus is not sent on", n)
	}
	if len(r.deliveries) != 2 {
		t.Fatalf("%d deliveries", len(r.deliveries))
	}
	bodies := map[string]string{r.deliveries[0].Region: string(r.deliveries[0].Body), r.deliveries[1].Region: string(r.deliveries[1].Body)}
	if bodies[east] == bodies[west] {
		t.Error("the ids must differ between the regions")
	}
	if !strings.Contains(bodies[west], `"region":"us-east-1"`) {
		t.Errorf("the event must keep its origin: %s", bodies[west])
	}
}

func TestACutLinkDelaysTheOtherRegionsBus(t *testing.T) {
	r := newRig(t)
	chain(r)
	r.cloud.Faults.SetCut(east, west, true)
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Minute)
	if n := r.cloud.Journal.Count(core.KindEvent); n != 1 {
		t.Fatalf("%d events crossed a cut link", n-1)
	}
	r.cloud.Faults.SetCut(east, west, false)
	r.run(time.Hour)
	if n := r.cloud.Journal.Count(core.KindEvent); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

func TestATargetBusNeedsItsRole(t *testing.T) {
	r := newRig(t)
	chain(r)
	r.cloud.UseAuthorizer(denyAll{})
	r.put(east, "shop", `{"kind":"placed"}`)
	r.run(time.Hour)
	if n := r.cloud.Journal.Count(core.KindEvent); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	if r.cloud.Journal.Count(core.KindDenied) != 1 || r.cloud.Journal.Count(core.KindDropped) != 1 {
		t.Error("the denial and the loss must be journalled")
	}
}

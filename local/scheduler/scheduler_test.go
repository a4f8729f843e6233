package scheduler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/scheduler"
)

var start = time.Date(2026, 5, 1, 12, 0, 30, 0, time.UTC) // a Friday

const (
	east   = "us-east-1"
	target = "arn:aws:lambda:us-east-1:000000000000:function:sweep:live"
	dead   = "arn:aws:sqs:us-east-1:000000000000:dead"
	role   = "arn:aws:iam::000000000000:role/clock"
)

type rig struct {
	t       *testing.T
	sim     *core.Sim
	cloud   *core.Cloud
	service *scheduler.Service
	sent    []scheduler.Delivery
	times   []string
	fail    func(d scheduler.Delivery) error
}

func newRig(t *testing.T, options scheduler.Options) *rig {
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	r := &rig{t: t, sim: sim, cloud: core.New(sim, faults, 1)}
	options.Deliver = func(_ context.Context, d scheduler.Delivery) error {
		r.times = append(r.times, sim.Now().Format("15:04:05"))
		if r.fail != nil && d.TargetARN != dead {
			if err := r.fail(d); err != nil {
				return err
			}
		}
		r.sent = append(r.sent, d)
		return nil
	}
	r.service = scheduler.New(t.Context(), r.cloud, options)
	r.cloud.Register("scheduler", r.service)
	return r
}

func spec(expression, extra, targetExtra string) string {
	return `{"ScheduleExpression":"` + expression + `","FlexibleTimeWindow":{"Mode":"OFF"}` + extra +
		`,"Target":{"Arn":"` + target + `","RoleArn":"` + role + `"` + targetExtra + `}}`
}

func (r *rig) provision(properties string) error {
	var m map[string]any
	if err := json.Unmarshal([]byte(properties), &m); err != nil {
		r.t.Fatalf("%v in %s", err, properties)
	}
	m["Name"] = "s-Clock"
	_, err := r.service.Provision(r.t.Context(), core.Resource{Region: east, Stack: "s", LogicalID: "Clock", Type: "AWS::Scheduler::Schedule", Properties: m, Position: "stacks/saga.yaml:3"})
	return err
}

func (r *rig) schedule(expression, extra, targetExtra string) {
	r.t.Helper()
	if err := r.provision(spec(expression, extra, targetExtra)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) run(d time.Duration) { r.sim.Run(r.sim.Now().Add(d)) }

func TestARateFiresAtOnceAndThenEveryInterval(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.schedule("rate(1 minute)", "", "")
	r.run(150 * time.Second)
	if got := strings.Join(r.times, " "); got != "12:00:30 12:01:30 12:02:30" {
		t.Errorf("fired at %s", got)
	}
	d := r.sent[1]
	if d.TargetARN != target || d.Principal.RoleARN != role || d.SourceARN != "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s-Clock" {
		t.Errorf("got %+v", d)
	}
	var body map[string]any
	if err := json.Unmarshal(d.Body, &body); err != nil || body["detail-type"] != "Scheduled Event" || body["source"] != "aws.scheduler" || body["time"] != "2026-05-01T12:01:30Z" || body["detail"] != "{}" {
		t.Errorf("body %s", d.Body)
	}
	if got := r.cloud.Meter.Read(); len(got) != 1 || got[0].Unit != "scheduler:Invocation" || got[0].N != 3 {
		t.Errorf("meter %v", got)
	}
}

func TestDeployingTheSameScheduleAgainDoesNotFireIt(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.schedule("rate(1 hour)", "", "")
	r.run(time.Minute)
	r.schedule("rate(1 hour)", "", "")
	r.run(time.Minute)
	if len(r.sent) != 1 {
		t.Errorf("fired at %v", r.times)
	}
	r.schedule("rate(2 hours)", "", "")
	r.run(5 * time.Hour)
	if got := strings.Join(r.times, " "); got != "12:00:30 12:02:30 14:02:30 16:02:30" {
		t.Errorf("after the change fired at %s", got)
	}
}

func TestCronAndAtFireWhenTheySay(t *testing.T) {
	cases := []struct{ expression, zone, want string }{
		{"cron(0/15 * * * ? *)", "", "2026-05-01T12:15:00Z 2026-05-01T12:30:00Z"},
		{"cron(30 8 ? * MON-FRI *)", "", "2026-05-04T08:30:00Z 2026-05-05T08:30:00Z"},
		{"cron(30 8 ? * 2-6 *)", "", "2026-05-04T08:30:00Z 2026-05-05T08:30:00Z"},
		{"cron(0 9 ? * 1 *)", "", "2026-05-03T09:00:00Z 2026-05-10T09:00:00Z"},
		{"cron(0 9 ? * 6L *)", "", "2026-05-29T09:00:00Z 2026-06-26T09:00:00Z"},
		{"cron(0 9 ? * 3#2 *)", "", "2026-05-12T09:00:00Z 2026-06-09T09:00:00Z"},
		{"cron(0 0 L * ? *)", "", "2026-05-31T00:00:00Z 2026-06-30T00:00:00Z"},
		{"cron(0 12 1 JAN ? 2027-2028)", "", "2027-01-01T12:00:00Z 2028-01-01T12:00:00Z"},
		{"cron(0 9 * * ? *)", "Europe/Berlin", "2026-05-02T07:00:00Z 2026-05-03T07:00:00Z"},
		{"at(2026-05-02T00:00:00)", "", "2026-05-02T00:00:00Z"},
		{"at(2026-05-02T00:00:00)", "America/New_York", "2026-05-02T04:00:00Z"},
		{"at(2026-04-02T00:00:00)", "", ""},
		{"rate(2 days)", "", "2026-05-01T12:00:30Z 2026-05-03T12:00:30Z"},
	}
	for _, c := range cases {
		t.Run(c.expression+c.zone, func(t *testing.T) {
			r := newRig(t, scheduler.Options{})
			extra := ""
			if c.zone != "" {
				extra = `,"ScheduleExpressionTimezone":"` + c.zone + `"`
			}
			r.schedule(c.expression, extra, `,"Input":"{\"at\":\"<aws.scheduler.scheduled-time>\"}"`)
			for month := 0; month < 36 && len(r.sent) < 2; month++ {
				r.run(30 * 24 * time.Hour)
			}
			var got []string
			for _, d := range r.sent[:min(2, len(r.sent))] {
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(string(d.Body), `{"at":"`), `"}`))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("fired at %v, want %s", got, c.want)
			}
		})
	}
}

func TestStartAndEndBoundASchedule(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.schedule("rate(10 minutes)", `,"StartDate":"2026-05-01T13:00:00Z","EndDate":"2026-05-01T13:25:00Z"`, "")
	r.run(3 * time.Hour)
	if got := strings.Join(r.times, " "); got != "13:00:00 13:10:00 13:20:00" {
		t.Errorf("fired at %s", got)
	}
	r = newRig(t, scheduler.Options{})
	r.schedule("rate(10 minutes)", `,"StartDate":"2026-05-01T11:55:00Z"`, "")
	r.run(10 * time.Minute)
	if got := strings.Join(r.times, " "); got != "12:05:00" {
		t.Errorf("with a start in the past fired at %s", got)
	}
}

func TestInputMayUseContextAttributes(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	failures := 1
	r.fail = func(scheduler.Delivery) error {
		if failures--; failures >= 0 {
			return &scheduler.Failure{Code: "X", Retry: true}
		}
		return nil
	}
	r.schedule("at(2026-05-01T12:10:00)", "", `,"Input":"{\"a\":\"<aws.scheduler.schedule-arn>\",\"n\":<aws.scheduler.attempt-number>,\"t\":\"<aws.scheduler.scheduled-time>\",\"e\":\"<aws.scheduler.execution-id>\"}"`)
	r.run(time.Hour)
	if len(r.sent) != 1 {
		t.Fatalf("sent %v", r.sent)
	}
	got := string(r.sent[0].Body)
	if !strings.HasPrefix(got, `{"a":"arn:aws:scheduler:us-east-1:000000000000:schedule/default/s-Clock","n":2,"t":"2026-05-01T12:10:00Z","e":"`) || strings.Contains(got, "<") {
		t.Errorf("got %s", got)
	}
}

func TestRetriesThenTheDeadLetterQueue(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.fail = func(scheduler.Delivery) error {
		return &core.Error{Code: "TooManyRequestsException", Message: "slow", Status: 429}
	}
	r.schedule("at(2026-05-01T12:10:00)", "", `,"Input":"{}","RetryPolicy":{"MaximumRetryAttempts":"2"},"DeadLetterConfig":{"Arn":"`+dead+`"}`)
	r.run(time.Hour)
	if len(r.times) != 4 || len(r.sent) != 1 || r.sent[0].TargetARN != dead || string(r.sent[0].Body) != "{}" {
		t.Fatalf("tries %v, sent %v", r.times, r.sent)
	}
	got := r.sent[0].Attributes
	id := got["EXECUTION_ID"]
	want := map[string]string{"SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/s-Clock", "TARGET_ARN": target,
		"ERROR_CODE": "TooManyRequestsException", "ERROR_MESSAGE": "slow", "EXECUTION_ID": id, "SCHEDULED_TIME": "2026-05-01T12:10:00Z",
		"RETRY_ATTEMPTS": "2", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "IS_PAYLOAD_TRUNCATED": "false"}
	if !maps.Equal(got, want) || len(id) != 36 {
		t.Errorf("got %v", got)
	}
	if r.cloud.Journal.Count(core.KindDeadLetter) != 1 {
		t.Error("not journalled")
	}
}

func TestAFailureThatWillNotPassIsDroppedAtOnce(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.fail = func(scheduler.Delivery) error { return core.Errorf("AccessDeniedException", "no") }
	r.schedule("at(2026-05-01T12:10:00)", "", "")
	r.run(24 * time.Hour)
	if len(r.times) != 1 || r.cloud.Journal.Count(core.KindDropped) != 1 {
		t.Errorf("tries %v", r.times)
	}
}

func TestATickThatFailedIsMissedAndNotDropped(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.fail = func(scheduler.Delivery) error { return core.Errorf("AccessDeniedException", "no") }
	r.schedule("rate(1 hour)", "", "")
	r.run(90 * time.Minute)
	if missed, dropped := r.cloud.Journal.Count(core.KindMissedTick), r.cloud.Journal.Count(core.KindDropped); missed == 0 || dropped != 0 {
		t.Errorf("%d missed, %d dropped", missed, dropped)
	}
}

func TestDuplicate(t *testing.T) {
	r := newRig(t, scheduler.Options{Duplicate: func(scheduler.Delivery) bool { return true }})
	r.schedule("at(2026-05-01T12:10:00)", "", "")
	r.run(time.Hour)
	if len(r.sent) != 2 {
		t.Errorf("sent %d times", len(r.sent))
	}
}

func TestALostRegionsScheduleStandsStill(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	r.schedule("rate(1 minute)", "", "")
	r.run(10 * time.Second)
	r.cloud.Faults.SetRegion(east, core.Lost)
	r.run(10 * time.Minute)
	r.cloud.Faults.SetRegion(east, core.Up)
	r.run(time.Minute)
	if got := strings.Join(r.times, " "); got != "12:00:30 12:10:40 12:11:30" {
		t.Errorf("fired at %s", got)
	}
}

func TestSpeedRunsTheSchedulesClockFaster(t *testing.T) {
	r := newRig(t, scheduler.Options{Speed: 60})
	r.schedule("rate(1 minute)", "", `,"Input":"\"<aws.scheduler.scheduled-time>\""`)
	r.run(2 * time.Second)
	if got := strings.Join(r.times, " "); got != "12:00:30 12:00:31 12:00:32" || string(r.sent[2].Body) != `"2026-05-01T12:02:30Z"` {
		t.Errorf("fired at %s, the last for %s", got, r.sent[2].Body)
	}
}

func TestEveryIsForRules(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	var got []string
	stop, err := r.service.Every(east, "rule", "rate(5 minutes)", func(_ context.Context, at time.Time) { got = append(got, at.Format("15:04:05")) })
	if err != nil {
		t.Fatal(err)
	}
	r.run(11 * time.Minute)
	stop()
	r.run(time.Hour)
	if s := strings.Join(got, " "); s != "12:05:30 12:10:30" {
		t.Errorf("fired at %s", s)
	}
	for _, bad := range []string{"at(2026-05-02T00:00:00)", "cron(INVALID)", "rate(5 minute)"} {
		if _, err := r.service.Every(east, "rule", bad, nil); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func TestTheAPIKeepsSchedules(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	call := func(method, path, body string) (map[string]any, error) {
		u, err := url.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := r.cloud.Do(t.Context(), &core.Call{Region: east, Service: "scheduler", Method: method, Path: u.Path, Query: u.Query(), Body: []byte(body)})
		_, _, raw := core.Encode(reply, err)
		out := map[string]any{}
		if jerr := json.Unmarshal(raw, &out); jerr != nil {
			t.Fatal(jerr)
		}
		return out, err
	}
	body := spec("rate(1 minute)", `,"ClientToken":"x"`, "")
	for _, step := range []struct{ method, path, body, code string }{
		{"PUT", "/schedules/a", body, "ResourceNotFoundException"},
		{"POST", "/schedules/a", body, ""},
		{"POST", "/schedules/a", body, "ConflictException"},
		{"PUT", "/schedules/a", spec("rate(1 hour)", "", ""), ""},
		{"POST", "/schedules/b", spec("rate(1 hour)", `,"GroupName":"none"`, ""), "ResourceNotFoundException"},
		{"POST", "/schedules/b", spec("rate(x)", "", ""), "ValidationException"},
		{"POST", "/schedules/b", spec("rate(1 hour)", `,"What":1`, ""), "UnsupportedOperationException"},
		{"GET", "/schedule-groups", "", "UnsupportedOperationException"},
	} {
		out, err := call(step.method, step.path, step.body)
		if code, _ := out["__type"].(string); code != step.code {
			t.Errorf("%s %s answers %v, %v; want %q", step.method, step.path, out, err, step.code)
		}
	}
	if out, err := call("GET", "/schedules/a", ""); err != nil || out["ScheduleExpression"] != "rate(1 hour)" || out["State"] != "ENABLED" {
		t.Errorf("got %v, %v", out, err)
	}
	if out, _ := call("GET", "/schedules", ""); len(out["Schedules"].([]any)) != 1 {
		t.Errorf("got %v", out)
	}
	if _, err := call("DELETE", "/schedules/a", ""); err != nil {
		t.Error(err)
	}
	if _, err := call("GET", "/schedules/a", ""); err == nil {
		t.Error("a deleted schedule is there")
	}
	r.run(3 * time.Hour)
	if len(r.sent) != 0 {
		t.Errorf("a deleted schedule fired at %v", r.times)
	}
}

func TestBadSchedulesAreRefused(t *testing.T) {
	cases := []struct{ name, properties, want string }{
		{"expression", spec("every minute", "", ""), "none of rate(...), cron(...) and at(...)"},
		{"rate unit", spec("rate(5 fortnights)", "", ""), "the unit must be"},
		{"rate number", spec("rate(0 minutes)", "", ""), "positive whole number"},
		{"rate plural", spec("rate(1 minutes)", "", ""), "singular for 1"},
		{"five fields", spec("cron(0 9 * * ?)", "", ""), "must have six fields"},
		{"no question mark", spec("cron(0 1 * * * *)", "", ""), "exactly one of day-of-month and day-of-week must be ?"},
		{"two question marks", spec("cron(0 1 ? * ? *)", "", ""), "exactly one of"},
		{"minute", spec("cron(71 8 1 * ? *)", "", ""), "cron(71 8 1 * ? *)"},
		{"hour", spec("cron(0 dummy ? * MON-FRI *)", "", ""), "cron(0 dummy"},
		{"weekday", spec("cron(0 9 ? * 0 *)", "", ""), "days are 1 (Sunday) to 7"},
		{"at", spec("at(tomorrow)", "", ""), "yyyy-mm-dd"},
		{"zone", spec("rate(1 minute)", `,"ScheduleExpressionTimezone":"Mars/Base"`, ""), "Invalid ScheduleExpressionTimezone"},
		{"state", spec("rate(1 minute)", `,"State":"ON"`, ""), "Invalid State"},
		{"start", spec("rate(1 minute)", `,"StartDate":"soon"`, ""), "is not a time"},
		{"group", spec("rate(1 minute)", `,"GroupName":"none"`, ""), "schedule group none does not exist"},
		{"window", strings.Replace(spec("rate(1 minute)", "", ""), "OFF", "FLEXIBLE", 1), "does not run the FlexibleTimeWindow"},
		{"completion", spec("rate(1 minute)", `,"ActionAfterCompletion":"DELETE"`, ""), "does not run ActionAfterCompletion"},
		{"target parameters", spec("rate(1 minute)", "", `,"EcsParameters":{}`), `does not run the property "EcsParameters"`},
		{"region", strings.Replace(spec("rate(1 minute)", "", ""), "lambda:us-east-1", "lambda:us-west-2", 1), "is not in us-east-1"},
		{"input", spec("rate(1 minute)", "", `,"Input":"{"`), "Input is not JSON"},
		{"retries", spec("rate(1 minute)", "", `,"RetryPolicy":{"MaximumRetryAttempts":200}`), "between 0 and 185"},
		{"role", strings.Replace(spec("rate(1 minute)", "", ""), role, "", 1), "RoleArn is required"},
		{"universal", strings.Replace(spec("rate(1 minute)", "", ""), target, "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", 1), "universal target"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := newRig(t, scheduler.Options{}).provision(c.properties)
			if err == nil || !strings.HasPrefix(err.Error(), "stacks/saga.yaml:3: Clock (AWS::Scheduler::Schedule): ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestGroupsAreMade(t *testing.T) {
	r := newRig(t, scheduler.Options{})
	p, err := r.service.Provision(t.Context(), core.Resource{Region: east, Stack: "s", LogicalID: "Group", Type: "AWS::Scheduler::ScheduleGroup", Properties: map[string]any{"Name": "sweeps"}})
	if err != nil || p.Ref != "sweeps" || fmt.Sprint(p.Attrs["Arn"]) != "arn:aws:scheduler:us-east-1:000000000000:schedule-group/sweeps" {
		t.Fatalf("got %v, %v", p, err)
	}
	r.schedule("rate(1 minute)", `,"GroupName":"sweeps","State":"DISABLED"`, "")
	r.run(time.Hour)
	if len(r.sent) != 0 {
		t.Error("a disabled schedule fired")
	}
}

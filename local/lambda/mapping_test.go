package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"twofold/local/core"
)

const queueARN = "arn:aws:sqs:us-east-1:000000000000:q"

// fakeQueue stands for SQS: what is received comes back after 30 s unless it is deleted.
type fakeQueue struct {
	cloud    *core.Cloud
	wake     core.Signal
	messages []QueueMessage
	hidden   map[string]time.Time
	deleted  []string
	receives int
}

func newFakeQueue(cloud *core.Cloud, bodies ...string) *fakeQueue {
	q := &fakeQueue{cloud: cloud, wake: cloud.NewSignal(), hidden: map[string]time.Time{}}
	q.put(bodies...)
	return q
}

func (q *fakeQueue) put(bodies ...string) {
	for _, body := range bodies {
		q.messages = append(q.messages, QueueMessage{MessageID: body, ReceiptHandle: "r-" + body, Body: body, Attributes: map[string]string{"ApproximateReceiveCount": "1"}})
	}
	q.wake.Set()
}

func (q *fakeQueue) receive(ctx context.Context, _, _ string, most int, wait time.Duration, _ core.Principal) ([]QueueMessage, error) {
	q.receives++
	end := q.cloud.Now().Add(wait)
	for {
		var out []QueueMessage
		for _, m := range q.messages {
			if len(out) < most && !q.hidden[m.MessageID].After(q.cloud.Now()) {
				q.hidden[m.MessageID] = q.cloud.Now().Add(30 * time.Second)
				out = append(out, m)
			}
		}
		if len(out) > 0 || !q.cloud.Now().Before(end) {
			return out, nil
		}
		if _, err := q.wake.WaitFor(ctx, end.Sub(q.cloud.Now())); err != nil {
			return nil, err
		}
	}
}

func (q *fakeQueue) remove(_ context.Context, _, _ string, receipts []string, _ core.Principal) error {
	for _, r := range receipts {
		q.deleted = append(q.deleted, strings.TrimPrefix(r, "r-"))
		q.messages = slices.DeleteFunc(q.messages, func(m QueueMessage) bool { return m.ReceiptHandle == r })
	}
	return nil
}

func newMapped(t *testing.T, r scripted, props map[string]any, bodies ...string) (*bench, *fakeQueue) {
	t.Helper()
	var q *fakeQueue
	b := newSim(t, r, func(c *Config) {
		q = newFakeQueue(c.Cloud, bodies...)
		c.Queues = Queues{Receive: q.receive, Delete: q.remove}
		c.Filter = func(pattern json.RawMessage) (func([]byte) (bool, error), error) {
			return func(record []byte) (bool, error) { return strings.Contains(string(record), `"body":{"keep":`), nil }, nil
		}
	})
	all := map[string]any{"FunctionName": "f", "EventSourceArn": queueARN}
	for k, v := range props {
		all[k] = v
	}
	b.deploy(t, "AWS::Lambda::EventSourceMapping", "M", all)
	return b, q
}

func TestPartialBatchAnswersDeleteOnlyWhatSucceeded(t *testing.T) {
	calls := 0
	b, q := newMapped(t, func(_ context.Context, _ *Version, in Invocation) (Outcome, error) {
		calls++
		var e events.SQSEvent
		if err := json.Unmarshal(in.Payload, &e); err != nil {
			t.Error(err)
		}
		if calls > 1 {
			return Outcome{Payload: []byte(`{"batchItemFailures":[]}`)}, nil
		}
		if r := e.Records[0]; len(e.Records) != 3 || r.EventSource != "aws:sqs" || r.EventSourceARN != queueARN || r.AWSRegion != region {
			t.Errorf("event is %+v", e)
		}
		return Outcome{Payload: []byte(`{"batchItemFailures":[{"itemIdentifier":"b"}]}`)}, nil
	}, map[string]any{"FunctionResponseTypes": []any{"ReportBatchItemFailures"}}, "a", "b", "c")
	b.run(time.Second)
	if got := fmt.Sprint(q.deleted); got != "[a c]" {
		t.Errorf("deleted %s", got)
	}
	b.run(time.Minute)
	if got := fmt.Sprint(q.deleted, calls); got != "[a c b] 2" {
		t.Errorf("after the visibility time-out: %s", got)
	}
}

func TestAnswersThatAreNoReportFailTheBatch(t *testing.T) {
	batch := []QueueMessage{{MessageID: "a"}, {MessageID: "b"}}
	cases := map[string]int{"": 2, "null": 2, "{}": 2, `{"batchItemFailures":null}`: 2, `{"batchItemFailures":[]}`: 2,
		`{"batchItemFailures":[{"itemIdentifier":"a"}]}`: 1,
		`{"batchItemFailures":[{"itemIdentifier":""}]}`:  0, `{"batchItemFailures":[{"itemIdentifier":null}]}`: 0,
		`{"batchItemFailures":[{"id":"a"}]}`: 0, `{"batchItemFailures":[{"itemIdentifier":"z"}]}`: 0, `"text"`: 0}
	for answer, want := range cases {
		if got := len(succeeded(&mapping{partial: true}, batch, []byte(answer))); got != want {
			t.Errorf("%s: %d succeeded, want %d", answer, got, want)
		}
	}
	twice := append(slices.Clone(batch), batch[0])
	if got := succeeded(&mapping{partial: true}, twice, []byte(`{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"a"}]}`)); len(got) != 1 || got[0].MessageID != "b" {
		t.Errorf("of a message that came twice and failed twice, these are taken for done: %v", got)
	}
	if got := len(succeeded(&mapping{}, batch, []byte(`{"batchItemFailures":[{"itemIdentifier":"a"}]}`))); got != 2 {
		t.Errorf("without ReportBatchItemFailures %d succeeded", got)
	}
}

func TestFunctionErrorLeavesTheBatchInTheQueue(t *testing.T) {
	b, q := newMapped(t, failing, nil, "a")
	b.run(20 * time.Second)
	if len(q.deleted) != 0 || b.cloud.Journal.Count(core.KindFunctionError) != 1 {
		t.Errorf("deleted %v after %d errors", q.deleted, b.cloud.Journal.Count(core.KindFunctionError))
	}
}

func TestFilteredMessagesAreDeletedUnseen(t *testing.T) {
	calls := 0
	b, q := newMapped(t, func(_ context.Context, _ *Version, in Invocation) (Outcome, error) {
		calls++
		if strings.Contains(string(in.Payload), "other") {
			t.Errorf("the function saw %s", in.Payload)
		}
		return Outcome{}, nil
	}, map[string]any{"FilterCriteria": map[string]any{"Filters": []any{map[string]any{"Pattern": `{"body":{"keep":[true]}}`}}}}, `{"keep":true}`, `{"other":1}`, `plain other`)
	b.run(time.Second)
	if len(q.deleted) != 3 || calls != 1 {
		t.Errorf("deleted %v in %d calls", q.deleted, calls)
	}
}

func TestIdlePollersSleep(t *testing.T) {
	b, q := newMapped(t, echo, nil)
	steps := b.sim.Run(start.Add(time.Minute))
	if q.receives > 5*4 || steps > 60 {
		t.Errorf("%d receives and %d steps in an idle minute", q.receives, steps)
	}
}

func TestBatchingWindowCollectsUntilTheBatchIsFull(t *testing.T) {
	var sizes []int
	b, q := newMapped(t, func(_ context.Context, _ *Version, in Invocation) (Outcome, error) {
		sizes = append(sizes, strings.Count(string(in.Payload), "messageId"))
		return Outcome{}, nil
	}, map[string]any{"BatchSize": 12, "MaximumBatchingWindowInSeconds": 5, "ScalingConfig": map[string]any{"MaximumConcurrency": 2}})
	b.task(func(ctx context.Context) {
		for i := range 13 {
			q.put(fmt.Sprint("m", i))
			if err := b.cloud.Sleep(ctx, 100*time.Millisecond); err != nil {
				t.Error(err)
			}
		}
	})
	b.run(30 * time.Second)
	total := 0
	for _, n := range sizes {
		total += n
	}
	if total != 13 || len(sizes) > 3 {
		t.Errorf("batches of %v", sizes)
	}
}

func TestDisabledMappingReceivesNothing(t *testing.T) {
	b, q := newMapped(t, echo, nil)
	b.cloud.Register("lambda", b.Service)
	uuid := sortedKeys(b.mappings)[0]
	set := func(enabled bool) {
		b.task(func(ctx context.Context) {
			_, err := b.cloud.Do(ctx, &core.Call{Region: region, Service: "lambda", Method: "PUT", Path: "/2015-03-31/event-source-mappings/" + uuid,
				Body: fmt.Appendf(nil, `{"Enabled":%v}`, enabled)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	set(false)
	b.run(30 * time.Second)
	q.put("a")
	b.run(time.Minute)
	if len(q.deleted) != 0 {
		t.Error("a disabled mapping took a message")
	}
	set(true)
	b.run(2 * time.Minute)
	if len(q.deleted) != 1 {
		t.Error("the mapping did not go on when it was enabled")
	}
}

func TestMappingNeedsARoleThatMayReceive(t *testing.T) {
	b := newSim(t, echo, nil)
	b.cloud.UseAuthorizer(only{"nothing"})
	_, err := b.try("AWS::Lambda::EventSourceMapping", "M", map[string]any{"FunctionName": "f", "EventSourceArn": queueARN})
	if err == nil || !strings.Contains(err.Error(), "ReceiveMessage") {
		t.Errorf("got %v", err)
	}
}

func TestAsynchronousInvocationIsTriedThreeTimesAndThenDelivered(t *testing.T) {
	var at []time.Duration
	var b *bench
	delivered := map[string]string{}
	b = newSim(t, func(ctx context.Context, v *Version, in Invocation) (Outcome, error) {
		at = append(at, b.cloud.Now().Sub(start))
		return failing(ctx, v, in)
	}, func(c *Config) {
		c.Deliver = func(_ context.Context, _, target string, body []byte, attributes map[string]string, as core.Principal) error {
			delivered[core.NameOf(target)] = string(body) + attributes["ErrorMessage"] + as.Via
			return nil
		}
	})
	b.deploy(t, "AWS::Lambda::Function", "F", map[string]any{"DeadLetterConfig": map[string]any{"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dlq"}})
	b.deploy(t, "AWS::Lambda::EventInvokeConfig", "C", map[string]any{"FunctionName": "f", "Qualifier": "$LATEST",
		"DestinationConfig": map[string]any{"OnFailure": map[string]any{"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}}})
	b.task(func(ctx context.Context) {
		res, err := b.Invoke(ctx, region, "f", "", core.Principal{}, Event, []byte(`{"n":1}`))
		if err != nil || res.StatusCode != 202 {
			t.Errorf("%+v, %v", res, err)
		}
	})
	b.run(time.Hour)
	if got := fmt.Sprint(at); got != "[0s 1m0s 3m0s]" {
		t.Errorf("tried at %s", got)
	}
	if delivered["dlq"] != `{"n":1}nof` || !strings.Contains(delivered["failed"], `"condition":"RetriesExhausted"`) || !strings.Contains(delivered["failed"], `"approximateInvokeCount":3`) {
		t.Errorf("delivered %v", delivered)
	}
	if n := b.cloud.Journal.Count(core.KindDeadLetter); n != 2 {
		t.Errorf("%d dead letters journalled", n)
	}
}

func TestThrottledAsynchronousInvocationWaitsForRoomAndIsNotLost(t *testing.T) {
	b := newSim(t, echo, nil)
	b.deploy(t, "AWS::Lambda::Function", "F", map[string]any{"ReservedConcurrentExecutions": 0})
	b.task(func(ctx context.Context) {
		if _, err := b.Invoke(ctx, region, "f", "", core.Principal{}, Event, nil); err != nil {
			t.Error(err)
		}
	})
	b.run(10 * time.Minute)
	b.deploy(t, "AWS::Lambda::Function", "F", nil)
	b.run(20 * time.Minute)
	for _, r := range b.cloud.Meter.Read() {
		if r.Unit == Requests && r.N == 1 {
			return
		}
	}
	t.Error("the event was not run")
}

func TestLostAnswerRunsTheEventAgain(t *testing.T) {
	runs := 0
	b := newSim(t, func(context.Context, *Version, Invocation) (Outcome, error) {
		runs++
		return Outcome{}, nil
	}, nil)
	b.cloud.Faults.InterceptAfter(func(_ context.Context, call *core.Call) error {
		if runs == 1 && strings.HasSuffix(call.Path, "/invocations") && call.Principal.Service != "" {
			return errors.New("the answer was lost")
		}
		return nil
	})
	b.task(func(ctx context.Context) {
		if _, err := b.Invoke(ctx, region, "f", "", core.Principal{}, Event, nil); err != nil {
			t.Error(err)
		}
	})
	b.run(time.Hour)
	if runs != 2 {
		t.Errorf("%d runs", runs)
	}
}

func TestBillingRoundsUpToMilliseconds(t *testing.T) {
	b := newSim(t, echo, nil) // 1.5 ms at 256 MB
	b.task(func(ctx context.Context) {
		if _, err := b.Invoke(ctx, region, "f", "", core.Principal{}, RequestResponse, nil); err != nil {
			t.Error(err)
		}
	})
	b.run(time.Second)
	got := map[core.Unit]float64{}
	for _, r := range b.cloud.Meter.Read() {
		got[r.Unit] = r.N
	}
	if got[Requests] != 1 || got[GBSeconds] != 0.002*0.25 {
		t.Errorf("billed %v", got)
	}
}

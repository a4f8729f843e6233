package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// deadQueue remembers what it was sent, or refuses it.
type deadQueue struct {
	sent []*sqs.SendMessageInput
	fail error
}

func (q *deadQueue) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if q.fail == nil {
		q.sent = append(q.sent, in)
	}
	return &sqs.SendMessageOutput{}, q.fail
}

// handleBatch runs a batch of bodies through Messages and gives the ids of those that come back.
func handleBatch(t *testing.T, q *deadQueue, handle func(body string) error, bodies ...string) []string {
	t.Helper()
	var batch events.SQSEvent
	for _, b := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: "id-" + b, Body: b})
	}
	in, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	rt := Runtime{Log: slog.New(slog.NewJSONHandler(&bytes.Buffer{}, nil))}
	h := Messages(rt, DeadLetters{client: q, queue: "https://queue", function: "prices"}, func(_ context.Context, body json.RawMessage) error { return handle(string(body)) })
	raw, err := h.Invoke(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"}), in)
	if err != nil {
		t.Fatal(err)
	}
	var res events.SQSEventResponse
	if err := json.Unmarshal(raw, &res); err != nil {
		t.Fatal(err)
	}
	var back []string
	for _, f := range res.BatchItemFailures {
		back = append(back, f.ItemIdentifier)
	}
	return back
}

func TestAMessageThatCanNeverBeRightIsADeadLetterWithItsReasonAndTheRestGoesOn(t *testing.T) {
	q := &deadQueue{}
	var handled []string
	back := handleBatch(t, q, func(body string) error {
		handled = append(handled, body)
		if body == "bad" {
			return Refuse(InvalidRequest, "quantity is\x00 no number")
		}
		return nil
	}, "first", "bad", "last")
	if len(back) > 0 || strings.Join(handled, " ") != "first bad last" {
		t.Errorf("come back: %q, handled: %q", back, handled)
	}
	if len(q.sent) != 1 || *q.sent[0].MessageBody != "bad" || *q.sent[0].QueueUrl != "https://queue" {
		t.Fatalf("sent %+v", q.sent)
	}
	want := map[string]string{DeadErrorCode: "InvalidRequest", DeadErrorMessage: "InvalidRequest: quantity is  no number",
		DeadFunction: "prices", DeadMessageID: "id-bad", DeadRequestID: "request-1"}
	got := q.sent[0].MessageAttributes
	if len(got) != len(want) {
		t.Errorf("attributes %v", got)
	}
	for name, value := range want {
		if a := got[name]; a.StringValue == nil || *a.StringValue != value || *a.DataType != "String" {
			t.Errorf("%s is %v, want %q", name, a.StringValue, value)
		}
	}
}

func TestAMessageComesBackWhenTryingAgainMayHelp(t *testing.T) {
	for name, c := range map[string]struct{ failure, queue error }{
		"transient":                            {Refuse(Unavailable, ""), nil},
		"unknown":                              {errors.New("what is this"), nil},
		"internal":                             {Wrap(Internal, errors.New("not allowed")), nil},
		"the dead-letter queue is unavailable": {Refuse(InvalidRequest, ""), errors.New("no answer")},
	} {
		t.Run(name, func(t *testing.T) {
			q := &deadQueue{fail: c.queue}
			back := handleBatch(t, q, func(string) error { return c.failure }, "m")
			if len(back) != 1 || back[0] != "id-m" || len(q.sent) != 0 {
				t.Errorf("come back: %q, sent: %d", back, len(q.sent))
			}
		})
	}
}

func TestAReasonIsCutToWhatAnAttributeHolds(t *testing.T) {
	got := attributeText(strings.Repeat("ä", 600))
	if len(got) != 1000 || strings.Trim(got, "ä") != "" {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-4:])
	}
}

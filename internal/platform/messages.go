package platform

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Messages handles a batch of SQS messages one by one and names those that failed, so that only they come back
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). The function of the mapping must
// report batch item failures.
//
// A message that handle refuses as InvalidRequest will never be right: it goes to the dead-letter queue at once, with its reason,
// and counts as handled. Every other failure comes back until the queue's redrive policy moves it, without a reason: that
// stands in the log. So does what the dead-letter queue did not take.
func Messages(rt Runtime, dead DeadLetters, handle func(ctx context.Context, body json.RawMessage) error) lambda.Handler {
	metrics := rt.Metrics()
	return lambda.NewHandler(func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, m := range batch.Records {
			err := handle(ctx, json.RawMessage(m.Body))
			if err == nil {
				continue
			}
			rt.Log.Error("message failed", append(Trail(ctx), "messageId", m.MessageId, "receives", m.Attributes["ApproximateReceiveCount"], "error", err.Error())...)
			if CodeOf(err) == InvalidRequest {
				if err = dead.put(ctx, m, err); err == nil {
					metrics.Put(ctx, "dead letter", []any{"messageId", m.MessageId}, Sample{Metric: DeadLettered, Value: 1})
					continue
				}
				rt.Log.Error("the dead-letter queue did not take the message", "messageId", m.MessageId, "error", err.Error())
			}
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
		return res, nil
	})
}

// The attributes of a dead letter that a function wrote. The first three are named like those of Lambda's own dead-letter queues
// (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
const (
	DeadRequestID    = "RequestID"    // of the invocation, which the log names too
	DeadErrorCode    = "ErrorCode"    // a Code
	DeadErrorMessage = "ErrorMessage" // what is wrong with the message, of at most 1,000 bytes
	DeadFunction     = "Function"
	DeadMessageID    = "MessageID" // of the message in the queue that it came from
)

// DeadLetters is a service's dead-letter queue, as its own functions write to it. The zero DeadLetters takes nothing.
type DeadLetters struct {
	client interface {
		SendMessage(ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	}
	queue    string // URL
	function string
}

// NewDeadLetters writes to the queue of a URL in the name of this function, which must be allowed sqs:SendMessage there.
func NewDeadLetters(rt Runtime, queue string) DeadLetters {
	return DeadLetters{client: sqs.NewFromConfig(rt.AWS), queue: queue, function: rt.Getenv("AWS_LAMBDA_FUNCTION_NAME")}
}

// put sends a message as it came, with the reason beside it.
func (d DeadLetters) put(ctx context.Context, m events.SQSMessage, reason error) error {
	if d.client == nil {
		return errors.New("there is no dead-letter queue")
	}
	attributes := map[string]types.MessageAttributeValue{}
	add := func(name, value string) {
		if value != "" { // SQS refuses an empty one
			attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	add(DeadErrorCode, string(CodeOf(reason)))
	add(DeadErrorMessage, attributeText(reason.Error()))
	add(DeadFunction, d.function)
	add(DeadMessageID, m.MessageId)
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		add(DeadRequestID, lc.AwsRequestID)
	}
	_, err := d.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &d.queue, MessageBody: &m.Body, MessageAttributes: attributes})
	return FromAWS(err)
}

// attributeText is a text as SQS takes it: without control characters, and not long.
func attributeText(s string) string {
	const limit = 1000
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

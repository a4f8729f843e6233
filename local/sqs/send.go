package sqs

import (
	"context"
	"regexp"
	"time"

	"twofold/local/core"
)

type sendRequest struct {
	QueueUrl, Id, MessageBody              string
	DelaySeconds                           *int
	MessageAttributes                      map[string]Attribute
	MessageSystemAttributes                map[string]Attribute
	MessageGroupId, MessageDeduplicationId *string
}

type sendResult struct {
	Id                           string `json:",omitempty"`
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
}

func (s *Service) sendMessage(_ context.Context, call *core.Call) (any, error) {
	var in sendRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:SendMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return s.send(q, in, call.Principal)
}

// send checks and stores one message.
func (s *Service) send(q *queue, in sendRequest, p core.Principal) (*sendResult, error) {
	if err := checkBody(in.MessageBody); err != nil {
		return nil, err
	}
	if err := checkAttributes(in.MessageAttributes); err != nil {
		return nil, err
	}
	if in.MessageDeduplicationId != nil {
		return nil, invalid("The request includes a parameter that is not valid for this queue type: MessageDeduplicationId.")
	}
	q.mu.Lock()
	limit, delay := q.settings.maxSize, q.settings.delay
	q.mu.Unlock()
	if size(in.MessageBody, in.MessageAttributes) > limit {
		return nil, invalid("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}
	if in.DelaySeconds != nil {
		if *in.DelaySeconds < 0 || *in.DelaySeconds > maxDelay {
			return nil, invalid("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= %d.", *in.DelaySeconds, maxDelay)
		}
		delay = time.Duration(*in.DelaySeconds) * time.Second
	}
	now := s.Cloud.Now()
	m := &message{id: s.Cloud.Rand.UUID(), body: in.MessageBody, bodyMD5: bodyMD5(in.MessageBody), sender: p.String(),
		attributes: in.MessageAttributes, attributesMD5: attributesMD5(in.MessageAttributes),
		sent: now, visible: now.Add(delay)}
	if trace := in.MessageSystemAttributes["AWSTraceHeader"].StringValue; trace != nil {
		m.trace = *trace
	}
	s.deliver(q, m, now)
	return &sendResult{Id: in.Id, MessageId: m.id, MD5OfMessageBody: m.bodyMD5, MD5OfMessageAttributes: m.attributesMD5,
		MD5OfMessageSystemAttributes: attributesMD5(in.MessageSystemAttributes)}, nil
}

// deliver puts a message into a queue, late or twice when a fault says so.
func (s *Service) deliver(q *queue, m *message, now time.Time) {
	if s.Disturb != nil {
		d := s.Disturb(q.region, q.name)
		m.visible = m.visible.Add(d.Late)
		if d.Twice {
			twin := *m
			q.put(&twin, now)
		}
	}
	q.put(m, now)
}

type batchFailure struct {
	Id, Code, Message string
	SenderFault       bool
}

type batchResult[T any] struct {
	Successful []T            `json:",omitempty"`
	Failed     []batchFailure `json:",omitempty"`
}

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// eachEntry checks a batch as a whole, then does one entry after the other.
func eachEntry[E, T any](entries []E, id func(E) string, do func(E) (T, error)) (*batchResult[T], error) {
	if len(entries) == 0 {
		return nil, core.Errorf("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > 10 {
		return nil, core.Errorf("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", len(entries))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch key := id(e); {
		case !batchID.MatchString(key):
			return nil, core.Errorf("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		case seen[key]:
			return nil, core.Errorf("BatchEntryIdsNotDistinct", "Id %s repeated.", key)
		default:
			seen[key] = true
		}
	}
	out := &batchResult[T]{}
	for _, e := range entries {
		done, err := do(e)
		if err == nil {
			out.Successful = append(out.Successful, done)
			continue
		}
		failure := batchFailure{Id: id(e), Code: "InternalError", Message: err.Error()}
		if ce, ok := err.(*core.Error); ok {
			failure.Code, failure.Message, failure.SenderFault = ce.Code, ce.Message, true
		}
		out.Failed = append(out.Failed, failure)
	}
	return out, nil
}

func (s *Service) sendMessageBatch(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		QueueUrl string
		Entries  []sendRequest
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:SendMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, e := range in.Entries {
		total += size(e.MessageBody, e.MessageAttributes)
	}
	if total > maxMessage {
		return nil, core.Errorf("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessage, total)
	}
	return eachEntry(in.Entries, func(e sendRequest) string { return e.Id },
		func(e sendRequest) (*sendResult, error) { return s.send(q, e, call.Principal) })
}

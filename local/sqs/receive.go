package sqs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// Message is a received message.
type Message struct {
	MessageId              string
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	MD5OfMessageAttributes string               `json:",omitempty"`
	Attributes             map[string]string    `json:",omitempty"` // SentTimestamp, ApproximateReceiveCount, ...
	MessageAttributes      map[string]Attribute `json:",omitempty"`
}

type receiveRequest struct {
	QueueUrl                                                           string
	MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds            *int
	AttributeNames, MessageSystemAttributeNames, MessageAttributeNames []string
}

func (s *Service) receiveMessage(ctx context.Context, call *core.Call) (any, error) {
	var in receiveRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:ReceiveMessage", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	q.mu.Lock()
	wait, hide, n := q.settings.wait, time.Duration(-1), 1
	q.mu.Unlock()
	if in.WaitTimeSeconds != nil {
		wait = time.Duration(*in.WaitTimeSeconds) * time.Second
	}
	if in.VisibilityTimeout != nil {
		hide = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if in.MaxNumberOfMessages != nil {
		n = *in.MaxNumberOfMessages
	}
	got, err := s.receive(ctx, q, n, wait, hide)
	if err != nil {
		return nil, err
	}
	return in.answer(got), nil
}

func (in *receiveRequest) check() error {
	for _, c := range []struct {
		name     string
		v        *int
		min, max int
	}{{"MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 10}, {"WaitTimeSeconds", in.WaitTimeSeconds, 0, maxWait},
		{"VisibilityTimeout", in.VisibilityTimeout, 0, maxVisibility}} {
		if c.v != nil && (*c.v < c.min || *c.v > c.max) {
			return invalid("Value %d for parameter %s is invalid. Reason: Must be between %d and %d, if provided.", *c.v, c.name, c.min, c.max)
		}
	}
	return nil
}

func (in *receiveRequest) answer(got []message) any {
	wanted := append(slices.Clone(in.AttributeNames), in.MessageSystemAttributeNames...)
	var out struct {
		Messages []Message `json:",omitempty"`
	}
	for i := range got {
		m := got[i].export()
		m.MessageAttributes = selected(m.MessageAttributes, in.MessageAttributeNames)
		m.MD5OfMessageAttributes = attributesMD5(m.MessageAttributes)
		for name := range m.Attributes {
			if !slices.Contains(wanted, name) && !slices.Contains(wanted, "All") {
				delete(m.Attributes, name)
			}
		}
		out.Messages = append(out.Messages, m)
	}
	return out
}

// receive waits up to wait for messages and takes up to n. It moves what was received too
// often to the dead-letter queue instead.
func (s *Service) receive(ctx context.Context, q *queue, n int, wait, hide time.Duration) ([]message, error) {
	end := s.Cloud.Now().Add(wait)
	for {
		now := s.Cloud.Now()
		t := q.take(now, n, hide)
		for _, m := range t.dead {
			s.bury(q, m, now)
		}
		if t.more {
			q.wake.Set() // one Set may have stood for several messages: the next waiter's turn
		}
		if len(t.messages) > 0 || !now.Before(end) {
			return t.messages, nil
		}
		until := end
		if !t.next.IsZero() && t.next.Before(end) {
			until = t.next
		}
		if _, err := q.wake.WaitFor(ctx, until.Sub(now)); err != nil {
			q.wake.Set() // this waiter goes away: the wake-up is another's
			return nil, err
		}
	}
}

// export makes what a receiver sees, with all attributes.
func (m *message) export() Message {
	attrs := map[string]string{
		"SenderId":                         m.sender,
		"SentTimestamp":                    millis(m.sent),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": millis(m.firstReceived),
	}
	if m.trace != "" {
		attrs["AWSTraceHeader"] = m.trace
	}
	if m.source != "" {
		attrs["DeadLetterQueueSourceArn"] = m.source
	}
	return Message{MessageId: m.id, ReceiptHandle: m.receipt, Body: m.body, MD5OfBody: m.bodyMD5,
		MD5OfMessageAttributes: m.attributesMD5, Attributes: attrs, MessageAttributes: m.attributes}
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

type receiptRequest struct {
	QueueUrl, Id, ReceiptHandle string
	VisibilityTimeout           int
}

type batchDone struct{ Id string }

func (r receiptRequest) key() string { return r.Id }

func checkReceipt(receipt string) error {
	if !strings.HasPrefix(receipt, receiptPrefix) {
		return core.Errorf("ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.", receipt)
	}
	return nil
}

func (s *Service) remove(q *queue, r receiptRequest) (batchDone, error) {
	if err := checkReceipt(r.ReceiptHandle); err != nil {
		return batchDone{}, err
	}
	q.remove(r.ReceiptHandle)
	return batchDone{r.Id}, nil
}

func (s *Service) hide(q *queue, r receiptRequest) (batchDone, error) {
	if err := checkReceipt(r.ReceiptHandle); err != nil {
		return batchDone{}, err
	}
	if r.VisibilityTimeout < 0 || r.VisibilityTimeout > maxVisibility {
		return batchDone{}, invalid("Value %d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and %d, if provided.", r.VisibilityTimeout, maxVisibility)
	}
	if !q.hide(r.ReceiptHandle, s.Cloud.Now(), time.Duration(r.VisibilityTimeout)*time.Second) {
		return batchDone{}, core.Errorf("MessageNotInflight", "The message referred to is not in flight.")
	}
	return batchDone{r.Id}, nil
}

func (s *Service) deleteMessage(_ context.Context, call *core.Call) (any, error) {
	return s.oneReceipt(call, "sqs:DeleteMessage", s.remove)
}

func (s *Service) deleteMessageBatch(_ context.Context, call *core.Call) (any, error) {
	return s.manyReceipts(call, "sqs:DeleteMessage", s.remove)
}

func (s *Service) changeVisibility(_ context.Context, call *core.Call) (any, error) {
	return s.oneReceipt(call, "sqs:ChangeMessageVisibility", s.hide)
}

func (s *Service) changeVisibilityBatch(_ context.Context, call *core.Call) (any, error) {
	return s.manyReceipts(call, "sqs:ChangeMessageVisibility", s.hide)
}

type receiptAction func(*queue, receiptRequest) (batchDone, error)

func (s *Service) oneReceipt(call *core.Call, action string, do receiptAction) (any, error) {
	var in receiptRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, action, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	_, err = do(q, in)
	return nil, err
}

func (s *Service) manyReceipts(call *core.Call, action string, do receiptAction) (any, error) {
	var in struct {
		QueueUrl string
		Entries  []receiptRequest
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, action, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return eachEntry(in.Entries, receiptRequest.key, func(r receiptRequest) (batchDone, error) { return do(q, r) })
}

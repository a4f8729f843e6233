package sqs

import (
	"context"
	"time"

	"twofold/local/core"
)

// Send puts one message into a queue of the region for another service of the cloud. It
// takes the same path as a call over the wire: faults, authorization, checks, meter. For an AWS service,
// p.Via is the ARN of the resource on whose behalf it sends, as the queue's policy tests it.
func (s *Service) Send(ctx context.Context, region, queueARN, body string, attributes map[string]Attribute, p core.Principal) error {
	return s.through(ctx, s.call(region, "SendMessage", p), func() error {
		q, err := s.openARN(region, queueARN, "sqs:SendMessage", p)
		if err != nil {
			return err
		}
		s.bill(region, len(body))
		_, err = s.send(q, sendRequest{MessageBody: body, MessageAttributes: attributes}, p)
		return err
	})
}

// Receive takes up to most messages (1..10) with all their attributes, and waits up to wait (at most
// 20 s) for the first. They are hidden for the queue's visibility time-out.
func (s *Service) Receive(ctx context.Context, region, queueARN string, most int, wait time.Duration, p core.Principal) ([]Message, error) {
	var out []Message
	err := s.through(ctx, s.call(region, "ReceiveMessage", p), func() error {
		q, err := s.openARN(region, queueARN, "sqs:ReceiveMessage", p)
		if err != nil {
			return err
		}
		got, err := s.receive(ctx, q, min(max(most, 1), 10), min(wait, maxWait*time.Second), -1)
		total := 0
		for i := range got {
			total += len(got[i].body)
			out = append(out, got[i].export())
		}
		s.bill(region, total)
		return err
	})
	return out, err
}

// Delete deletes the messages of the receipt handles, ten to a call.
func (s *Service) Delete(ctx context.Context, region, queueARN string, receipts []string, p core.Principal) error {
	for len(receipts) > 0 {
		n := min(len(receipts), 10)
		batch := receipts[:n]
		receipts = receipts[n:]
		err := s.through(ctx, s.call(region, "DeleteMessageBatch", p), func() error {
			q, err := s.openARN(region, queueARN, "sqs:DeleteMessage", p)
			if err != nil {
				return err
			}
			s.bill(region, 0)
			for _, receipt := range batch {
				q.remove(receipt)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// call describes a typed call to the faults; it has no body.
func (s *Service) call(region, operation string, p core.Principal) *core.Call {
	return &core.Call{Region: region, Service: "sqs", Operation: operation, Principal: p}
}

// through does what core.Cloud.Do does around a call, for calls that need no encoding.
func (s *Service) through(ctx context.Context, call *core.Call, do func() error) error {
	if err := s.Cloud.Faults.Before(ctx, call); err != nil {
		return err
	}
	err := do()
	if lost := s.Cloud.Faults.After(ctx, call); lost != nil {
		return lost
	}
	return err
}

// Queue is what is in a queue at a moment.
type Queue struct {
	Region, Name, ARN          string
	Visible, InFlight, Delayed int
	Oldest                     time.Duration // how long the message has waited that was sent first; 0 for none
	DeadLetterOf               []string      // names of the queues that move messages here
}

// Queues are all queues of all regions by ARN.
func (s *Service) Queues() []Queue {
	now := s.Cloud.Now()
	var out []Queue
	for _, q := range s.sorted("", "") {
		info := Queue{Region: q.region, Name: q.name, ARN: q.arn}
		info.Visible, info.InFlight, info.Delayed = q.depth(now)
		info.Oldest = q.oldest(now)
		for _, source := range s.sources(q) {
			info.DeadLetterOf = append(info.DeadLetterOf, source.name)
		}
		out = append(out, info)
	}
	return out
}

// Depth counts the messages of a queue, named by ARN or name, that are visible (or
// delayed) and in flight; zeroes when there is no such queue.
func (s *Service) Depth(region, queue string) (visible, inflight int) {
	q := s.queue(core.ARN("sqs", region, core.NameOf(queue)))
	if q == nil {
		return 0, 0
	}
	visible, inflight, delayed := q.depth(s.Cloud.Now())
	return visible + delayed, inflight
}

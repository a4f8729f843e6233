package sqs

import (
	"context"
	"encoding/json"
	"strconv"

	"twofold/local/core"
)

type queueProperties struct {
	QueueName                     string
	FifoQueue                     core.Bool
	VisibilityTimeout             *core.Int
	DelaySeconds                  *core.Int
	MessageRetentionPeriod        *core.Int
	ReceiveMessageWaitTimeSeconds *core.Int
	MaximumMessageSize            *core.Int
	RedrivePolicy                 json.RawMessage
	RedriveAllowPolicy            json.RawMessage
}

// Provision creates an AWS::SQS::Queue (Ref: its URL; Arn, QueueName, QueueUrl) or an AWS::SQS::QueuePolicy
// (Ref: its id). A queue that is there keeps its messages.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::SQS::Queue":
		return s.provisionQueue(r)
	case "AWS::SQS::QueuePolicy":
		return s.provisionPolicy(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type")
}

func (s *Service) provisionQueue(r core.Resource) (core.Physical, error) {
	var p queueProperties
	if err := r.Decode(&p, "Tags", "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"); err != nil {
		return core.Physical{}, err
	}
	if p.FifoQueue {
		return core.Physical{}, r.Errorf("the local cloud does not run FIFO queues")
	}
	if p.QueueName == "" {
		p.QueueName = r.PhysicalName()
	}
	q, err := s.create(r.Region, p.QueueName, p.attributes())
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	url := s.url(q)
	return core.Physical{Ref: url, Attrs: map[string]any{"Arn": q.arn, "QueueName": q.name, "QueueUrl": url}}, nil
}

func (p *queueProperties) attributes() map[string]string {
	out := map[string]string{}
	for name, v := range map[string]*core.Int{"VisibilityTimeout": p.VisibilityTimeout, "DelaySeconds": p.DelaySeconds,
		"MessageRetentionPeriod": p.MessageRetentionPeriod, "MaximumMessageSize": p.MaximumMessageSize,
		"ReceiveMessageWaitTimeSeconds": p.ReceiveMessageWaitTimeSeconds} {
		if v != nil {
			out[name] = strconv.FormatInt(int64(*v), 10)
		}
	}
	for name, raw := range map[string]json.RawMessage{"RedrivePolicy": p.RedrivePolicy, "RedriveAllowPolicy": p.RedriveAllowPolicy} {
		if len(raw) > 0 {
			out[name] = document(raw)
		}
	}
	return out
}

// document is a JSON document that a template gives as an object or as text.
func document(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

func (s *Service) provisionPolicy(r core.Resource) (core.Physical, error) {
	var p struct {
		Queues         []string
		PolicyDocument json.RawMessage
	}
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	pol, err := parsePolicy(document(p.PolicyDocument))
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	for _, url := range p.Queues {
		q := s.queue(core.ARN("sqs", r.Region, core.NameOf(url)))
		if q == nil {
			return core.Physical{}, r.Errorf("there is no queue %s", url)
		}
		q.mu.Lock()
		q.settings.policy = pol
		q.mu.Unlock()
	}
	id := r.PhysicalName()
	return core.Physical{Ref: id, Attrs: map[string]any{"Id": id}}, nil
}
